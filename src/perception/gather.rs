//! The first walk over the customers: what they said and what they bought around it, slice by slice, counted exactly.

use super::answers::{Board, SliceTotals, tolerance};
use super::baseline::{Baseline, Compared, Windows};
use super::complaints::{self, BySegment, Sequels};
use super::cuts::{Cuts, SegmentReader, Segments};
use super::history::{Active, DayWalk, Tracking};
use super::interviews::Interviews;
use super::lag::years_retained;
use super::rows::complaints_of;
use super::sources::Asked;
use super::survey_rows::SliceAnswers;
use crate::customers::slices;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::PerceptionDef;
use crate::publish::read::PublishedReader;
use rayon::prelude::*;
use std::ops::Range;

/// What was gathered of all slices. Nothing in it is as long as there are customers.
pub(crate) struct Gathered<'r> {
    pub(crate) board: Board<'r>,
    pub(crate) interviews: Interviews,
    pub(crate) complaints: BySegment,
    pub(crate) sequels: Sequels,
    /// Whom complaints are compared with.
    pub(crate) baseline: Baseline,
    pub(crate) active: Active,
}

/// A slice of respondents and what is seen of their days.
struct Walked<'r> {
    ranks: Range<usize>,
    answers: SliceAnswers,
    walk: DayWalk<'r>,
}

/// What one slice gives.
struct SliceFindings {
    segments: Segments,
    totals: SliceTotals,
    interviews: Interviews,
    complaints: BySegment,
    sequels: Sequels,
    compared: Option<Compared>,
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
            sequels: Sequels::default(),
            baseline: Baseline::default(),
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
        let windows =
            self.def.complaints.is_some().then(|| Windows::new(self.window_days(), self.facts.as_of.0));
        // The unidentified cost object is no customer.
        let known = self.facts.customers.keys.len();
        let customers = ranks.start.min(known)..ranks.end.min(known);
        let walk = DayWalk::new(segments, customers, tracking, asked, complaints, windows);
        Ok(Walked { ranks, answers, walk })
    }

    /// What a slice said, once its purchases are known.
    fn finish(self, Walked { ranks, answers, walk }: Walked<'_>) -> SliceFindings {
        let (segments, purchases, active, compared) = walk.finish();
        let tolerance = tolerance(self.def);
        let topics = (self.asked.competitors.len() + 1) * self.asked.attributes.len();
        let within = (self.cuts, &segments);
        let years = |who, day| years_retained(&purchases, who, day);
        let own_complaints = complaints_of(&self.asked.complaints, &ranks);
        let mut sequels = Sequels::default();
        if self.def.complaints.is_some() {
            sequels.add(own_complaints, &segments, &purchases, (self.facts.as_of.0, self.window_days()));
        }
        SliceFindings {
            totals: SliceTotals::new(&answers, within, topics, tolerance),
            interviews: Interviews::new(&answers, within, tolerance, years),
            complaints: complaints::by_segment(own_complaints, self.cuts, &segments),
            sequels,
            compared,
            active,
            segments,
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
        self.sequels.append(found.sequels);
        self.active.merge(found.active);
        if let Some(compared) = &found.compared {
            self.baseline.add(&found.segments, compared);
        }
    }
}
