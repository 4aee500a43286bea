//! Checks that need more than one room: names and types against the tables that a run is going to publish, ledgers
//! against the costing, and what earlier releases say.

use super::contracts::STAGES;
use super::sources::later_sources;
use crate::clv;
use crate::contracts;
use crate::error::{Error, Faults, Result};
use crate::expect;
use crate::facts::schema::{AttributeTypes, KeyTypes};
use crate::facts::{self, SourceView};
use crate::lifecycle;
use crate::pipeline::{self, Definition};
use crate::profitability;
use crate::publish::{Home, Release};
use crate::published::{self, TableState, Tables};
use crate::segments;

/// Checks all that needs no run: sources, names, types, ledgers and plans, and what earlier releases say. Gives the sources.
///
/// # Errors
/// All faults found.
pub fn check(definition: &Definition) -> Result<Vec<SourceView>> {
    let mut faults = Faults::default();
    let checked = faults.keep(facts::check(definition)).unwrap_or_default();
    let customers = checked.keys.map(|keys| keys.customer);
    faults.keep(check_names_and_types(definition, &checked));
    let mut sources = checked.sources;
    sources.extend(later_sources(definition, customers, &mut faults));
    faults.none().map(|()| sources)
}

/// Names and types against the tables of a run, and earlier releases.
fn check_names_and_types(definition: &Definition, sources: &facts::Checked) -> Result<()> {
    pipeline::plan(STAGES, definition)?;
    let mut faults = Faults::default();
    let home = Home::open(&definition.publish.path)?;
    faults.keep(home.check_writable());
    faults.keep(profitability::check_channels(definition));
    faults.keep(earlier(definition, &home, false));
    match faults.keep(check_names(definition, &sources.attributes)) {
        Some(()) => {
            sources.keys.and_then(|keys| faults.keep(check_types(definition, keys, &sources.attributes)))
        }
        None => None,
    };
    faults.keep(segments::earlier(definition, &home));
    faults.none()
}

/// Checks what follows from the types of keys and attributes: the wallet, and the queries of `[[expect]]`, which run over
/// empty tables, for functions and types that do not fit show without rows.
pub(super) fn check_types(
    definition: &Definition,
    keys: KeyTypes,
    attributes: &AttributeTypes,
) -> Result<()> {
    let tables = Tables::of(definition);
    let mut faults = Faults::default();
    faults.keep(lifecycle::check(definition, attributes));
    faults.keep(expect::try_queries(definition, &|table| tables.schema(table, keys, attributes)));
    faults.none()
}

/// Checks names against the tables and columns that a run is going to publish: attributes, rules, queries.
pub(super) fn check_names(definition: &Definition, attributes: &AttributeTypes) -> Result<()> {
    let made_by = |table: &str| match STAGES.iter().find(|stage| stage.makes.contains(&table)) {
        None => TableState::TooLate,
        Some(stage) if (stage.enabled)(definition) => TableState::Made,
        Some(stage) => TableState::Off(stage.name),
    };
    let mut faults = Faults::default();
    faults.keep(published::check_attributes(definition));
    faults.keep(segments::check(definition, attributes));
    faults.keep(published::check_queries(definition, &made_by));
    faults.none()
}

/// What the last release with contracts chose for them.
pub(super) fn earlier_contracts(
    definition: &Definition,
    home: &Home,
    reselect: bool,
) -> Result<contracts::Earlier> {
    if definition.contracts.is_none() {
        return Ok(contracts::Earlier::default());
    }
    let of = |release: &Release| serde_json::from_value(release.run.get("contracts")?.clone()).ok();
    let last = home.last_with(|release| of(release).is_some())?;
    Ok(contracts::Earlier { chosen: last.as_ref().and_then(of), reselect })
}

/// What earlier releases say of lifetime value: the last one that has it, and that which drift is measured against.
pub(super) fn earlier(definition: &Definition, home: &Home, reselect: bool) -> Result<clv::Earlier> {
    let of = |release: &Release| release.run.get("clv").cloned();
    let Some(clv) = &definition.clv else { return Ok(clv::Earlier::default()) };
    let drift_from = match &clv.drift_from {
        None => None,
        Some(id) => {
            let releases = home.releases()?;
            let Some(release) = releases.iter().find(|release| release.id == *id) else {
                return Err(Error::definition(format!(
                    "{}: 'drift_from' names release '{id}', which {} does not hold; \
                     `abacus releases list` shows those there are",
                    definition.place(clv.at),
                    home.path().display()
                )));
            };
            of(release)
        }
    };
    let last = home.last_with(|release| of(release).is_some())?;
    Ok(clv::Earlier { current: last.as_ref().and_then(of), drift_from, reselect })
}
