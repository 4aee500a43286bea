//! What drives an activity: the one of `minutes`, `driver`, `spread` and `charge` it has, its fallback and weights.

use super::names::Names;
use super::table::{Entry, Table};
use super::weights::{Weights, weights};
use super::wording::{quoted, subject};
use crate::pipeline::{Driver, DriverPart, DriverSql, Function};
use crate::units::Decimal;

/// Keys of which an activity has at most one.
pub(super) const MEASURES: [&str; 4] = ["minutes", "driver", "spread", "charge"];

/// The SQL of an activity, read.
pub(super) struct Measures<'a> {
    /// The first of `MEASURES` that is given.
    pub(super) entry: Option<Entry<'a>>,
    /// Its SQL, weighted.
    pub(super) own: Option<DriverPart>,
    pub(super) fallback: Option<DriverPart>,
    pub(super) weights: Option<Weights>,
    /// The source they all speak of.
    pub(super) on: Option<Option<usize>>,
}

impl<'a> Measures<'a> {
    /// Reads them, each on its own.
    pub(super) fn read(table: Table<'a>, names: Names<'_>) -> Self {
        let on = names.source(table);
        let weights = table.table("weights").and_then(weights);
        let read: Vec<(Entry<'a>, Option<DriverSql>)> =
            MEASURES.iter().filter_map(|key| table.entry(key)).map(|entry| (entry, entry.driver())).collect();
        let (entry, sql) = read.into_iter().next().unzip();
        let sql = sql.flatten().zip(entry).and_then(|(sql, entry)| match &weights {
            Some(weights) => weights.weigh(sql, entry),
            None => (!table.has("weights")).then_some(sql),
        });
        let part = |sql| Some(DriverPart { on: on?, sql, factor: Decimal::ONE });
        let fallback = table.entry("fallback").and_then(Entry::driver).and_then(part);
        let measures = Self { entry, own: sql.and_then(part), fallback, weights, on };
        measures.check(table);
        measures
    }

    /// Whether the key is what drives the activity.
    pub(super) fn is(&self, key: &str) -> bool {
        self.entry.is_some_and(|entry| entry.key == key)
    }

    fn check(&self, table: Table<'_>) {
        let who = subject("activity", table.text("name"));
        let given: Vec<&str> = MEASURES.into_iter().filter(|key| table.has(key)).collect();
        match given.as_slice() {
            ["minutes", "driver", ..] => table.fault(format!(
                "{who} has both 'minutes' and 'driver'; keep 'minutes' if it is time-driven, else 'driver'"
            )),
            [first, second, ..] => table.fault(format!("{who} has both '{first}' and '{second}'; keep one")),
            _ => {}
        }
        if let Some(entry) = table.entry("fallback") {
            self.check_fallback(entry, table.has("rate"));
        }
        if let (Some(entry), Some("charge") | None) = (table.entry("weights"), self.entry.map(|of| of.key)) {
            let message = "'weights' are of the rows of 'driver', 'minutes' or 'spread', and there is none; add one or remove them";
            entry.reading.fault(entry.key_offset, message);
        }
    }

    fn check_fallback(&self, entry: Entry<'_>, has_rate: bool) {
        let message = match self.entry.map(|entry| entry.key) {
            None => "'fallback' stands in for 'driver', which is missing; write it as 'driver'".to_owned(),
            Some(key @ ("minutes" | "charge")) => format!(
                "'fallback' stands in for 'driver', but '{key}' without volume leave no cost to spread; remove it"
            ),
            Some(_) if has_rate => {
                "'fallback' spreads what 'driver' cannot, but a given 'rate' charges volumes and spreads nothing; remove one"
                    .to_owned()
            }
            Some(key) if self.is_same_as_fallback() => {
                format!("'fallback' is the same as '{key}'; name another driver or remove it")
            }
            Some(_) => return,
        };
        entry.reading.fault(entry.key_offset, message);
    }

    fn is_same_as_fallback(&self) -> bool {
        self.own
            .as_ref()
            .zip(self.fallback.as_ref())
            .is_some_and(|(own, fallback)| self.weights.is_none() && own.sql.driver == fallback.sql.driver)
    }
}

/// Notes a driver of a unit-level activity that the lines of an order cannot bear one by one.
pub(super) fn check_unit_level(entry: Entry<'_>, on: Option<usize>, driver: &Driver, events: &[&str]) {
    let way_out = "write level = \"order\"";
    if let Some(event) = on {
        let event = quoted(events[event]);
        entry.fault(format!(
            "level 'unit' is caused by order lines, but '{}' speaks of {event}; {way_out} or \"customer\"",
            entry.key
        ));
    }
    let is_distinct = |(_, of): &&(Decimal, _)| {
        let aggregate: &crate::pipeline::Aggregate = of;
        matches!(aggregate.function, Function::CountDistinct(_))
    };
    if let Some((_, aggregate)) = driver.terms.iter().find(is_distinct) {
        entry.fault(format!(
            "level 'unit' is caused by order lines, but '{aggregate}' is no sum over lines; {way_out}, or count lines with count(*)"
        ));
    }
}
