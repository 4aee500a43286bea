//! Name resolution of `[[expect]]` queries against the tables and columns that a run is going to publish.

use super::Tables;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, ExpectDef, Named, did_you_mean};

/// What a run does about a table.
type MadeBy<'m> = dyn Fn(&str) -> TableState + 'm;

/// Whether a run makes a table in time for the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableState {
    /// Before the checks.
    Made,
    /// The stage of this name is off; its section turns it on.
    Off(&'static str),
    /// Only after the checks.
    TooLate,
}

/// Checks that every query names tables and columns that there will be.
///
/// # Errors
/// One message per unknown name, with its place.
pub fn check_queries(definition: &Definition, made_by: &MadeBy<'_>) -> Result<()> {
    let tables = Tables::of(definition);
    let mut messages = Vec::new();
    for expect in &definition.expect {
        let before = messages.len();
        messages.extend(expect.names.tables.iter().filter_map(|table| {
            let fault = table_fault(&tables, table, made_by)?;
            Some(format!("{}: '{}': {fault}", definition.place(table.at), expect.name))
        }));
        // Columns of a table that is not there would all be unknown.
        if messages.len() == before {
            messages.extend(column_faults(definition, &tables, expect));
        }
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Definition, messages }) }
}

fn table_fault(tables: &Tables, table: &Named, made_by: &MadeBy<'_>) -> Option<String> {
    let name = &table.name.to_lowercase();
    if tables.columns(name).is_none() {
        let way_out =
            did_you_mean(name, tables.names(), || "the README lists the tables that runs publish".to_owned());
        return Some(format!("unknown table '{name}'; {way_out}"));
    }
    if let Some(why) = tables.unmade(name) {
        return Some(format!("there is no table '{name}': {why}"));
    }
    match made_by(name) {
        TableState::Made => None,
        TableState::Off(section) => {
            let comes = format!("table '{name}' comes with [{section}], which is off");
            Some(format!("{comes}; add [{section}] or ask another table"))
        }
        TableState::TooLate => {
            Some(format!("table '{name}' is written after the checks; ask another table, or release.json"))
        }
    }
}

fn column_faults(definition: &Definition, tables: &Tables, expect: &ExpectDef) -> Vec<String> {
    let names = &expect.names;
    let mut known: Vec<&str> = names.defined.iter().map(String::as_str).collect();
    for table in &names.tables {
        let name = table.name.to_lowercase();
        known.extend(tables.columns(&name).unwrap_or_default().iter().map(String::as_str));
        if name == "customer" {
            let customers = definition.facts.customers.iter();
            known.extend(customers.flat_map(|customers| customers.attributes.keys().map(String::as_str)));
        }
    }
    let whose = match &names.tables[..] {
        [] => "the query has no table".to_owned(),
        tables => {
            let mut tables: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
            tables.dedup();
            format!("it is no column of {}", tables.join(", "))
        }
    };
    let qualifiers: Vec<&str> = names
        .tables
        .iter()
        .map(|table| table.name.as_str())
        .chain(names.defined.iter().map(String::as_str))
        .collect();
    let is_known = |known: &[&str], name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let absent = |name: &str| {
        let mut tables_of = names.tables.iter();
        tables_of.find_map(|table| tables.absent(&table.name.to_lowercase(), &name.to_lowercase()))
    };
    let fault = |what: &str, named: &Named, known: &[&str], otherwise: &str| {
        let way_out = match absent(&named.name).filter(|_| what == "column") {
            Some(why) => why.to_owned(),
            None => did_you_mean(&named.name, known.iter().copied(), || otherwise.to_owned()),
        };
        let place = definition.place(named.at);
        format!("{place}: '{}': unknown {what} '{}'; {way_out}", expect.name, named.name)
    };
    let columns = names.columns.iter().filter(|column| !is_known(&known, &column.name));
    let columns = columns.map(|column| fault("column", column, &known, &whose));
    let unknown = names.qualifiers.iter().filter(|qualifier| !is_known(&qualifiers, &qualifier.name));
    let unknown =
        unknown.map(|named| fault("table", named, &qualifiers, "name a table of the query or its alias"));
    columns.chain(unknown).collect()
}
