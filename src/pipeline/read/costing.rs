//! `[costing]` as a whole: entries are read one by one, then checked against each other.

use super::activity::Activity;
use super::bill::{BillPart, bills};
use super::capacity::check_unused;
use super::cycle::check_cycles;
use super::exits::dead_ends;
use super::facts::Grain;
use super::feed::check_feeds;
use super::ledger::check_claims;
use super::names::{Index, Names};
use super::network::Network;
use super::pool::check_pools;
use super::resource::resource;
use super::scenario::scenarios;
use super::services::groups;
use super::table::Table;
use super::take::{Taking, takings};
use super::wording::quoted;
use crate::pipeline::{CostingDef, Node, ScenarioDef};
use std::collections::{BTreeSet, HashMap};

/// Reads `[costing]`, `None` without any entry, and the scenarios, which speak of it.
pub(super) fn costing(
    root: Table<'_>,
    grain: Grain,
    events: &[&str],
) -> (Option<CostingDef>, Option<Vec<ScenarioDef>>) {
    let section = root.table("costing");
    let tables = |key: &str| section.map(|section| section.tables(key)).unwrap_or_default();
    let (resources, activities) = (tables("resource"), tables("activity"));
    let index = Index::new(&resources, &activities);
    let names = Names { resources: &resources, activities: &activities, events, index: &index };
    check_names(&resources, "resource");
    check_names(&activities, "activity");
    check_claims(&resources);

    let bills = bills(&tables("bill"), names);
    let groups = groups(&tables("services"), names);
    let received: Vec<Vec<Taking>> = resources.iter().map(|table| takings(*table, names, grain)).collect();
    let is_billed = |index: usize| bills.iter().any(|bill| bill.activity == index);
    let tables = activities.iter().enumerate();
    let read: Vec<Activity<'_>> =
        tables.map(|(index, table)| Activity::read(*table, names, grain, is_billed(index))).collect();
    check_columns(&read);

    let of_resources = received.iter().enumerate().map(|(index, takings)| (Node::Resource(index), takings));
    let of_activities = read.iter().enumerate().map(|(index, read)| (Node::Activity(index), &read.takings));
    let takings = of_resources.chain(of_activities).map(|(node, takings)| (node, takings.as_slice()));
    let network = Network::new(names, takings, &groups);
    check_pools(&network);
    check_feeds(&network);
    check_cycles(&network);
    dead_ends(&network).into_iter().for_each(|(offset, message)| root.reading.fault(offset, message));
    check_unused(&network);
    let scenarios = scenarios(root, &network, &read, &bills, grain);

    let taken: BTreeSet<Node> = network.flows.iter().map(|flow| flow.giver).collect();
    let checked = |(index, activity): (usize, Activity<'_>)| {
        let bills: Vec<&BillPart<'_>> = bills.iter().filter(|bill| bill.activity == index).collect();
        activity.checked(names, grain, &bills, taken.contains(&Node::Activity(index)))
    };
    let costing = CostingDef {
        resources: resources
            .iter()
            .zip(&received)
            .filter_map(|(table, takings)| resource(*table, takings, grain))
            .collect(),
        activities: read.into_iter().enumerate().filter_map(checked).collect(),
        services: groups.iter().filter_map(super::services::Group::checked).collect(),
    };
    let has_entries = !resources.is_empty() || !activities.is_empty();
    (has_entries.then_some(costing), scenarios)
}

/// Notes every name that an earlier entry has taken.
pub(super) fn check_names(tables: &[Table<'_>], what: &str) {
    let mut lines: HashMap<&str, u32> = HashMap::new();
    for entry in tables.iter().filter_map(|table| table.entry("name")) {
        let Some(name) = entry.text() else { continue };
        let line = entry.reading.position(entry.value_offset()).line;
        if let Some(first) = lines.insert(name, line) {
            entry.fault(format!(
                "{what} {} stands twice, first on line {first}; give each its own name",
                quoted(name)
            ));
        }
    }
}

/// Notes every column that an earlier activity has taken. Equal names are a fault of their own.
fn check_columns(activities: &[Activity<'_>]) {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for activity in activities {
        let (Some(name), Some(column)) = (activity.name, activity.column.as_deref()) else { continue };
        let Some(first) = owners.insert(column, name).filter(|first| *first != name) else { continue };
        let entry =
            activity.table.entry("column").or(activity.table.entry("name")).expect("a column has its text");
        let names = format!("{} and {}", quoted(first), quoted(name));
        entry.fault(format!(
            "activities {names} share the column '{column}'; give one another with column = \"…\""
        ));
    }
}
