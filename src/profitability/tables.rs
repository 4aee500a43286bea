//! `customer_period` and `customer`: one list of measures serves both.

use super::classes::{Class, Standing};
use super::columns::Values;
use super::lifetime::Life;
use super::lines::{CostLine, posts};
use super::waterfall::Measures;
use crate::costing::schema::Activity;
use crate::error::{Error, Result};
use crate::facts::schema::{CustomerMaster, Customers, NO_INSTANT};
use crate::pipeline::KeyType;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Day, Period};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

/// What every table of a run shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout<'r> {
    pub(crate) customers: &'r Customers,
    pub(crate) activities: &'r [Activity],
    pub(crate) currency: &'r str,
    pub(crate) money_scale: u8,
    pub(crate) volume_scale: u8,
    pub(crate) as_of: Day,
}

impl Layout<'_> {
    pub(crate) fn money(&self) -> ColumnKind {
        ColumnKind::Money(self.money_scale)
    }

    pub(crate) fn total(&self) -> ColumnKind {
        ColumnKind::Total(self.money_scale)
    }

    pub(crate) fn units(&self) -> ColumnKind {
        ColumnKind::Volume(self.volume_scale)
    }

    /// The activities that post to customers.
    pub(crate) fn posting(&self) -> impl Iterator<Item = &Activity> {
        self.activities.iter().filter(|activity| posts(activity))
    }

    /// An activity's cost, row by row.
    pub(crate) fn cost_of(&self, activity: &Activity) -> Column {
        let (name, unit) = (format!("cost_{}", activity.column), self.currency.to_string());
        Column::new(name, self.money(), unit, format!("Cost of activity '{}'", activity.name))
    }

    /// The first day of a period, constant over a partition.
    pub(crate) fn add_period(&self, sheet: &mut Sheet, period: Period, rows: usize) {
        let column = Column::new("period_start", ColumnKind::Date, "", "First day of the period");
        sheet.days(column, (0..rows).map(|_| Some(period.start.0)));
    }

    /// The customer key column.
    pub(crate) fn key(&self) -> Column {
        let kind = match self.customers.keys.key_type() {
            KeyType::Int => ColumnKind::IntKey,
            KeyType::Text => ColumnKind::Text,
        };
        let column = Column::new("customer_id", kind, "", "Customer; null for the unidentified cost object");
        if self.customers.has_unidentified { column.nullable() } else { column }
    }

    /// The as-of column, constant over the table.
    pub(crate) fn add_as_of(&self, sheet: &mut Sheet, rows: usize) {
        let meaning = "Exclusive end of the history the row is made from";
        sheet.days(
            Column::new("as_of_date", ColumnKind::Date, "", meaning),
            (0..rows).map(|_| Some(self.as_of.0)),
        );
    }
}

/// One published measure of a customer, over a period or over life.
struct Measure {
    name: &'static str,
    kind: Kind,
    meaning: &'static str,
    /// None where the run has no such line.
    of: fn(&Measures) -> Option<&Values>,
}

