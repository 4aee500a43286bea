//! From which columns of sources a published column comes.

use super::sources::{Field, Fields, Source};
use crate::pipeline::{
    ActivityDef, Amount, CostingDef, Definition, Line, Node, Quantity, ResourceDriver, Stage, Take, lies_in,
};
use crate::publish::PublishedTable;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Columns that come from others as they are, or by an expression over one row.
const KEYS: [&str; 3] = ["customer_id", "product_group", "acquired_on"];

/// Tables that show attributes of customers; elsewhere a column may be called as one is.
const SHOW_ATTRIBUTES: [&str; 2] = ["customer", "dim_customer"];

/// Roles that decide which rows there are, and which row of a source belongs to which.
const ROWS: [(&str, &str); 5] = [
    ("customer", "GROUP_BY"),
    ("at", "GROUP_BY"),
    ("period", "GROUP_BY"),
    ("where", "FILTER"),
    ("account", "FILTER"),
];

/// What is known of the columns of a definition's tables.
pub(super) struct Origins<'d> {
    definition: &'d Definition,
    sources: &'d [Source],
    stages: &'d [Stage],
    /// By name of a published column, in tables with a row per customer, and in `product_group`.
    by_column: BTreeMap<String, Fields>,
    /// Those of attributes, in tables that show them.
    attributes: BTreeMap<String, Fields>,
}

impl<'d> Origins<'d> {
    pub(super) fn new(definition: &'d Definition, sources: &'d [Source], stages: &'d [Stage]) -> Self {
        let mut origins = Self {
            definition,
            sources,
            stages,
            by_column: BTreeMap::new(),
            attributes: attributes(definition, sources),
        };
        origins.add_measures();
        origins.add_activities();
        origins
    }

    /// The facet of a table; none where nothing is known of it, as of the table `run`.
    pub(super) fn facet(&self, table: &str, published: &PublishedTable) -> Option<Value> {
        let stage = self.stages.iter().find(|stage| stage.makes.contains(&table))?;
        let has = |name: &str| published.columns.iter().any(|column| column.name == name);
        let is_of_customers = has("customer_id") || table == "product_group";
        let mut fields = serde_json::Map::new();
        let mut is_known = is_of_customers;
        for column in published.columns.iter().filter(|_| is_of_customers) {
            let Some((of, subtype)) = self.of_column(table, &column.name) else {
                is_known = false;
                continue;
            };
            let of: Vec<Value> = of.iter().map(|field| input_field(field, "DIRECT", subtype)).collect();
            // A count of rows comes from no column.
            if !of.is_empty() {
                fields.insert(column.name.clone(), json!({ "inputFields": of }));
            }
        }
        Some(json!({ "fields": fields, "dataset": self.of_dataset(stage, is_known) }))
    }

    fn of_column(&self, table: &str, column: &str) -> Option<(&Fields, &'static str)> {
        let attribute = self.attributes.get(column).filter(|_| SHOW_ATTRIBUTES.contains(&table));
        if let Some(of) = attribute {
            return Some((of, "TRANSFORMATION"));
        }
        let subtype = if KEYS.contains(&column) { "TRANSFORMATION" } else { "AGGREGATION" };
        Some((self.by_column.get(column)?, subtype))
    }

    /// What decides on the rows of a table and, where not all of its columns are known, whatever else its stage may have used.
    fn of_dataset(&self, stage: &Stage, is_known: bool) -> Vec<Value> {
        let read = self.read_by(stage);
        let mut fields: BTreeMap<Field, &str> = BTreeMap::new();
        if !is_known {
            let every = read.iter().flat_map(|source| source.every_field());
            fields.extend(every.map(|field| (field, "CONDITIONAL")));
        }
        for (role, subtype) in ROWS {
            let of_role = read.iter().flat_map(|source| source.role(role));
            fields.extend(of_role.map(|field| (field, subtype)));
        }
        fields.iter().map(|(field, subtype)| input_field(field, "INDIRECT", subtype)).collect()
    }

