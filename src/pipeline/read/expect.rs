//! `[[expect]]`: control totals and data checks.

use super::costing::check_names;
use super::or_default::word_or;
use super::table::{Entry, Table, compare};
use super::wording::{lower_first, subject};
use crate::pipeline::keys::EXPECT;
use crate::pipeline::sql::{Placed, check_query, names_of_query};
use crate::pipeline::{ExpectDef, Named, QueryNames, Severity};
use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};

/// Reads all of `[[expect]]`.
pub(super) fn expectations(tables: &[Table<'_>]) -> Vec<ExpectDef> {
    check_names(tables, "expectation");
    tables.iter().filter_map(|table| expectation(*table)).collect()
}

fn expectation(table: Table<'_>) -> Option<ExpectDef> {
    let [at_least, at_most, equals] =
        ["at_least", "at_most", "equals"].map(|key| table.entry(key).and_then(Entry::number));
    check_bounds(table);
    let sql = table.entry("sql").and_then(query);
    if let (Some(least), Some(most), Some(entry)) = (at_least, at_most, table.entry("at_most"))
        && compare(least, most).is_gt()
    {
        entry.fault(format!("'at_most' is {most}, below 'at_least' of {least}; no number satisfies both"));
    }
    let (sql, names) = sql?;
    Some(ExpectDef {
        name: table.text("name")?.to_owned(),
        sql,
        names,
        at_least: equals.or(at_least),
        at_most: equals.or(at_most),
        severity: if word_or(Some(table), &EXPECT, "severity") == "warn" {
            Severity::Warn
        } else {
            Severity::Error
        },
        at: table.at(),
    })
}

fn check_bounds(table: Table<'_>) {
    let who = subject("expectation", table.text("name"));
    let bounds: Vec<Entry<'_>> = ["at_least", "at_most"].iter().filter_map(|key| table.entry(key)).collect();
    match (table.has("equals"), bounds.first()) {
        (false, None) => table.fault(format!("{who} has no bound; add 'at_least', 'at_most' or 'equals'")),
        (true, Some(bound)) => {
            let message = format!("{who} has both 'equals' and '{}'; keep one", bound.key);
            bound.reading.fault(bound.key_offset, message);
        }
        _ => {}
    }
}

/// Checks that it is one query; which tables and columns there are is for the stages to say.
fn query(entry: Entry<'_>) -> Option<(String, QueryNames)> {
    let text = entry.text()?;
    if let Err(fault) = check_query(text) {
        entry.fault_in_text(fault.offset, format!("'{}': {}", entry.key, fault.message));
        return None;
    }
    match Parser::parse_sql(&GenericDialect {}, text).as_deref() {
        Ok([Statement::Query(query)]) => return Some((text.to_owned(), names_in(entry, text, query))),
        Ok(_) => {
            entry.fault(format!("'{}' is not one query, expected a select that yields one number", entry.key))
        }
        Err(error) => {
            let (message, offset) = placed(error, text);
            entry.fault_in_text(offset, format!("'{}': {message}", entry.key));
        }
    }
    None
}

/// The names of the query with their places in the file.
fn names_in(entry: Entry<'_>, text: &str, query: &Query) -> QueryNames {
    let names = names_of_query(query);
    let of = |Placed { name, line, column }: Placed| {
        let at = |number: u64| usize::try_from(number).unwrap_or(0);
        let at = entry.text_position(offset_of(text, at(line), at(column)).unwrap_or(0));
        Named { name, at }
    };
    QueryNames {
        tables: names.tables.into_iter().map(of).collect(),
        columns: names.columns.into_iter().map(of).collect(),
        qualifiers: names.qualifiers.into_iter().map(of).collect(),
        defined: names.defined,
    }
}

/// The byte at a line and column, both from 1; none for line 0, which stands for no place.
fn offset_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let before: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(before..)?;
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(index, _)| index);
    Some(before + within)
}

/// The parser's message without the place at its end, and that place as a byte offset; the text's start without one.
fn placed(error: &ParserError, text: &str) -> (String, usize) {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
        ParserError::RecursionLimitExceeded => "the query is nested too deeply",
    };
    let (what, place) = message.rsplit_once(" at Line: ").unwrap_or((message, ""));
    let offset = place
        .split_once(", Column: ")
        .and_then(|(line, column)| offset_of(text, line.parse().ok()?, column.parse().ok()?));
    let at_end = what.ends_with("found: EOF");
    let what = what.replace("found: EOF", "found the end of the text");
    (lower_first(&what), offset.unwrap_or(if at_end { text.len() } else { 0 }))
}
