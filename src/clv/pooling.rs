//! Complete pooling or none, segment by segment: own parameters only where the segment's histories are worth them.
//!
//! A segment of a few customers determines no parameters, and one in which by chance nobody lapsed would live for ever.
//! So the model is fitted to all customers too, and a segment takes those parameters
//!
//! - if fewer than [`FEWEST_REPEATERS`] of its customers bought again,
//! - if its own fit knows no lapse although that of all does, and it was not observed for long enough to rule one out
//!   ([`rules_out_lapse`]),
//! - if by its own parameters the standard error of its customers' discounted purchases is above their sum
//!   ([`is_unsure`]), or
//! - if its own k parameters do not beat them by Schwarz's criterion: ln L(own) − ½ k ln n ≤ ln L(all), both of the
//!   segment's n customers.
//!
//! With covariates, a segment takes its own parameters without them where the same criterion prefers these to both.
//!
//! What a purchase brings is decided in the same way: the segment's mean is its own where it differs from that of all by
//! more than √(ln n) standard errors, the same criterion for one parameter.
//!
//! - A. Gelman, J. Hill, *Data Analysis Using Regression and Multilevel/Hierarchical Models* (2007), chapter 12: complete
//!   pooling and no pooling. Between them, customers of one segment still differ: each one's own history weighs in.
//! - G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6 (1978), 461–464.
//! - J. A. Hanley, A. Lippman-Hand, "If nothing goes wrong, is everything all right?", Journal of the American Medical
//!   Association 249 (1983), 1743–1745: the rule of three.

use super::census::Tally;
use super::fits::FittedPurchases;
use super::histories::Histories;
use super::models::{Asked, Counts, FEWEST_REPEATERS, Fit, Lapsing, Lookahead, Rhythm, Scorer};
use super::past::VALUED;
use super::spend::Spend;

/// Why a segment takes the parameters of all customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooled {
    /// Too few of its customers bought again: so many.
    FewRepeaters(u64),
    /// Nobody seems to lapse, and the segment was not observed for long enough to say so.
    NoLapse,
    /// Its own parameters leave open whether anything is to come.
    Unsure,
    /// Its own parameters are not worth having.
    NotApart,
}

impl Pooled {
    /// For the column `reason`.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::FewRepeaters(repeaters) => format!(
                "parameters of all customers: {repeaters} customers of the segment bought again, {FEWEST_REPEATERS} are \
                 needed for its own"
            ),
            Self::NoLapse => {
                "parameters of all customers: the segment shows no lapse, and was not observed for long \
                              enough to rule one out"
                    .to_owned()
            }
            Self::Unsure => "parameters of all customers: by the segment's own the standard error of its discounted purchases is \
                             above their sum"
                .to_owned(),
            Self::NotApart => {
                "parameters of all customers: the segment's own are no better by Schwarz's criterion"
                    .to_owned()
            }
        }
    }

    /// Whether the segment has too little data, rather than data like those of all.
    pub(crate) fn is_small(self) -> bool {
        self != Self::NotApart
    }
}

