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

mod activity;
mod clock;
mod discounting;
mod estimate;
mod index;
mod information;
mod part_of_year;
mod shrinkage;

#[cfg(test)]
mod recovery;

pub(crate) use clock::{Clock, TimedHistory};
pub(crate) use estimate::{Estimate, History, NoClock, SeasonEstimate, estimate};
