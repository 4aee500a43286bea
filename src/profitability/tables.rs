//! `customer_period` and `customer`: one list of measures serves both.

use super::classes::{Class, Standing};
use super::columns::Values;
use super::lifetime::Life;
use super::lines::CostLine;
use super::table_context::TableContext;
use super::waterfall::Measures;
use crate::error::{Error, Result};
use crate::facts::schema::{CustomerMaster, NO_INSTANT};
use crate::publish::Draft;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::Period;
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

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
const WORTH: [Measure; 11] = [
    Measure { name: "price_concessions", kind: Kind::Money, meaning: "Cost of all activities that are price concessions", of: |m| m.worth.lines.get(CostLine::PriceConcession) },
    Measure { name: "cost_to_serve", kind: Kind::Money, meaning: "Cost of all unit- and order-level activities", of: |m| m.worth.lines.get(CostLine::CostToServe) },
    Measure { name: "contribution", kind: Kind::Money, meaning: "Gross margin − price concessions, if any − cost to serve", of: |m| Some(&m.worth.contribution) },
    Measure { name: "customer_level_cost", kind: Kind::Money, meaning: "Cost of all customer-level activities", of: |m| m.worth.lines.get(CostLine::CustomerLevel) },
    Measure { name: "financing_cost", kind: Kind::Money, meaning: "Cost of all activities that finance receivables", of: |m| m.worth.lines.get(CostLine::Financing) },
    Measure { name: "exchange_difference", kind: Kind::Money, meaning: "Realised exchange losses less gains between invoice and payment, before customer profit", of: |m| m.worth.lines.get(CostLine::ExchangeDifference) },
    Measure { name: "acquisition_cost", kind: Kind::Money, meaning: "What winning the customer cost", of: |m| m.worth.lines.get(CostLine::Acquisition) },
    Measure { name: "customer_profit", kind: Kind::Money, meaning: "Contribution − customer-level cost − financing cost, if any − acquisition cost", of: |m| Some(&m.worth.customer_profit) },
    Measure { name: "spread_cost", kind: Kind::Money, meaning: "Cost of higher levels that a declared basis spreads over customers", of: |m| m.worth.lines.get(CostLine::Spread) },
    Measure { name: "unused_charged", kind: Kind::Money, meaning: "Unused capacity charged in proportion to the minutes taken", of: |m| m.worth.lines.get(CostLine::UnusedCharged) },
    Measure { name: "fully_loaded_profit", kind: Kind::Money, meaning: "Customer profit − spread cost − unused capacity charged", of: |m| m.worth.fully_loaded_profit.as_ref() },
];

impl Measure {
    fn add(&self, draft: &mut Draft<'_, u32>, measures: &Measures) {
        let Some(values) = (self.of)(measures) else { return };
        let format = draft.format();
        let column = match self.kind {
            Kind::Count(unit) => Column::new(self.name, ColumnKind::Integer, unit, self.meaning),
            Kind::Units => {
                Column::new(self.name, ColumnKind::Volume(format.volume_scale), "units", self.meaning)
            }
            Kind::Money => format.money(self.name, self.meaning),
        };
        draft.ready().fixed(column, values.clone());
    }
}

/// All measures, in the order in which they are published.
fn add_measures(draft: &mut Draft<'_, u32>, context: TableContext<'_>, measures: &Measures) {
    BEHAVIOUR.iter().for_each(|measure| measure.add(draft, measures));
    for (activity, volumes) in context.posting().zip(&measures.volumes) {
        let unit = if activity.is_timed { "minutes" } else { "driver units" };
        let meaning = format!("Driver volume of activity '{}': {}", activity.name, activity.driver_text);
        let kind = ColumnKind::Volume(activity.volume_scale());
        draft
            .ready()
            .fixed(Column::new(format!("volume_{}", activity.column), kind, unit, meaning), volumes.clone());
    }
    for (activity, costs) in context.posting().zip(&measures.costs) {
        draft.ready().fixed(context.cost_of(activity), costs.clone());
    }
    WORTH.iter().for_each(|measure| measure.add(draft, measures));
    let instant = |name, meaning| Column::new(name, ColumnKind::Timestamp, "", meaning);
    let behaviour = &measures.behaviour;
    let (first, last) = (behaviour.first_order_at.clone(), behaviour.last_order_at.clone());
    draft.ready().instants(instant("first_order_at", "First sale line; null without one"), first, NO_INSTANT);
    draft.ready().instants(instant("last_order_at", "Last sale line; null without one"), last, NO_INSTANT);
}

