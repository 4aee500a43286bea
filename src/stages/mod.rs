//! The flow: which stages there are ([`STAGES`]), in which order data passes through them, and what one hands to the
//! next ([`publish`]).

mod before;
mod check;
mod commit;
mod contracts;
mod difference;
mod flow;
mod made;
mod only;
mod outcome;
mod plan;
mod publish;
mod ran;
mod recipe;
mod repair;
mod report;
mod request;
mod restate;
mod reuse;
mod run_options;
mod side;
mod source_rows;
mod sources;
mod stage_calls;
mod stage_record;
mod stage_runner;

pub use check::check;
pub use contracts::STAGES;
pub use difference::{Difference, difference};
pub use outcome::Outcome;
pub use plan::{Plan, PlannedStage, PlannedTable, plan};
pub use publish::{publish, retention};
pub use report::Report;
pub use request::request;
pub use run_options::RunOptions;
