//! What a fit says of single customers: the one place that speaks with the models of purchases.

use super::fits::FittedPurchases;
use super::models::{Asked, Counts, Estimate, MOST_HORIZONS, Predictor, Scorer};
use super::past::Times;

/// What a parameter of a purchase model means.
pub(crate) fn meaning(parameter: &str) -> &'static str {
    match parameter {
        "r" => "shape of customers' purchase rates",
        "alpha" => "scale of purchase rates, weeks: the mean rate is r / alpha per week",
        "a" => "first shape of the probability to lapse at a purchase, on average a / (a + b)",
        "b" => "second shape of it",
        "s" => "shape of customers' rates of lapsing",
        "beta" => "scale of rates of lapsing, weeks: the mean rate is s / beta per week",
        "rate" => "purchases per week, of everybody alike",
        "lapse" => {
            "probability to lapse at a purchase (Pareto/NBD: rate of lapsing per week), of everybody alike"
        }
        _ => unreachable!("'{parameter}' is a parameter of a purchase model"),
    }
}

/// What is expected of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Outlook {
    /// Probability alive.
    pub(crate) alive: Estimate,
    /// Purchases by horizon.
    pub(crate) expected: Vec<Estimate>,
    /// Discounted purchases for ever; none where the data do not bound them.
    pub(crate) discounted: Option<Estimate>,
    /// Probability of no purchase by horizon.
    pub(crate) no_purchase: Vec<f64>,
    /// Discounted purchases by horizon; none where they are not known for ever either.
    pub(crate) discounted_within: Option<Vec<f64>>,
    /// Days until the next purchase that one who is alive and stays so exceeds with probability ½.
    pub(crate) median_wait_days: f64,
}

/// A fit, ready to score customers.
#[derive(Debug)]
pub(crate) struct Forecast {
    /// The first tells of all horizons but those beyond what one scorer holds.
    scorers: Vec<(Scorer, usize)>,
    has_residual: bool,
}

impl Forecast {
    /// For the histories of `counts`. None where the fit found nothing to predict from.
    pub(crate) fn new(
        fitted: &FittedPurchases,
        horizons_days: &[u32],
        discount_per_day: f64,
        counts: &Counts,
        asked: Asked,
    ) -> Option<Self> {
        if !fitted.predicts() {
            return None;
        }
        let fit = &fitted.fit;
        let scorer =
            |days: &[u32]| Some((Scorer::new(fit, days, discount_per_day, counts, asked)?, days.len()));
        let first = horizons_days.len().min(MOST_HORIZONS);
        let rest = horizons_days[first..].chunks(MOST_HORIZONS);
        let scorers = std::iter::once(&horizons_days[..first]).chain(rest).map(scorer);
        Some(Self { scorers: scorers.collect::<Option<_>>()?, has_residual: fitted.has_residual() })
    }

    /// A customer's probability alive.
    pub(crate) fn alive(&self, times: &Times) -> f64 {
        self.first_scorer().score(times.repeats(), times.last_days(), times.age_days()).alive.value
    }

    /// The probability that a customer buys nothing within the first horizon.
    pub(crate) fn no_purchase(&self, times: &Times) -> f64 {
        self.first_scorer().score(times.repeats(), times.last_days(), times.age_days()).no_purchase[0]
    }

    /// Purchases of a customer within the first horizon.
    pub(crate) fn purchases(&self, times: &Times) -> f64 {
        self.purchases_of(times.repeats(), times.last_days(), times.age_days())
    }

    /// The same of a history.
    pub(crate) fn purchases_of(&self, purchases: u32, last_days: u32, age_days: u32) -> f64 {
        self.first_scorer().score(purchases, last_days, age_days).purchases[0].value
    }

    fn first_scorer(&self) -> &Scorer {
        &self.scorers.first().expect("there is a first scorer").0
    }

    /// A customer's outlook.
    pub(crate) fn at(&self, times: &Times) -> Outlook {
        self.of(times.repeats(), times.last_days(), times.age_days())
    }

    /// The outlook of a history.
    pub(crate) fn of(&self, purchases: u32, last_days: u32, age_days: u32) -> Outlook {
        let mut scores = self
            .scorers
            .iter()
            .map(|(scorer, horizons)| (scorer.score(purchases, last_days, age_days), *horizons));
        let (score, horizons) = scores.next().expect("there is a first scorer");
        let mut expected = score.purchases[..horizons].to_vec();
        let mut no_purchase = score.no_purchase[..horizons].to_vec();
        let mut within = score.discounted[..horizons].to_vec();
        let median_wait_days = score.median_wait_days;
        for (score, horizons) in scores {
            expected.extend_from_slice(&score.purchases[..horizons]);
            no_purchase.extend_from_slice(&score.no_purchase[..horizons]);
            within.extend_from_slice(&score.discounted[..horizons]);
        }
        let discounted = self.has_residual.then_some(score.residual);
        let discounted_within = discounted.is_some().then_some(within);
        Outlook { alive: score.alive, expected, discounted, no_purchase, discounted_within, median_wait_days }
    }
}

/// Expected repeat purchases, cumulative, by the end of each of the first `days` days, of customers who start at days.
pub(crate) fn tracking(fitted: &FittedPurchases, starts: &[(u32, u64)], days: u32) -> Option<Vec<f64>> {
    Some(Predictor::new(&fitted.fit).filter(|_| fitted.predicts())?.tracking(starts, days))
}
