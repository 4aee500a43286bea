//! The data dictionary before the run: which tables and columns a run of a pipeline publishes.
//!
//! `columns.tsv` lists what does not depend on names of the pipeline file; a test rewrites it from what runs publish.
//! The rest follows from the pipeline file: columns of cost from the functions by which their tables are laid out, and which
//! tables are made from the sections that are on.

mod attributes;
mod queries;

use crate::facts::schema::{AttributeTypes, KeyTypes, OrderType};
use crate::pipeline::{Definition, FactsDef, KeyType};
use crate::profitability::schema::{CostColumn, columns_of_costs, without_activity_table};
use crate::publish::SEGMENT_KINDS;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use attributes::check_attributes;
pub use queries::{TableState, check_queries};

/// Table, column and SQL type, separated by tabs, one column a line; keys of customers are of the type
/// `KEY`, those of orders of the type `ORDER`.
const LISTED: &str = include_str!("columns.tsv");

/// Tables that hold expectations for each horizon, and the type of their money.
const OF_HORIZONS: [(&str, &str); 3] = [
    ("customer_value", "DECIMAL(18,4)"),
    ("customer_equity", "DECIMAL(38,4)"),
    ("segment_equity", "DECIMAL(38,4)"),
];

/// Tables that hold the value of contracts within each horizon, how its column begins, and the type of its money.
const OF_CONTRACTS: [(&str, &str, &str); 3] = [
    ("contract", "", "DECIMAL(18,4)"),
    ("customer_contract", "contract_", "DECIMAL(18,4)"),
    ("contract_summary", "", "DECIMAL(38,4)"),
];

/// The columns of every table that pipelines can publish, by table.
#[derive(Debug, Clone, Default)]
pub struct Tables(BTreeMap<String, Table>);

/// The tables whose columns are totals over many customers.
const OF_TOTALS: [&str; 2] = ["order_profile", "product_group"];

/// Columns with their SQL types.
#[derive(Debug, Clone, Default)]
struct Table {
    columns: Vec<String>,
    types: Vec<String>,
    /// Columns that other definitions make, with the reason why this one does not.
    absent: BTreeMap<String, String>,
    /// Why runs of this definition do not make the table; none if they do.
    unmade: Option<String>,
}

