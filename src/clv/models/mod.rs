//! Models, one file each.

pub mod bg_bb;
pub mod contribution;
pub mod gamma_gamma;
pub mod logarithms;
pub mod margin_rate;
pub mod retention;
pub mod seed_formula;
pub mod shifted_beta_geometric;
