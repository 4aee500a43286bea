//! The built-in source `acquisitions`: the customers source read as events, one for each customer, on the day of
//! `acquired_on`.

use super::table::{Entry, Table};
use crate::pipeline::sql::parse_scalar;
use crate::pipeline::{CustomersDef, EventsDef, Scalar, UnknownCustomer};

/// What `on` says to mean it.
pub(super) const ACQUISITIONS: &str = "acquisitions";

/// Whether the file speaks of the built-in source, and the customers source can give it.
pub(super) fn are_wanted(root: Table<'_>) -> bool {
    let facts = root.table("facts");
    let is_taken =
        facts.and_then(|facts| facts.table("events")).is_some_and(|events| events.has(ACQUISITIONS));
    let customers = facts.and_then(|facts| facts.table("customers"));
    !is_taken && customers.is_some_and(|customers| customers.has("acquired_on")) && are_spoken_of(root)
}

/// Whether any `on` of the costing names them.
fn are_spoken_of(root: Table<'_>) -> bool {
    let Some(costing) = root.table("costing") else { return false };
    let tables = |key: &str| costing.tables(key);
    let nodes = [tables("resource"), tables("activity")].concat();
    let takes = nodes.iter().flat_map(|node| node.entries_of("from")).filter_map(Entry::table);
    let mut speakers = nodes.iter().copied().chain(tables("bill")).chain(takes);
    speakers.any(|table| table.text("on") == Some(ACQUISITIONS))
}

/// The source itself; `None` without a day on which customers were won.
pub(super) fn source(customers: &CustomersDef) -> Option<EventsDef> {
    let at = customers.acquired_on.clone()?;
    let text = format!("({}) is not null", at.text);
    let expr = parse_scalar(&text).expect("what parses does so in parentheses");
    Some(EventsDef {
        name: ACQUISITIONS.to_owned(),
        files: customers.files.clone(),
        filter: Some(Scalar { text, expr, at: at.at }),
        customer: customers.customer.clone(),
        at,
        // The customers source quarantines such rows too.
        unknown_customer: UnknownCustomer::Quarantine,
        trust_statistics: customers.trust_statistics,
        makes_periods: false,
        settlements: None,
    })
}

/// Notes every activity that would charge customers once more what `acquisition_cost` charges them.
pub(super) fn check_charged_once(root: Table<'_>) {
    let customers = root.table("facts").and_then(|facts| facts.table("customers"));
    if !customers.is_some_and(|customers| customers.has("acquisition_cost")) || !are_wanted(root) {
        return;
    }
    for activity in root.table("costing").map(|costing| costing.tables("activity")).unwrap_or_default() {
        let is_acquisition = activity.text("line") == Some("acquisition");
        let speaks_of_them = activity.text("on") == Some(ACQUISITIONS);
        if let (Some(entry), true) = (activity.entry("charge"), is_acquisition && speaks_of_them) {
            let message = "[facts.customers].acquisition_cost charges every customer already; remove it there so that \
                           only this activity charges it, out of its pool, or remove the activity";
            entry.reading.fault(entry.key_offset, message);
        }
    }
}