impl Tables {
    /// Those of this pipeline; the attributes of customers are its own.
    pub fn of(definition: &Definition) -> Self {
        let mut tables = Self::listed();
        for CostColumn { tables: of, name, absent } in columns_of_costs(definition) {
            for table in of {
                tables.settle(table, &name, absent.as_ref());
            }
        }
        let activity_table = tables.0.entry("customer_activity".to_owned()).or_default();
        activity_table.unmade = without_activity_table(definition);
        for dimension in definition.facts.transactions.dimensions.keys() {
            tables.add("customer_order", dimension.clone(), "VARCHAR");
        }
        if !definition.publish.customer_order {
            let why =
                "it comes with publish.customer_order = true; set that, or ask order_profile".to_owned();
            tables.0.entry("customer_order".to_owned()).or_default().unmade = Some(why);
        }
        if !definition.publish.customer_bridge {
            let why = "it comes with publish.customer_bridge = true; set that, or ask bridge".to_owned();
            tables.0.entry("customer_bridge".to_owned()).or_default().unmade = Some(why);
        }
        tables.settle_group(&definition.facts);
        if definition.facts.transactions.price_components.is_empty() {
            for table in ["price_waterfall", "price_waterfall_total", "price_band", "customer_price"] {
                let why = "it comes with a [[facts.transactions.price_component]]; add one, or ask product_group_period";
                tables.0.entry(table.to_owned()).or_default().unmade = Some(why.to_owned());
            }
        } else if !definition.publish.customer_price {
            let why =
                "it comes with publish.customer_price = true; set that, or ask price_waterfall".to_owned();
            tables.0.entry("customer_price".to_owned()).or_default().unmade = Some(why);
        }
        let publish = &definition.publish;
        for (table, is_made) in [
            ("customer_group_period", publish.customer_group_period),
            ("customer_group_member", publish.customer_group_member),
        ] {
            if !is_made {
                let why = format!("it comes with publish.{table} = true; set that, or ask customer_group");
                tables.0.entry(table.to_owned()).or_default().unmade = Some(why);
            }
        }
        if definition.hierarchy.is_some() && definition.segments.is_none() {
            let why = "it comes with [segments], which is off; add that or ask customer_group".to_owned();
            tables.0.entry("customer_group_pyramid".to_owned()).or_default().unmade = Some(why);
        }
        if !definition.scenarios.iter().any(|scenario| scenario.is_published) {
            for table in ["whatif", "whatif_line", "whatif_response", "whatif_customer"] {
                let why =
                    "it comes with publish = true in a [scenario.NAME]; set that, or ask `abacus whatif`";
                tables.0.entry(table.to_owned()).or_default().unmade = Some(why.to_owned());
            }
        }
        if definition.effects.as_ref().is_some_and(|effects| effects.control.is_none()) {
            let why =
                "it comes with [effects.control], which is off; add that or ask another table".to_owned();
            tables.0.entry("control_group".to_owned()).or_default().unmade = Some(why);
        }
        if definition.programme.as_ref().is_some_and(|programme| programme.matching.is_none()) {
            let why =
                "it comes with [programme.matching], which is off; add that or ask another table".to_owned();
            tables.0.entry("programme_effect".to_owned()).or_default().unmade = Some(why);
        }
        if let Some(plan) = &definition.plan {
            let is_of_files = plan.scenario.is_none();
            let parts = [
                ("plan_resource", "[plan.resources]", plan.resources.is_none()),
                (
                    "plan_activity",
                    "[plan.activities] or [plan.resources]",
                    plan.activities.is_none() && plan.resources.is_none(),
                ),
                ("plan_sales", "[plan.sales]", plan.sales.is_none()),
            ];
            for (table, section, _) in parts.into_iter().filter(|(.., is_off)| *is_off && is_of_files) {
                let why = format!("it comes with {section}, which is off; add that or ask another table");
                tables.0.entry(table.to_owned()).or_default().unmade = Some(why);
            }
        }
        if definition.perception.is_none() {
            let why = "it comes with [perception], which is off; add that or ask another table".to_owned();
            tables.0.entry("customer_voice".to_owned()).or_default().unmade = Some(why);
        }
        if let Some(perception) = &definition.perception {
            let parts = [
                ("complaint_outcome", "[perception.complaints]", perception.complaints.is_some()),
                (
                    "dissatisfaction_streak",
                    "[perception.surveys] or [perception.complaints]",
                    perception.asks_customers(),
                ),
                ("delivered_value", "[perception.delivered]", perception.delivered.is_some()),
                ("delivered_value_part", "[perception.delivered]", perception.delivered.is_some()),
            ];
            for (table, section, _) in parts.into_iter().filter(|(.., is_on)| !is_on) {
                let why = format!("it comes with {section}, which is off; add that or ask another table");
                tables.0.entry(table.to_owned()).or_default().unmade = Some(why);
            }
        }
        if definition.clv.as_ref().is_some_and(|clv| clv.segment.is_none()) {
            let why = "it comes with clv.segment, which is not set; customer_equity has all customers";
            tables.0.entry("segment_equity".to_owned()).or_default().unmade = Some(why.to_owned());
        }
        if definition.clv.as_ref().is_some_and(|clv| clv.contextual_factors.is_none()) {
            let why = "it comes with [clv.contextual_factors], which is off; add that or ask purchase_season";
            tables.0.entry("contextual_factor".to_owned()).or_default().unmade = Some(why.to_owned());
        }
        tables.settle_star(definition);
        for horizon in definition.clv.iter().flat_map(|clv| &clv.horizons) {
            let column = &horizon.column;
            let expected = format!("expected_purchases_{column}");
            tables.add("customer_value", format!("{expected}_se"), "DOUBLE");
            tables.add("customer_value", format!("no_purchase_probability_{column}"), "DOUBLE");
            for (table, money) in OF_HORIZONS {
                tables.add(table, expected.clone(), "DOUBLE");
                tables.add(table, format!("value_within_{column}"), money);
            }
            for (table, of, money) in OF_CONTRACTS {
                tables.add(table, format!("{of}value_within_{column}"), money);
            }
        }
        tables
    }

    /// The columns of `columns.tsv`.
    pub fn listed() -> Self {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for line in LISTED.lines() {
            let mut parts = line.split('\t');
            let mut part = || parts.next().expect("a line has a table, a column and a type").to_owned();
            let table = tables.entry(part()).or_default();
            table.columns.push(part());
            table.types.push(part());
        }
        Self(tables)
    }

    /// Adds a column that the definition makes, or takes out one that it does not.
    fn settle(&mut self, table: &str, column: &str, absent: Option<&String>) {
        let sql_type = if OF_TOTALS.contains(&table) { "DECIMAL(38,4)" } else { "DECIMAL(18,4)" };
        let table = self.0.entry(table.to_owned()).or_default();
        let place = table.columns.iter().position(|known| known == column);
        match (absent, place) {
            (None, Some(_)) => {}
            (None, None) => {
                table.columns.push(column.to_owned());
                table.types.push(sql_type.to_owned());
            }
            (Some(why), place) => {
                if let Some(place) = place {
                    table.columns.remove(place);
                    table.types.remove(place);
                }
                table.absent.insert(column.to_owned(), why.clone());
            }
        }
    }

