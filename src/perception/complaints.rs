//! Complaints: how many, how they ended, and whether those who complained bought again.

use super::baseline::Baseline;
use super::cell::Cell;
use super::cuts::{Cuts, Segment, Segments};
use super::history::Purchases;
use super::rows::Complaint;
use super::sums::share;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use std::collections::{BTreeMap, HashMap};

/// Complaints of one segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaints {
    pub(crate) opened: i64,
    /// Distinct customers who complained.
    pub(crate) customers: i64,
    last: Option<u32>,
    /// Of those resolved: how many took so many days.
    days: BTreeMap<i32, i64>,
}

/// Complaints by segment, over the whole history and by the period they were opened in.
pub(crate) type BySegment = BTreeMap<Segment, Complaints>;

impl Complaints {
    pub(crate) fn resolved(&self) -> i64 {
        self.days.values().sum()
    }

    pub(crate) fn mean_days(&self) -> Option<f64> {
        let sum: i64 = self.days.iter().map(|(days, count)| i64::from(*days) * count).sum();
        share(sum, self.resolved())
    }

    /// Of an even number, the mean of the two in the middle.
    pub(crate) fn median_days(&self) -> Option<f64> {
        let count = self.resolved();
        let upper = self.days_at(count / 2)?;
        let lower = self.days_at((count - 1) / 2)?;
        Some((f64::from(lower) + f64::from(upper)) / 2.0)
    }

    /// The days at a place in ascending order, from 0.
    fn days_at(&self, place: i64) -> Option<i32> {
        let mut before = 0;
        for (days, count) in &self.days {
            before += count;
            if place < before {
                return Some(*days);
            }
        }
        None
    }

    fn merge(&mut self, other: Self) {
        self.opened += other.opened;
        self.customers += other.customers;
        for (days, count) in other.days {
            *self.days.entry(days).or_default() += count;
        }
    }
}

/// Counts the complaints of a slice of customers.
pub(crate) fn by_segment(complaints: &[Complaint], cuts: &Cuts, segments: &Segments) -> BySegment {
    let mut found = BySegment::new();
    for complaint in complaints {
        let period = cuts.period(complaint.opened);
        for segment in segments.of(complaint.who).iter().flat_map(|segment| [*segment, segment.over(period)])
        {
            let found = found.entry(segment).or_default();
            found.opened += 1;
            found.customers += i64::from(found.last != Some(complaint.who));
            found.last = Some(complaint.who);
            if let Some(resolved) = complaint.resolved {
                *found.days.entry(resolved - complaint.opened).or_default() += 1;
            }
        }
    }
    found
}

/// Adds the complaints of other customers.
pub(crate) fn merge(all: &mut BySegment, slice: BySegment) {
    for (segment, complaints) in slice {
        all.entry(segment).or_default().merge(complaints);
    }
}

/// How a complaint ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Resolved,
    Unresolved,
    /// Customers without complaint so far, for comparison.
    None,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Unresolved => "unresolved",
            Self::None => "no complaint",
        }
    }
}

/// Who bought again.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Again {
    pub(crate) cases: i64,
    /// Cases whose window has ended by the as-of date.
    pub(crate) observed: i64,
    pub(crate) repurchased: i64,
    /// Observed cases for which there are customers without complaint to compare with.
    pub(crate) matched: i64,
    pub(crate) matched_repurchased: i64,
    /// Σ over matched cases of the repurchase rate of those customers.
    pub(crate) expected: f64,
}

impl Again {
    fn add(&mut self, bought: Option<bool>, expected: Option<f64>) {
        self.cases += 1;
        let Some(bought) = bought else { return };
        self.observed += 1;
        self.repurchased += i64::from(bought);
        if let Some(expected) = expected {
            self.matched += 1;
            self.matched_repurchased += i64::from(bought);
            self.expected += expected;
        }
    }

    /// Mean repurchase rate of the comparison group.
    fn expected_rate(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "2^53 complaints are more than there are")]
        (self.matched > 0).then(|| self.expected / self.matched as f64)
    }

    /// Repurchase rate of matched cases less that of the comparison group.
    fn effect(&self) -> Option<f64> {
        Some(share(self.matched_repurchased, self.matched)? - self.expected_rate()?)
    }
}

