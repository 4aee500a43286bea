//! The part of the checked definition that speaks of contextual factors: `[clv.contextual_factors]`.

use super::costing_definition::LedgerDef;
use super::definition::{Files, Position};

/// `[clv.contextual_factors]`: numbers by day that hold for all customers alike.
#[derive(Debug, Clone)]
pub struct ContextualFactorsDef {
    /// At least one: the column of a factor, read as the amounts of a ledger are, in rows that are about their day alone.
    pub columns: Vec<LedgerDef>,
    /// Where the section begins.
    pub at: Position,
}

impl ContextualFactorsDef {
    /// The files of all columns.
    pub fn files(&self) -> &Files {
        &self.columns[0].files
    }

    /// The names of the factors, in the order declared.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.amount_column.as_str())
    }
}
