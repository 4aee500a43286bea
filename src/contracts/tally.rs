//! Contracts counted by term and plan: all that fits, the back-test and the tables of groups are made from. Integers only, so that
//! parts merge by adding.

use super::contract::{Contract, Fate, Seen};
use super::fit::Due;
use super::movement::Movement;
use crate::clv::models::renewal_counts::RenewalCounts;
use crate::customers::calendar::Calendar;
use crate::units::Day;
use std::collections::BTreeMap;

/// Contracts of one term and the plan they began with, by place; `NO_CODE` of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) term_months: u16,
    pub(super) plan: u32,
}

/// The days that contracts are looked at from.
pub(super) struct Dates<'r> {
    pub(super) as_of: Day,
    /// Renewals that come due from here on are held out; none where there is no such day within the history.
    pub(super) calibration: Option<Day>,
    /// Contracts that had ended before are not known; none: all are.
    pub(super) observed_from: Option<Day>,
    pub(super) calendar: &'r Calendar,
}

/// What is counted of contracts.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Renewals before the as-of date.
    pub(super) counts: RenewalCounts,
    /// Renewals before the calibration date.
    pub(super) calibration: RenewalCounts,
    pub(super) holdout: Holdout,
    pub(super) contracts: u64,
    pub(super) running: u64,
    /// Per term, of those that run, in smallest units of money.
    pub(super) price: i128,
    pub(super) cost: i128,
    pub(super) movement: Movement,
}

/// Contracts that ran at the calibration date, and what became of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Holdout {
    /// By renewal, from the first on: renewals that came due in the holdout.
    pub(super) table: Vec<Due>,
    /// By renewals lived through, and renewals within the holdout if it lasted: how many ran, and how many were lost.
    pub(super) running: BTreeMap<(u32, u32), Due>,
}

/// By kind.
pub(super) type Tallies = BTreeMap<Kind, Tally>;

impl Kind {
    pub(super) fn of(contract: &Contract<'_>) -> Self {
        let first = contract.first();
        Self { term_months: first.term_months, plan: first.plan }
    }
}

/// Counts contracts.
pub(super) fn tally<'s>(contracts: impl Iterator<Item = Contract<'s>>, dates: &Dates<'_>) -> Tallies {
    let mut found = Tallies::new();
    for contract in contracts {
        found.entry(Kind::of(&contract)).or_default().add(&contract, dates);
    }
    found
}

/// Adds other contracts.
pub(super) fn merge(all: &mut Tallies, more: Tallies) {
    for (kind, tally) in more {
        all.entry(kind).or_default().merge(&tally);
    }
}

