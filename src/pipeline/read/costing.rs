//! `[[costing.resource]]` and `[[costing.activity]]` together: what can only be checked across entries.

use super::activity::{Activity, Context, Share};
use super::facts::Grain;
use super::ledger::check_claims;
use super::resource::resource;
use super::table::{Table, compare};
use super::wording::quoted;
use crate::pipeline::CostingDef;
use crate::units::Decimal;
use std::collections::HashMap;

/// Reads `[costing]`; `None` without any entry.
pub(super) fn costing(table: Table<'_>, grain: Grain, events: &[&str]) -> Option<CostingDef> {
    let (resources, activities) = (table.tables("resource"), table.tables("activity"));
    if resources.is_empty() && activities.is_empty() {
        return None;
    }
    check_names(&resources, "resource");
    check_names(&activities, "activity");
    check_claims(&resources);
    let context = Context { resources: &resources, events };
    let read: Vec<Activity<'_>> = activities.iter().map(|table| Activity::read(*table, context)).collect();
    check_columns(&read);
    check_shares(&read, &resources);
    Some(CostingDef {
        resources: resources.iter().filter_map(|table| resource(*table, grain)).collect(),
        activities: read.into_iter().filter_map(|activity| activity.checked(context)).collect(),
        services: Vec::new(),
    })
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

/// Notes every resource of which activities together take more than there is.
fn check_shares(activities: &[Activity<'_>], resources: &[Table<'_>]) {
    for (index, resource) in resources.iter().enumerate() {
        let of_activity = |activity: &Activity<'_>| {
            let name = activity.name.unwrap_or_default().to_owned();
            let shares = activity.shares.iter().filter(move |share| share.resource == index).copied();
            shares.map(move |share| (name.clone(), share)).collect::<Vec<_>>()
        };
        let taken: Vec<(String, Share)> = activities.iter().flat_map(of_activity).collect();
        check_sum(*resource, &taken);
    }
}

fn check_sum(resource: Table<'_>, taken: &[(String, Share)]) {
    let finest = taken.iter().map(|(_, share)| share.share.scale).max().unwrap_or(0);
    let at_finest =
        |share: &Share| share.share.at_scale(finest).expect("18 digits after the point fit an i128");
    let sum = Decimal { mantissa: taken.iter().map(|(_, share)| at_finest(share)).sum(), scale: finest }
        .normalised();
    let Some((_, last)) = taken.last().filter(|_| compare(sum, Decimal::ONE).is_gt()) else { return };
    let takes = |(activity, share): &(String, Share)| format!("{} takes {}", quoted(activity), share.share);
    let all: Vec<String> = taken.iter().map(takes).collect();
    let name = quoted(resource.text("name").unwrap_or_default());
    let message = format!("the shares of resource {name} add up to {sum}, over 1: {}", all.join(", "));
    resource.reading.fault(last.offset, message);
}
