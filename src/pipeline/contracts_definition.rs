//! The part of the checked definition that speaks of contracts: `[contracts]`.

use super::definition::{Files, Position, Scalar};
use crate::units::Day;

/// `[contracts]`: one row per contract, or per span of a contract with one price.
#[derive(Debug, Clone)]
pub struct ContractsDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// A customer of the facts.
    pub customer: Scalar,
    /// The contract's own key.
    pub contract: Scalar,
    /// The first day that is covered.
    pub started_on: Scalar,
    /// The day it ended; null while it runs.
    pub ended_on: Scalar,
    /// Months from one renewal to the next.
    pub term_months: Scalar,
    /// Money per term.
    pub price: Scalar,
    /// Cost per term that ends with the contract; none: no cost.
    pub cost: Option<Scalar>,
    /// What kind of contract; none: all are of one kind.
    pub plan: Option<Scalar>,
    /// How renewals are forecast; none: as the holdout says.
    pub model: Option<RetentionModel>,
    /// The day from which on renewals are held out. None: after two thirds of the history.
    pub calibration: Option<Day>,
    /// Contracts that had ended before are not in the files. None: all are.
    pub observed_from: Option<Day>,
    /// Where the section begins.
    pub at: Position,
}

/// A model of how many contracts are renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetentionModel {
    /// Shifted beta-geometric, of Fader and Hardie 2007: churn differs between contracts, so that retention rises with tenure.
    ShiftedBetaGeometric,
    /// Discrete-time hazards: the share that ends at each renewal, as observed.
    Hazards,
    /// Geometric: one churn rate at all renewals.
    Geometric,
}

impl RetentionModel {
    /// All of them; of equals the holdout chooses the first.
    pub const ALL: [Self; 3] = [Self::ShiftedBetaGeometric, Self::Hazards, Self::Geometric];

    /// Its word in pipeline files, in tables and in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ShiftedBetaGeometric => "shifted_beta_geometric",
            Self::Hazards => "hazards",
            Self::Geometric => "geometric",
        }
    }

    /// The model of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.word() == word)
    }
}
