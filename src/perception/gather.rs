//! The first walk over the customers: what they said and what they bought around it, slice by slice, counted exactly.

use super::answers::{Board, SliceTotals, tolerance};
use super::baseline::{Baseline, Compared, Windows};
use super::comparison::Comparison;
use super::complaint_outcome::Outcome;
use super::complaints::{self, BySegment};
use super::cuts::{Cuts, Segment, SegmentReader, Segments};
use super::history::{Active, DayWalk, Tracking};
use super::interviews::Interviews;
use super::lag::years_retained;
use super::recommendation::{Recommendation, recommendations};
use super::rows::{complaints_of, given_by};
use super::sequels::{Aftermath, Followed, Sequels};
use super::sources::Asked;
use super::streak::{Judging, Streak, streaks};
use super::survey_rows::SliceAnswers;
use crate::customers::slices;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::PerceptionDef;
use crate::publish::read::PublishedReader;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;

/// What was gathered of all slices. Nothing in it is as long as there are customers.
pub(crate) struct Gathered<'r> {
    pub(crate) board: Board<'r>,
    pub(crate) interviews: Interviews,
    pub(crate) complaints: BySegment,
    pub(crate) complained: Cases<Outcome>,
    pub(crate) dissatisfied: Cases<u8>,
    pub(crate) active: Active,
}

/// What followed cases, and those they are compared with.
#[derive(Debug, Clone)]
pub(crate) struct Cases<K> {
    sequels: Sequels<K>,
    baseline: Baseline,
}

impl<K> Default for Cases<K> {
    fn default() -> Self {
        Self { sequels: Sequels::default(), baseline: Baseline::default() }
    }
}

impl<K: Copy + Ord> Cases<K> {
    /// By segment and kind; `none` is the kind of those without a case.
    pub(crate) fn by_kind(&self, none: K) -> BTreeMap<(Segment, K), Aftermath> {
        self.sequels.by_kind(&self.baseline, none)
    }
}

/// A slice of respondents and what is seen of their days.
struct Walked<'r> {
    ranks: Range<usize>,
    answers: SliceAnswers,
    streaks: Vec<Streak>,
    walk: DayWalk<'r>,
}

/// What one slice gives.
struct SliceFindings {
    segments: Segments,
    totals: SliceTotals,
    interviews: Interviews,
    complaints: BySegment,
    complained: Sequels<Outcome>,
    dissatisfied: Sequels<u8>,
    /// Customers without complaint, those without dissatisfaction.
    compared: Vec<Compared>,
    active: Active,
}

/// What a slice is gathered with.
#[derive(Clone, Copy)]
pub(crate) struct Gathering<'r> {
    pub(crate) def: &'r PerceptionDef,
    pub(crate) facts: &'r FactSet,
    pub(crate) asked: &'r Asked,
    pub(crate) cuts: &'r Cuts,
    /// `customer_segment`, where the run has it.
    pub(crate) table: Option<&'r PublishedReader>,
}

