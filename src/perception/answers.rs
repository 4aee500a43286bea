//! Answers added up: per slice of the customers, supplier and attribute.

use super::cuts::{Cuts, Slice};
use super::sources::{Answer, Asked};
use super::sums::{SCORE_SCALE, Sum, real};
use crate::pipeline::{OfferAttributeDef, PerceptionDef};
use std::collections::BTreeMap;

/// What an answer was given about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) slice: Slice,
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
    last: Option<u32>,
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

impl Answer {
    /// Performance − expectation.
    pub(crate) fn gap(&self) -> Option<i64> {
        self.performance.zip(self.expectation).map(|(performance, expectation)| performance - expectation)
    }
}

impl Cell {
    fn add(&mut self, answer: &Answer, tolerance: i64) {
        self.answers += 1;
        self.respondents += i64::from(self.last != Some(answer.who));
        self.last = Some(answer.who);
        self.importance.add(answer.importance);
        self.expectation.add(answer.expectation);
        self.performance.add(answer.performance);
        self.gap.add(answer.gap());
        if let Some(gap) = answer.gap() {
            self.classes[Satisfaction::of(gap, tolerance) as usize] += 1;
        }
    }
}

/// All answers, added up.
pub(crate) struct Board<'r> {
    pub(crate) asked: &'r Asked,
    pub(crate) def: &'r PerceptionDef,
    pub(crate) cells: BTreeMap<Key, Cell>,
    /// Index of the offer as a whole among the attributes, if anybody was asked about it.
    pub(crate) overall: Option<u32>,
}

impl<'r> Board<'r> {
    pub(crate) fn new(asked: &'r Asked, def: &'r PerceptionDef, cuts: &Cuts) -> Self {
        let tolerance = tolerance(def);
        let mut cells: BTreeMap<Key, Cell> = BTreeMap::new();
        for answer in &asked.answers {
            for slice in cuts.slices(answer.who, answer.day) {
                let key = Key { slice, supplier: answer.supplier, attribute: answer.attribute };
                cells.entry(key).or_default().add(answer, tolerance);
            }
        }
        let overall = asked.attributes.iter().position(|name| *name == def.overall);
        Self { asked, def, cells, overall: overall.and_then(|place| u32::try_from(place).ok()) }
    }

    /// Slices with an answer about the firm, ascending.
    pub(crate) fn slices(&self) -> Vec<Slice> {
        let own = self.cells.keys().filter(|key| key.supplier == 0).map(|key| key.slice);
        let mut slices: Vec<Slice> = own.collect();
        slices.dedup();
        slices
    }

    /// Answers about one attribute of a supplier.
    pub(crate) fn cell(&self, slice: Slice, supplier: u32, attribute: u32) -> Option<&Cell> {
        self.cells.get(&Key { slice, supplier, attribute })
    }

    /// Attributes but the offer as a whole, with an answer about this supplier in the slice.
    pub(crate) fn items(&self, slice: Slice, supplier: u32) -> Vec<(u32, &Cell)> {
        let range = Key { slice, supplier, attribute: 0 }..=Key { slice, supplier, attribute: u32::MAX };
        let cells = self.cells.range(range).map(|(key, cell)| (key.attribute, cell));
        cells.filter(|(attribute, _)| Some(*attribute) != self.overall).collect()
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

    /// Interviews about a supplier: answers of one respondent on one day.
    pub(crate) fn interviews(&self, supplier: u32) -> impl Iterator<Item = Interview> {
        let same = |a: &Answer, b: &Answer| (a.who, a.day, a.supplier) == (b.who, b.day, b.supplier);
        let own = self.asked.answers.chunk_by(same).filter(move |answers| answers[0].supplier == supplier);
        own.map(Interview::of)
    }
}

/// One respondent's view of one supplier on one day; of an attribute asked about twice, the mean.
#[derive(Debug, Clone)]
pub(crate) struct Interview {
    pub(crate) who: u32,
    pub(crate) day: i32,
    performance: BTreeMap<u32, Sum>,
    gap: BTreeMap<u32, Sum>,
}

impl Interview {
    fn of(answers: &[Answer]) -> Self {
        let mut interview = Self {
            who: answers[0].who,
            day: answers[0].day,
            performance: BTreeMap::new(),
            gap: BTreeMap::new(),
        };
        for answer in answers {
            interview.performance.entry(answer.attribute).or_default().add(answer.performance);
            interview.gap.entry(answer.attribute).or_default().add(answer.gap());
        }
        interview
    }

    /// Attributes with a performance.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = u32> {
        self.performance.iter().filter(|(_, sum)| sum.count > 0).map(|(attribute, _)| *attribute)
    }

    pub(crate) fn performance(&self, attribute: u32) -> Option<f64> {
        self.performance.get(&attribute).and_then(Sum::mean)
    }

    pub(crate) fn satisfaction(&self, attribute: u32, tolerance: i64) -> Option<Satisfaction> {
        let gap = self.gap.get(&attribute).and_then(Sum::mean)?;
        Some(match real(tolerance) {
            tolerance if gap > tolerance => Satisfaction::Delighted,
            tolerance if gap < -tolerance => Satisfaction::Dissatisfied,
            _ => Satisfaction::Satisfied,
        })
    }
}
