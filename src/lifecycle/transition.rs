//! How customers pass from state to state between two dates.

use super::chain::{Matrix, STATES, rate_of_step, values};
use super::dates::{Dates, Standing};
use super::ratio::{real, share};
use crate::customers::calendar::Calendar;
use crate::customers::days::{Amount, CustomerDaysView};
use crate::units::{Day, pow10};

/// Ended periods whose transitions are always told.
const PERIODS: usize = 12;

/// Customers of one cell of the matrix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(crate) customers: u64,
    /// Contribution of these customers from the first date on, before the second.
    pub(crate) contribution: i128,
}

/// Passages of one pair of dates: by state before, last the customers without purchase until then, and state after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) from: Day,
    pub(crate) to: Day,
    pub(crate) passages: [[Passage; STATES]; STATES + 1],
}

impl Transition {
    fn new((from, to): (Day, Day)) -> Self {
        Self { from, to, passages: [[Passage::default(); STATES]; STATES + 1] }
    }

    /// Customers in a state at the first date.
    pub(crate) fn customers(&self, from: usize) -> u64 {
        self.passages[from].iter().map(|passage| passage.customers).sum()
    }

    /// Contribution of those, until the second date.
    pub(crate) fn contribution(&self, from: usize) -> i128 {
        self.passages[from].iter().map(|passage| passage.contribution).sum()
    }

    /// Share of the customers of a state that passed to another; none for those without purchase before, whose number
    /// has no bound.
    pub(crate) fn probability(&self, from: usize, to: usize) -> Option<f64> {
        if from == STATES {
            return None;
        }
        share(self.passages[from][to].customers, self.customers(from))
    }

    /// What a customer in each state is worth if customers go on passing like this, in units of the currency; none for
    /// a state without customers.
    pub(crate) fn values(&self, discount_rate_annual: f64, money_scale: u8) -> [Option<f64>; STATES] {
        let probabilities: Matrix =
            std::array::from_fn(|from| std::array::from_fn(|to| self.probability(from, to).unwrap_or(0.0)));
        let unit = pow10(money_scale) as f64;
        let reward = |from: usize| match self.customers(from) {
            0 => 0.0,
            customers => self.contribution(from) as f64 / unit / real(customers),
        };
        let rate = rate_of_step(discount_rate_annual, self.to.0 - self.from.0);
        let found = values(&probabilities, &std::array::from_fn(reward), rate);
        std::array::from_fn(|state| found.filter(|_| self.customers(state) > 0).map(|found| found[state]))
    }

    /// The customers of both.
    pub(crate) fn merge(&mut self, other: &Self) {
        let pairs = self.passages.iter_mut().flatten().zip(other.passages.iter().flatten());
        for (passage, more) in pairs {
            passage.customers += more.customers;
            passage.contribution += more.contribution;
        }
    }
}

/// Pairs of dates between which transitions are counted: the last twelve periods that ended, and from one declared
/// as-of date to the next, the run's own the last.
pub(crate) fn pairs(calendar: &Calendar, as_of: &[Day]) -> Vec<(Day, Day)> {
    let ended = calendar.complete();
    let of_period = |index: usize| (calendar.period(index).start, calendar.period(index).end());
    let declared = as_of.windows(2).map(|pair| (pair[0], pair[1]));
    let mut pairs: Vec<(Day, Day)> =
        (ended.saturating_sub(PERIODS)..ended).map(of_period).chain(declared).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Every pair without a customer yet.
pub(crate) fn empty(pairs: &[(Day, Day)]) -> Vec<Transition> {
    pairs.iter().map(|pair| Transition::new(*pair)).collect()
}

/// Where each pair's dates stand among the dates at which customers are looked at.
#[derive(Debug, Clone)]
pub(crate) struct Steps(Vec<(usize, usize)>);

impl Steps {
    pub(crate) fn new(pairs: &[(Day, Day)], dates: &Dates) -> Self {
        Self(pairs.iter().map(|(from, to)| (dates.place(*from), dates.place(*to))).collect())
    }

    /// Adds a customer to every pair by the second date of which it has a purchase.
    pub(crate) fn add(
        &self,
        transitions: &mut [Transition],
        days: CustomerDaysView<'_>,
        standings: &[Option<Standing>],
    ) {
        for (transition, (from, to)) in transitions.iter_mut().zip(&self.0) {
            let Some(to) = standings[*to] else { continue };
            // Of who had not bought by the first date, days before its first purchase may count.
            let (state, first_row) = match standings[*from] {
                Some(from) => (from.state as usize, from.days),
                None => (STATES, days.before(transition.from).days().len()),
            };
            let passage = &mut transition.passages[state][to.state as usize];
            passage.customers += 1;
            passage.contribution += days.rows(first_row..to.days).sum(Amount::Contribution);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::state::{Rules, State};
    use crate::lifecycle::tests::{days, definition, months, slice};

    #[test]
    fn pairs_are_ended_periods_and_declared_dates() {
        let calendar = months("2023-01-01", 15, "2024-03-10");
        let day = |text: &str| text.parse::<Day>().unwrap();
        let found = pairs(&calendar, &[day("2024-02-01"), day("2024-03-10")]);
        assert_eq!(found.len(), 13);
        assert_eq!(found[0], (day("2023-03-01"), day("2023-04-01")));
        assert_eq!(found[12], (day("2024-02-01"), day("2024-03-10")));
        assert!(pairs(&months("2024-03-01", 1, "2024-03-10"), &[day("2024-03-10")]).is_empty());
    }

    #[test]
    fn customers_pass_from_state_to_state() {
        let day = days(&["2024-01-10", "2024-02-20", "2024-03-15"]);
        let slice = slice(&[
            &[(day[0], 1, 40)],
            &[(day[0], 1, 40), (day[1], 2, 80)],
            &[(day[2], 1, 8)],
            &[(day[1], 1, 4)],
        ]);
        let pair: (Day, Day) = ("2024-02-01".parse().unwrap(), "2024-03-01".parse().unwrap());
        let (dates, rules) = (Dates::without_rhythm(&[pair.0, pair.1]), Rules::new(&definition()));
        let (steps, mut transitions) = (Steps::new(&[pair], &dates), empty(&[pair]));
        let mut standings = Vec::new();
        for days in slice.customers() {
            dates.stand(days, &rules, &mut standings);
            steps.add(&mut transitions, days, &standings);
        }
        let found = &transitions[0];
        let (new, active) = (State::New as usize, State::Active as usize);
        assert_eq!(found.customers(new), 2);
        assert_eq!(found.passages[new][active], Passage { customers: 2, contribution: 20 });
        assert_eq!(found.probability(new, active), Some(1.0));
        assert_eq!(found.passages[STATES][new], Passage { customers: 1, contribution: 1 });
        assert_eq!(found.probability(STATES, new), None);
        let values = found.values(0.1, 0);
        assert_eq!((values[new], values[active]), (Some(10.0), None));
    }
}
