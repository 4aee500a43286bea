//! Buy-till-you-die models in continuous time, fitted to counts of (x, t_x, T) and exact at any size.

pub mod bg_bb;
pub mod contribution;
mod counts;
pub mod gamma_gamma;
pub mod logarithms;
pub mod margin_rate;
pub mod retention;
pub mod seed_formula;
pub mod shifted_beta_geometric;

pub use counts::{CountRow, Counts};
