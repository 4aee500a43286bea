//! What a purchase of a customer is expected to bring.

use super::census::Tally;
use super::models::contribution::{ContributionModel, ExpectedContribution};
use super::models::dependence::Dependence;
use super::models::gamma_gamma::{self, CountedSpend};
use super::models::logarithms::Estimate;
use super::models::margin_rate::{Expected, MarginRateModel, contribution};
use super::money::float;
use super::past::{Brought, FULL, REVENUE, VALUED};
use crate::error::{Error, Result};
use crate::pipeline::SpendModel;

/// Every way, in the order in which they are listed.
pub(crate) const SPENDS: [SpendModel; 2] = [SpendModel::Shrunken, SpendModel::GammaGamma];

impl SpendModel {
    /// As tables name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shrunken => "shrunken",
            Self::GammaGamma => "gamma_gamma",
        }
    }
}

/// What a base teaches of its purchases before a date. Money is in smallest units.
#[derive(Debug, Clone)]
pub(crate) struct Spend {
    /// By measure.
    pub(crate) shrunken: [ContributionModel; 3],
    /// None without any net revenue above 0.
    pub(crate) rate: Option<MarginRateModel>,
    /// Of net revenue after the first purchase, of those who bought again for more than nothing.
    pub(crate) gamma_gamma: std::result::Result<Estimate<3>, gamma_gamma::Unfit>,
    /// Whether those who buy more often spend otherwise; none where that is not known.
    pub(crate) dependence: Option<Dependence>,
    /// Customers both were fitted to.
    pub(crate) repeaters: u64,
    /// One in so many of those who could have been.
    pub(crate) stride: u64,
}

impl Spend {
    /// None without purchases.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(crate) fn fit(tally: &Tally) -> Result<Option<Self>> {
        let fit = |measure: usize| {
            let overflow =
                |_| Error::check("lifetime value: money per purchase adds up to more than 38 digits");
            tally.brought[measure].fit().map_err(overflow)
        };
        let (Some(valued), Some(full), Some(revenue)) = (fit(VALUED)?, fit(FULL)?, fit(REVENUE)?) else {
            return Ok(None);
        };
        let repeats = repeats(tally);
        Ok(Some(Self {
            shrunken: [valued, full, revenue],
            rate: tally.rates.fit(),
            gamma_gamma: gamma_gamma::fit(&repeats),
            dependence: Dependence::of(&repeats),
            repeaters: repeats.len() as u64,
            stride: tally.repeaters.stride,
        }))
    }

    /// The mean of the base.
    pub(crate) fn base_mean(&self) -> f64 {
        self.shrunken[VALUED].prior_mean
    }

    /// What a purchase is expected to bring, in smallest units.
    pub(crate) fn expect(&self, by: SpendModel, brought: &Brought) -> Expected {
        match by {
            SpendModel::Shrunken => plain(&self.shrunken(VALUED, brought)),
            SpendModel::GammaGamma => match &self.rate {
                Some(rate) if !takes_back_all(brought) => {
                    contribution(self.revenue(by, brought), rate.rate(&brought.rate), 0.0)
                }
                _ => plain(&self.shrunken(VALUED, brought)),
            },
        }
    }

    /// Net revenue that a purchase is expected to bring.
    pub(crate) fn revenue(&self, by: SpendModel, brought: &Brought) -> Expected {
        match (by, &self.gamma_gamma) {
            (SpendModel::GammaGamma, Ok(fit)) if !takes_back_all(brought) => {
                gamma_gamma(fit, brought).unwrap_or_else(|| plain(&self.shrunken(REVENUE, brought)))
            }
            _ => plain(&self.shrunken(REVENUE, brought)),
        }
    }

    /// The shrunken mean of a measure.
    pub(crate) fn shrunken(&self, measure: usize, brought: &Brought) -> ExpectedContribution {
        self.shrunken[measure].expect(brought.purchases, brought.sums[measure])
    }
}

/// Whether returns took back all that the customer bought, or bought again: Gamma-Gamma knows no such mean, and the mean
/// of all customers, which it gives those without repeat purchase, would reward the return. Such a customer is valued
/// by the shrunken mean.
fn takes_back_all(brought: &Brought) -> bool {
    brought.sums[REVENUE] <= 0 || (brought.purchases > 1 && brought.repeat_revenue <= 0)
}

/// Totals of repeat purchases above 0, which the model needs.
fn repeats(tally: &Tally) -> Vec<CountedSpend> {
    let positive = tally.repeaters.rows.iter().filter(|(_, spend)| *spend > 0);
    positive
        .map(|(purchases, spend)| CountedSpend {
            purchases: *purchases,
            spend: float((*spend).into()),
            customers: 1,
        })
        .collect()
}

/// Expected net revenue by Gamma-Gamma; its error is that of the customer's mean and that of the parameters.
fn gamma_gamma(fit: &Estimate<3>, brought: &Brought) -> Option<Expected> {
    let purchases = if brought.repeat_revenue > 0 { brought.purchases - 1 } else { 0 };
    let spend = if purchases > 0 { float(brought.repeat_revenue) } else { 0.0 };
    let expected = gamma_gamma::expect(fit, purchases, spend)?;
    let error = expected.deviation.map(|deviation| deviation.hypot(expected.standard_error));
    Some(Expected { mean: expected.mean, standard_error: error })
}

fn plain(expected: &ExpectedContribution) -> Expected {
    Expected { mean: expected.mean, standard_error: expected.standard_error }
}
