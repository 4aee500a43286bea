//! One of the laws, with its parameters: what the likelihood and the predictions ask of any of them.

use super::beta_geometric::BetaGeometric;
use super::estimate::Slope;
use super::likelihood::{ABSENT, Term};
use super::nbd::PurchaseRates;
use super::pairs::Side;
use super::pareto_nbd::ParetoNbd;
use super::predict::Horizon;
use super::{Model, bg_nbd, mbg_nbd};

/// How customers buy and lapse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Law {
    /// Nobody lapses.
    Nbd(PurchaseRates),
    /// BG/NBD or MBG/NBD.
    BetaGeometric(BetaGeometric),
    /// Pareto/NBD.
    Pareto(ParetoNbd),
}

impl Law {
    /// A model's law with all four parameters.
    pub(super) fn of_model(model: Model, parameters: [f64; 4]) -> Self {
        let [r, alpha, s, beta] = parameters;
        match model {
            Model::BgNbd => Self::BetaGeometric(bg_nbd::law(parameters)),
            Model::MbgNbd => Self::BetaGeometric(mbg_nbd::law(parameters)),
            Model::ParetoNbd => Self::Pareto(ParetoNbd { rates: PurchaseRates { r, alpha }, s, beta }),
        }
    }

    /// f of every pair (x, T).
    pub(super) fn survived_side(&self, side: &Side, weeks_per_tick: f64) -> Vec<Term> {
        match self {
            Self::Nbd(rates) => {
                let term =
                    |&(x, t): &(u32, u32)| rates.term(&rates.purchased(x), f64::from(t) * weeks_per_tick);
                side.pairs.iter().map(term).collect()
            }
            Self::BetaGeometric(law) => law.survived_side(side, weeks_per_tick),
            Self::Pareto(law) => law.survived_side(side, weeks_per_tick),
        }
    }

    /// g of every pair (x, t_x).
    pub(super) fn lapsed_side(&self, side: &Side, weeks_per_tick: f64) -> Vec<Term> {
        match self {
            Self::Nbd(_) => vec![ABSENT; side.pairs.len()],
            Self::BetaGeometric(law) => law.lapsed_side(side, weeks_per_tick),
            Self::Pareto(law) => law.lapsed_side(side, weeks_per_tick),
        }
    }

    /// f of one pair.
    pub(super) fn survived(&self, purchases: u32, t: f64) -> Slope {
        match self {
            Self::Nbd(rates) => rates.term(&rates.purchased(purchases), t).into(),
            Self::BetaGeometric(law) => law.survived(purchases, t).into(),
            Self::Pareto(law) => law.survived(purchases, t).into(),
        }
    }

    /// g of one pair.
    pub(super) fn lapsed(&self, purchases: u32, t: f64) -> Slope {
        match self {
            Self::Nbd(_) => ABSENT.into(),
            Self::BetaGeometric(law) => law.lapsed(purchases, t).into(),
            Self::Pareto(law) => law.lapsed(purchases, t).into(),
        }
    }

    /// ln of the density of x purchases until t and alive then: f itself, where survivors are those alive.
    pub(super) fn alive(&self, purchases: u32, t: f64, survived: &Slope) -> Slope {
        match self {
            Self::Pareto(law) => law.alive(purchases, t).into(),
            Self::Nbd(_) | Self::BetaGeometric(_) => *survived,
        }
    }

    /// Expected purchases of customers alive after x purchases, for each age (weeks) and horizon.
    pub(super) fn ahead(&self, purchases: u32, ages: &[f64], horizons: &[Horizon]) -> Vec<Vec<Slope>> {
        match self {
            Self::Nbd(rates) => {
                let one =
                    |age: f64| horizons.iter().map(|horizon| rates.ahead(purchases, age, horizon)).collect();
                ages.iter().map(|&age| one(age)).collect()
            }
            Self::BetaGeometric(law) => law.ahead(purchases, ages, horizons),
            Self::Pareto(law) => law.ahead(purchases, ages, horizons),
        }
    }

    /// ln of the probability of no purchase in the next `weeks`, if alive.
    pub(super) fn ln_silent(&self, purchases: u32, age: f64, weeks: f64) -> Slope {
        match self {
            Self::Nbd(rates) => rates.ln_silent(purchases, age, weeks),
            Self::BetaGeometric(law) => law.rates.ln_silent(purchases, age, weeks),
            Self::Pareto(law) => law.ln_silent(purchases, age, weeks),
        }
    }
}
