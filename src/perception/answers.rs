//! Answers added up: per segment of the customers, supplier and attribute.

use super::cuts::{Cuts, Segment, Segments};
use super::sources::Asked;
use super::sums::{SCORE_SCALE, Sum};
use super::survey_rows::{Answer, Score, SliceAnswers};
use crate::pipeline::{OfferAttributeDef, PerceptionDef};
use std::collections::{BTreeMap, HashMap};

/// What an answer was given about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) segment: Segment,
    /// 0 is the firm.
    pub(crate) supplier: u32,
    pub(crate) attribute: u32,
}

/// Answers of one kind, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) answers: i64,
    /// Distinct customers or others who answered.
    pub(crate) respondents: i64,
    pub(crate) importance: Sum,
    pub(crate) expectation: Sum,
    pub(crate) performance: Sum,
    /// Performance − expectation, where both were given.
    pub(crate) gap: Sum,
    /// By `Satisfaction`.
    pub(crate) classes: [i64; 3],
}

/// How an answer's performance stands to its expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Satisfaction {
    Dissatisfied,
    Satisfied,
    Delighted,
}

impl Satisfaction {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dissatisfied => "dissatisfied",
            Self::Satisfied => "satisfied",
            Self::Delighted => "delighted",
        }
    }

    /// By the gap and the tolerance, both at `SCORE_SCALE`.
    pub(crate) fn of(gap: i64, tolerance: i64) -> Self {
        match gap {
            gap if gap > tolerance => Self::Delighted,
            gap if gap < -tolerance => Self::Dissatisfied,
            _ => Self::Satisfied,
        }
    }
}

/// The tolerance at `SCORE_SCALE`.
pub(crate) fn tolerance(def: &PerceptionDef) -> i64 {
    let scaled = def.tolerance.at_scale(SCORE_SCALE).and_then(|scaled| i64::try_from(scaled).ok());
    scaled.unwrap_or(i64::MAX)
}

impl Cell {
    fn add(&mut self, answer: &Answer, tolerance: i64) {
        self.answers += 1;
        self.importance.add(answer.score(Score::Importance));
        self.expectation.add(answer.score(Score::Expectation));
        self.performance.add(answer.score(Score::Performance));
        if let Some(gap) = answer.gap() {
            self.gap.add(Some(gap));
            self.classes[Satisfaction::of(gap, tolerance) as usize] += 1;
        }
    }

    /// Adds what others answered.
    fn merge(&mut self, other: &Self) {
        self.answers += other.answers;
        self.respondents += other.respondents;
        self.importance.merge(&other.importance);
        self.expectation.merge(&other.expectation);
        self.performance.merge(&other.performance);
        self.gap.merge(&other.gap);
        self.classes.iter_mut().zip(other.classes).for_each(|(count, more)| *count += more);
    }
}

/// Answers of a slice of respondents, added up by tracking period; over the whole history, who gave them.
#[derive(Debug, Default)]
pub(crate) struct SliceTotals {
    of_period: HashMap<Segment, Topics<Cell>>,
    ever: HashMap<Segment, Topics<()>>,
}

/// What is counted of each topic that answers are about.
#[derive(Debug)]
struct Topics<T> {
    /// By topic: its place among `found` + 1, 0 as long as there is no answer.
    place_of: Vec<u32>,
    found: Vec<Respondents<T>>,
}

#[derive(Debug)]
struct Respondents<T> {
    topic: u32,
    count: i64,
    last: u32,
    counted: T,
}

impl<T: Default> Topics<T> {
    fn new(topics: usize) -> Self {
        Self { place_of: vec![0; topics], found: Vec::new() }
    }

    /// What is counted of a topic, after counting a respondent. Respondents come in order.
    fn of(&mut self, answer: &Answer) -> &mut T {
        let place = &mut self.place_of[answer.topic as usize];
        if *place == 0 {
            self.found.push(Respondents {
                topic: answer.topic,
                count: 1,
                last: answer.who,
                counted: T::default(),
            });
            *place = u32::try_from(self.found.len()).expect("few topics");
        }
        let found = &mut self.found[*place as usize - 1];
        found.count += i64::from(found.last != answer.who);
        found.last = answer.who;
        &mut found.counted
    }
}

