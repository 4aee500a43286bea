//! Names of customer attributes against the columns of the tables that they are published in or joined with.

use super::Tables;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, Scalar};

/// The key in the path of `customer`, which engines show as a column.
const PARTITION_KEY: &str = "as_of";

/// Tables whose columns rules of `[segments]` see together with the attributes, and the section each comes with.
const JOINED: [(&str, &str); 3] =
    [("lifecycle", "[lifecycle]"), ("customer_value", "[clv]"), ("customer_segment", "[segments]")];

/// Checks that no attribute, and no dimension of orders, has the name of a column that it would stand beside.
///
/// # Errors
/// One message per such attribute, with its place.
pub fn check_attributes(definition: &Definition) -> Result<()> {
    let tables = Tables::of(definition);
    let attributes = definition.facts.customers.iter().flat_map(|customers| &customers.attributes);
    let mut messages: Vec<String> =
        attributes.filter_map(|(name, scalar)| collision(definition, &tables, name, scalar)).collect();
    messages.extend(collisions_of_dimensions(definition));
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Definition, messages }) }
}

fn collision(definition: &Definition, tables: &Tables, name: &str, scalar: &Scalar) -> Option<String> {
    let place = definition.place(scalar.at);
    let way_out = format!("give it another, such as own_{name}");
    let has = |table: &str| {
        let columns = tables.columns(table).unwrap_or_default();
        columns.iter().any(|column| column == name)
    };
    if name == PARTITION_KEY {
        let key = "the key by which the folders of table customer are named";
        return Some(format!("{place}: attribute '{name}' has the name of {key}; {way_out}"));
    }
    if has("customer") {
        let message = format!("attribute '{name}' has the name of a published column of table customer");
        return Some(format!("{place}: {message}; {way_out}"));
    }
    let is_on = |section: &str| match section {
        "[lifecycle]" => definition.lifecycle.is_some(),
        "[clv]" => definition.clv.is_some(),
        _ => true,
    };
    // Only rules read these tables and the attributes by one name.
    let joined = JOINED.iter().filter(|(_, section)| definition.segments.is_some() && is_on(section));
    let Some((table, _)) = joined.into_iter().find(|(table, _)| has(table)) else {
        let message = format!("attribute '{name}' has the name of a published column of table dim_customer");
        return has("dim_customer").then(|| format!("{place}: {message}; {way_out}"));
    };
    let hidden = "rules of [segments] see both and could not tell them apart";
    Some(format!(
        "{place}: attribute '{name}' has the name of a column of table {table}, and {hidden}; {way_out}"
    ))
}

/// Dimensions are columns of `customer_order`.
fn collisions_of_dimensions(definition: &Definition) -> impl Iterator<Item = String> {
    let tables = Tables::listed();
    definition.facts.transactions.dimensions.iter().filter_map(move |(name, scalar)| {
        let columns = tables.columns("customer_order").unwrap_or_default();
        // Engines show the key in the path as a column too.
        let has = name == "period" || columns.contains(name);
        let place = definition.place(scalar.at);
        has.then(|| {
            format!(
                "{place}: dimension '{name}' has the name of a published column of table customer_order; give it another, such \
                 as own_{name}"
            )
        })
    })
}
