//! `only` of a scenario's changes: the orders or customers that they are about.

use super::table::{Entry, Table};
use super::wording::{did_you_mean, quoted};
use crate::pipeline::keys::PYRAMID;
use crate::pipeline::{Condition, Placement, SelectedBy};

/// What `only` may speak of.
#[derive(Clone)]
pub(super) struct Selectable<'a> {
    dimensions: Vec<&'a str>,
    attributes: Vec<&'a str>,
    /// The tiers and treatments that customers are placed in; none without segments.
    placements: Option<[Vec<&'a str>; Placement::ALL.len()]>,
    /// Whether order lines have product groups.
    pub(super) has_product_groups: bool,
}

impl<'a> Selectable<'a> {
    /// Dimensions of the transactions, attributes of the customers and their channel.
    pub(super) fn of(root: Table<'a>) -> Self {
        let section = |key: &str| root.table("facts").and_then(|facts| facts.table(key));
        let names = |table: Option<Table<'a>>, key: &str| {
            let entries = table.map(|table| table.entries_of(key)).unwrap_or_default();
            entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>()
        };
        let customers = section("customers");
        let mut attributes = names(customers, "attributes");
        attributes.extend(customers.filter(|table| table.has("channel")).map(|_| "channel"));
        let has_product_groups = section("transactions").is_some_and(|table| table.has("product_group"))
            || section("products").is_some();
        let dimensions = names(section("transactions"), "dimensions");
        let placements = root
            .table("segments")
            .map(|segments| Placement::ALL.map(|placement| placed(segments, placement)));
        Self { dimensions, attributes, placements, has_product_groups }
    }

    /// The conditions of a change; `None` if one is faulty.
    pub(super) fn only(&self, table: Table<'_>) -> Option<Vec<Condition>> {
        let conditions = table.entries_of("only").into_iter().map(|entry| self.condition(entry));
        conditions.collect::<Vec<_>>().into_iter().collect()
    }

    fn condition(&self, entry: Entry<'_>) -> Option<Condition> {
        let values: Vec<String> = entry.texts().into_iter().map(|(_, text)| text.to_owned()).collect();
        if entry.key == CUSTOMER {
            return Some(Condition { by: SelectedBy::Customer, values, at: entry.text_position(0) });
        }
        let by = match (self.dimensions.contains(&entry.key), self.attributes.contains(&entry.key)) {
            (true, false) => SelectedBy::Dimension(entry.key.to_owned()),
            (false, true) => SelectedBy::Attribute(entry.key.to_owned()),
            (true, true) => {
                let message = format!(
                    "{} is a dimension of orders and an attribute of customers; give one of them another name",
                    quoted(entry.key)
                );
                entry.reading.fault(entry.key_offset, message);
                return None;
            }
            (false, false) => SelectedBy::Placement(self.placement(entry)?),
        };
        Some(Condition { by, values, at: entry.text_position(0) })
    }

    /// A placement; names of the pipeline's own come first.
    fn placement(&self, entry: Entry<'_>) -> Option<Placement> {
        let Some(place) = Placement::ALL.iter().position(|placement| placement.name() == entry.key) else {
            entry.reading.fault(entry.key_offset, self.unknown(entry.key));
            return None;
        };
        let Some(placements) = &self.placements else {
            let message = format!(
                "customers are placed by {} with [segments], which the pipeline does not have; add it, or name an attribute",
                entry.key
            );
            entry.reading.fault(entry.key_offset, message);
            return None;
        };
        for (value, text) in entry.texts() {
            if !placements[place].contains(&text) {
                let known =
                    placements[place].iter().map(|known| quoted(known)).collect::<Vec<_>>().join(", ");
                value.fault(format!("[segments] has no {} {}; it has {known}", entry.key, quoted(text)));
            }
        }
        Some(Placement::ALL[place])
    }

    fn unknown(&self, name: &str) -> String {
        let placements =
            Placement::ALL.map(Placement::name).into_iter().filter(|_| self.placements.is_some());
        let known = self.dimensions.iter().chain(&self.attributes).copied().chain([CUSTOMER]);
        let known = known.chain(placements);
        let way_out = did_you_mean(name, known.clone(), || {
            let known = known.clone().collect::<Vec<_>>().join(", ");
            format!("there are {known}; declare it in [facts.transactions] or [facts.customers]")
        });
        format!("{} is no dimension of orders and no attribute of customers; {way_out}", quoted(name))
    }
}

/// The names of a placement that `[segments]` declares.
fn placed<'a>(segments: Table<'a>, placement: Placement) -> Vec<&'a str> {
    match placement {
        Placement::Tier => match segments.table("pyramid").filter(|pyramid| pyramid.has("tiers")) {
            Some(pyramid) => pyramid.entries_of("tiers").into_iter().map(|tier| tier.key).collect(),
            None => PYRAMID.default_numbers("tiers").into_iter().map(|(name, _)| name).collect(),
        },
        Placement::Treatment => {
            let treatments = segments.tables("treatment");
            treatments.iter().filter_map(|treatment| treatment.text("name")).collect()
        }
    }
}

/// Single customers, by key.
const CUSTOMER: &str = "customer";