/// Whether a segment takes the purchase model of all customers.
pub(crate) fn purchases(
    fitted: &FittedPurchases,
    (histories, rhythm): (&Histories<'_>, &Rhythm),
    all: &FittedPurchases,
    discount_per_day: f64,
) -> Option<Pooled> {
    let (own, counts) = (&fitted.fit, &*histories.all);
    let repeaters = counts.repeaters();
    if repeaters < FEWEST_REPEATERS {
        return Some(Pooled::FewRepeaters(repeaters));
    }
    let is_endless = |fit: &Fit| fit.form.lapsing == Lapsing::Never;
    if is_endless(own) && !is_endless(&all.fit) && !rules_out_lapse(counts, discount_per_day) {
        return Some(Pooled::NoLapse);
    }
    let cost = 0.5 * f64::from(fitted.estimated()) * count(counts.customers()).ln();
    let gain = own.log_likelihood - all.log_likelihood(histories, rhythm)?;
    if gain <= cost {
        return Some(Pooled::NotApart);
    }
    is_unsure(fitted, histories, discount_per_day).then_some(Pooled::Unsure)
}

/// Whether a segment's own parameters without covariates are better, by Schwarz's criterion, than its own with them and than
/// those of all customers with them, of which it estimates none.
pub(crate) fn is_better_without(
    with: &FittedPurchases,
    (histories, rhythm): (&Histories<'_>, &Rhythm),
    plain: &FittedPurchases,
    all: &FittedPurchases,
) -> bool {
    let cost = 0.5 * count(histories.all.customers()).ln();
    let merit = |fitted: &FittedPurchases| fitted.fit.log_likelihood - cost * f64::from(fitted.estimated());
    let of_all = all.log_likelihood(histories, rhythm);
    merit(plain) >= merit(with) && of_all.is_none_or(|of_all| merit(plain) >= of_all)
}

/// Whether a segment takes the value per purchase of all customers.
pub(crate) fn spend(own: &Spend, tally: &Tally, all: &Spend) -> Option<Pooled> {
    let repeaters = tally.counts().repeaters();
    if repeaters < FEWEST_REPEATERS {
        return Some(Pooled::FewRepeaters(repeaters));
    }
    let (own, all) = (&own.shrunken[VALUED], &all.shrunken[VALUED]);
    let variance = tally.brought[VALUED].mean_variance(all)?;
    let apart = (own.prior_mean - all.prior_mean).powi(2);
    (apart <= variance * count(own.customers).ln()).then_some(Pooled::NotApart)
}

/// More customers than this determine what they will buy together; to score them all only to say so would take long.
const FEW_CUSTOMERS: u64 = 10_000;

/// Whether the parameters of a few customers say next to nothing of what is to come of them: by the delta method the
/// standard error of their discounted purchases is above the sum. A criterion for the likelihood does not see this, for
/// the purchases of many years depend on a rate of lapsing that a short history hardly bounds.
fn is_unsure(fitted: &FittedPurchases, histories: &Histories<'_>, discount_per_day: f64) -> bool {
    if histories.all.customers() > FEW_CUSTOMERS || !fitted.has_residual() {
        return false;
    }
    let lookahead = Lookahead::calendar(&[], discount_per_day);
    let mut value = 0.0;
    let mut pulls = Vec::new();
    for (cell, counts) in fitted.cells(histories).into_iter().enumerate() {
        let fit = fitted.of_cell(cell);
        let Some(scorer) = Scorer::new(fit, &lookahead, counts, Asked::Discounted) else { return false };
        let mut sum = [0.0; 4];
        for row in counts.rows() {
            let discounted = scorer.score(row.purchases, row.last_purchase_days, row.age_days).residual;
            let customers = count(row.customers);
            value += customers * discounted.value;
            let Some(pull) = discounted.pull else { return false };
            sum = added(sum, customers, pull);
        }
        pulls.push(sum);
    }
    let pull = fitted.joint_pull(&pulls);
    pull.is_some_and(|pull| pull.iter().map(|entry| entry * entry).sum::<f64>().sqrt() > value)
}

fn added(mut sum: [f64; 4], weight: f64, more: [f64; 4]) -> [f64; 4] {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += weight * more);
    sum
}

/// Whether histories without lapse say that there is next to none.
///
/// By the rule of three the rate of lapsing is below 3 / E with 95 % confidence, E the days for which customers who
/// bought again were observed. Where the discount rate is above that, later purchases count so little that the value
/// for ever is within a factor of 2 of the truth; elsewhere it would follow from the discount rate alone.
pub(crate) fn rules_out_lapse(counts: &Counts, discount_per_day: f64) -> bool {
    let repeaters = counts.rows().iter().filter(|row| row.purchases > 0);
    let days: f64 = repeaters.map(|row| f64::from(row.age_days) * count(row.customers)).sum();
    3.0 <= discount_per_day * days
}

#[expect(clippy::cast_precision_loss, reason = "2^53 customers are more than there are")]
fn count(customers: u64) -> f64 {
    customers as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::simulate::{Window, simulate};
    use crate::pipeline::PurchaseModel;
    use std::borrow::Cow;

    const DISCOUNT: f64 = 0.1 / 365.25;

    fn drawn(parameters: [f64; 4], customers: u64, seed: u64) -> Counts {
        let window = Window { intake_days: 90, observed_days: 500 };
        Counts::of_customers(simulate(PurchaseModel::MbgNbd, parameters, window, customers, seed))
    }

    fn decided(segment: &Counts, others: &Counts) -> Option<Pooled> {
        let fitted =
            |counts: &Counts| FittedPurchases::new(PurchaseModel::MbgNbd, counts, &Rhythm::RANDOM, DISCOUNT);
        let histories = Histories { all: Cow::Borrowed(segment), cells: Vec::new() };
        purchases(&fitted(segment), (&histories, &Rhythm::RANDOM), &fitted(&segment.merge(others)), DISCOUNT)
    }

    /// They buy far more often than the others, so that their own fit is better by Schwarz's criterion; but half a year of
    /// fifteen customers says next to nothing of the years to come.
    #[test]
    fn a_few_customers_who_leave_the_future_open_take_the_parameters_of_all() {
        let others = drawn([0.8, 6.0, 0.8, 2.5], 3_000, 1);
        let window = Window { intake_days: 90, observed_days: 200 };
        let busy =
            |customers: u64| simulate(PurchaseModel::MbgNbd, [2.0, 3.0, 0.8, 2.5], window, customers, 0);
        assert_eq!(decided(&Counts::of_customers(busy(15)), &others), Some(Pooled::Unsure));
        assert_eq!(decided(&Counts::of_customers(busy(60)), &others), None);
    }

    #[test]
    fn a_segment_like_the_others_takes_the_parameters_of_all() {
        let usual = [0.8, 6.0, 0.8, 2.5];
        let others = drawn(usual, 3_000, 1);
        assert_eq!(decided(&drawn(usual, 400, 2), &others), Some(Pooled::NotApart));
        assert_eq!(decided(&drawn([2.0, 3.0, 0.8, 2.5], 400, 3), &others), None, "it buys far more often");
    }

    #[test]
    fn few_repeaters_have_no_parameters_of_their_own() {
        let others = drawn([0.8, 6.0, 0.8, 2.5], 3_000, 1);
        let few = Counts::of_customers((1..10).map(|day| (1, day, 400)).chain([(0, 0, 400); 50]));
        assert_eq!(decided(&few, &others), Some(Pooled::FewRepeaters(9)));
        assert_eq!(decided(&Counts::of_customers([(0, 0, 3)]), &others), Some(Pooled::FewRepeaters(0)));
    }

    #[test]
    fn who_was_hardly_observed_does_not_live_for_ever() {
        let others = drawn([0.8, 6.0, 0.8, 2.5], 3_000, 1);
        let loyal = |customers: u32| {
            Counts::of_customers((0..customers).map(|customer| (20, 140 + customer % 5, 145)))
        };
        assert_eq!(decided(&loyal(12), &others), Some(Pooled::NoLapse), "less than 5 years observed");
        assert_eq!(decided(&loyal(120), &others), None, "48 years without lapse");
    }
}
