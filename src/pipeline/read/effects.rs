//! `[effects]`: whether treatments worked.

use super::customer_base::attributes;
use super::number::share;
use super::or_default::count_or;
use super::table::Table;
use crate::pipeline::keys::{CONTROL, EFFECTS};
use crate::pipeline::{ContactsDef, ControlDef, EffectsDef};

/// Reads `[effects]`; `None` if an entry is faulty.
pub(super) fn effects(table: Table<'_>, root: Table<'_>) -> Option<EffectsDef> {
    let by = attributes(table, "by", root);
    let contacts = match table.table("contacts") {
        Some(section) => Some(contacts(section)?),
        None => None,
    };
    let control = match table.table("control") {
        Some(section) => Some(control(section)?),
        None => None,
    };
    if contacts.as_ref().is_some_and(|contacts| contacts.arm.is_none()) && control.is_none() {
        table.fault(
            "effects.contacts has no 'arm' and there is no [effects.control], so nobody is known to be held out; add one of them",
        );
        return None;
    }
    Some(EffectsDef {
        window_days: count_or(Some(table), &EFFECTS, "window_days"),
        baseline_days: count_or(Some(table), &EFFECTS, "baseline_days"),
        by: by?,
        contacts,
        control,
        at: table.at(),
    })
}

fn contacts(table: Table<'_>) -> Option<ContactsDef> {
    let [filter, customer, at, treatment, arm] =
        ["where", "customer", "at", "treatment", "arm"].map(|key| table.sql(key));
    let files = table.files("files");
    Some(ContactsDef { files: files?, filter, customer: customer?, at: at?, treatment: treatment?, arm })
}

fn control(table: Table<'_>) -> Option<ControlDef> {
    let share = table.entry("share").and_then(share)?;
    Some(ControlDef { share, seed: count_or(Some(table), &CONTROL, "seed") })
}
