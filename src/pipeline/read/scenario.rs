//! `[scenario.NAME]`: what would be if some numbers were others.

use super::activity::Activity;
use super::bill::BillPart;
use super::driver::check_unit_level;
use super::facts::Grain;
use super::network::Network;
use super::number::{above_zero, from_zero, ratio};
use super::or_default::number_or;
use super::planned::Plannable;
use super::scenario_fees::fees;
use super::scenario_only::Selectable;
use super::scenario_sales::{drop, price_changes};
use super::scenario_shares::shares;
use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::keys::SCENARIO;
use crate::pipeline::{
    Aggregate, Change, Driver, DriverDef, DriverPart, Node, Quantity, Ratio, ResourceDriver, ScenarioDef,
};
use crate::units::Decimal;

/// What scenarios speak of.
#[derive(Clone, Copy)]
struct Context<'c, 'a> {
    network: &'c Network<'a>,
    activities: &'c [Activity<'a>],
    bills: &'c [BillPart<'a>],
    grain: Grain,
}

/// Reads all scenarios, in the order of their names; `None` if one is faulty.
pub(super) fn scenarios<'a>(
    root: Table<'a>,
    network: &Network<'a>,
    activities: &[Activity<'a>],
    bills: &[BillPart<'a>],
    grain: Grain,
) -> Option<Vec<ScenarioDef>> {
    let context = Context { network, activities, bills, grain };
    let selectable = Selectable::of(root);
    let mut entries = root.entries_of("scenario");
    entries.sort_by_key(|entry| entry.key);
    let read: Vec<_> = entries.into_iter().map(|entry| scenario(entry, context, &selectable)).collect();
    read.into_iter().collect()
}

fn scenario<'a>(
    entry: Entry<'a>,
    context: Context<'_, 'a>,
    selectable: &Selectable<'_>,
) -> Option<ScenarioDef> {
    let table = entry.table()?;
    check_name_and_content(entry, table);
    let changes = context.changes(table);
    let planned =
        Plannable { names: context.network.names, activities: context.activities, bills: context.bills };
    let planned = planned.read(table);
    let fees = fees(table, selectable, context.grain);
    let (price_changes, drop) = (price_changes(table, selectable), drop(table, selectable));
    let growth = number_or(Some(table), &SCENARIO, "growth", above_zero);
    Some(ScenarioDef {
        name: entry.key.to_owned(),
        about: table.text("about").map(str::to_owned),
        changes: changes?,
        fees: fees?,
        price_changes: price_changes?,
        drop: drop?,
        planned: planned?,
        growth: growth?,
        is_published: table.flag("publish"),
        at: table.at(),
    })
}

fn check_name_and_content(entry: Entry<'_>, table: Table<'_>) {
    let fault = |message: String| entry.reading.fault(entry.key_offset, message);
    if entry.key.trim().is_empty() {
        fault("a scenario needs a name, which --scenario gives; write [scenario.NAME]".to_owned());
    }
    if !table.entries().iter().any(|entry| !["about", "publish"].contains(&entry.key)) {
        let name = quoted(entry.key);
        fault(format!(
            "scenario {name} changes nothing; add an 'amount', 'rate', 'prices' or another change"
        ));
    }
    for both in table.entries_of("amount_factor") {
        if table.table("amount").is_some_and(|amounts| amounts.has(both.key)) {
            let name = quoted(both.key);
            both.reading
                .fault(both.key_offset, format!("{name} has both 'amount' and 'amount_factor'; keep one"));
        }
    }
}

