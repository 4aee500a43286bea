//! The engines, and how each writes names, constants and types.

use crate::units::Day;
use chrono::DateTime;

/// An engine that facts are asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// DuckDB 2.0.
    #[value(name = "duckdb")]
    DuckDb,
    /// Spark 4.3 with the settings that are printed first.
    Spark,
}

impl Engine {
    /// Its name, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Engine::DuckDb => "DuckDB",
            Engine::Spark => "Spark",
        }
    }

    /// A column or view: quotes make it a name whatever it is; in Spark, double quotes would make it a text.
    pub(crate) fn quoted(self, name: &str) -> String {
        match self {
            Engine::DuckDb => format!("\"{}\"", name.replace('"', "\"\"")),
            Engine::Spark => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// A text constant; Spark reads backslashes as escapes.
    pub(crate) fn text(self, text: &str) -> String {
        match self {
            Engine::DuckDb => format!("'{}'", text.replace('\'', "''")),
            Engine::Spark => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        }
    }

    /// A double constant, by the digits that read back as the same float.
    pub(crate) fn float(self, x: f64) -> String {
        let words = if x.is_nan() {
            Some("NaN")
        } else if x.is_infinite() {
            Some(if x > 0.0 { "Infinity" } else { "-Infinity" })
        } else {
            None
        };
        match (self, words) {
            (_, Some(words)) => format!("CAST('{words}' AS DOUBLE)"),
            (Engine::DuckDb, None) => format!("CAST('{x:e}' AS DOUBLE)"),
            (Engine::Spark, None) => format!("{x:e}D"),
        }
    }

    /// A wall time, from microseconds since 1970.
    pub(crate) fn wall(self, micros: i64) -> Option<String> {
        let text = DateTime::from_timestamp_micros(micros)?.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        Some(match self {
            Engine::DuckDb => format!("TIMESTAMP '{text}'"),
            Engine::Spark => format!("TIMESTAMP_NTZ'{text}'"),
        })
    }

    /// An instant, from microseconds since 1970 UTC.
    pub(crate) fn instant(self, micros: i64) -> Option<String> {
        let text = DateTime::from_timestamp_micros(micros)?.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        Some(match self {
            Engine::DuckDb => format!("TIMESTAMPTZ '{text}+00'"),
            Engine::Spark => format!("TIMESTAMP_LTZ'{text}+00:00'"),
        })
    }

    /// The type of text.
    pub(crate) fn text_type(self) -> &'static str {
        match self {
            Engine::DuckDb => "VARCHAR",
            Engine::Spark => "STRING",
        }
    }

    /// The type of instants, or of wall times.
    pub(crate) fn time_type(self, zoned: bool) -> &'static str {
        match (self, zoned) {
            (Engine::DuckDb, true) => "TIMESTAMPTZ",
            (Engine::DuckDb, false) => "TIMESTAMP",
            (Engine::Spark, true) => "TIMESTAMP_LTZ",
            (Engine::Spark, false) => "TIMESTAMP_NTZ",
        }
    }

    /// The type of whole numbers of 38 digits, on which whole division and products are exact.
    pub(crate) fn wide_type(self) -> &'static str {
        match self {
            Engine::DuckDb => "HUGEINT",
            Engine::Spark => "DECIMAL(38, 0)",
        }
    }

    /// Whole division, towards zero. Spark's gives a BIGINT, and fails where that does not hold the quotient.
    pub(crate) fn whole_division(self) -> &'static str {
        match self {
            Engine::DuckDb => "//",
            Engine::Spark => "div",
        }
    }
}

/// A date constant.
pub(crate) fn date(day: Day) -> String {
    format!("DATE '{day}'")
}
