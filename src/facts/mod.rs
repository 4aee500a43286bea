//! Scan, column contracts, quarantine, one-pass aggregation, state runs. Knows no later room.
//!
//! The way of a row through the folders: `inputs` opens the files of a source and binds the pipeline file's expressions
//! to their columns (`expr`); `kernel` scans a row group into records and reduces the records of a period to rows sorted
//! by customer; `state` keeps those and reads them back as a `FactSet`. `run` decides which row groups must be read, and
//! has them read. `schema` is what later rooms see.

mod dialect;
mod inputs;
mod kernel;
mod request;
mod run;
mod state;

pub mod expr;
pub mod schema;

pub use dialect::{Asks, Engine, expression_sql};
pub use inputs::declared_measures::evaluate_measures;
pub use inputs::findings::Found;
pub(crate) use inputs::ledger::ledger_files;
pub use inputs::ledger::{DayValue, read as read_ledger, read_day_values, read_ledgers};
pub use inputs::numbers::Numbers;
pub use inputs::row_source::{Holds, NO_CODE, NO_DAY, RowColumn, RowRule, RowSource, Values};
pub use inputs::source::keep_the_same;
pub use inputs::source_columns::{SourceColumn, SourceKind, source_columns};
pub use inputs::source_files::{source_digests, sources};
pub use inputs::source_view::SourceView;
pub(crate) use kernel::measures;
pub use kernel::row_match::RowMatch;
pub use request::{AggregateText, Script, SourceFiles, Statement, script, script_of_run, write_request};
pub use run::check::{Checked, check};
pub use run::gather::{ScanPlan, gather, plan};
pub use run::options::GatherOptions;
pub use state::fact_set::FactSet;
pub use state::journal::forget_finished;
pub use state::mistake_table::{RowPlace, SourceMistake, refuse_mistakes, sheet as mistake_table};
pub use state::one_customer::{Acquired, acquisition_of};
pub use state::quarantine::table as quarantine_table;
pub use state::record::{FileAccount, PeriodRuns, Record, StateFile};
pub use state::row_trial::check_rows;
pub use state::scan::Scan;
