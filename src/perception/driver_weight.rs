//! `driver_weight`: what weighs how much, as customers show and say it, beside declared views. Declared weights are shown
//! as printed and never made to sum to 100.

use super::answers::Board;
use super::cuts::Segment;
use super::importance::Derived;
use super::weighting::{Basis, levels, shares};
use crate::pipeline::PerceptionDef;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

struct Row<'r> {
    view: &'r str,
    basis: &'static str,
    level: &'static str,
    name: String,
    group: Option<&'static str>,
    weight: f64,
}

/// The table; customers' own weights come first.
pub(crate) fn sheet(format: TableFormat<'_>, board: &Board<'_>, derived: Option<&Derived>) -> Sheet {
    let mut rows: Vec<Row<'_>> =
        Basis::ALL.into_iter().flat_map(|basis| of_customers(board, derived, basis)).collect();
    rows.extend(declared(board.def));
    let grain = "view, basis, level and name";
    let mut draft = format.draft("driver_weight", grain, None, &rows);
    draft.as_of();
    draft.name("view", "Whose: customers, as surveys tell, or a declared view", |row| Some(row.view));
    draft.name("basis", "stated or derived importance, or declared", |row| Some(row.basis));
    draft.name("attribute_level", "group, driver or item", |row| Some(row.level));
    draft.name("attribute", "The attribute, or the name of what it belongs to", |row| Some(&row.name));
    draft.name("attribute_group", "quality or price; null where it is not declared", |row| row.group);
    draft.float("weight_percent", "%", "Weight; of a declared view as printed", |row| Some(row.weight));
    draft.finish()
}

fn of_customers<'r>(board: &Board<'_>, derived: Option<&Derived>, basis: Basis) -> Vec<Row<'r>> {
    let shares = shares(board, Segment::ALL, derived, basis);
    let items: Vec<u32> = shares.keys().copied().collect();
    let row = |level, name: &str, group, weight: f64| Row {
        view: "customers",
        basis: basis.name(),
        level,
        name: name.to_owned(),
        group,
        weight: 100.0 * weight,
    };
    let mut rows: Vec<Row<'r>> = levels(board, &items)
        .into_iter()
        .map(|(level, members)| {
            let weight = members.iter().map(|item| shares[item]).sum();
            row(level.level(), level.name(), Some(level.group().name()), weight)
        })
        .collect();
    rows.extend(items.iter().map(|item| {
        let group = board.declared(*item).map(|declared| declared.group.name());
        row("item", board.name(*item), group, shares[item])
    }));
    rows
}

fn declared(def: &PerceptionDef) -> impl Iterator<Item = Row<'_>> {
    def.views.iter().flat_map(move |view| {
        view.weights.iter().map(move |(level, name, weight)| Row {
            view: &view.name,
            basis: "declared",
            level,
            name: name.clone(),
            group: group_of(def, level, name),
            // As written: the text has at most 18 digits on either side of the point.
            weight: weight.to_string().parse().expect("a decimal number reads as a float"),
        })
    })
}

fn group_of(def: &PerceptionDef, level: &str, name: &str) -> Option<&'static str> {
    let attributes = def.attributes.iter();
    let mut found = attributes.filter(|attribute| match level {
        "driver" => attribute.driver.as_deref() == Some(name),
        _ => attribute.name == name,
    });
    match level {
        "group" => ["quality", "price"].into_iter().find(|group| *group == name),
        _ => found.next().map(|attribute| attribute.group.name()),
    }
}
