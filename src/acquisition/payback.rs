//! Payback: how many periods after it came a cohort's cumulated contribution covers what winning it cost.
//!
//! Age counts periods after the one in which the cohort came, which is age 0 and also has what its customers brought before.
//! Of several cohorts each age is about those who have been observed that long, their cost and their contribution, as in a table
//! of cohorts. Periods that are not over do not count.

use super::cohort::Cohort;
use crate::customers::calendar::Calendar;

/// A cohort's contribution by age.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// The period of age 0.
    first: usize,
    /// By age.
    contribution: Vec<i128>,
    cost: i128,
}

/// One age of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CurvePoint {
    pub(super) age: usize,
    pub(super) period: usize,
    pub(super) contribution: i128,
    pub(super) cumulated: i128,
    pub(super) cost: i128,
}

/// When winning customers is paid back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payback {
    /// Covered after so many periods.
    After(usize),
    NotYet,
    /// Nothing is known to have been spent.
    NothingSpent,
    /// They came before the history, so that what they brought first is not known.
    BeforeHistory,
    /// Nobody knows when they came.
    NoKnownDay,
}

impl Payback {
    /// As tables show it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Payback::After(_) => "paid back",
            Payback::NotYet => "not yet",
            Payback::NothingSpent => "nothing spent",
            Payback::BeforeHistory => "before the history",
            Payback::NoKnownDay => "no known day",
        }
    }

    pub(super) fn periods(self) -> Option<usize> {
        match self {
            Payback::After(periods) => Some(periods),
            _ => None,
        }
    }

    /// Of cohorts observed from their first period on.
    pub(super) fn of(curves: &[&Curve], calendar: &Calendar) -> Self {
        if curves.iter().all(|curve| curve.cost <= 0) {
            return Payback::NothingSpent;
        }
        let cumulated: Vec<Vec<i128>> = curves.iter().map(|curve| curve.cumulated()).collect();
        for age in 0..calendar.complete() {
            let (mut cost, mut covered) = (0, 0);
            for (curve, cumulated) in curves.iter().zip(&cumulated) {
                if curve.first + age < calendar.complete() {
                    cost += curve.cost;
                    covered += cumulated[age];
                }
            }
            if cost > 0 && covered >= cost {
                return Payback::After(age);
            }
        }
        Payback::NotYet
    }
}

impl Curve {
    /// None of a cohort that came on a day outside the calendar.
    pub(super) fn of(cohort: &Cohort, start: i32, calendar: &Calendar) -> Option<Self> {
        let first = calendar.find(start).filter(|first| *first < calendar.len())?;
        let mut contribution = vec![0; calendar.len() - first];
        for (period, amount) in &cohort.contribution {
            contribution[period.saturating_sub(first)] += amount;
        }
        Some(Self { first, contribution, cost: cohort.cost() })
    }

    /// Ages whose period is over.
    pub(super) fn observed(&self, calendar: &Calendar) -> usize {
        calendar.complete().saturating_sub(self.first)
    }

    pub(super) fn contribution(&self, age: usize) -> i128 {
        self.contribution[age]
    }

    pub(super) fn cost(&self) -> i128 {
        self.cost
    }

    fn cumulated(&self) -> Vec<i128> {
        let mut sum = 0;
        let mut cumulated = Vec::with_capacity(self.contribution.len());
        for amount in &self.contribution {
            sum += amount;
            cumulated.push(sum);
        }
        cumulated
    }

    pub(super) fn points(&self) -> Vec<CurvePoint> {
        let ages = self.contribution.iter().zip(self.cumulated()).enumerate();
        ages.map(|(age, (contribution, cumulated))| CurvePoint {
            age,
            period: self.first + age,
            contribution: *contribution,
            cumulated,
            cost: self.cost,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::calendar::tests::calendar;
    use crate::units::PeriodKind;

    fn cohort(cost: i128, contribution: &[(usize, i128)]) -> Cohort {
        Cohort {
            acquisition_cost: cost,
            contribution: contribution.iter().copied().collect(),
            ..Cohort::default()
        }
    }

    /// Five months, the last of which is not over.
    fn months() -> Calendar {
        calendar(PeriodKind::Month, "2024-01-01", 5, "2024-05-20")
    }

    fn curve(month: usize, cost: i128, contribution: &[(usize, i128)]) -> Curve {
        let calendar = months();
        Curve::of(&cohort(cost, contribution), calendar.period(month).start.0, &calendar).unwrap()
    }

    #[test]
    fn a_cohort_is_paid_back_in_the_first_period_whose_cumulated_contribution_covers_its_cost() {
        let calendar = months();
        let of =
            |cost, contribution: &[(usize, i128)]| Payback::of(&[&curve(1, cost, contribution)], &calendar);
        assert_eq!(of(10, &[(1, 4), (2, 5), (3, 1)]), Payback::After(2));
        assert_eq!(of(10, &[(0, 4), (1, 6)]), Payback::After(0), "what came before is of age 0");
        assert_eq!(of(10, &[(1, 4), (4, 9)]), Payback::NotYet, "the last month is not over");
        assert_eq!(of(10, &[(2, -4), (3, 13)]), Payback::NotYet);
        assert_eq!(of(0, &[(2, 4)]), Payback::NothingSpent);
    }

    #[test]
    fn an_age_of_several_cohorts_is_about_those_observed_that_long() {
        let [first, later] = [curve(0, 10, &[(0, 4), (1, 3), (2, 3)]), curve(2, 10, &[(2, 1), (3, 1)])];
        // Age 1: 7 + 2 of 20; age 2: 10 of 10, of the first alone.
        assert_eq!(Payback::of(&[&first, &later], &months()), Payback::After(2));
    }

    #[test]
    fn points_cumulate() {
        let points = curve(3, 9, &[(2, 1), (3, 4), (4, 5)]).points();
        assert_eq!(points.iter().map(|point| point.cumulated).collect::<Vec<_>>(), [5, 10]);
        assert_eq!(points[1], CurvePoint { age: 1, period: 4, contribution: 5, cumulated: 10, cost: 9 });
        assert!(Curve::of(&cohort(1, &[]), months().start().0 - 1, &months()).is_none());
    }
}