impl SliceTotals {
    /// Adds up the answers of a slice. `topics` is how many there are of all.
    pub(crate) fn new(
        answers: &SliceAnswers,
        (cuts, segments): (&Cuts, &Segments),
        topics: usize,
        tolerance: i64,
    ) -> Self {
        let mut totals = Self::default();
        for answered in answers.rows.chunk_by(|a, b| (a.who, a.day) == (b.who, b.day)) {
            let period = cuts.period(answered[0].day);
            for segment in segments.of(answered[0].who) {
                let of_period = totals.of_period.entry(segment.over(period));
                let of_period = of_period.or_insert_with(|| Topics::new(topics));
                let ever = totals.ever.entry(*segment).or_insert_with(|| Topics::new(topics));
                for answer in answered {
                    of_period.of(answer).add(answer, tolerance);
                    ever.of(answer);
                }
            }
        }
        totals
    }
}

/// All answers, added up.
pub(crate) struct Board<'r> {
    pub(crate) asked: &'r Asked,
    pub(crate) def: &'r PerceptionDef,
    pub(crate) cells: BTreeMap<Key, Cell>,
    /// Index of the offer as a whole among the attributes, if anybody was asked about it.
    pub(crate) overall: Option<u32>,
    /// Index of the attribute that asks for a recommendation.
    pub(crate) recommend: Option<u32>,
}

impl<'r> Board<'r> {
    pub(crate) fn new(asked: &'r Asked, def: &'r PerceptionDef) -> Self {
        let (overall, recommend) = (asked.attribute(&def.overall), asked.recommend(def));
        Self { asked, def, cells: BTreeMap::new(), overall, recommend }
    }

    /// Adds the answers of a slice. A period's answers are those of the whole history too; its respondents are counted anew.
    pub(crate) fn add(&mut self, slice: SliceTotals) {
        for (segment, topics) in slice.of_period {
            for found in topics.found {
                let cell = Cell { respondents: found.count, ..found.counted };
                self.cell_mut(segment, found.topic).merge(&cell);
                self.cell_mut(segment.ever(), found.topic).merge(&found.counted);
            }
        }
        for (segment, topics) in slice.ever {
            for found in topics.found {
                self.cell_mut(segment, found.topic).respondents += found.count;
            }
        }
    }

    fn cell_mut(&mut self, segment: Segment, topic: u32) -> &mut Cell {
        let attributes = self.asked.answers.attributes();
        let key = Key { segment, supplier: topic / attributes, attribute: topic % attributes };
        self.cells.entry(key).or_default()
    }

    /// Segments with an answer about the firm, ascending.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        let own = self.cells.keys().filter(|key| key.supplier == 0).map(|key| key.segment);
        let mut segments: Vec<Segment> = own.collect();
        segments.dedup();
        segments
    }

    /// Answers about one attribute of a supplier.
    pub(crate) fn cell(&self, segment: Segment, supplier: u32, attribute: u32) -> Option<&Cell> {
        self.cells.get(&Key { segment, supplier, attribute })
    }

    /// Whether an attribute is a part of the offer.
    pub(crate) fn is_item(&self, attribute: u32) -> bool {
        ![self.overall, self.recommend].contains(&Some(attribute))
    }

    /// Attributes that are parts of the offer, with an answer about this supplier in the segment.
    pub(crate) fn items(&self, segment: Segment, supplier: u32) -> Vec<(u32, &Cell)> {
        let range = Key { segment, supplier, attribute: 0 }..=Key { segment, supplier, attribute: u32::MAX };
        let cells = self.cells.range(range).map(|(key, cell)| (key.attribute, cell));
        cells.filter(|(attribute, _)| self.is_item(*attribute)).collect()
    }

    pub(crate) fn name(&self, attribute: u32) -> &'r str {
        &self.asked.attributes[attribute as usize]
    }

    /// What the pipeline file says of an attribute.
    pub(crate) fn declared(&self, attribute: u32) -> Option<&'r OfferAttributeDef> {
        let name = self.name(attribute);
        self.def.attributes.iter().find(|known| known.name == name)
    }

    /// A supplier's name; the firm's own for 0.
    pub(crate) fn supplier(&self, supplier: u32) -> &'r str {
        match supplier {
            0 => &self.def.own,
            other => &self.asked.competitors[other as usize - 1],
        }
    }
}
