//! Which columns the activities of a definition make in the tables of customers and products, known before the run.
//!
//! The tables are laid out by the same functions, so that names in rules and queries can be held against the columns that
//! there will be.

use super::lines::{CostLine, Lines, is_posted};
use super::product::cost_columns;
use super::product_groups::{self, PRODUCT_CONTRIBUTION, PRODUCT_COST_TO_SERVE};
use super::stage::{has_activity_columns, is_unused_charged};
use super::waterfall::FULLY_LOADED;
use crate::costing::schema::level_name;
use crate::pipeline::{ActivityDef, Definition, Level};

/// A column that some definitions make in these tables and others do not.
#[derive(Debug, Clone)]
pub struct CostColumn {
    /// Of which tables.
    pub tables: &'static [&'static str],
    /// Its name.
    pub name: String,
    /// For one that this definition does not make: why not, and what to ask instead.
    pub absent: Option<String>,
}

const OF_CUSTOMERS: &[&str] = &["customer_period", "customer"];
/// Tables that have the lines of the waterfall.
const OF_WATERFALLS: &[&str] = &["customer_period", "customer", "customer_group", "customer_group_period"];
const OF_PRODUCTS: &[&str] = &["customer_product", "product_group"];
const OF_ORDERS: &[&str] = &["order_profile", "customer_order"];
const OF_GROUPS: &[&str] = &["product_group"];

/// All columns that depend on activities, those of this definition and those that another would make.
pub fn columns_of_costs(definition: &Definition) -> Vec<CostColumn> {
    let activities: Vec<&ActivityDef> =
        definition.costing.iter().flat_map(|costing| &costing.activities).collect();
    let posting: Vec<&ActivityDef> = activities.iter().copied().filter(|activity| posts(activity)).collect();
    let units = posting.iter().filter(|activity| activity.level == Level::Unit).count();
    let mut columns = Vec::new();
    for activity in &activities {
        let of_customers = of_customers(activity, posting.len());
        let of_products = of_products(activity, units);
        let [volume, cost] = ["volume", "cost"].map(|what| format!("{what}_{}", activity.column));
        let no_volume =
            Some(format!("tables of products have no volumes, only cost; ask {}", home(posting.len())));
        let mut add = |tables, name: &String, absent| {
            columns.push(CostColumn { tables, name: name.clone(), absent });
        };
        add(OF_CUSTOMERS, &volume, of_customers.clone());
        add(OF_CUSTOMERS, &cost, of_customers);
        add(OF_PRODUCTS, &volume, of_products.clone().or(no_volume));
        add(OF_PRODUCTS, &cost, of_products);
    }
    columns.extend(of_lines(definition, &posting));
    let no_unit = (units == 0).then(|| "no activity is of level unit".to_owned());
    for (name, _) in [PRODUCT_COST_TO_SERVE, PRODUCT_CONTRIBUTION] {
        columns.push(CostColumn { tables: OF_PRODUCTS, name: name.to_owned(), absent: no_unit.clone() });
    }
    let is_caused = activities
        .iter()
        .any(|activity| product_groups::causes(activity.level, activity.line, activity.member.as_deref()));
    let no_cause =
        (!is_caused).then(|| "no activity is of level product with 'of', a product group".to_owned());
    for name in ["product_level_cost", "product_income"] {
        columns.push(CostColumn { tables: OF_GROUPS, name: name.to_owned(), absent: no_cause.clone() });
    }
    columns
}

/// Why runs of this definition make no `customer_activity`; none if they do.
pub fn without_activity_table(definition: &Definition) -> Option<String> {
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
    let posting = activities.filter(|activity| posts(activity)).count();
    let has_columns = has_activity_columns(posting) && !definition.publish.customer_activity;
    has_columns.then(|| {
        "so few activities have columns in customer_period; ask that, or set publish.customer_activity = true".to_owned()
    })
}

fn posts(activity: &ActivityDef) -> bool {
    is_posted(activity.line, activity.driver.is_some())
}

/// Where the volumes of so many activities are.
fn home(posting: usize) -> &'static str {
    if has_activity_columns(posting) { "customer_period" } else { "customer_activity" }
}

/// Why an activity has no columns in tables of customers.
fn of_customers(activity: &ActivityDef, posting: usize) -> Option<String> {
    if !posts(activity) {
        return Some(no_customer_bears(activity));
    }
    (!has_activity_columns(posting)).then(|| {
        format!("the {posting} activities have rows in customer_activity in place of columns; ask that table")
    })
}

/// Why an activity has no column of cost in tables of products.
fn of_products(activity: &ActivityDef, units: usize) -> Option<String> {
    if !posts(activity) {
        return Some(no_customer_bears(activity));
    }
    if activity.level != Level::Unit {
        let (name, level) = (&activity.name, level_name(activity.level));
        return Some(format!(
            "activity '{name}' is of level {level}, and only those of level unit reach products; ask customer_period"
        ));
    }
    (cost_columns(units) != units).then(|| {
        format!(
            "of the {units} activities of level unit only the sum is kept; ask {}",
            PRODUCT_COST_TO_SERVE.0
        )
    })
}

fn no_customer_bears(activity: &ActivityDef) -> String {
    let name = &activity.name;
    match activity.line {
        None => format!(
            "activity '{name}' is of level {}, whose cost is not charged to customers; ask cost_hierarchy or activity_period",
            level_name(activity.level)
        ),
        Some(_) => {
            format!(
                "activity '{name}' has no driver, so its cost is charged to no customer; ask activity_period"
            )
        }
    }
}

/// Lines of the waterfall that not every definition has.
fn of_lines(definition: &Definition, posting: &[&ActivityDef]) -> Vec<CostColumn> {
    let formed = posting.iter().filter_map(|activity| activity.line);
    let lines = Lines::formed_by(formed, is_unused_charged(definition));
    let mut columns = Vec::new();
    let mut add = |tables, name: &str, absent| {
        columns.push(CostColumn { tables, name: name.to_owned(), absent });
    };
    for line in CostLine::ALL {
        let absent = (!lines.has(line)).then(|| line.way_in().to_owned());
        if line == CostLine::PriceConcession {
            add(OF_ORDERS, line.column(), absent.clone());
        }
        add(OF_WATERFALLS, line.column(), absent);
    }
    let unloaded = "no cost is spread and no unused capacity charged; ask customer_profit";
    add(OF_WATERFALLS, FULLY_LOADED, (!lines.is_loaded()).then(|| unloaded.to_owned()));
    columns
}
