//! Resources → activities → cost objects, exactly. Knows no later room and no disk.
//!
//! The network of resources and activities is costed from driver totals; posting an activity's cost to customers is
//! a pure function of one slice of customers and the tables in [`schema`], which later rooms call with the slice
//! they hold.
//!
//! A period goes this way: `volumes` and `quantities` say what drives, `outflow` and `drivers` which part of each
//! pool goes where, `services` what services give each other, `period` lets the money flow, `rates` and `unused`
//! say who bears it, `verify` that it closes.

pub(crate) mod capacity_steps;
mod cost;
mod driver;
mod drivers;
mod network;
mod origins;
mod outflow;
mod period;
mod planned;
mod pools;
mod posting;
mod quantities;
mod rate;
mod rates;
mod resolve;
pub mod schema;
mod services;
mod stage;
mod tables;
#[cfg(test)]
mod tests;
mod unused;
mod verify;
mod volumes;

pub use cost::{Customers, Given, cost};
pub use origins::{Origins, Reached, origins};
pub use planned::{Planned, cost_planned};
pub use pools::{Pools, pools};
pub use stage::{check, run, sheets};
pub(crate) use tables::line_name;
pub use tables::match_report;
pub use verify::verify;
pub use volumes::CustomerColumns;

use crate::error::Error;
use crate::units::{Fixed18, Period};

/// An amount as a DECIMAL(18) column holds it; `None` when it has more digits.
fn money(amount: i128) -> Option<i64> {
    Fixed18::new(amount).map(Fixed18::get)
}

fn too_large(name: &str, period: Period, what: &str) -> Error {
    Error::too_many_digits(format!("costing: {what} of '{name}' in {period}"))
}
