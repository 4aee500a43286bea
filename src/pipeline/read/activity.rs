//! `[[costing.activity]]`: what it takes, from where, what drives it, and where its cost stands.

use super::bill::BillPart;
use super::combination::check_combination;
use super::customers::is_column_name;
use super::driver::{Measures, check_unit_level};
use super::facts::Grain;
use super::level::standing;
use super::names::Names;
use super::rate::{actual_minutes, avoidable, negative, rate};
use super::table::Table;
use super::take::{Taking, takes, takings};
use super::wording::quoted;
use crate::pipeline::{ActivityDef, DriverDef, Level, Node, Quantity, ResourceDriver};
use crate::units::Decimal;

/// The values of one `[[costing.activity]]`, before they are seen together; `None` where absent or faulty.
pub(super) struct Activity<'a> {
    pub(super) table: Table<'a>,
    pub(super) name: Option<&'a str>,
    pub(super) column: Option<String>,
    /// `resource`.
    pub(super) resource: Option<usize>,
    /// What it takes, that of `resource` included, in the order written.
    pub(super) takings: Vec<Taking>,
    pub(super) measures: Measures<'a>,
    /// Whether a bill asks for it.
    pub(super) is_billed: bool,
}

impl<'a> Activity<'a> {
    /// Reads each value on its own.
    pub(super) fn read(table: Table<'a>, names: Names<'a>, grain: Grain, is_billed: bool) -> Self {
        let name = table.text("name");
        let resource = table.entry("resource").and_then(|entry| names.resource(entry, entry.text()?));
        let mut activity = Self {
            table,
            name,
            column: column(table, name),
            resource,
            takings: takings(table, names, grain),
            measures: Measures::read(table, names),
            is_billed,
        };
        activity.takings.extend(activity.of_resource(names));
        activity.takings.sort_by_key(|taking| taking.offset);
        activity
    }

    /// What it takes of `resource`: minutes, what it charges, or all of it.
    fn of_resource(&self, names: Names<'_>) -> Option<Taking> {
        let from = Node::Resource(self.resource?);
        let is_billed_alone = self.is_billed && self.measures.entry.is_none();
        let (key, by) = if self.measures.is("minutes") {
            ("minutes", ResourceDriver::Minutes(Quantity::Volume))
        } else if self.measures.is("charge") {
            ("resource", ResourceDriver::DirectCharge)
        } else if is_billed_alone && names.is_timed(from) {
            ("resource", ResourceDriver::Minutes(Quantity::Volume))
        } else {
            ("resource", ResourceDriver::Share(Decimal::ONE))
        };
        let offset = self.table.entry(key)?.value_offset();
        Some(Taking { from, by: Some(by), offset })
    }

    /// Checks that the values go together, and resolves them. `is_taken` says whether another node takes of it.
    pub(super) fn checked(
        self,
        names: Names<'a>,
        grain: Grain,
        bills: &[&BillPart<'a>],
        is_taken: bool,
    ) -> Option<ActivityDef> {
        let table = self.table;
        let standing = standing(table);
        check_combination(&self, standing.level, is_taken);
        check_bills(table, bills);
        if standing.level == Level::Unit {
            self.check_unit(names, bills);
        }
        let (rate, avoidable) = (rate(table, self.is_billed), avoidable(table));
        let actual_minutes = actual_minutes(table, self.resource, names, grain);
        let driver = self.driver(bills);
        Some(ActivityDef {
            takes: takes(table, &self.takings)?,
            driver: driver?,
            fallback: self.measures.fallback.map(|part| DriverDef { parts: vec![part] }),
            negative: negative(table),
            rate: rate?,
            actual_minutes: actual_minutes?,
            level: standing.level,
            line: standing.line,
            member: standing.member,
            avoidable: avoidable?,
            column: self.column?,
            name: self.name?.to_owned(),
            at: table.at(),
        })
    }

    /// Its own driver and what bills add to it; `Some(None)` when it has neither.
    fn driver(&self, bills: &[&BillPart<'_>]) -> Option<Option<DriverDef>> {
        let own = self.measures.entry.map(|_| self.measures.own.clone());
        let parts = own.into_iter().chain(bills.iter().map(|bill| bill.part.clone()));
        let parts: Option<Vec<_>> = parts.collect();
        parts.map(|parts| (!parts.is_empty()).then_some(DriverDef { parts }))
    }

    fn check_unit(&self, names: Names<'_>, bills: &[&BillPart<'_>]) {
        let own = self.measures.entry.zip(self.measures.own.as_ref());
        let fallback = self.table.entry("fallback").zip(self.measures.fallback.as_ref());
        let billed = bills.iter().filter_map(|bill| bill.sql.zip(bill.part.as_ref()));
        for (entry, part) in own.into_iter().chain(fallback).chain(billed) {
            check_unit_level(entry, part.on, &part.sql.driver, names.events);
        }
    }
}

/// Bills add volume to an activity, and a direct charge has none.
fn check_bills(table: Table<'_>, bills: &[&BillPart<'_>]) {
    for bill in bills.iter().filter(|_| table.has("charge")) {
        let name = quoted(bill.of.key);
        let message = format!(
            "a bill adds to the volume of activities, but {name} charges money directly; leave it out, or write 'driver' in place of 'charge'"
        );
        bill.of.reading.fault(bill.of.key_offset, message);
    }
}

/// The column given, else the one that follows from the name.
pub(super) fn column(table: Table<'_>, name: Option<&str>) -> Option<String> {
    let (entry, column) = match table.entry("column") {
        Some(entry) => (entry, entry.text()?.to_owned()),
        None => (table.entry("name")?, snake_case(name?)),
    };
    let fault = if column == TAKEN_COLUMN {
        format!("the column cost_{column} is a total of its own")
    } else if !is_column_name(&column) {
        format!("{} does not make a column, expected a–z, 0–9 and _, a letter first", quoted(entry.text()?))
    } else {
        return Some(column);
    };
    entry.fault(format!("{fault}; choose another with column = \"…\""));
    None
}

/// `cost_to_serve` is the sum of all activities, so no activity may be called `to serve`.
const TAKEN_COLUMN: &str = "to_serve";

/// The same of any table with a name; notes nothing.
pub(super) fn column_of(table: Table<'_>) -> Option<String> {
    let of_name = || snake_case(table.text("name").unwrap_or(""));
    Some(table.text("column").map_or_else(of_name, str::to_owned))
}

/// `Pick & pack` as `pick_pack`. Letters beyond ASCII stay, so that the check asks for a column of the user's choice.
pub(super) fn snake_case(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_follow_from_names() {
        for (name, expected) in
            [("take order", "take_order"), ("Pick & pack", "pick_pack"), ("  a-b  ", "a_b")]
        {
            assert_eq!(snake_case(name), expected);
        }
    }
}
