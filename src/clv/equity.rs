//! What the customers of a segment are worth together, and how sure that is.
//!
//! The variance of a total has four parts. Parameters of the purchase model: the delta method on the total, by
//! the sum over customers of value per purchase × pull of the parameters at their discounted purchases, with covariates by cell,
//! whose errors are parts of those of one fit. The base's mean value per
//! purchase, which all share: (Σ discounted purchases × weight of the base)² × its variance. Each customer's own mean
//! about it, and the scatter of what single customers will do: purchases about their expectation, as widely as in the
//! holdout (variance per expected purchase), and values of single purchases. Segments that take the parameters of all
//! customers share their error; that these customers are among all is left aside. What it does not hold: that the model is
//! wrong, and that prices, costs or rates change.

use super::models::CovariateFit;
use super::past::{MEASURES, VALUED};
use super::spend::Spend;
use super::tables::customer_value::Row;
use std::collections::BTreeMap;

/// Normal quantile of a two-sided interval of 95 %.
pub(crate) const SIGMAS: f64 = 1.959_963_984_540_054;

/// Sums over customers. Merge in a fixed order: floats add up differently in others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Equity {
    pub(crate) customers: u64,
    /// Customers of whom anything is expected.
    pub(crate) foreseen: u64,
    /// Customers with a residual value.
    pub(crate) valued: u64,
    /// Σ probability alive.
    pub(crate) alive: f64,
    /// Σ expected purchases, by horizon.
    pub(crate) expected: Vec<f64>,
    /// Σ discounted purchases.
    pub(crate) discounted: f64,
    /// Residual value by measure: smallest units, sums of rounded values.
    pub(crate) residual: [i128; MEASURES],
    /// Σ values by horizon, likewise.
    pub(crate) within: Vec<i128>,
    pub(crate) profit: i128,
    pub(crate) acquisition_cost: i128,
    /// Variance of the total by its parts; none where a part cannot be estimated.
    pub(crate) variance: Option<Variance>,
    /// Σ value per purchase × pull of the parameters at discounted purchases, by cell of covariates; none where a fit has no
    /// errors.
    pulls: Option<Vec<[f64; 4]>>,
    /// The same by the errors that all cells share, once all customers are in.
    pull: Option<Vec<f64>>,
    /// Σ discounted purchases × weight of the base's mean.
    shared: f64,
    /// Variance of the base's mean; none where it cannot be estimated.
    prior: Option<f64>,
    /// Independent from customer to customer.
    own: f64,
    scatter: f64,
}

/// Which estimates a segment is valued by, as numbers: segments with the same number share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Estimates {
    /// The purchase model.
    pub(crate) purchases: usize,
    /// What a purchase brings.
    pub(crate) spend: usize,
}

/// Parts of the variance of a total, in squared smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Variance {
    /// Parameters of the purchase model.
    pub(crate) parameters: f64,
    /// What a purchase brings, of the base and of each customer.
    pub(crate) each: f64,
    /// What single customers will do.
    pub(crate) scatter: f64,
}

impl Equity {
    /// Of customers in so many cells; of none, where what they share is not asked for.
    pub(crate) fn new(horizons: usize, cells: usize) -> Self {
        Self {
            customers: 0,
            foreseen: 0,
            valued: 0,
            prior: None,
            alive: 0.0,
            expected: vec![0.0; horizons],
            discounted: 0.0,
            residual: [0; MEASURES],
            within: vec![0; horizons],
            profit: 0,
            acquisition_cost: 0,
            variance: None,
            pulls: Some(vec![[0.0; 4]; cells]),
            pull: None,
            shared: 0.0,
            own: 0.0,
            scatter: 0.0,
        }
    }

    /// Adds a customer of a cell; `dispersion` is the squared error per expected purchase.
    pub(crate) fn add(&mut self, row: &Row, cell: usize, dispersion: f64, spend: &Spend) {
        self.customers += 1;
        self.profit += i128::from(row.profit);
        self.acquisition_cost += i128::from(row.acquisition_cost);
        let Some(outlook) = &row.value.outlook else { return };
        self.foreseen += 1;
        self.alive += outlook.alive.value;
        self.expected.iter_mut().zip(&outlook.expected).for_each(|(sum, more)| *sum += more.value);
        let (Some(purchases), Some(residual)) = (outlook.discounted, row.residual) else { return };
        self.valued += 1;
        let (each, discounted) = (row.value.each[VALUED], purchases.value);
        self.discounted += discounted;
        self.residual.iter_mut().zip(residual).for_each(|(sum, more)| *sum += i128::from(more));
        match (&mut self.pulls, purchases.pull) {
            (Some(pulls), Some(pull)) => add(&mut pulls[cell], &pull.map(|pull| each * pull)),
            _ => self.pulls = None,
        }
        let between = &spend.shrunken[VALUED].between_variance;
        let of_base = 1.0 - row.value.credibility;
        self.shared += discounted * of_base;
        self.own += discounted.powi(2)
            * if row.value.credibility < 1.0 {
                between.unwrap_or(0.0) * of_base
            } else {
                row.value.each_error.map_or(0.0, |error| error * error)
            };
        self.scatter += scatter(discounted, each, dispersion, spend);
        if let Some(within) = &row.within {
            self.within.iter_mut().zip(within).for_each(|(sum, more)| *sum += i128::from(*more));
        }
    }

