//! Memory as a resource: a budget whose large consumers reserve what they hold, and a file for what does not fit.
//!
//! This room knows bytes, and no table.

mod budget;
mod machine;
mod spill;

pub use budget::{MemoryBudget, Reservation};
pub use machine::default_budget;
pub use spill::{Extent, SpillFile};