/// The waterfall of every customer in one period.
pub(crate) fn customer_period(context: TableContext<'_>, period: Period, measures: &Measures) -> Sheet {
    let ranks = &measures.ranks;
    let mut draft = context.format.draft("customer_period", "customer and period", Some("period"), ranks);
    context.add_customer(&mut draft, ranks.iter().copied());
    draft.day("period_start", "First day of the period", |_| period.start);
    add_measures(&mut draft, context, measures);
    draft.finish()
}

/// The waterfall of the lives of consecutive customers.
///
/// # Errors
/// When an attribute has the name of another column.
pub(crate) fn customer(
    context: TableContext<'_>,
    life: &Life,
    standing: &Standing,
    master: Option<&CustomerMaster>,
) -> Result<Sheet> {
    let measures = &life.measures;
    let ranks = &measures.ranks;
    let first = ranks.first().map_or(0, |rank| *rank as usize);
    let mut draft = context.format.draft("customer", "customer", Some("as_of"), ranks);
    context.add_customer(&mut draft, ranks.iter().copied());
    draft.as_of();
    draft.day("acquired_on", "The day the customer was won", |rank| {
        master.and_then(|master| master.acquired_on.get(*rank as usize))
    });
    let is_unidentified = |rank: u32| context.customers.is_unidentified(rank);
    draft.flag("is_prospect", "Never had a sale line or a return line", |rank| {
        !measures.behaviour.bought_or_returned(*rank as usize - first) && !is_unidentified(*rank)
    });
    let meaning = "Stands for all rows without customer";
    draft.flag("is_unidentified", meaning, |rank| is_unidentified(*rank));
    add_measures(&mut draft, context, measures);
    let meaning = "Orders counted in more than one period: orders of all periods − orders";
    let column = Column::new("orders_over_periods", ColumnKind::Integer, "orders", meaning);
    draft.ready().fixed(column, life.orders_over_periods.clone());
    let meaning = "Acquisition cost before the history or on an unknown day; in no period";
    let column = context.format.money("opening_acquisition_cost", meaning);
    draft.ready().fixed(column, life.opening_acquisition_cost.clone());
    let meaning = "Place by customer profit, 1 the best; null for prospects and the unidentified";
    draft.count("rank_profit", "", meaning, |rank| standing.places.of(*rank as usize));
    let meaning = "high profit, profit, break-even or loss; null where rank_profit is";
    let profits = &measures.worth.customer_profit;
    draft.name("profit_class", meaning, |rank| {
        let rank = *rank as usize;
        standing.class(rank, profits[rank - first]).map(Class::name)
    });
    for (name, values) in master.iter().flat_map(|master| &master.attributes) {
        let (column, values) = attribute_column(name, &values.slice(first, ranks.len()))?;
        draft.ready().add(column, values);
    }
    Ok(draft.finish())
}

/// The column of a customer attribute.
///
/// # Errors
/// An attribute that is no text, integer or flag.
pub(crate) fn attribute_column(name: &str, values: &ArrayRef) -> Result<(Column, ArrayRef)> {
    let kind = match values.data_type() {
        DataType::Int64 => ColumnKind::Integer,
        DataType::Boolean => ColumnKind::Bool,
        _ => ColumnKind::Name,
    };
    let cast = arrow::compute::cast(values, &kind.data_type())
        .map_err(|error| Error::input(format!("customer attribute '{name}': {error}")))?;
    Ok((Column::new(name.to_owned(), kind, "", "Attribute of the customer").nullable(), cast))
}