    /// The sources that a stage or those it takes from may have used.
    fn read_by(&self, stage: &Stage) -> Vec<&'d Source> {
        let mut reads: BTreeSet<&str> = BTreeSet::new();
        let mut left = vec![stage];
        let mut seen = BTreeSet::new();
        while let Some(stage) = left.pop() {
            if !seen.insert(stage.name) {
                continue;
            }
            reads.extend(stage.reads.iter().copied());
            let is_taken = |earlier: &&Stage| {
                (earlier.enabled)(self.definition) && stage.takes_of(earlier, self.definition)
            };
            left.extend(self.stages.iter().filter(is_taken));
        }
        let is_read = |source: &&Source| reads.iter().any(|part| lies_in(&source.section, part));
        self.sources.iter().filter(is_read).collect()
    }

    /// A role of one of the sources that are always called the same.
    fn role(&self, section: &str, role: &str) -> Fields {
        self.sources
            .iter()
            .filter(|source| source.section == section)
            .flat_map(|source| source.role(role))
            .collect()
    }

    fn sales(&self, roles: &[&str]) -> Fields {
        roles.iter().flat_map(|role| self.role("facts.transactions", role)).collect()
    }

    fn add(&mut self, column: &str, fields: Fields) {
        self.by_column.entry(column.to_owned()).or_default().extend(fields);
    }

    /// What order lines and the customers source say.
    fn add_measures(&mut self) {
        for (column, roles) in [
            ("customer_id", &["customer"][..]),
            ("period_start", &["at"]),
            ("as_of_date", &["at"]),
            ("lines", &[]),
            ("orders", &["order"]),
            ("orders_over_periods", &["order"]),
            ("active_days", &["at"]),
            ("first_order_at", &["at"]),
            ("last_order_at", &["at"]),
            ("units", &["quantity"]),
            ("returned_units", &["quantity", "return"]),
            ("list_revenue", &["revenue"]),
            ("discount", &["discount"]),
            ("returns", &["revenue", "discount", "return"]),
            ("net_revenue", &["revenue", "discount"]),
            ("product_cost", &["cost"]),
            ("gross_margin", &["revenue", "discount", "cost"]),
            ("contribution", &["revenue", "discount", "cost"]),
            ("customer_profit", &["revenue", "discount", "cost"]),
            ("product_group", &["product_group"]),
        ] {
            self.add(column, self.sales(roles));
        }
        // Without a column of its own the group follows from the products source.
        if self.sales(&["product_group"]).is_empty() {
            let mut group = self.role("facts.products", "product_group");
            group.extend(self.role("facts.products", "product"));
            group.extend(self.sales(&["product"]));
            self.add("product_group", group);
        }
        self.add("customer_id", self.role("facts.customers", "customer"));
        self.add("acquired_on", self.role("facts.customers", "acquired_on"));
        for column in ["acquisition_cost", "opening_acquisition_cost", "customer_profit"] {
            self.add(column, self.role("facts.customers", "acquisition_cost"));
        }
    }

    /// Volumes and costs of activities, and the lines of the waterfall that they form.
    fn add_activities(&mut self) {
        let Some(costing) = &self.definition.costing else { return };
        for (place, activity) in costing.activities.iter().enumerate() {
            let volume = self.volume(activity);
            let mut cost = volume.clone();
            self.add_money(costing, Node::Activity(place), &mut BTreeSet::new(), &mut cost);
            for column in ["volume".to_owned(), format!("volume_{}", activity.column)] {
                self.add(&column, volume.clone());
            }
            for column in ["cost".to_owned(), format!("cost_{}", activity.column)] {
                self.add(&column, cost.clone());
            }
            for column in lines_of(activity) {
                self.add(column, cost.clone());
            }
        }
    }

    fn volume(&self, activity: &ActivityDef) -> Fields {
        let drivers = activity.driver.iter().chain(&activity.fallback);
        drivers
            .flat_map(|driver| self.sources.iter().flat_map(|source| source.driver(self.definition, driver)))
            .collect()
    }

    /// Where the money of a node comes from: ledgers, and what says how pools are spread on the way.
    fn add_money(&self, costing: &CostingDef, node: Node, seen: &mut BTreeSet<Node>, fields: &mut Fields) {
        if !seen.insert(node) {
            return;
        }
        let takes: &[Take] = match node {
            Node::Resource(place) => {
                let resource = &costing.resources[place];
                if let Amount::Ledger(ledger) = &resource.amount {
                    fields.extend(self.ledger(&ledger.files.pattern));
                }
                &resource.takes
            }
            Node::Activity(place) => &costing.activities[place].takes,
        };
        for take in takes {
            match &take.by {
                ResourceDriver::Quantity(quantity)
                | ResourceDriver::FixedAndVariable(_, quantity)
                | ResourceDriver::Minutes(quantity) => fields.extend(self.quantity(costing, node, quantity)),
                _ => {}
            }
            self.add_money(costing, take.from, seen, fields);
        }
    }

    fn quantity(&self, costing: &CostingDef, taker: Node, quantity: &Quantity) -> Fields {
        match (quantity, taker) {
            (Quantity::File(file), _) => self.ledger(&file.files.pattern),
            (Quantity::Sql(driver), _) => {
                self.sources.iter().flat_map(|source| source.driver(self.definition, driver)).collect()
            }
            (Quantity::Volume, Node::Activity(place)) => self.volume(&costing.activities[place]),
            _ => Fields::new(),
        }
    }

    fn ledger(&self, pattern: &str) -> Fields {
        let section = format!("costing.{pattern}");
        self.role(&section, "amount")
    }
}

/// The lines of the waterfall that the cost of an activity reaches.
fn lines_of(activity: &ActivityDef) -> Vec<&'static str> {
    let line = match activity.line {
        None => return Vec::new(),
        Some(Line::PriceConcession) => "price_concessions",
        Some(Line::CostToServe) => "cost_to_serve",
        Some(Line::CustomerLevel) => "customer_level_cost",
        Some(Line::Financing) => "financing_cost",
        Some(Line::ExchangeDifference) => "exchange_difference",
        Some(Line::Acquisition) => "acquisition_cost",
        Some(Line::Spread) => return vec!["spread_cost"],
    };
    let is_above = matches!(activity.line, Some(Line::PriceConcession | Line::CostToServe));
    let above: &[&str] = if is_above { &["contribution"] } else { &[] };
    [&[line, "customer_profit"], above].concat()
}

fn attributes(definition: &Definition, sources: &[Source]) -> BTreeMap<String, Fields> {
    let customers = sources.iter().find(|source| source.section == "facts.customers");
    let defined = definition.facts.customers.iter().flat_map(|customers| &customers.attributes);
    let fields = |names: Vec<&str>| {
        let dataset = customers.map(|source| source.dataset.clone()).unwrap_or_default();
        names.into_iter().map(|name| Field { dataset: dataset.clone(), column: name.to_owned() }).collect()
    };
    defined.map(|(name, scalar)| (name.clone(), fields(scalar.expr.columns()))).collect()
}

fn input_field(field: &Field, kind: &str, subtype: &str) -> Value {
    let (namespace, name) = super::event::named(&field.dataset);
    json!({
        "namespace": namespace,
        "name": name,
        "field": field.column,
        "transformations": [{ "type": kind, "subtype": subtype }],
    })
}
