//! `[[facts.transactions.price_component]]`, and what the costing has of components off invoice.

use super::activity;
use super::costing::check_names;
use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::{ActivityDef, CostingDef, FactsDef, Invoice, PriceComponent};

/// The key in `[facts.transactions]`.
const COMPONENT: &str = "price_component";

/// Reads the components, in the order written.
pub(super) fn components(transactions: Table<'_>) -> Vec<PriceComponent> {
    let tables = transactions.tables(COMPONENT);
    check_names(&tables, "price component");
    tables.into_iter().filter_map(component).collect()
}

fn component(table: Table<'_>) -> Option<PriceComponent> {
    let name = table.text("name");
    let amount = table.sql("amount");
    let invoice = match table.text("invoice") {
        Some("on") => Some(Invoice::On),
        Some("off") => Some(Invoice::Off),
        _ => None,
    };
    if let (Some(entry), Some(name)) = (table.entry("name"), name.filter(|name| LINES.contains(name))) {
        entry.fault(format!(
            "price component {} has the name of a line of the price waterfall; choose another name",
            quoted(name)
        ));
    }
    let column = match invoice? {
        Invoice::On => {
            if let Some(entry) = table.entry("column") {
                let message = "'column' names the cost of a component off invoice, and this one is on invoice; remove it";
                entry.reading.fault(entry.key_offset, message);
            }
            None
        }
        Invoice::Off => Some(activity::column(table, name)?),
    };
    Some(PriceComponent { name: name?.to_owned(), amount: amount?, invoice: invoice?, column })
}

/// Lines that every price waterfall has.
const LINES: [&str; 6] =
    ["list price", "other discount", "invoice price", "pocket price", "product cost", "pocket margin"];

/// Notes components off invoice whose name or column an activity has: each is one of its own.
pub(super) fn check_activities(root: Table<'_>) {
    let transactions = root.table("facts").and_then(|facts| facts.table("transactions"));
    let components = transactions.map(|transactions| transactions.tables(COMPONENT)).unwrap_or_default();
    let off: Vec<Table<'_>> =
        components.into_iter().filter(|component| component.text("invoice") == Some("off")).collect();
    if off.is_empty() {
        return;
    }
    let named = |table: &Table<'_>| Some((table.text("name")?.to_owned(), activity::column_of(*table)?));
    let activities = root.table("costing").map(|costing| costing.tables("activity")).unwrap_or_default();
    let activities: Vec<(String, String)> = activities.iter().filter_map(named).collect();
    for (place, component) in off.iter().enumerate() {
        let (Some((name, column)), Some(entry)) = (named(component), component.entry("name")) else {
            continue;
        };
        let shared = |what: &str, other: &str| {
            let names = format!("price component {} and {what} {}", quoted(&name), quoted(other));
            format!("{names} share the column '{column}'; give one another with column = \"…\"")
        };
        let components = off[..place].iter().filter_map(named);
        let same = |(other, of): &(String, String)| *other != name && *of == column;
        if activities.iter().any(|(other, _)| *other == name) {
            entry.fault(format!(
                "price component {} has the name of an activity, as which it is costed too; give one another name",
                quoted(&name)
            ));
        } else if let Some((other, _)) = activities.iter().find(|of| same(of)) {
            entry.fault(shared("activity", other));
        } else if let Some((other, _)) = components.into_iter().find(same) {
            entry.fault(shared("price component", &other));
        }
    }
}

/// Notes that customers' price waterfalls are wanted where no component makes one.
pub(super) fn check_published(root: Table<'_>) {
    let transactions = root.table("facts").and_then(|facts| facts.table("transactions"));
    let wanted = root.table("publish").and_then(|publish| publish.entry("customer_price"));
    if let (Some(entry), Some(true)) = (wanted, wanted.and_then(Entry::flag))
        && transactions.is_some_and(|transactions| !transactions.has(COMPONENT))
    {
        let message = "'customer_price' publishes the price waterfall of customers, and no price component is declared; add a \
                       [[facts.transactions.price_component]] or remove it";
        entry.reading.fault(entry.key_offset, message);
    }
}

/// The costing with the price concessions that components off invoice are, after all other activities.
pub(super) fn charged(costing: Option<CostingDef>, facts: Option<&FactsDef>) -> Option<CostingDef> {
    let components = facts.map(|facts| &facts.transactions.price_components[..]).unwrap_or_default();
    let concessions: Vec<ActivityDef> = components.iter().filter_map(PriceComponent::concession).collect();
    if concessions.is_empty() {
        return costing;
    }
    let mut costing = costing.unwrap_or_default();
    costing.activities.extend(concessions);
    Some(costing)
}
