//! The pipeline file: parsed as written, checked, resolved once; and the contract every stage keeps.
//! Knows no stage by name.

mod definition;
pub mod sql;
mod stage;

pub use definition::*;
pub use sql::{Aggregate, Driver, Expr, Function};
pub use stage::{Stage, plan};
