//! The customer base over time: recency, frequency, tenure, cohorts, survival, growth, states and warnings.
//! Knows nothing of how costs were made.
//!
//! Everything follows from the days on which customers bought, returned or cost something, before an as-of date: an
//! exclusive bound. Days count to the last day observed, so a customer who bought on the day before the as-of date
//! has a recency of 0. A purchase is a distinct day with a sale line. Customers without purchase before a date are
//! prospects then and have no row in any of these tables.
//!
//! Customers are walked in slices of consecutive ranks, twice: `gathering` counts what needs no rhythm of the base, and
//! the gaps that rhythms follow from; `writing` makes everything else. What is counted are integers, so that neither
//! slices nor threads leave a trace.

mod rhythm;

mod state;

mod dates;

mod grouping;

mod period_facts;

mod breadth;

mod check;

mod profile;

mod profile_table;
mod ratio;

mod windows;

mod cohort;

mod cohort_table;

pub mod kaplan_meier;

mod lives;

mod survival_table;

mod growth;

mod growth_table;

mod transition;

mod chain;

mod transition_table;

mod trend;

mod signal;

mod tally;

mod predictor;

mod discrimination;

mod warning;

mod warning_list;

mod holdout;

mod warning_table;

mod gathering;

mod writing;

mod as_of_recipe;

mod plan;

mod stage;

#[cfg(test)]
mod tests;

pub use check::{check, doubts};
pub use stage::{KnownElsewhere, Summary, run};
