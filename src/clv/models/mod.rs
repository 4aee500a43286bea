//! Buy-till-you-die models in continuous time, fitted to counts of (x, t_x, T) and exact at any size.

mod counts;

pub use counts::{CountRow, Counts};