    pub(crate) fn merge(&mut self, part: &Self) {
        self.customers += part.customers;
        self.foreseen += part.foreseen;
        self.valued += part.valued;
        self.expected.iter_mut().zip(&part.expected).for_each(|(sum, more)| *sum += more);
        self.residual.iter_mut().zip(part.residual).for_each(|(sum, more)| *sum += more);
        self.within.iter_mut().zip(&part.within).for_each(|(sum, more)| *sum += more);
        match (&mut self.pulls, &part.pulls) {
            (Some(pulls), Some(more)) => pulls.iter_mut().zip(more).for_each(|(sum, more)| add(sum, more)),
            _ => self.pulls = None,
        }
        self.profit += part.profit;
        self.acquisition_cost += part.acquisition_cost;
        for (sum, more) in [
            (&mut self.alive, part.alive),
            (&mut self.discounted, part.discounted),
            (&mut self.shared, part.shared),
            (&mut self.own, part.own),
            (&mut self.scatter, part.scatter),
        ] {
            *sum += more;
        }
    }

    /// Works out the variance, once all customers are in; the fit is that of a model with covariates.
    pub(crate) fn close(&mut self, spend: &Spend, fit: Option<&CovariateFit>) {
        self.pull = self.pulls.as_ref().and_then(|pulls| match fit {
            Some(fit) => fit.joint_pull(pulls),
            None => Some(pulls.first()?.to_vec()),
        });
        self.prior = spend.shrunken[VALUED].prior_mean_variance;
        self.variance = variance(&[(self, Estimates::default())]);
    }

    /// The total of segments; `estimates` says which of them share an estimate. Those fitted apart are independent.
    pub(crate) fn total(parts: &[Self], estimates: &[Estimates]) -> Self {
        let mut total = Self::new(parts.first().map_or(0, |part| part.expected.len()), 0);
        parts.iter().for_each(|part| total.merge(part));
        let valued: Vec<(&Self, Estimates)> =
            parts.iter().zip(estimates.iter().copied()).filter(|(part, _)| part.valued > 0).collect();
        total.variance = variance(&valued);
        total
    }

    /// A sum of what is expected of customers: none where there are customers and nothing is expected of any.
    pub(crate) fn expected(&self, of: impl Fn(&Self) -> f64) -> Option<f64> {
        (self.foreseen > 0 || self.customers == 0).then(|| of(self))
    }

    /// Customer equity by measure: none where there are customers and nobody could be valued.
    pub(crate) fn residual(&self) -> Option<[i128; MEASURES]> {
        (self.valued > 0 || self.customers == 0).then_some(self.residual)
    }

    /// Whether the standard error of the residual value is above its amount and above what the customers brought so far,
    /// where it can be estimated. A residual value close to 0 may well be known to be so, on that scale.
    pub(crate) fn is_unsure(&self) -> bool {
        let amount = super::money::float(self.residual[VALUED].abs().max(self.profit.abs()));
        self.interval().is_some_and(|(error, _)| error > amount)
    }

    /// Standard error of the residual value, and the interval of 95 % about it, in smallest units.
    pub(crate) fn interval(&self) -> Option<(f64, [f64; 2])> {
        let error = self.variance.filter(|_| self.valued > 0)?.total().sqrt();
        let value = super::money::float(self.residual[VALUED]);
        Some((error, [value - SIGMAS * error, value + SIGMAS * error]))
    }
}

/// Variance of what a customer will bring about what is expected of it: purchases, `dispersion` times as widely as those of
/// a Poisson law, and values of single purchases.
pub(crate) fn scatter(discounted: f64, each: f64, dispersion: f64, spend: &Spend) -> f64 {
    let within = spend.shrunken[VALUED].within_variance.unwrap_or(0.0);
    discounted * (dispersion * each * each + within)
}

fn add(sum: &mut [f64], more: &[f64]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// The variance of the total of segments: an estimate that several of them share errs in all of them alike, so what it
/// moves adds up before it is squared. None where a part cannot be estimated.
fn variance(parts: &[(&Equity, Estimates)]) -> Option<Variance> {
    let mut pulls: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut means: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let mut sum = Variance::default();
    for (part, estimates) in parts {
        let (pull, prior) = (part.pull.as_ref()?, part.prior?);
        let pulls = pulls.entry(estimates.purchases).or_insert_with(|| vec![0.0; pull.len()]);
        add(pulls, pull);
        let mean = means.entry(estimates.spend).or_insert((0.0, prior));
        mean.0 += part.shared;
        sum.each += part.own;
        sum.scatter += part.scatter;
    }
    sum.parameters = pulls.values().flatten().map(|pull| pull * pull).sum();
    sum.each += means.values().map(|(shared, prior)| shared * shared * prior).sum::<f64>();
    Some(sum).filter(|variance| variance.total().is_finite())
}

impl Variance {
    fn total(&self) -> f64 {
        self.parameters + self.each + self.scatter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_unsure_on_the_scale_of_what_customers_brought() {
        let mut equity = Equity::new(0, 1);
        equity.valued = 12;
        equity.residual[VALUED] = -100;
        equity.variance = Some(Variance { parameters: 150.0 * 150.0, ..Variance::default() });
        for (profit, is_unsure) in [(50, true), (-140, true), (200, false), (-200, false)] {
            equity.profit = profit;
            assert_eq!(equity.is_unsure(), is_unsure, "{profit}");
        }
        equity.variance = None;
        equity.profit = 0;
        assert!(!equity.is_unsure(), "nothing is known of its error");
    }
}