impl Tally {
    fn add(&mut self, contract: &Contract<'_>, dates: &Dates<'_>) {
        let Some(seen) = contract.seen(dates.as_of) else { return };
        let unobserved = contract.unobserved(dates.observed_from);
        count(&mut self.counts, unobserved, seen);
        self.contracts += 1;
        if seen.fate == Fate::Running {
            self.running += 1;
            self.price += i128::from(contract.last().price);
            self.cost += i128::from(contract.last().cost);
        }
        self.movement.add(contract, dates.calendar);
        let Some(date) = dates.calibration else { return };
        let Some(before) = contract.seen(date) else { return };
        count(&mut self.calibration, unobserved, before);
        // Of a contract that came under observation later, the renewals from then on.
        let first = before.renewals.max(unobserved);
        if before.fate == Fate::Running && seen.renewals >= first {
            let due = contract.renewals_before(dates.as_of.0) - first;
            self.holdout.add(first, due, seen.renewals - first, seen.fate == Fate::Lost);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.calibration.merge(&other.calibration);
        self.holdout.merge(&other.holdout);
        self.contracts += other.contracts;
        self.running += other.running;
        self.price += other.price;
        self.cost += other.cost;
        self.movement.merge(&other.movement);
    }
}

/// Contracts that were lost while others who were are not known tell nothing; one that runs is counted, so that its renewals are,
/// but is at risk at none of those that were not observed.
fn count(counts: &mut RenewalCounts, unobserved: u32, seen: Seen) {
    let renewals = seen.renewals as usize;
    match seen.fate {
        Fate::Lost if seen.renewals < unobserved => return,
        Fate::Lost => counts.add_lost(renewals + 1, 1),
        Fate::Running | Fate::Leaving => counts.add_kept(renewals, 1),
    }
    counts.add_entered((unobserved as usize).min(renewals), 1);
}

impl Holdout {
    /// A contract that had lived through `renewals`, of which `due` more would have come due; `lived` of them it lived through.
    fn add(&mut self, renewals: u32, due: u32, lived: u32, is_lost: bool) {
        let lost = u64::from(is_lost);
        let running = self.running.entry((renewals, due)).or_default();
        running.due += 1;
        running.lost += lost;
        let (first, last) = (renewals as usize, (renewals + lived) as usize + usize::from(is_lost));
        if self.table.len() < last {
            self.table.resize(last, Due::default());
        }
        self.table[first.min(last)..last].iter_mut().for_each(|row| row.due += 1);
        if is_lost {
            self.table[last - 1].lost += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        if self.table.len() < other.table.len() {
            self.table.resize(other.table.len(), Due::default());
        }
        let pairs = self.table.iter_mut().zip(&other.table);
        let running = other.running.iter();
        pairs.for_each(|(sum, more)| sum.add(*more));
        running.for_each(|(key, more)| self.running.entry(*key).or_default().add(*more));
    }

    /// Contracts that ran at the calibration date; renewals that came due since; contracts lost.
    pub(super) fn totals(&self) -> [u64; 3] {
        let ran = self.running.values().map(|row| row.due).sum();
        let due = self.table.iter().map(|row| row.due).sum();
        [ran, due, self.table.iter().map(|row| row.lost).sum()]
    }
}

impl Due {
    fn add(&mut self, other: Self) {
        self.due += other.due;
        self.lost += other.lost;
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::RUNS;
    use super::super::rows::tests::{contracts, span};
    use super::*;
    use crate::customers::calendar::tests::calendar;
    use crate::units::PeriodKind;

    #[test]
    fn a_holdout_begins_with_the_renewals_after_the_calibration_date() {
        let calendar = calendar(PeriodKind::Month, "2024-01-01", 6, "2024-06-15");
        let day = |text: &str| text.parse::<Day>().unwrap();
        let dates = Dates {
            as_of: day("2024-06-15"),
            calibration: Some(day("2024-03-10")),
            observed_from: None,
            calendar: &calendar,
        };
        let start = day("2024-01-05").0;
        let found = contracts(vec![
            span(1, start, RUNS, 10), // renewed twice by 10 March, and three times since
            span(2, start, day("2024-02-01").0, 10), // lost at the first renewal, in February
            span(3, start, day("2024-04-20").0, 10), // lost at the fourth, in May
            span(4, start, day("2024-06-10").0, 10), // gone, and the sixth renewal is not due
            span(5, day("2024-04-01").0, RUNS, 10), // began in the holdout
        ]);
        let all = found.of(&(0..9)).map(|spans| Contract { spans });
        let tallies = tally(all, &dates);
        let (_, tally) = tallies.first_key_value().unwrap();
        assert_eq!((tally.contracts, tally.running, tally.price), (5, 2, 20));
        assert_eq!((tally.counts.lost_at(1), tally.counts.lost_at(4), tally.counts.kept_after(5)), (1, 1, 2));
        assert_eq!((tally.calibration.lost_at(1), tally.calibration.kept_after(2)), (1, 3));
        assert_eq!(tally.holdout.totals(), [3, 8, 1]);
        assert_eq!(tally.holdout.table[2..], [(3, 0), (3, 1), (2, 0)].map(|(due, lost)| Due { due, lost }));
        assert_eq!(tally.holdout.running[&(2, 3)], Due { due: 3, lost: 1 });
    }

    #[test]
    fn contracts_are_at_risk_once_they_are_observed() {
        let calendar = calendar(PeriodKind::Month, "2024-01-01", 6, "2024-06-15");
        let day = |text: &str| text.parse::<Day>().unwrap();
        let dates = Dates {
            as_of: day("2024-06-15"),
            calibration: Some(day("2024-03-10")),
            observed_from: Some(day("2024-02-20")),
            calendar: &calendar,
        };
        let start = day("2024-01-05").0;
        let found = contracts(vec![
            span(1, start, RUNS, 10), // its terms from 5 March on are observed: renewals 3 to 5
            span(2, start, day("2024-02-25").0, 10), // lost at the second renewal, of a term that began before
            span(3, start, day("2024-04-20").0, 10), // lost at the fourth
            span(4, day("2024-03-01").0, day("2024-03-15").0, 10), // observed from its beginning
        ]);
        let all = found.of(&(0..9)).map(|spans| Contract { spans });
        let tallies = tally(all, &dates);
        let (_, tally) = tallies.first_key_value().unwrap();
        assert_eq!((tally.contracts, tally.running), (4, 1), "all are contracts");
        let due = |due, lost| Due { due, lost };
        let table = crate::contracts::fit::life_table(&tally.counts);
        assert_eq!(table, [due(1, 1), due(0, 0), due(2, 0), due(2, 1), due(1, 0)]);
        assert_eq!(tally.calibration.last(), 2, "what was not at risk before the date tells nothing of it");
        assert_eq!(crate::contracts::fit::life_table(&tally.calibration), [due(0, 0), due(0, 0)]);
        assert_eq!(tally.holdout.totals(), [3, 6, 2]);
    }
}
