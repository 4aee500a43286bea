//! The flow: which stages there are ([`STAGES`]), in which order data passes through them, and what one hands to the
//! next ([`publish`]).

mod check;
mod commit;
mod contracts;
mod flow;
mod made;
mod plan;
mod repair;
mod report;
mod run_options;

pub use check::check;
pub use contracts::STAGES;
pub use flow::publish;
pub use plan::{Plan, plan};
pub use report::Report;
pub use run_options::RunOptions;
