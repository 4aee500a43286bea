//! `[hierarchy]`: groups of customers, and groups of these.

use super::customer_base::attributes;
use super::table::Table;
use crate::pipeline::{HierarchyDef, SharedDef};

/// Reads `[hierarchy]`; `None` if an entry is faulty.
pub(super) fn hierarchy(table: Table<'_>, root: Table<'_>) -> Option<HierarchyDef> {
    let levels = attributes(table, "levels", root);
    let shared = match table.table("shared") {
        Some(section) => Some(shared(section)?),
        None => None,
    };
    let levels = levels.filter(|levels| !levels.is_empty())?;
    if levels.len() > 1
        && let Some(shared) = table.table("shared").filter(|section| !section.has("level"))
    {
        shared.fault(
            "hierarchy.shared has no 'level', and there are several; say of which level groups are, such as level = \"'household'\"",
        );
        return None;
    }
    Some(HierarchyDef { levels, is_nested: table.flag("nested"), shared, at: table.at() })
}

/// Finds tables of groups asked for where there are none.
pub(super) fn check_published(root: Table<'_>) {
    for (table, what) in [
        ("customer_group_period", "what groups of customers bring in every period"),
        ("customer_group_member", "which customers belong to which groups"),
    ] {
        let wanted = root.table("publish").and_then(|publish| publish.entry(table));
        if let Some(entry) = wanted.filter(|entry| entry.flag() == Some(true) && !root.has("hierarchy")) {
            let message =
                format!("'{table}' publishes {what}, and there are none; add [hierarchy] or remove it");
            entry.reading.fault(entry.key_offset, message);
        }
    }
}

fn shared(table: Table<'_>) -> Option<SharedDef> {
    let [filter, customer, level, group, share] =
        ["where", "customer", "level", "group", "share"].map(|key| table.sql(key));
    let files = table.files("files");
    Some(SharedDef {
        files: files?,
        filter,
        customer: customer?,
        level,
        group: group?,
        share: share?,
        at: table.at(),
    })
}
