//! What foretells that a customer buys nothing within the holdout: two probabilities that expected losses are made of, and
//! simpler scores that they are compared with.

use super::rhythm::Rhythm;
use crate::customers::days::Seen;
use crate::units::Day;

/// A score that is higher the less a purchase is to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Predictor {
    /// Probability of no purchase by the purchase model of lifetime value.
    Model,
    /// The same by the rhythm of the base, where nobody ever leaves.
    Rhythm,
    /// 1 − probability alive.
    Alive,
    /// Days since the last purchase over the expected gap.
    Overdue,
    /// Days since the last purchase.
    Recency,
    /// How many signs there are.
    Signs,
}

impl Predictor {
    /// All of them.
    pub(crate) const ALL: [Predictor; 6] = [
        Predictor::Model,
        Predictor::Rhythm,
        Predictor::Alive,
        Predictor::Overdue,
        Predictor::Recency,
        Predictor::Signs,
    ];

    /// Those that are probabilities of no purchase, so that an expected loss follows from them.
    pub(crate) const PROBABILITIES: [Predictor; 2] = [Predictor::Model, Predictor::Rhythm];

    /// As tables show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Predictor::Model => "purchase model",
            Predictor::Rhythm => "rhythm",
            Predictor::Alive => "probability alive",
            Predictor::Overdue => "overdue",
            Predictor::Recency => "recency",
            Predictor::Signs => "signs",
        }
    }
}

/// What the predictors say of a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Foretold {
    /// In the order of [`Predictor::PROBABILITIES`].
    pub(crate) no_purchase: [Option<f64>; 2],
    pub(crate) alive: Option<f64>,
    pub(crate) overdue: Option<f64>,
    pub(crate) recency: i32,
    pub(crate) signs: usize,
}

/// Probabilities beyond e^±this to 1 are not told apart.
const MOST_LOG_ODDS: f64 = 16.0;

impl Foretold {
    /// The score of a predictor as one of 2^16 steps, so that customers are counted, not sorted: log-odds of
    /// probabilities, logarithms of ratios, days. None where the predictor says nothing of the customer.
    pub(crate) fn step(&self, predictor: Predictor) -> Option<u16> {
        match predictor {
            Predictor::Model => self.no_purchase[0].map(of_probability),
            Predictor::Rhythm => self.no_purchase[1].map(of_probability),
            Predictor::Alive => self.alive.map(|alive| of_probability(1.0 - alive)),
            Predictor::Overdue => self.overdue.map(|ratio| of_share(ratio.ln_1p() / MOST_LOG_ODDS)),
            Predictor::Recency => Some(u16::try_from(self.recency.max(0)).unwrap_or(u16::MAX)),
            Predictor::Signs => Some(u16::try_from(self.signs).unwrap_or(u16::MAX)),
        }
    }

    /// The probability that losses are expected by: of the predictor at a place of [`Predictor::PROBABILITIES`], or, where
    /// that says nothing, of the other one; 1 where nothing is known.
    pub(crate) fn probability(no_purchase: [Option<f64>; 2], chosen: usize) -> f64 {
        no_purchase[chosen].or(no_purchase[1 - chosen]).unwrap_or(1.0)
    }
}

fn of_probability(probability: f64) -> u16 {
    let log_odds = (probability / (1.0 - probability)).ln().clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS);
    of_share(0.5 + 0.5 * log_odds / MOST_LOG_ODDS)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 2^16 − 1 fits")]
fn of_share(share: f64) -> u16 {
    (share.clamp(0.0, 1.0) * f64::from(u16::MAX)).round() as u16
}

/// The loss to expect, in smallest units of money: what is at stake × the probability that it is lost, rounded once.
#[expect(clippy::cast_possible_truncation, reason = "no more than what is at stake, which fits")]
pub(crate) fn expected_loss(stake: i64, probability: f64) -> i64 {
    (stake as f64 * probability).round() as i64
}

impl Rhythm {
    /// The probability that a customer buys nothing within so many days from a date, as one who never leaves: the negative
    /// binomial with rate ~ Gamma(r + x, α + T) (A. S. C. Ehrenberg, *Repeat-Buying* (1988), ch. 4).
    pub(crate) fn no_purchase(&self, seen: &Seen, date: Day, days: i32) -> f64 {
        let exposure = self.rate_days + f64::from(date.0 - seen.first);
        let shape = self.shape + f64::from(seen.repeats());
        (-shape * (f64::from(days) / exposure).ln_1p()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_rise_with_scores() {
        let step = |probability: f64| {
            let foretold = Foretold { no_purchase: [Some(probability), None], ..Foretold::default() };
            foretold.step(Predictor::Model).unwrap()
        };
        let steps = [0.0, 1e-9, 0.01, 0.5, 0.501, 0.999, 1.0].map(step);
        assert!(steps.is_sorted() && steps[0] == 0 && steps[6] == u16::MAX, "{steps:?}");
        assert!(steps[3] < steps[4] && steps[1] < steps[2]);
        assert_eq!(Foretold::default().step(Predictor::Rhythm), None);
    }

    #[test]
    fn losses_are_expected_by_the_other_probability_where_one_is_not_known() {
        assert_eq!(Foretold::probability([Some(0.2), Some(0.4)], 1), 0.4);
        assert_eq!(Foretold::probability([None, Some(0.4)], 0), 0.4);
        assert_eq!(Foretold::probability([None, None], 0), 1.0);
        assert_eq!((expected_loss(1_001, 0.5), expected_loss(-1_001, 0.5)), (501, -501));
    }

    /// Exposure of 100 days, 3 purchases: (110 / (110 + 110))^(1 + 3).
    #[test]
    fn a_regular_buyer_is_expected_to_buy() {
        let rhythm = Rhythm { shape: 1.0, rate_days: 10.0 };
        let days = crate::lifecycle::tests::bought(&[0, 30, 60, 90]);
        let slice = crate::lifecycle::tests::slice(&[&days]);
        let seen = slice.customers().next().unwrap().seen(180).unwrap();
        assert!((rhythm.no_purchase(&seen, Day(100), 110) - 1.0 / 16.0).abs() < 1e-12);
    }
}
