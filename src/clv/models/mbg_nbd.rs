//! MBG/NBD: as BG/NBD, but a customer may lapse after the first purchase too.
//!
//! E. Batislam, M. Denizel, A. Filiztekin, "Empirical validation and comparison of models for customer base analysis",
//! International Journal of Research in Marketing 24 (2007), the modified BG/NBD; the same model as CBG/NBD of
//! D. Hoppe, U. Wagner, "Customer base analysis: the case for a central variant of the betageometric/NBD model",
//! Marketing Journal of Research and Management 3 (2007).
//!
//! Symbols: as in `bg_nbd`. With one toss more behind every customer b becomes b + 1 throughout, and a customer without
//! repeat purchase may have lapsed. The formulas live in `beta_geometric`.
//!
//! Range: as `bg_nbd`.

use super::beta_geometric::BetaGeometric;
use super::nbd::PurchaseRates;

/// The law with parameters r, α, a, b.
pub(super) fn law([r, alpha, a, b]: [f64; 4]) -> BetaGeometric {
    BetaGeometric { rates: PurchaseRates { r, alpha }, a, b, tosses_at_first: true }
}
