//! Time-invariant covariates: customers whose attributes differ buy and lapse at other rates.
//!
//! P. Fader, B. Hardie, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models" (2007),
//! <http://brucehardie.com/notes/019/>: the rates of Pareto/NBD are proportional to exp(γ′z), which makes
//! α = α₀ exp(−γ₁′z) and β = β₀ exp(−γ₂′z); in BG/NBD α = α₀ exp(−γ₁′z), a = a₀ exp(γ₂′z) and b = b₀ exp(γ₃′z). Everything
//! else of a model, its likelihood and what it expects, holds with the parameters of the customer. MBG/NBD and MBG/CNBD-k
//! take BG/NBD's way; package CLVTools binds γ₃ = γ₂, which leaves the mean probability to lapse alike for everybody.
//!
//! z are indicators of an attribute's values against its reference. Customers with the same values are a cell ([`Design`]),
//! counted apart, so that a fit costs a likelihood of counts per cell whatever the number of customers. Logarithms of a
//! cell's four parameters are linear in those of the reference and in γ: gradients and Hessians by cell add up through a
//! constant matrix, and there is no likelihood of its own.

mod covariate_fit;
mod design;
mod joint;
mod linear_map;

#[cfg(test)]
mod tests;

pub use covariate_fit::{Coefficient, CovariateFit, NoEffect, Process, fit_covariates};
pub use design::{Design, Level};
