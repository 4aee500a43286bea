//! The facts asked of another engine: one statement per grain, from the resolved definition.
//!
//! What a run does with rows is said once more as SQL: `source_view` reads the files with the columns as abacus found them,
//! `rows` gives each row its roles and decides what becomes of it, `grains` sums up. The engine makes no decision of its
//! own: every expression comes from the typed trees (`dialect`), every file from the run's own list. `folder` writes all of it
//! as a request, with the job (`job.py`) that makes it where the data are.

mod accounts;
mod columns;
mod folder;
mod grains;
mod mistakes;
mod products;
mod rated;
mod roles;
mod rows;
mod script;
mod source_view;
mod statement;

pub use folder::write_request;
pub use script::{AggregateText, Script, SourceFiles, script, script_of_run};
pub use statement::Statement;
