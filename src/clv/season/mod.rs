//! Operational time: a clock that runs faster in seasons in which customers buy more.
//!
//! A Poisson process whose rate follows the season s(t) is one of constant rate in the time τ(t) = ∫ s (E. Çinlar,
//! *Introduction to Stochastic Processes*, Prentice-Hall 1975, chapter 4; P. A. W. Lewis, G. S. Shedler, "Simulation of
//! nonhomogeneous Poisson processes by thinning", Naval Research Logistics Quarterly 26 (1979), section 1). So the models of
//! purchases stay as they are: purchases, ages and horizons are measured on the clock, money is discounted by the calendar.
//! Lapsing follows the clock too: models that let customers lapse at purchases ask for that, and the Pareto/NBD takes it on.
//!
//! In the order data flows: `part_of_year` says which season a day lies in, `activity` what customers bought between their
//! first and their last purchase, `index` estimates the indices of seasons from it, `shrinkage` takes them back to where the
//! evidence ends, `clock` makes time of them, `discounting` looks ahead by it.
//!
//! Contextual factors x(t) make the rate s(t)·exp(γ'x(t)), with or without seasons: `factor_design` says which of them the days
//! tell apart, `intensity` has the likelihood of seasons and factors together, `maximum` finds γ, `known_days` makes time of the days
//! that values are known of.

mod activity;
mod clock;
mod discounting;
mod estimate;
mod factor_design;
mod index;
mod information;
mod intensity;
mod known_days;
mod maximum;
mod part_of_year;
mod shrinkage;
mod with_factors;

#[cfg(test)]
mod drawn;
#[cfg(test)]
mod factor_recovery;
#[cfg(test)]
mod recovery;

pub(crate) use clock::{Clock, TimedHistory};
pub(crate) use estimate::{Estimate, History, NoClock, SeasonEstimate, estimate};
pub(crate) use factor_design::FactorReason;
pub(crate) use with_factors::FactorEstimate;
