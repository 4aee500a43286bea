//! Spans of time whose contribution is compared, by the word that names each: in pipeline files and in published tables.

use super::keys::PROFITABILITY;

/// How long a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BridgeSpan {
    /// A period of the pipeline.
    Period,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
    /// The year of the last complete period, up to it.
    YearToDate,
}

impl BridgeSpan {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Period, Self::Quarter, Self::Year, Self::YearToDate];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::YearToDate => "year to date",
        }
    }

    /// Those that are compared where nothing is declared.
    pub fn by_default() -> Vec<Self> {
        PROFITABILITY.default_words("bridges").into_iter().filter_map(Self::of_name).collect()
    }

    /// The span of a word.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.name() == name)
    }
}
