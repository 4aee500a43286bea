//! Exact methods on integers, and the few functions and the optimiser that statistical models need.
//!
//! Each cites its source and states its range. Knows neither polars nor any room.

pub mod difference;
pub mod hypergeometric;
pub mod least_squares;
pub mod linear;
pub mod newton;
pub mod optimise;
pub mod quadrature;
pub mod ratio;
pub mod special;