impl<'c> Context<'c, '_> {
    /// All changes in the order written; `None` if one is faulty.
    fn changes(self, table: Table<'_>) -> Option<Vec<Change>> {
        let read = |entry: Entry<'_>| match entry.key {
            "amount" => each(table, entry.key, |entry| self.amount(entry)),
            "amount_factor" => each(table, entry.key, |entry| self.amount_factor(entry)),
            "capacity" => each(table, entry.key, |entry| self.capacity(entry)),
            "rate" => each(table, entry.key, |entry| self.rate(entry)),
            "driver" => each(table, entry.key, |entry| self.driver(entry)),
            "from" => shares(entry, self.network),
            "prices" => vec![above_zero(entry).map(Change::Prices)],
            _ => Vec::new(),
        };
        let read: Vec<Option<Change>> = table.entries().into_iter().flat_map(read).collect();
        read.into_iter().collect()
    }

    fn resource(self, entry: Entry<'_>) -> Option<usize> {
        self.network.names.resource(entry, entry.key)
    }

    fn activity(self, entry: Entry<'_>) -> Option<usize> {
        self.network.names.activity(entry, entry.key)
    }

    fn amount(self, entry: Entry<'_>) -> Option<Change> {
        let (resource, amount) = (self.resource(entry), entry.money(self.grain.money_scale));
        Some(Change::Amount(resource?, amount?))
    }

    fn amount_factor(self, entry: Entry<'_>) -> Option<Change> {
        let (resource, factor) = (self.resource(entry), from_zero(entry));
        let resource = resource?;
        if !super::resource::has_money(self.network.names.resources[resource]) {
            let subject = self.network.names.subject(Node::Resource(resource));
            let message = format!(
                "{subject} has no money of its own to multiply; write 'amount', or name the resources it takes of"
            );
            entry.reading.fault(entry.key_offset, message);
        }
        Some(Change::AmountFactor(resource, factor?))
    }

    fn capacity(self, entry: Entry<'_>) -> Option<Change> {
        let (resource, minutes) = (self.resource(entry), above_zero(entry));
        let node = Node::Resource(resource?);
        if !self.network.names.is_timed(node) {
            let subject = self.network.names.subject(node);
            let message = format!(
                "{subject} has no capacity to change; add capacity = {{ practical_minutes = … }} to it, or leave it out"
            );
            entry.reading.fault(entry.key_offset, message);
        }
        Some(Change::Capacity(resource?, minutes?))
    }

    fn rate(self, entry: Entry<'_>) -> Option<Change> {
        let (activity, rate) = (self.activity(entry), ratio(entry));
        self.check_rated(entry, activity?);
        let rate: Ratio = rate?;
        Some(Change::Rate(activity?, rate))
    }

    fn check_rated(self, entry: Entry<'_>, activity: usize) {
        let measures = &self.activities[activity].measures;
        let why = if measures.is("minutes") {
            "is rated by the minute; change the 'capacity' or 'amount' of its resource"
        } else if measures.is("charge") {
            "charges money directly; it has no rate to change"
        } else if measures.entry.is_none() && !self.activities[activity].is_billed {
            "has no driver, so it has no rate to change"
        } else {
            return;
        };
        let subject = self.network.names.subject(Node::Activity(activity));
        entry.reading.fault(entry.key_offset, format!("{subject} {why}"));
    }

    fn driver(self, entry: Entry<'_>) -> Option<Change> {
        let (activity, sql) = (self.activity(entry), entry.driver());
        let (activity, sql) = (activity?, sql?);
        let measures = &self.activities[activity].measures;
        let subject = self.network.names.subject(Node::Activity(activity));
        if measures.entry.is_none() {
            let message =
                format!("{subject} has no driver in this file, so there are no coefficients to change");
            entry.reading.fault(entry.key_offset, message);
            return None;
        }
        let sql = match &measures.weights {
            Some(weights) => weights.weigh(sql, entry)?,
            None => sql,
        };
        let on = measures.on?;
        self.check_known(entry, on, &sql.driver)?;
        if self.activities[activity].table.text("level") == Some("unit") {
            check_unit_level(entry, on, &sql.driver, self.network.names.events);
        }
        let own = DriverPart { on, sql, factor: Decimal::ONE };
        let bills = self.bills.iter().filter(|bill| bill.activity == activity);
        let parts = std::iter::once(Some(own)).chain(bills.map(|bill| bill.part.clone()));
        Some(Change::Driver(activity, DriverDef { parts: parts.collect::<Option<_>>()? }))
    }

    /// A what-if reads no transactions, so it can count only what the pipeline counts anyway.
    fn check_known(self, entry: Entry<'_>, on: Option<usize>, driver: &Driver) -> Option<()> {
        let known = self.known(on);
        let Some((_, unknown)) = driver.terms.iter().find(|(_, of)| !known.contains(&of)) else {
            return Some(());
        };
        let of_source: Vec<String> = known.iter().map(ToString::to_string).collect();
        let there_are = if of_source.is_empty() { "none".to_owned() } else { of_source.join(", ") };
        entry.fault(format!(
            "'{unknown}' is used by no driver of the pipeline, and a scenario reads no transactions; use what its drivers count of this source: {there_are}"
        ));
        None
    }

    /// Every aggregate of the source that the pipeline uses.
    fn known(self, on: Option<usize>) -> Vec<&'c Aggregate> {
        let own = self
            .activities
            .iter()
            .flat_map(|activity| activity.measures.own.iter().chain(&activity.measures.fallback));
        let billed = self.bills.iter().filter_map(|bill| bill.part.as_ref());
        let taken = self.network.flows.iter().filter_map(|flow| sql_of(flow.by.as_ref()?)).flatten();
        let mut known: Vec<&'c Aggregate> = Vec::new();
        for part in own.chain(billed).chain(taken).filter(|part| part.on == on) {
            for (_, aggregate) in &part.sql.driver.terms {
                if !known.contains(&aggregate) {
                    known.push(aggregate);
                }
            }
        }
        known
    }
}

fn sql_of(by: &ResourceDriver) -> Option<&[DriverPart]> {
    match by {
        ResourceDriver::Quantity(Quantity::Sql(driver))
        | ResourceDriver::FixedAndVariable(_, Quantity::Sql(driver)) => Some(&driver.parts),
        _ => None,
    }
}

/// Each entry of the table under this key, read.
fn each<'a>(table: Table<'a>, key: &str, read: impl Fn(Entry<'a>) -> Option<Change>) -> Vec<Option<Change>> {
    table.entries_of(key).into_iter().map(read).collect()
}
