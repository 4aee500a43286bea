//! Which share of points is going to be redeemed: a life table with two ways out, estimated by cohort of earning.
//!
//! Of the points that are open at an age (periods since they were earned), some are redeemed and some expire. Shares of those at risk,
//! over all cohorts that were seen at the age, give the cumulative incidence of redemption (O. O. Aalen, S. Johansen, "An empirical
//! transition matrix for non-homogeneous Markov chains based on censored observations", Scandinavian Journal of Statistics 5 (1978),
//! 141–150), of which the chain ladder of actuaries is the form without expiry. Breakage is what is not redeemed. Beyond the oldest
//! age points are redeemed in the proportion in which those that left were, and all of them where none has expired: breakage that the
//! history does not show is not expected (IFRS 15.B46, ASC 606-10-55-48).

use crate::units::round_ratio;

/// Shares are whole numbers of this, so that they are the same everywhere.
const ONE: i128 = 1_000_000_000_000;
/// Digits after the point of a share by which money is divided.
pub(super) const SHARE_SCALE: u8 = 6;
/// A whole, at that scale.
pub(super) const WHOLE: i128 = 1_000_000;

/// Points at one age, of all cohorts that were seen at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Age {
    /// Open when the age began; of age 0 those that were earned.
    pub(super) at_risk: i128,
    pub(super) redeemed: i128,
    pub(super) expired: i128,
}

/// What was seen so far, by age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LifeTable {
    ages: Vec<Age>,
}

/// Shares that are going to be redeemed, at `SHARE_SCALE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redemption {
    /// Of points earned now, then of those open at the end of each age.
    shares: Vec<i128>,
    /// Beyond.
    tail: i128,
}

impl LifeTable {
    /// Adds a cohort at an age.
    pub(super) fn add(&mut self, age: usize, seen: Age) {
        if self.ages.len() <= age {
            self.ages.resize(age + 1, Age::default());
        }
        let sums = &mut self.ages[age];
        sums.at_risk += seen.at_risk;
        sums.redeemed += seen.redeemed;
        sums.expired += seen.expired;
    }

    /// By age.
    pub(super) fn ages(&self) -> &[Age] {
        &self.ages
    }

    /// What follows from it.
    pub(super) fn redemption(&self) -> Redemption {
        let (redeemed, expired) = self
            .ages
            .iter()
            .fold((0, 0), |(redeemed, expired), age| (redeemed + age.redeemed, expired + age.expired));
        let tail = if expired > 0 { round_ratio(redeemed * ONE, redeemed + expired) } else { ONE };
        let mut shares = vec![tail; self.ages.len() + 1];
        for (number, age) in self.ages.iter().enumerate().rev() {
            let later = shares[number + 1];
            shares[number] = match age.at_risk {
                0 => later,
                at_risk => {
                    let stay = at_risk - age.redeemed - age.expired;
                    round_ratio(age.redeemed * ONE, at_risk)
                        + round_ratio(round_ratio(stay * ONE, at_risk) * later, ONE)
                }
            };
        }
        let rounded = |share: i128| round_ratio(share * WHOLE, ONE);
        Redemption { shares: shares.into_iter().map(rounded).collect(), tail: rounded(tail) }
    }
}

impl Redemption {
    /// Of points earned now.
    pub(super) fn of_new(&self) -> i128 {
        self.shares[0]
    }

    /// Of points open at the end of an age.
    pub(super) fn of_open(&self, age: usize) -> i128 {
        self.shares.get(age + 1).copied().unwrap_or(self.tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(ages: &[(i128, i128, i128)]) -> LifeTable {
        let mut table = LifeTable::default();
        for (age, (at_risk, redeemed, expired)) in ages.iter().enumerate() {
            table.add(age, Age { at_risk: *at_risk, redeemed: *redeemed, expired: *expired });
        }
        table
    }

    /// Of 100 points 20 are redeemed at once, of the 80 left a quarter, then half of 60 while the other half expires.
    #[test]
    fn redemption_accumulates_over_ages() {
        let found = table(&[(100, 20, 0), (80, 20, 0), (60, 30, 30)]).redemption();
        assert_eq!(found.of_new(), 700_000);
        assert_eq!(
            [0, 1, 2].map(|age| found.of_open(age)),
            [625_000, 500_000, 700_000],
            "0.7 of those that left"
        );
        assert_eq!(found.of_open(99), 700_000);
    }

    /// The second cohort is seen at age 0 alone: shares are of those at risk, so it counts there and nowhere else.
    #[test]
    fn young_cohorts_count_at_the_ages_they_were_seen_at() {
        let mut seen = table(&[(100, 20, 0), (80, 60, 20)]);
        seen.add(0, Age { at_risk: 100, redeemed: 40, expired: 0 });
        // 0.3 + 0.7 × 0.75.
        assert_eq!(seen.redemption().of_new(), 825_000);
    }

    #[test]
    fn no_breakage_is_expected_that_was_not_seen() {
        assert_eq!(LifeTable::default().redemption().of_new(), WHOLE);
        assert_eq!(table(&[(100, 10, 0), (90, 5, 0)]).redemption().of_new(), WHOLE);
        let none = table(&[(100, 0, 0), (100, 0, 100)]).redemption();
        assert_eq!((none.of_new(), none.of_open(5)), (0, 0), "whatever was earned expired");
    }

    /// Without expiry it is the chain ladder: what is open at an age develops by the factors of the cohorts before.
    #[test]
    fn shares_lie_between_none_and_all() {
        let found = table(&[(1_000, 1, 2), (0, 0, 0), (3, 0, 1), (7, 7, 0)]).redemption();
        assert!((0..4).all(|age| (0..=WHOLE).contains(&found.of_open(age))));
    }
}
