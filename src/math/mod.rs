//! Exact methods on integers. Each cites its source. Knows neither polars nor any room.

pub mod hypergeometric;
pub mod linear;
pub mod ratio;
