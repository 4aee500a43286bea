//! The flow: which stages there are ([`STAGES`]), in which order data passes through them, and what one hands to the
//! next ([`publish`]).

mod before;
mod check;
mod commit;
mod contracts;
mod flow;
mod made;
mod night;
mod plan;
mod recipe;
mod repair;
mod report;
mod restate;
mod run_options;

pub use check::check;
pub use contracts::STAGES;
pub use flow::{Outcome, publish, retention};
pub use plan::{Plan, PlannedStage, PlannedTable, plan};
pub use report::Report;
pub use restate::{Difference, difference};
pub use run_options::RunOptions;
