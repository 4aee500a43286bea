//! `[[costing.activity]]`: what it takes, from where, and what drives it.

use super::customers::is_column_name;
use super::facts::TRANSACTIONS;
use super::table::{Entry, Table};
use super::wording::{did_you_mean, quoted, subject};
use crate::pipeline::{
    ActivityDef, DriverDef, DriverPart, DriverSql, Level, Line, NegativeVolume, Node, Quantity, RateDef,
    ResourceDriver, Take,
};
use crate::units::Decimal;

/// What an activity may refer to.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Entries of `[[costing.resource]]`, in the order written.
    pub(super) resources: &'a [Table<'a>],
    /// Names of event sources, sorted.
    pub(super) events: &'a [&'a str],
}

/// The values of one `[[costing.activity]]`, before they are seen together; `None` where absent or faulty.
pub(super) struct Activity<'a> {
    pub(super) table: Table<'a>,
    pub(super) name: Option<&'a str>,
    pub(super) column: Option<String>,
    on: Option<Option<usize>>,
    /// Resources by index with the share taken of them; one that `resource` and `driver` name is taken whole.
    pub(super) shares: Vec<Share>,
    resource: Option<usize>,
    minutes: Option<DriverSql>,
    driver: Option<DriverSql>,
}

/// What an activity takes of one resource.
#[derive(Clone, Copy)]
pub(super) struct Share {
    /// Index into the resources.
    pub(super) resource: usize,
    /// In 0..=1.
    pub(super) share: Decimal,
    /// Byte offset of where it is written.
    pub(super) offset: usize,
}

impl<'a> Activity<'a> {
    /// Reads each value on its own.
    pub(super) fn read(table: Table<'a>, context: Context<'a>) -> Self {
        let name = table.text("name");
        let resource =
            table.entry("resource").and_then(|entry| resource_named(entry, entry.text()?, context));
        let takes_whole = table.has("driver") && !table.has("minutes");
        let whole = resource.filter(|_| takes_whole).zip(table.entry("resource"));
        let whole = whole.map(|(resource, entry)| Share {
            resource,
            share: Decimal::ONE,
            offset: entry.value_offset(),
        });
        let from = table.table("from").map(Table::entries).unwrap_or_default();
        let from = from.into_iter().filter_map(|entry| share(entry, context));
        Self {
            table,
            name,
            column: column(table, name),
            on: table.entry("on").map_or(Some(None), |entry| source(entry, context)),
            shares: whole.into_iter().chain(from).collect(),
            resource,
            minutes: table.entry("minutes").and_then(Entry::driver),
            driver: table.entry("driver").and_then(Entry::driver),
        }
    }

    /// Checks that the values go together, and resolves them.
    pub(super) fn checked(self, context: Context<'_>) -> Option<ActivityDef> {
        let (level, line) = match self.table.text("level") {
            Some("customer") => (Level::Customer, Line::CustomerLevel),
            _ => (Level::Order, Line::CostToServe),
        };
        let (name, at) = (self.name.map(str::to_owned), self.table.at());
        self.check_combination();
        self.check_capacities(context);
        let takes = self.takes();
        let sql = self.minutes.or(self.driver)?;
        let part = DriverPart { on: self.on?, sql, factor: Decimal::ONE };
        Some(ActivityDef {
            column: self.column.clone()?,
            takes: takes?,
            driver: Some(DriverDef { parts: vec![part] }),
            fallback: None,
            negative: NegativeVolume::default(),
            rate: RateDef::Actual,
            actual_minutes: None,
            level,
            line: Some(line),
            member: None,
            avoidable: Decimal::ONE,
            name: name?,
            at,
        })
    }

    fn takes(&self) -> Option<Vec<Take>> {
        let position = |offset| self.table.reading.position(offset);
        if self.minutes.is_some() {
            let (from, by) = (Node::Resource(self.resource?), ResourceDriver::Minutes(Quantity::Volume));
            return Some(vec![Take { from, by, at: self.table.at() }]);
        }
        let take = |share: &Share| Take {
            from: Node::Resource(share.resource),
            by: ResourceDriver::Share(share.share),
            at: position(share.offset),
        };
        Some(self.shares.iter().map(take).collect())
    }