impl<'r> Gathering<'r> {
    /// Walks through all customers, and through respondents who are none.
    ///
    /// # Errors
    /// Kept state or a published table that cannot be read.
    pub(crate) fn run(self) -> Result<Gathered<'r>> {
        let mut gathered = Gathered {
            board: Board::new(self.asked, self.def),
            interviews: Interviews::default(),
            complaints: BySegment::new(),
            complained: Cases::default(),
            dissatisfied: Cases::default(),
            active: Active::default(),
        };
        let periods = self.facts.periods.iter().map(|period| period.period);
        let tracking = Tracking::new(self.cuts, periods);
        let mut reader = SegmentReader::open(&self.facts.customers, self.table)?;
        let end = self.facts.customers.len().max(self.asked.answers.end_rank());
        for window in slices::windows(end) {
            let walks = self.walk_days(&mut reader, &tracking, window)?.into_par_iter().with_max_len(1);
            let findings: Vec<SliceFindings> = walks.map(|slice| self.finish(slice)).collect();
            findings.into_iter().for_each(|found| gathered.add(found));
        }
        Ok(gathered)
    }

    /// Takes the slices of a window through all periods.
    fn walk_days(
        self,
        reader: &mut SegmentReader<'_>,
        tracking: &'r Tracking,
        window: Range<usize>,
    ) -> Result<Vec<Walked<'r>>> {
        let mut walks = Vec::new();
        slices::in_order_reading(
            window.clone(),
            |block| reader.read(block),
            |rows, ranks| {
                let segments = Segments::new(self.cuts, rows.as_ref(), ranks.clone())?;
                self.begin(segments, ranks, tracking)
            },
            |walk| {
                walks.push(walk);
                Ok(())
            },
        )?;
        if self.def.asks_customers() {
            let periods = (0..self.facts.periods.len()).into_par_iter().with_max_len(1);
            let days = periods.map(|period| self.facts.day_facts(period, window.clone()));
            let days = days.collect::<Result<Vec<_>>>()?;
            walks
                .par_iter_mut()
                .with_max_len(1)
                .for_each(|slice| days.iter().for_each(|days| slice.walk.add(days)));
        }
        Ok(walks)
    }

    fn begin(self, segments: Segments, ranks: Range<usize>, tracking: &'r Tracking) -> Result<Walked<'r>> {
        let answers = self.asked.answers.of(&ranks)?;
        let complaints = complaints_of(&self.asked.complaints, &ranks);
        let mut asked: Vec<u32> = answers.rows.iter().map(|answer| answer.who).collect();
        asked.dedup();
        asked.extend(complaints.iter().map(|complaint| complaint.who));
        asked.sort_unstable();
        asked.dedup();
        // The unidentified cost object is no customer.
        let known = self.facts.customers.keys.len();
        let customers = ranks.start.min(known)..ranks.end.min(known);
        let judging = Judging::new(self.asked, self.def);
        let streaks = streaks(&answers, complaints, judging, &customers);
        let comparisons = self.comparisons(&customers, &streaks, segments.profiles().len());
        let walk = DayWalk::new(segments, customers, tracking, asked, comparisons);
        Ok(Walked { ranks, answers, streaks, walk })
    }

    /// Whom complaints are compared with, then whom streaks of dissatisfaction are.
    fn comparisons(
        self,
        customers: &Range<usize>,
        streaks: &[Streak],
        profiles: usize,
    ) -> Vec<Comparison<'r>> {
        if !self.def.asks_customers() {
            return Vec::new();
        }
        let complaints = complaints_of(&self.asked.complaints, customers);
        // Complaints and streaks are in order of customer and day.
        let complained = complaints.chunk_by(|a, b| a.who == b.who).map(|own| (own[0].who, own[0].opened));
        let bad = streaks.iter().filter(|streak| streak.length > 0).map(|streak| (streak.who, streak.day));
        let mut dissatisfied: Vec<(u32, i32)> = bad.collect();
        dissatisfied.dedup_by_key(|first| first.0);
        let windows = Windows::new(self.window_days(), self.facts.as_of.0);
        let given = given_by(&self.asked.given, customers);
        vec![
            Comparison::new(windows, complained.collect(), given, profiles),
            Comparison::new(windows, dissatisfied, &[], profiles),
        ]
    }

    /// What a slice said, once its purchases are known.
    fn finish(self, Walked { ranks, answers, streaks, walk }: Walked<'_>) -> SliceFindings {
        let (segments, purchases, active, mut compared) = walk.finish();
        let tolerance = tolerance(self.def);
        let topics = (self.asked.competitors.len() + 1) * self.asked.attributes.len();
        let within = (self.cuts, &segments);
        let years = |who, day| years_retained(&purchases, who, day);
        let own_complaints = complaints_of(&self.asked.complaints, &ranks);
        let said = recommendations(&answers, self.asked.recommend(self.def));
        let followed = Followed {
            purchases: &purchases,
            given: given_by(&self.asked.given, &ranks),
            recommendations: &said,
            as_of: self.facts.as_of.0,
            window_days: self.window_days(),
        };
        let mut complained = Sequels::default();
        for complaint in own_complaints {
            // The window begins after the resolution, or after the opening where there is none.
            let from = complaint.resolved.unwrap_or(complaint.opened) + 1;
            let of_customer = segments.of(complaint.who);
            complained.add(Outcome::of(complaint), (complaint.who, from), of_customer, &followed);
        }
        let mut dissatisfied = Sequels::default();
        for streak in streaks.iter().filter(|streak| streak.length > 0) {
            dissatisfied.add(streak.band(), (streak.who, streak.day + 1), segments.of(streak.who), &followed);
        }
        if let Some(compared) = compared.first_mut() {
            self.recommend(compared, &said, &segments);
        }
        SliceFindings {
            totals: SliceTotals::new(&answers, within, topics, tolerance),
            interviews: Interviews::new(&answers, within, tolerance, years),
            complaints: complaints::by_segment(own_complaints, self.cuts, &segments),
            complained,
            dissatisfied,
            compared,
            active,
            segments,
        }
    }

    /// Counts what customers without complaint said of recommending the firm.
    fn recommend(self, compared: &mut Compared, said: &[(u32, i32, Recommendation)], segments: &Segments) {
        for (who, day, said) in
            said.iter().filter(|(who, ..)| (*who as usize) < self.facts.customers.keys.len())
        {
            let rank = *who as usize;
            let first = complaints_of(&self.asked.complaints, &(rank..rank + 1)).first();
            if first.is_none_or(|first| *day <= first.opened) {
                compared.recommend(segments.profile(*who), *said);
            }
        }
    }

    fn window_days(self) -> i32 {
        i32::try_from(self.def.repurchase_days).expect("days are few")
    }
}

impl Gathered<'_> {
    /// Takes over a slice. Slices come in order.
    fn add(&mut self, found: SliceFindings) {
        self.board.add(found.totals);
        self.interviews.append(found.interviews);
        complaints::merge(&mut self.complaints, found.complaints);
        self.complained.sequels.append(found.complained);
        self.dissatisfied.sequels.append(found.dissatisfied);
        self.active.merge(found.active);
        for (baseline, compared) in
            [&mut self.complained.baseline, &mut self.dissatisfied.baseline].into_iter().zip(&found.compared)
        {
            baseline.add(&found.segments, compared);
        }
    }
}
