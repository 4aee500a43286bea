//! Models, one file each with its paper, equation numbers, symbols and range.
//!
//! Those of purchases in continuous time stand together here: buy-till-you-die models, fitted to counts of (x, t_x, T)
//! and exact at any size. `families` registers them, one line per model; a model's own file holds its `family`, and its
//! `PurchaseLaw` is all that the likelihood and the predictions know of it. [`fit()`] finds parameters, [`Predictor`] says
//! what they expect of a customer, [`Scorer`] does so for millions. How regularly customers buy is estimated from counted gaps
//! beforehand, as a [`Rhythm`].
//!
//! Parameters are in weeks, as in the papers; histories, horizons and discount rates in days. This folder knows neither
//! money nor where histories come from.

mod counts;
mod covariates;
mod estimate;
mod families;
mod family;
mod fit;
mod form;
mod gaps;
mod horizon;
mod lookahead;
mod predict;
mod rhythm;
mod score;

mod draws;
pub mod simulate;

mod bg_nbd;
mod mbg_cnbd;
mod mbg_nbd;
mod pareto_nbd;

mod beta_geometric;
mod condensed;
mod lapse_share;
mod likelihood;
mod nbd;
mod nodes;
mod pairs;
mod phases;
mod purchase_counts;
mod purchase_law;
mod renewals;
mod terms;

// In whole periods, of what a purchase brings, and the formulas of the text-books; each stands alone.
pub mod bg_bb;
pub mod contribution;
pub mod dependence;
pub mod gamma_gamma;
pub mod logarithms;
pub mod margin_rate;
pub mod renewal_counts;
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
pub use covariates::{Coefficient, CovariateFit, Design, Level, NoEffect, Process, fit_covariates};
pub use estimate::Estimate;
pub use fit::{FEWEST_REPEATERS, Fit, Parameter, fit, fit_regular, log_likelihood};
pub use form::{Form, Lapsing, Purchasing, Reason};
pub use gaps::Gaps;
pub use horizon::{History, Horizon};
pub(crate) use lookahead::NODES;
pub use lookahead::{Discounting, Lookahead, ResidualByCalendar, Span};
pub use predict::Predictor;
pub use rhythm::Rhythm;
pub use score::{Asked, MOST_HORIZONS, Score, Scorer};

const DAYS_PER_WEEK: f64 = 7.0;
/// Parts of a day that the length of a horizon is measured in.
pub const TICKS_PER_DAY: i64 = 1024;
