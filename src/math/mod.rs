//! Exact methods on integers, and least squares. Each cites its source. Knows neither polars nor any room.

pub mod least_squares;
pub mod linear;
pub mod ratio;