    /// Tables and columns of currencies and companies.
    fn settle_group(&mut self, facts: &FactsDef) {
        let transactions = &facts.transactions;
        let comes_with = |what: &str| format!("it comes with {what}");
        if transactions.conversion.is_none() {
            let why = comes_with("[facts.exchange_rates]; add that, or ask customer_period");
            self.0.entry("currency_period".to_owned()).or_default().unmade = Some(why);
        }
        if transactions.company.is_none() {
            let why = comes_with("facts.transactions.company; set that, or ask customer_period");
            self.settle("currency_period", "company", Some(&why));
            self.0.entry("company_period".to_owned()).or_default().unmade = Some(why);
        }
        if transactions.intercompany.is_none() {
            let why = comes_with("facts.transactions.intercompany; set that, or ask rows_used");
            self.settle("run", "rows_eliminated", Some(&why));
        }
        if facts.exchange_rates.as_ref().is_none_or(|rates| rates.constant_day.is_none()) {
            let why = comes_with("facts.exchange_rates.constant_day; set that, or ask net_revenue");
            for column in ["net_revenue_at_constant_rates", "exchange_effect"] {
                self.settle("currency_period", column, Some(&why));
            }
        }
        if facts.events.iter().all(|events| events.settlements.is_none()) {
            let why = comes_with("[facts.settlements]; add that, or ask financing_cost_effect");
            self.settle("customer_bridge", "exchange_difference_effect", Some(&why));
        }
    }

    /// Dimensions follow from the sections and attributes that they describe.
    fn settle_star(&mut self, definition: &Definition) {
        if definition.segments.is_none() {
            let why = "it comes with [segments], which is off; add that or ask another table";
            SEGMENT_KINDS.iter().for_each(|kind| self.settle("dim_customer", kind, Some(&why.to_owned())));
        }
        let is_divided = definition.segments.is_some()
            || definition.lifecycle.is_some()
            || definition.clv.is_some()
            || definition.effects.is_some()
            || definition.programme.as_ref().is_some_and(|programme| programme.matching.is_some())
            || definition.perception.is_some()
            || definition.needs.is_some();
        if !is_divided {
            let why = "it comes with [segments], [lifecycle], [clv], [effects], [programme.matching], [perception] or [needs]; \
                       add one or ask another table";
            self.0.entry("dim_segment".to_owned()).or_default().unmade = Some(why.to_owned());
        }
        if definition.hierarchy.is_none() {
            let why = "it comes with [hierarchy], which is off; add that or ask another table";
            self.0.entry("dim_customer_group".to_owned()).or_default().unmade = Some(why.to_owned());
        }
        let customers = definition.facts.customers.as_ref();
        if customers.is_none_or(|customers| !customers.attributes.contains_key("channel")) {
            let why = "it comes with an attribute 'channel' of the customers; add that or ask another table";
            self.0.entry("dim_channel".to_owned()).or_default().unmade = Some(why.to_owned());
        }
    }

    fn add(&mut self, table: &str, column: String, sql_type: &str) {
        let table = self.0.entry(table.to_owned()).or_default();
        table.columns.push(column);
        table.types.push(sql_type.to_owned());
    }

    /// The columns of a table; none if pipelines publish no such table.
    pub fn columns(&self, table: &str) -> Option<&[String]> {
        self.0.get(table).map(|table| table.columns.as_slice())
    }

    /// Why a column that other definitions make is not there; none if it is, or never is.
    pub fn absent(&self, table: &str, column: &str) -> Option<&str> {
        self.0.get(table)?.absent.get(column).map(String::as_str)
    }

    /// Why runs do not make a table although its stage is on.
    pub fn unmade(&self, table: &str) -> Option<&str> {
        self.0.get(table)?.unmade.as_deref()
    }

    /// The columns of a table with their types; scales of numbers are those of the default.
    pub fn schema(&self, table: &str, keys: KeyTypes, attributes: &AttributeTypes) -> Option<SchemaRef> {
        let found = self.0.get(table)?;
        let columns = found.columns.iter().zip(&found.types);
        let mut fields: Vec<Field> =
            columns.map(|(name, sql_type)| Field::new(name, data_type(sql_type, keys), true)).collect();
        if ["customer", "dim_customer"].contains(&table) {
            fields.extend(attributes.iter().map(|(name, kind)| Field::new(name, kind.clone(), true)));
        }
        Some(Arc::new(Schema::new(fields)))
    }

    /// The names of all tables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The Arrow type of a SQL type of the list.
fn data_type(sql_type: &str, keys: KeyTypes) -> DataType {
    match sql_type {
        "KEY" if keys.customer == KeyType::Int => DataType::Int64,
        "ORDER" if keys.order == OrderType::Int => DataType::Int64,
        "ORDER" if keys.order == OrderType::Date => DataType::Date32,
        "BIGINT" => DataType::Int64,
        "KEY" | "ORDER" | "VARCHAR" => DataType::Utf8,
        "DOUBLE" => DataType::Float64,
        "BOOLEAN" => DataType::Boolean,
        "DATE" => DataType::Date32,
        "TIMESTAMP WITH TIME ZONE" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => DataType::Decimal128(if sql_type.starts_with("DECIMAL(18") { 18 } else { 38 }, 4),
    }
}
