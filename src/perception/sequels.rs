//! What followed cases (complaints, streaks of dissatisfaction), beside what customers without one did who were as recent and had
//! bought as often: repurchase, referrals, recommendation.

use super::baseline::Baseline;
use super::cell::Cell;
use super::cuts::Segment;
use super::history::Purchases;
use super::recommendation::{Recommendation, Recommendations, first_within};
use super::rows::{Given, given_within};
use super::sums::share;
use std::collections::{BTreeMap, HashMap};

/// What followed cases of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Aftermath {
    pub(crate) cases: i64,
    /// Cases of customers who had bought before, whose window has ended by the as-of date.
    pub(crate) observed: i64,
    pub(crate) repurchased: i64,
    /// Referrals made in the windows of observed cases.
    pub(crate) referrals: i64,
    /// Of observed cases; without any, of customers who had no case.
    pub(crate) recommended: Recommendations,
    /// Observed cases for which there are customers without one to compare with.
    pub(crate) matched: i64,
    pub(crate) matched_repurchased: i64,
    pub(crate) matched_referrals: i64,
    /// Σ over matched cases of what is expected of those customers.
    pub(crate) expected: Expected,
}

/// What is expected of a window: the share of customers who buy, and referrals made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) bought: f64,
    pub(crate) referrals: f64,
}

impl Aftermath {
    fn add<K>(&mut self, sequel: &Sequel<K>, expected: Option<Expected>) {
        self.cases += 1;
        let Some(Seen { bought, referrals, recommendation }) = sequel.seen else { return };
        self.observed += 1;
        self.repurchased += i64::from(bought);
        self.referrals += i64::from(referrals);
        recommendation.into_iter().for_each(|recommendation| self.recommended.add(recommendation));
        if let Some(expected) = expected {
            self.matched_repurchased += i64::from(bought);
            self.matched_referrals += i64::from(referrals);
            self.compare(expected);
        }
    }

    fn compare(&mut self, expected: Expected) {
        self.matched += 1;
        self.expected.bought += expected.bought;
        self.expected.referrals += expected.referrals;
    }

    /// A sum over the comparison group, per matched case.
    fn per_matched(&self, sum: f64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "2^53 cases are more than there are")]
        (self.matched > 0).then(|| sum / self.matched as f64)
    }

    /// Mean repurchase rate of the comparison group.
    pub(crate) fn expected_rate(&self) -> Option<f64> {
        self.per_matched(self.expected.bought)
    }

    /// Mean referrals of the comparison group in a window.
    pub(crate) fn expected_referrals(&self) -> Option<f64> {
        self.per_matched(self.expected.referrals)
    }

    /// Repurchase rate of matched cases less that of the comparison group.
    pub(crate) fn effect(&self) -> Option<f64> {
        Some(share(self.matched_repurchased, self.matched)? - self.expected_rate()?)
    }

    /// Referrals per matched case less those of the comparison group.
    pub(crate) fn referral_effect(&self) -> Option<f64> {
        Some(share(self.matched_referrals, self.matched)? - self.expected_referrals()?)
    }
}

/// What followed cases, in order: all that is compared with the baseline once it is counted.
#[derive(Debug, Clone)]
pub(crate) struct Sequels<K> {
    sequels: Vec<Sequel<K>>,
    /// Segments that customers with a case belong to.
    profiles: Vec<Vec<Segment>>,
    number_of: HashMap<Vec<Segment>, u32>,
}

impl<K> Default for Sequels<K> {
    fn default() -> Self {
        Self { sequels: Vec::new(), profiles: Vec::new(), number_of: HashMap::new() }
    }
}

/// What followed one case.
#[derive(Debug, Clone, Copy)]
struct Sequel<K> {
    kind: K,
    /// None where the window has not ended, or the customer had bought nothing.
    seen: Option<Seen>,
    /// How the customer was when the window began; none without a purchase before.
    cell: Option<Cell>,
    profile: u32,
}

/// What is seen of a window.
#[derive(Debug, Clone, Copy)]
struct Seen {
    bought: bool,
    referrals: u32,
    recommendation: Option<Recommendation>,
}

/// What the customers of a slice did, and for how long after a case it counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Followed<'r> {
    pub(crate) purchases: &'r Purchases,
    pub(crate) given: &'r [Given],
    pub(crate) recommendations: &'r [(u32, i32, Recommendation)],
    pub(crate) as_of: i32,
    pub(crate) window_days: i32,
}

impl<K: Copy + Ord> Sequels<K> {
    /// Adds a case of a customer, whose window begins on a day. Customers come in order.
    pub(crate) fn add(
        &mut self,
        kind: K,
        (who, from): (u32, i32),
        segments: &[Segment],
        followed: &Followed<'_>,
    ) {
        let until = from + followed.window_days;
        let cell = followed.purchases.cell(who, from);
        // Who has not bought cannot buy again.
        let seen = (cell.is_some() && until <= followed.as_of).then(|| Seen {
            bought: followed.purchases.bought(who, from, until),
            referrals: u32::try_from(given_within(followed.given, who, from..until))
                .expect("a customer makes few"),
            recommendation: first_within(followed.recommendations, who, from..until),
        });
        let profile = self.profile(segments);
        self.sequels.push(Sequel { kind, seen, cell, profile });
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

    /// What followed, by segment and kind; `none` is the kind of those without a case. Rates are added in the order of cases, so
    /// the sums are the same whatever the slices.
    pub(crate) fn by_kind(&self, baseline: &Baseline, none: K) -> BTreeMap<(Segment, K), Aftermath> {
        let mut found: BTreeMap<(Segment, K), Aftermath> = BTreeMap::new();
        for sequel in &self.sequels {
            for segment in &self.profiles[sequel.profile as usize] {
                let expected = sequel.cell.and_then(|cell| baseline.expected(*segment, cell));
                found.entry((*segment, sequel.kind)).or_default().add(sequel, expected);
                let compared = found.entry((*segment, none)).or_default();
                expected.filter(|_| sequel.seen.is_some()).into_iter().for_each(|of| compared.compare(of));
            }
        }
        for (segment, customers) in baseline.customers() {
            let without = found.entry((segment, none)).or_default();
            (without.cases, without.recommended) = (customers.count, customers.recommended);
        }
        found
    }
}