    fn check_combination(&self) {
        let has = |key: &str| self.table.has(key);
        let who = subject("activity", self.name);
        let ways = "give it 'resource' and 'minutes', or 'from' and 'driver'";
        let fault = match (has("resource"), has("from"), has("minutes"), has("driver")) {
            (true, true, _, _) => "has both 'resource' and 'from'; keep one",
            (_, _, true, true) => {
                "has both 'minutes' and 'driver'; keep 'minutes' if it is time-driven, else 'driver'"
            }
            (false, false, _, _) => &format!("takes no resource; {ways}"),
            (_, _, false, false) => &format!("has nothing that drives it; {ways}"),
            (false, true, true, false) => {
                "takes shares, but 'minutes' speak of one time-driven resource; write 'resource' or 'driver'"
            }
            (true, false, _, _) | (false, true, false, true) => return,
        };
        self.table.fault(format!("{who} {fault}"));
    }

    /// Minutes need a resource with capacity, shares one without.
    fn check_capacities(&self, context: Context<'_>) {
        let name_of = |resource: usize| quoted(context.resources[resource].text("name").unwrap_or_default());
        let is_timed = |resource: usize| context.resources[resource].has("capacity");
        if let (Some(entry), Some(resource)) =
            (self.table.entry("minutes"), self.resource.filter(|index| !is_timed(*index)))
        {
            let name = name_of(resource);
            entry.fault(format!(
                "'minutes' need a time-driven resource, but {name} has no capacity; add capacity = {{ practical_minutes = … }} to it, or write 'driver'"
            ));
        }
        for share in self.shares.iter().filter(|share| is_timed(share.resource)) {
            let name = name_of(share.resource);
            let message = format!(
                "resource {name} is time-driven, so its money follows minutes, not shares; write 'resource' and 'minutes', or remove its capacity"
            );
            self.table.reading.fault(share.offset, message);
        }
    }
}

fn source(entry: Entry<'_>, context: Context<'_>) -> Option<Option<usize>> {
    let name = entry.text()?;
    if name == TRANSACTIONS {
        return Some(None);
    }
    let index = context.events.iter().position(|event| *event == name);
    if index.is_none() {
        let known = context.events.iter().copied().chain([TRANSACTIONS]);
        let way_out = did_you_mean(name, known, || match context.events {
            [] => format!("declare it as [facts.events.{name}]"),
            events => format!("the sources are {TRANSACTIONS}, {}", events.join(", ")),
        });
        entry.fault(format!("unknown source {} in 'on'; {way_out}", quoted(name)));
    }
    index.map(Some)
}

fn share(entry: Entry<'_>, context: Context<'_>) -> Option<Share> {
    let (resource, share) = (resource_named(entry, entry.key, context), entry.number());
    let share = share?;
    if share.mantissa < 0 || super::table::compare(share, Decimal::ONE).is_gt() {
        entry.fault(format!("the share of {} is {share}, expected 0 to 1", quoted(entry.key)));
        return None;
    }
    Some(Share { resource: resource?, share, offset: entry.value_offset() })
}

/// The index of the resource; notes a fault at the value, or at the key where the key is the name.
fn resource_named(entry: Entry<'_>, name: &str, context: Context<'_>) -> Option<usize> {
    let names = || context.resources.iter().filter_map(|resource| resource.text("name"));
    let index = context.resources.iter().position(|resource| resource.text("name") == Some(name));
    if index.is_none() {
        let way_out = did_you_mean(name, names(), || match names().next() {
            None => "declare it as a [[costing.resource]]".to_owned(),
            Some(_) => format!("the resources are {}", names().map(quoted).collect::<Vec<_>>().join(", ")),
        });
        let offset = if entry.text() == Some(name) { entry.value_offset() } else { entry.key_offset };
        entry.reading.fault(offset, format!("unknown resource {}; {way_out}", quoted(name)));
    }
    index
}

/// The column given, else the one that follows from the name.
fn column(table: Table<'_>, name: Option<&str>) -> Option<String> {
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

/// `Pick & pack` as `pick_pack`. Letters beyond ASCII stay, so that the check asks for a column of the user's choice.
fn snake_case(name: &str) -> String {
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
