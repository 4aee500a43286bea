//! Payback that is still to come: what a cohort brought so far, and what older ones brought at the ages it has not come to.
//!
//! R. L. Bornhuetter, R. E. Ferguson, "The actuary and IBNR", Proceedings of the Casualty Actuarial Society 59 (1972) 181–195: what was
//! observed counts as it is, and what is to come as expected beforehand, here the contribution per customer, those who never bought
//! among them, of the channel's cohorts that have been observed so long; of all channels at ages that none of its own has come to.
//! Nothing is discounted, as in the payback observed.

use super::cohort::{Cohort, CohortKey};
use super::payback::Curve;
use crate::customers::calendar::Calendar;
use std::collections::BTreeMap;

/// When a cohort that is not paid back yet is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedPayback {
    /// After so many periods in all.
    After(usize),
    /// Not at the ages that older cohorts have come to.
    Beyond,
    /// No cohort is older.
    NoOlder,
}

impl ExpectedPayback {
    /// As tables show it.
    pub(super) fn word(self) -> &'static str {
        match self {
            ExpectedPayback::After(_) => "expected",
            ExpectedPayback::Beyond => "not at ages observed",
            ExpectedPayback::NoOlder => "no older cohort",
        }
    }

    pub(super) fn periods(self) -> Option<usize> {
        match self {
            ExpectedPayback::After(periods) => Some(periods),
            _ => None,
        }
    }
}

/// A cohort whose payback is looked for, alone or with others.
pub(super) struct Part {
    pub(super) channel: usize,
    pub(super) customers: u64,
    pub(super) curve: Curve,
}

/// Contribution per customer by age, of complete periods.
#[derive(Debug, Default)]
pub(super) struct Development {
    by_channel: BTreeMap<usize, Vec<Age>>,
    all: Vec<Age>,
}

/// Of cohorts that have come to an age.
#[derive(Debug, Clone, Copy, Default)]
struct Age {
    contribution: i128,
    customers: u64,
}

impl Development {
    /// Of all cohorts that came within the calendar.
    pub(super) fn of(cohorts: &BTreeMap<CohortKey, Cohort>, calendar: &Calendar) -> Self {
        let mut found = Self::default();
        for (key, cohort) in cohorts {
            let Some(curve) = key.start.and_then(|start| Curve::of(cohort, start, calendar)) else {
                continue;
            };
            let of_channel = found.by_channel.entry(key.channel).or_default();
            for ages in [of_channel, &mut found.all] {
                let observed = curve.observed(calendar);
                if ages.len() < observed {
                    ages.resize(observed, Age::default());
                }
                for (age, sum) in ages.iter_mut().take(observed).enumerate() {
                    sum.contribution += curve.contribution(age);
                    sum.customers += cohort.customers;
                }
            }
        }
        found
    }

    /// Contribution per customer; none of an age that no cohort with a customer has come to.
    fn per_customer(&self, channel: usize, age: usize) -> Option<f64> {
        let of = |ages: &[Age]| ages.get(age).copied().filter(|age| age.customers > 0);
        let own = self.by_channel.get(&channel).and_then(|ages| of(ages));
        own.or_else(|| of(&self.all)).map(|age| age.contribution as f64 / age.customers as f64)
    }

    /// Of cohorts together, which are not paid back yet.
    pub(super) fn payback(&self, parts: &[Part], calendar: &Calendar) -> ExpectedPayback {
        let cost: i128 = parts.iter().map(|part| part.curve.cost()).sum();
        let (mut observed, mut expected, mut looked_ahead) = (0_i128, 0.0, false);
        for age in 0.. {
            for part in parts {
                if age < part.curve.observed(calendar) {
                    observed += part.curve.contribution(age);
                    continue;
                }
                let Some(per_customer) = self.per_customer(part.channel, age) else {
                    return if looked_ahead { ExpectedPayback::Beyond } else { ExpectedPayback::NoOlder };
                };
                expected += part.customers as f64 * per_customer;
                looked_ahead = true;
            }
            if looked_ahead && observed as f64 + expected >= cost as f64 {
                return ExpectedPayback::After(age);
            }
        }
        unreachable!("no cohort is observed for ever")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::calendar::tests::calendar;
    use crate::units::PeriodKind;

    /// Five months, the last of which is not over.
    fn months() -> Calendar {
        calendar(PeriodKind::Month, "2024-01-01", 5, "2024-05-20")
    }

    fn cohort(customers: u64, cost: i128, contribution: &[(usize, i128)]) -> Cohort {
        Cohort {
            customers,
            acquisition_cost: cost,
            contribution: contribution.iter().copied().collect(),
            ..Cohort::default()
        }
    }

    #[test]
    fn what_older_cohorts_brought_per_customer_is_added() {
        let calendar = months();
        let start = |month: usize| Some(calendar.period(month).start.0);
        let key = |channel, month| CohortKey { channel, start: start(month) };
        let cohorts = BTreeMap::from([
            (key(0, 0), cohort(2, 90, &[(0, 20), (1, 16), (2, 12), (3, 8)])),
            (key(0, 1), cohort(1, 40, &[(1, 11), (2, 7), (3, 0)])),
            (key(0, 2), cohort(4, 80, &[(2, 30), (3, 26)])),
            (key(1, 3), cohort(5, 60, &[(3, 25), (4, 99)])),
        ]);
        let found = Development::of(&cohorts, &calendar);
        let payback = |keys: &[CohortKey]| {
            let part = |key: &CohortKey| Part {
                channel: key.channel,
                customers: cohorts[key].customers,
                curve: Curve::of(&cohorts[key], key.start.unwrap(), &calendar).unwrap(),
            };
            found.payback(&keys.iter().map(part).collect::<Vec<_>>(), &calendar)
        };
        // 56 so far; at age 2 older ones brought (12 + 0) / 3 a customer: 16 more; at age 3 8 / 2: 16 more.
        assert_eq!(payback(&[key(0, 2)]), ExpectedPayback::After(3));
        // 18 so far, and 8 / 2 at age 3 are not 40.
        assert_eq!(payback(&[key(0, 1)]), ExpectedPayback::Beyond);
        assert_eq!(payback(&[key(0, 0)]), ExpectedPayback::NoOlder);
        // 25 so far; of all channels (16 + 7 + 26) / 7 at age 1: 35 more.
        assert_eq!(payback(&[key(1, 3)]), ExpectedPayback::After(1));
        // 18 + 56 + 4 + 16 + 16 = 110 of 120.
        assert_eq!(payback(&[key(0, 1), key(0, 2)]), ExpectedPayback::Beyond);
    }
}
