//! Complaints: how many, how they ended, and whether those who complained bought again.

use super::baseline::Baseline;
use super::cuts::{Cuts, Slice};
use super::history::History;
use super::layout::Layout;
use super::sources::Complaint;
use super::sums::share;
use crate::publish::schema::Sheet;
use std::collections::BTreeMap;

/// Complaints of one slice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaints {
    pub(crate) opened: i64,
    /// Distinct customers who complained.
    pub(crate) customers: i64,
    last: Option<u32>,
    /// Days from opening to resolution, of those resolved.
    days: Vec<i32>,
}

impl Complaints {
    pub(crate) fn resolved(&self) -> i64 {
        i64::try_from(self.days.len()).expect("a count")
    }

    pub(crate) fn mean_days(&self) -> Option<f64> {
        let sum: i64 = self.days.iter().copied().map(i64::from).sum();
        share(sum, self.resolved())
    }

    /// Of an even number, the mean of the two in the middle.
    pub(crate) fn median_days(&self) -> Option<f64> {
        let mut days = self.days.clone();
        days.sort_unstable();
        let upper = *days.get(days.len() / 2)?;
        let lower = days[(days.len() - 1) / 2];
        Some((f64::from(lower) + f64::from(upper)) / 2.0)
    }
}

/// Complaints by slice, over the period they were opened in.
pub(crate) fn by_slice(complaints: &[Complaint], cuts: &Cuts) -> BTreeMap<Slice, Complaints> {
    let mut slices: BTreeMap<Slice, Complaints> = BTreeMap::new();
    for complaint in complaints {
        for slice in cuts.slices(complaint.who, complaint.opened) {
            let found = slices.entry(slice).or_default();
            found.opened += 1;
            found.customers += i64::from(found.last != Some(complaint.who));
            found.last = Some(complaint.who);
            found.days.extend(complaint.resolved.map(|resolved| resolved - complaint.opened));
        }
    }
    slices
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

/// The first day of a complaint's window: after its resolution, or after its opening if it has none.
fn window_start(complaint: &Complaint) -> i32 {
    complaint.resolved.unwrap_or(complaint.opened) + 1
}

/// Repurchase by segment and outcome, in a window of so many days.
pub(crate) fn outcomes(
    complaints: &[Complaint],
    cuts: &Cuts,
    history: &History,
    baseline: &Baseline,
    as_of: i32,
    window_days: u32,
) -> BTreeMap<(Slice, Outcome), Again> {
    let window = i32::try_from(window_days).expect("days are few");
    let mut found: BTreeMap<(Slice, Outcome), Again> = BTreeMap::new();
    for complaint in complaints {
        let outcome = if complaint.resolved.is_some() { Outcome::Resolved } else { Outcome::Unresolved };
        let from = window_start(complaint);
        let is_observed = from + window <= as_of;
        let bought = is_observed.then(|| history.bought(complaint.who, from, from + window));
        let cell = history.cell(complaint.who, from);
        for slice in cuts.segments(complaint.who) {
            let expected = cell.and_then(|cell| baseline.rate(slice, cell));
            found.entry((slice, outcome)).or_default().add(bought, expected);
            let compared = found.entry((slice, Outcome::None)).or_default();
            compared.matched += i64::from(is_observed && expected.is_some());
            compared.expected += expected.filter(|_| is_observed).unwrap_or(0.0);
        }
    }
    for (slice, customers) in baseline.customers() {
        found.entry((slice, Outcome::None)).or_default().cases = customers;
    }
    found
}

/// `complaint_outcome`.
pub(crate) fn sheet(
    layout: Layout<'_>,
    cuts: &Cuts,
    outcomes: &BTreeMap<(Slice, Outcome), Again>,
    window_days: u32,
) -> Sheet {
    type Row = (Slice, Outcome, Again);
    let rows: Vec<Row> =
        outcomes.iter().map(|((slice, outcome), again)| (*slice, *outcome, *again)).collect();
    let mut draft = layout.draft("complaint_outcome", "segment and outcome", None, &rows);
    cuts.add_to(&mut draft, |row| row.0, false);
    let meaning = "resolved or unresolved complaints; no complaint: customers who had not complained, matched to the complaints \
                   of both kinds on days since the last purchase and number of purchases";
    draft.name("outcome", meaning, |row| Some(row.1.name()));
    draft.count("window_days", "days", "Days within which a repurchase counts", |_| i64::from(window_days));
    let meaning = "Complaints, or customers with a purchase before any complaint of theirs";
    draft.count("cases", "complaints", meaning, |row| row.2.cases);
    let own = |row: &Row, of: i64| (row.1 != Outcome::None).then_some(of);
    let meaning = "Those whose window has ended by the as-of date; null for no complaint";
    draft.count_or_null("observed", "complaints", meaning, |row| own(row, row.2.observed));
    let meaning = "Of these, those followed by a purchase in the window; null for no complaint";
    draft.count_or_null("repurchased", "complaints", meaning, |row| own(row, row.2.repurchased));
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
    use super::super::history::bought;
    use super::*;

    fn complaint(who: u32, opened: i32, resolved: Option<i32>) -> Complaint {
        Complaint { who, opened, resolved }
    }

    #[test]
    fn complaints_are_counted_and_timed() {
        let complaints = [complaint(0, 10, Some(12)), complaint(0, 20, None), complaint(3, 11, Some(18))];
        let found = by_slice(&complaints, &Cuts::for_test());
        let all = &found[&Slice::ALL];
        assert_eq!((all.opened, all.customers, all.resolved()), (3, 2, 2));
        assert_eq!((all.mean_days(), all.median_days()), (Some(4.5), Some(4.5)));
    }

    #[test]
    fn repurchase_is_told_by_outcome_where_the_window_has_ended() {
        let complaints = [complaint(0, 10, Some(12)), complaint(1, 20, None), complaint(1, 95, None)];
        let cuts = Cuts::for_test();
        let history = History::for_test(vec![(0, 3), (0, 13), (1, 5), (1, 20)]);
        let never = i32::MAX;
        let mut baseline = Baseline::new(30, 100, vec![10, 20, never, never]);
        baseline.add(&cuts, &bought(&[(2, 1), (2, 6), (3, 1)]));
        let baseline = baseline.finish(&cuts);
        let found = outcomes(&complaints, &cuts, &history, &baseline, 100, 30);
        let of = |outcome| found[&(Slice::ALL, outcome)];
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
