//! Complaints: how many, how they ended, and whether those who complained bought again.

use super::cuts::{Cuts, Slice};
use super::history::History;
use super::layout::Layout;
use super::sources::Complaint;
use super::sums::share;
use super::worth::Worth;
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
    /// Customers who never complained, for comparison.
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) cases: i64,
    /// Cases whose window has ended by the as-of date.
    pub(crate) observed: i64,
    pub(crate) repurchased: i64,
}

impl Again {
    fn add(&mut self, is_observed: bool, bought: impl FnOnce() -> bool) {
        self.cases += 1;
        self.observed += i64::from(is_observed);
        self.repurchased += i64::from(is_observed && bought());
    }
}

/// Repurchase by segment and outcome. The window of a complaint begins on the day after its resolution, or after its
/// opening if it has none; that of the others ends with the history, and begins after a purchase before it.
pub(crate) fn outcomes(
    complaints: &[Complaint],
    cuts: &Cuts,
    history: &History,
    worth: &Worth,
    as_of: i32,
    window_days: u32,
) -> BTreeMap<(Slice, Outcome), Again> {
    let window = i32::try_from(window_days).expect("days are few");
    let mut found: BTreeMap<(Slice, Outcome), Again> = BTreeMap::new();
    for complaint in complaints {
        let (outcome, from) = match complaint.resolved {
            Some(resolved) => (Outcome::Resolved, resolved + 1),
            None => (Outcome::Unresolved, complaint.opened + 1),
        };
        let is_observed = from + window <= as_of;
        let bought = history.bought(complaint.who, from, from + window);
        for slice in cuts.segments(complaint.who) {
            found.entry((slice, outcome)).or_default().add(is_observed, || bought);
        }
    }
    let is_silent = |rank: &u32| complaints.binary_search_by_key(rank, |complaint| complaint.who).is_err();
    let ranks = 0..u32::try_from(worth.customers()).expect("ranks fit 32 bits");
    for rank in ranks.filter(is_silent) {
        let Some((first, last)) = worth.sales[rank as usize] else { continue };
        let start = as_of - window;
        if first < start {
            for slice in cuts.segments(rank) {
                found.entry((slice, Outcome::None)).or_default().add(true, || last >= start);
            }
        }
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
    let rows: Vec<(Slice, Outcome, Again)> =
        outcomes.iter().map(|((slice, outcome), again)| (*slice, *outcome, *again)).collect();
    let mut draft = layout.draft("complaint_outcome", "segment and outcome", None, &rows);
    cuts.add_to(&mut draft, |row| row.0, false);
    let meaning = "resolved or unresolved complaints; no complaint: customers who never complained and bought before the last window";
    draft.name("outcome", meaning, |row| Some(row.1.name()));
    draft.count("window_days", "days", "Days within which a repurchase counts", |_| i64::from(window_days));
    draft.count("cases", "complaints", "Complaints, or customers without one", |row| row.2.cases);
    draft.count("observed", "complaints", "Those whose window has ended by the as-of date", |row| {
        row.2.observed
    });
    draft.count("repurchased", "complaints", "Of these, those followed by a purchase in the window", |row| {
        row.2.repurchased
    });
    let rate = |row: &(Slice, Outcome, Again)| share(row.2.repurchased, row.2.observed);
    draft.float("repurchase_rate", "1", "repurchased / observed", rate);
    draft.finish()
}

#[cfg(test)]
mod tests {
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
        let history = History::for_test(vec![(0, 13, 13), (1, 5, 20), (2, 1, 99)]);
        let sales = vec![Some((13, 13)), Some((5, 20)), Some((1, 99)), Some((95, 99)), None];
        let mut worth = Worth::for_test(sales, vec![0; 5], None);
        worth.orders = vec![1, 2, 3, 2, 0];
        let found = outcomes(&complaints, &Cuts::for_test(), &history, &worth, 100, 30);
        let of = |outcome| found[&(Slice::ALL, outcome)];
        assert_eq!(of(Outcome::Resolved), Again { cases: 1, observed: 1, repurchased: 1 });
        assert_eq!(of(Outcome::Unresolved), Again { cases: 2, observed: 1, repurchased: 0 });
        assert_eq!(of(Outcome::None), Again { cases: 1, observed: 1, repurchased: 1 });
    }
}
