//! The checked definition of control totals and data checks.

use super::definition::Position;
use super::segments_definition::Named;
use crate::units::Decimal;
use std::collections::BTreeSet;

/// One entry of `[[expect]]`: a control total or a data check.
#[derive(Debug, Clone)]
pub struct ExpectDef {
    /// What it says.
    pub name: String,
    /// A SQL query over published tables that yields one number.
    pub sql: String,
    /// The names it speaks of.
    pub names: QueryNames,
    /// The least it may be.
    pub at_least: Option<Decimal>,
    /// The most it may be.
    pub at_most: Option<Decimal>,
    /// Whether a miss stops the release.
    pub severity: Severity,
    /// Where the entry begins.
    pub at: Position,
}

/// The names of a query, with their places in the pipeline file.
#[derive(Debug, Clone, Default)]
pub struct QueryNames {
    /// Tables, those that a `with` defines left out.
    pub tables: Vec<Named>,
    /// Columns.
    pub columns: Vec<Named>,
    /// What stands before the point of a column: tables and their aliases.
    pub qualifiers: Vec<Named>,
    /// Names that the query itself gives, in lower case.
    pub defined: BTreeSet<String>,
}

/// How bad a missed expectation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Said in the summary.
    Warn,
    /// Nothing is published.
    Error,
}