#[derive(Clone, Copy)]
enum Kind {
    Count(&'static str),
    Units,
    Money,
}

/// What customers did and what their goods earned.
#[rustfmt::skip]
const BEHAVIOUR: [Measure; 11] = [
    Measure { name: "lines", kind: Kind::Count("lines"), meaning: "Sale lines", of: |m| Some(&m.behaviour.lines) },
    Measure { name: "orders", kind: Kind::Count("orders"), meaning: "Distinct orders with a sale line", of: |m| Some(&m.behaviour.orders) },
    Measure { name: "active_days", kind: Kind::Count("days"), meaning: "Distinct days with a sale line", of: |m| Some(&m.behaviour.active_days) },
    Measure { name: "units", kind: Kind::Units, meaning: "Units on sale lines", of: |m| Some(&m.behaviour.units) },
    Measure { name: "returned_units", kind: Kind::Units, meaning: "Units on return lines", of: |m| Some(&m.behaviour.returned_units) },
    Measure { name: "list_revenue", kind: Kind::Money, meaning: "List value of sale lines", of: |m| Some(&m.behaviour.list_revenue) },
    Measure { name: "discount", kind: Kind::Money, meaning: "Discount on sale lines", of: |m| Some(&m.behaviour.discount) },
    Measure { name: "returns", kind: Kind::Money, meaning: "Net value of return lines", of: |m| Some(&m.behaviour.returns) },
    Measure { name: "net_revenue", kind: Kind::Money, meaning: "List revenue − discount − returns", of: |m| Some(&m.worth.net_revenue) },
    Measure { name: "product_cost", kind: Kind::Money, meaning: "Cost of the goods, less that of returned goods", of: |m| Some(&m.behaviour.product_cost) },
    Measure { name: "gross_margin", kind: Kind::Money, meaning: "Net revenue − product cost", of: |m| Some(&m.worth.gross_margin) },
];

/// What remains after serving, keeping and winning them.
#[rustfmt::skip]
const WORTH: [Measure; 10] = [
    Measure { name: "price_concessions", kind: Kind::Money, meaning: "Cost of all activities that are price concessions", of: |m| m.worth.lines.get(CostLine::PriceConcession) },
    Measure { name: "cost_to_serve", kind: Kind::Money, meaning: "Cost of all unit- and order-level activities", of: |m| m.worth.lines.get(CostLine::CostToServe) },
    Measure { name: "contribution", kind: Kind::Money, meaning: "Gross margin − price concessions, if any − cost to serve", of: |m| Some(&m.worth.contribution) },
    Measure { name: "customer_level_cost", kind: Kind::Money, meaning: "Cost of all customer-level activities", of: |m| m.worth.lines.get(CostLine::CustomerLevel) },
    Measure { name: "financing_cost", kind: Kind::Money, meaning: "Cost of all activities that finance receivables", of: |m| m.worth.lines.get(CostLine::Financing) },
    Measure { name: "acquisition_cost", kind: Kind::Money, meaning: "What winning the customer cost", of: |m| m.worth.lines.get(CostLine::Acquisition) },
    Measure { name: "customer_profit", kind: Kind::Money, meaning: "Contribution − customer-level cost − financing cost, if any − acquisition cost", of: |m| Some(&m.worth.customer_profit) },
    Measure { name: "spread_cost", kind: Kind::Money, meaning: "Cost of higher levels that a declared basis spreads over customers", of: |m| m.worth.lines.get(CostLine::Spread) },
    Measure { name: "unused_charged", kind: Kind::Money, meaning: "Unused capacity charged in proportion to the minutes taken", of: |m| m.worth.lines.get(CostLine::UnusedCharged) },
    Measure { name: "fully_loaded_profit", kind: Kind::Money, meaning: "Customer profit − spread cost − unused capacity charged", of: |m| m.worth.fully_loaded_profit.as_ref() },
];

impl Measure {
    fn add(&self, sheet: &mut Sheet, layout: &Layout<'_>, measures: &Measures) {
        let Some(values) = (self.of)(measures) else { return };
        let (kind, unit) = match self.kind {
            Kind::Count(unit) => (ColumnKind::Integer, unit),
            Kind::Units => (layout.units(), "units"),
            Kind::Money => (layout.money(), layout.currency),
        };
        let column = Column::new(self.name, kind, unit.to_string(), self.meaning);
        sheet.fixed(column, values.clone());
    }
}

/// All measures, in the order in which they are published.
fn add_measures(sheet: &mut Sheet, layout: &Layout<'_>, measures: &Measures) {
    BEHAVIOUR.iter().for_each(|measure| measure.add(sheet, layout, measures));
    for (activity, volumes) in layout.posting().zip(&measures.volumes) {
        let unit = if activity.is_timed { "minutes" } else { "driver units" };
        let meaning = format!("Driver volume of activity '{}': {}", activity.name, activity.driver_text);
        let kind = ColumnKind::Volume(activity.volume_scale());
        sheet.fixed(Column::new(format!("volume_{}", activity.column), kind, unit, meaning), volumes.clone());
    }
    for (activity, costs) in layout.posting().zip(&measures.costs) {
        sheet.fixed(layout.cost_of(activity), costs.clone());
    }
    WORTH.iter().for_each(|measure| measure.add(sheet, layout, measures));
    let instant = |name, meaning| Column::new(name, ColumnKind::Timestamp, "", meaning);
    let behaviour = &measures.behaviour;
    let (first, last) = (behaviour.first_order_at.clone(), behaviour.last_order_at.clone());
    sheet.instants(instant("first_order_at", "First sale line; null without one"), first, NO_INSTANT);
    sheet.instants(instant("last_order_at", "Last sale line; null without one"), last, NO_INSTANT);
}

/// The waterfall of every customer in one period.
pub(crate) fn customer_period(layout: &Layout<'_>, period: Period, measures: &Measures) -> Sheet {
    let mut sheet = Sheet::new("customer_period", "customer and period", Some("period"));
    sheet.add(layout.key(), layout.customers.ids(&measures.ranks));
    layout.add_period(&mut sheet, period, measures.ranks.len());
    add_measures(&mut sheet, layout, measures);
    sheet
}

/// The waterfall of the lives of consecutive customers.
///
/// # Errors
/// When an attribute has the name of another column.
pub(crate) fn customer(
    layout: &Layout<'_>,
    life: &Life,
    standing: &Standing,
    master: Option<&CustomerMaster>,
) -> Result<Sheet> {
    let measures = &life.measures;
    let rows = measures.ranks.len();
    let first = measures.ranks.first().map_or(0, |rank| *rank as usize);
    let mut sheet = Sheet::new("customer", "customer", Some("as_of"));
    sheet.add(layout.key(), layout.customers.ids(&measures.ranks));
    layout.add_as_of(&mut sheet, rows);
    let won = |rank: usize| master.and_then(|master| master.acquired_on.get(rank)).map(|day: Day| day.0);
    let acquired_on =
        Column::new("acquired_on", ColumnKind::Date, "", "The day the customer was won").nullable();
    sheet.days(acquired_on, (first..first + rows).map(won));
    let flag = |name, meaning| Column::new(name, ColumnKind::Bool, "", meaning);
    let is_unidentified = |row: usize| layout.customers.is_unidentified(measures.ranks[row]);
    let is_prospect = |row: usize| !measures.behaviour.bought_or_returned(row) && !is_unidentified(row);
    sheet.flags(flag("is_prospect", "Never had a sale line or a return line"), (0..rows).map(is_prospect));
    sheet.flags(
        flag("is_unidentified", "Stands for all rows without customer"),
        (0..rows).map(is_unidentified),
    );
    add_measures(&mut sheet, layout, measures);
    let meaning = "Orders counted in more than one period: orders of all periods − orders";
    let column = Column::new("orders_over_periods", ColumnKind::Integer, "orders", meaning);
    sheet.fixed(column, life.orders_over_periods.clone());
    let meaning = "Acquisition cost before the history or on an unknown day; in no period";
    let column =
        Column::new("opening_acquisition_cost", layout.money(), layout.currency.to_string(), meaning);
    sheet.fixed(column, life.opening_acquisition_cost.clone());
    let meaning = "Place by customer profit, 1 the best; null for prospects and the unidentified";
    let place = |rank: usize| standing.places.of(rank).map(i64::from);
    sheet.fixed_or_null(
        Column::new("rank_profit", ColumnKind::Integer, "", meaning),
        (first..first + rows).map(place).collect(),
    );
    let meaning = "high profit, profit, break-even or loss; null where rank_profit is";
    let column = Column::new("profit_class", ColumnKind::Name, "", meaning).nullable();
    let profits = measures.worth.customer_profit.iter();
    let classes = (first..).zip(profits).map(|(rank, profit)| standing.class(rank, *profit));
    sheet.texts(column, classes.map(|class| class.map(Class::name)));
    for (name, values) in master.iter().flat_map(|master| &master.attributes) {
        add_attribute(&mut sheet, name, &values.slice(first, rows))?;
    }
    Ok(sheet)
}

fn add_attribute(sheet: &mut Sheet, name: &str, values: &ArrayRef) -> Result<()> {
    if sheet.spec.columns.iter().any(|column| column.name == name) {
        let message =
            format!("customer attribute '{name}' has the name of a published column; give it another");
        return Err(Error::definition(message));
    }
    let kind = match values.data_type() {
        DataType::Int64 => ColumnKind::Integer,
        DataType::Boolean => ColumnKind::Bool,
        _ => ColumnKind::Name,
    };
    let cast = arrow::compute::cast(values, &kind.data_type())
        .map_err(|error| Error::input(format!("customer attribute '{name}': {error}")))?;
    sheet.add(Column::new(name.to_string(), kind, "", "Attribute of the customer").nullable(), cast);
    Ok(())
}