/// What followed complaints, in order: all that is compared with the baseline once it is counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sequels {
    sequels: Vec<Sequel>,
    /// Segments that customers who complained belong to.
    profiles: Vec<Vec<Segment>>,
    number_of: HashMap<Vec<Segment>, u32>,
}

/// What followed one complaint.
#[derive(Debug, Clone, Copy)]
struct Sequel {
    is_resolved: bool,
    /// Whether the customer bought in the window; none where it has not ended.
    bought: Option<bool>,
    /// How the customer was when the window began; none without a purchase before.
    cell: Option<Cell>,
    profile: u32,
}

impl Sequels {
    /// Adds the complaints of later customers, with a window of so many days.
    pub(crate) fn add(
        &mut self,
        complaints: &[Complaint],
        segments: &Segments,
        purchases: &Purchases,
        (as_of, window_days): (i32, i32),
    ) {
        for complaint in complaints {
            // The window begins after the resolution, or after the opening where there is none.
            let from = complaint.resolved.unwrap_or(complaint.opened) + 1;
            let is_observed = from + window_days <= as_of;
            let bought = is_observed.then(|| purchases.bought(complaint.who, from, from + window_days));
            let profile = self.profile(segments.of(complaint.who));
            let (is_resolved, cell) = (complaint.resolved.is_some(), purchases.cell(complaint.who, from));
            self.sequels.push(Sequel { is_resolved, bought, cell, profile });
        }
    }

    fn profile(&mut self, segments: &[Segment]) -> u32 {
        if let Some(profile) = self.number_of.get(segments) {
            return *profile;
        }
        let profile = u32::try_from(self.profiles.len()).expect("ranks fit 32 bits");
        self.profiles.push(segments.to_vec());
        self.number_of.insert(segments.to_vec(), profile);
        profile
    }

    /// Appends those of later customers.
    pub(crate) fn append(&mut self, other: Self) {
        let profiles: Vec<u32> = other.profiles.iter().map(|segments| self.profile(segments)).collect();
        let sequels = other.sequels.into_iter();
        self.sequels
            .extend(sequels.map(|sequel| Sequel { profile: profiles[sequel.profile as usize], ..sequel }));
    }

    /// Repurchase by segment and outcome. Rates are added in the order of complaints, so the sums are the same whatever
    /// the slices.
    pub(crate) fn outcomes(&self, baseline: &Baseline) -> BTreeMap<(Segment, Outcome), Again> {
        let mut found: BTreeMap<(Segment, Outcome), Again> = BTreeMap::new();
        for sequel in &self.sequels {
            let outcome = if sequel.is_resolved { Outcome::Resolved } else { Outcome::Unresolved };
            for segment in &self.profiles[sequel.profile as usize] {
                let expected = sequel.cell.and_then(|cell| baseline.rate(*segment, cell));
                found.entry((*segment, outcome)).or_default().add(sequel.bought, expected);
                let compared = found.entry((*segment, Outcome::None)).or_default();
                let expected = expected.filter(|_| sequel.bought.is_some());
                compared.matched += i64::from(expected.is_some());
                compared.expected += expected.unwrap_or(0.0);
            }
        }
        for (segment, customers) in baseline.customers() {
            found.entry((segment, Outcome::None)).or_default().cases = customers;
        }
        found
    }
}

