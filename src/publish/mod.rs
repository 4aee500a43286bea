//! The only writer: stage, verify, commit, retain. Knows no column by name.

pub mod schema;
mod sheet;
