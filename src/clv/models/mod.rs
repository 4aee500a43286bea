//! Models, one file each with its paper, equation numbers, symbols and range.
//!
//! Those of purchases in continuous time stand together here: buy-till-you-die models, fitted to counts of (x, t_x, T)
//! and exact at any size. [`Model`] lists them. [`fit()`] finds their parameters, [`Predictor`] says what they expect
//! of a customer, [`Scorer`] does so for millions.
//!
//! Parameters are in weeks, as in the papers; histories, horizons and discount rates in days. This folder knows neither
//! money nor where histories come from.

mod counts;
mod estimate;
mod fit;
mod form;
mod predict;
mod score;

pub mod simulate;

mod bg_nbd;
mod mbg_nbd;
mod pareto_nbd;

mod beta_geometric;
mod lapse_share;
mod law;
mod likelihood;
mod nbd;
mod pairs;

// In whole periods, of what a purchase brings, and the formulas of the text-books; each stands alone.
pub mod bg_bb;
pub mod contribution;
pub mod gamma_gamma;
pub mod logarithms;
pub mod margin_rate;
pub mod retention;
pub mod seed_formula;
pub mod shifted_beta_geometric;

#[cfg(test)]
mod degenerate;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod grid;

pub use counts::{CountRow, Counts};
pub use estimate::Estimate;
pub use fit::{FEWEST_REPEATERS, Fit, Parameter, fit, log_likelihood};
pub use form::{Form, Lapsing, Purchasing, Reason};
pub use predict::{History, Horizon, Predictor};
pub use score::{MOST_HORIZONS, Score, Scorer};

const DAYS_PER_WEEK: f64 = 7.0;

/// A model of how customers buy and lapse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Model {
    /// Fader, Hardie and Lee 2005: may lapse after each repeat purchase.
    BgNbd,
    /// Batislam, Denizel and Filiztekin 2007: may lapse after the first purchase too.
    MbgNbd,
    /// Schmittlein, Morrison and Colombo 1987: may lapse at any time.
    ParetoNbd,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// As the literature writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "bg/nbd",
            Self::MbgNbd => "mbg/nbd",
            Self::ParetoNbd => "pareto/nbd",
        }
    }

    /// The model of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }

    /// Of the four parameters, in order, as printed in the papers.
    pub fn parameter_names(self) -> [&'static str; 4] {
        match self {
            Self::BgNbd | Self::MbgNbd => ["r", "alpha", "a", "b"],
            Self::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }
}
