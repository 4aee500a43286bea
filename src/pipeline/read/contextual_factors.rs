//! `[clv.contextual_factors]`: what varies by day for all customers alike.

use super::customer_base::distinct;
use super::or_default::word_or;
use super::table::{Entry, Table};
use super::text_format::text_format;
use super::wording::quoted;
use crate::pipeline::keys::CONTEXTUAL_FACTORS;
use crate::pipeline::{ContextualFactorsDef, LedgerDef};

/// Most factors of a file: each is a coefficient more that a history has to tell.
const MOST: usize = 8;

/// Reads `[clv.contextual_factors]`; `None` if an entry is faulty.
pub(super) fn contextual_factors(table: Table<'_>) -> Option<ContextualFactorsDef> {
    let day = word_or(Some(table), &CONTEXTUAL_FACTORS, "day_column");
    let names = table.entry("columns").and_then(|entry| names(entry, day));
    let files = table.files("files");
    let mut format = text_format(table);
    // A price index such as 1.087 has three digits after the point more often than it is a thousand.
    format.decimal_mark =
        format.decimal_mark.or(Some('.').filter(|mark| format.thousands_mark != Some(*mark)));
    let (names, files) = (names?, files?);
    let column = |name: String| LedgerDef {
        files: files.clone(),
        accounts: Vec::new(),
        account_column: day.to_owned(),
        period_column: day.to_owned(),
        amount_column: name,
        column_keys: ["day_column", "day_column", "columns"],
        may_be_empty: false,
        format: format.clone(),
    };
    Some(ContextualFactorsDef { columns: names.into_iter().map(column).collect(), at: table.at() })
}

fn names(entry: Entry<'_>, day: &str) -> Option<Vec<String>> {
    let names = distinct(entry, |item, name| {
        if name == day {
            item.fault(format!(
                "{} is the column of the day, which is no factor; name a column of numbers",
                quoted(name)
            ));
            return None;
        }
        Some(name.to_owned())
    })?;
    if names.is_empty() || names.len() > MOST {
        entry.fault(format!(
            "'{}' names {} columns, expected 1 to {MOST}: each is a coefficient that the history has to tell",
            entry.key,
            names.len()
        ));
        return None;
    }
    Some(names)
}