/// `complaint_outcome`.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    cuts: &Cuts,
    outcomes: &BTreeMap<(Segment, Outcome), Again>,
    window_days: u32,
) -> Sheet {
    type Row = (Segment, Outcome, Again);
    let rows: Vec<Row> =
        outcomes.iter().map(|((segment, outcome), again)| (*segment, *outcome, *again)).collect();
    let mut draft = format.draft("complaint_outcome", "segment and outcome", None, &rows);
    draft.as_of();
    cuts.add_to(&mut draft, |row| row.0, false);
    let meaning = "resolved or unresolved complaints; no complaint: customers who had not complained, matched to the complaints \
                   of both kinds on days since the last purchase and number of purchases";
    draft.name("outcome", meaning, |row| Some(row.1.name()));
    draft.count("window_days", "days", "Days within which a repurchase counts", |_| window_days);
    let meaning = "Complaints, or customers with a purchase before any complaint of theirs";
    draft.count("cases", "complaints", meaning, |row| row.2.cases);
    let own = |row: &Row, of: i64| (row.1 != Outcome::None).then_some(of);
    let meaning = "Those whose window has ended by the as-of date; null for no complaint";
    draft.count("observed", "complaints", meaning, |row| own(row, row.2.observed));
    let meaning = "Of these, those followed by a purchase in the window; null for no complaint";
    draft.count("repurchased", "complaints", meaning, |row| own(row, row.2.repurchased));
    let meaning =
        "repurchased / observed; for no complaint the mean over matched complaints of the rate of their cell";
    draft.float("repurchase_rate", "1", meaning, |row| match row.1 {
        Outcome::None => row.2.expected_rate(),
        _ => share(row.2.repurchased, row.2.observed),
    });
    let meaning =
        "Observed complaints for which there are customers without complaint so far to compare with";
    draft.count("matched", "complaints", meaning, |row| row.2.matched);
    let meaning = "Repurchase rate of customers without complaint so far who were as recent and had bought as often when the window \
                   began, on average over the matched complaints; cells with fewer than 20 gaps between purchases are pooled";
    draft.float("matched_rate", "1", meaning, |row| row.2.expected_rate());
    let meaning = "Repurchase rate of the matched complaints less matched_rate; null for no complaint";
    draft.float("effect", "1", meaning, |row| if row.1 == Outcome::None { None } else { row.2.effect() });
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::super::baseline::Windows;
    use super::super::history::{DayWalk, Tracking, bought};
    use super::*;

    fn complaint(who: u32, opened: i32, resolved: Option<i32>) -> Complaint {
        Complaint { who, opened, resolved }
    }

    #[test]
    fn complaints_are_counted_and_timed() {
        let complaints = [complaint(0, 10, Some(12)), complaint(0, 20, None), complaint(3, 11, Some(18))];
        let found = by_segment(&complaints, &Cuts::for_test(), &Segments::for_test(4));
        let all = &found[&Segment::ALL];
        assert_eq!((all.opened, all.customers, all.resolved()), (3, 2, 2));
        assert_eq!((all.mean_days(), all.median_days()), (Some(4.5), Some(4.5)));
    }

    #[test]
    fn repurchase_is_told_by_outcome_where_the_window_has_ended() {
        let complaints = [complaint(0, 10, Some(12)), complaint(1, 20, None), complaint(1, 95, None)];
        let purchases = Purchases::for_test(vec![(0, 3), (0, 13), (1, 5), (1, 20)]);
        let (tracking, windows) = (Tracking::for_test(), Windows::new(30, 100));
        let segments = Segments::for_test(4);
        let mut walk = DayWalk::new(segments, 0..4, &tracking, Vec::new(), &complaints, Some(windows));
        walk.add(&bought(&[(2, 1), (2, 6), (3, 1)]));
        let (segments, _, _, compared) = walk.finish();
        let mut baseline = Baseline::default();
        baseline.add(&segments, &compared.unwrap());
        let mut sequels = Sequels::default();
        sequels.add(&complaints, &segments, &purchases, (100, 30));
        let found = sequels.outcomes(&baseline);
        let of = |outcome| found[&(Segment::ALL, outcome)];
        // Customer 2 has 69 days with a window that has ended, of which 5 lie before its second purchase; customer 3 has 69.
        let rate = 5.0 / 138.0;
        let again = |cases, observed, repurchased| Again {
            cases,
            observed,
            repurchased,
            matched: observed,
            matched_repurchased: repurchased,
            expected: rate,
        };
        assert_eq!(of(Outcome::Resolved), again(1, 1, 1));
        assert_eq!(of(Outcome::Unresolved), again(2, 1, 0));
        let none = of(Outcome::None);
        assert_eq!((none.cases, none.matched, none.expected_rate()), (2, 2, Some(rate)));
        assert_eq!(of(Outcome::Resolved).effect(), Some(1.0 - rate));
    }
}
