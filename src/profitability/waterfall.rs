//! The margin waterfall of customers over one period or over life:
//! list revenue → discount → returns → net revenue → product cost → gross margin → cost to serve →
//! contribution → customer-level cost → acquisition cost → customer profit.

use super::columns::{Values, combine};
use crate::costing::schema::{Activity, PeriodCosting, post};
use crate::error::{Error, Result};
use crate::facts::schema::{CustomerFacts, Customers, NO_INSTANT};
use crate::pipeline::Line;
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use rayon::prelude::*;

/// Measures of customers, columns parallel to `ranks`.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    /// Ascending, distinct.
    pub(crate) ranks: Vec<u32>,
    /// Sale lines.
    pub(crate) lines: Values,
    /// Distinct orders.
    pub(crate) orders: Values,
    /// Distinct days with a sale line.
    pub(crate) active_days: Values,
    /// Units on sale lines.
    pub(crate) units: Values,
    /// Units on return lines.
    pub(crate) returned_units: Values,
    /// List value of sale lines.
    pub(crate) list_revenue: Values,
    /// Discount on sale lines.
    pub(crate) discount: Values,
    /// −(revenue − discount) of return lines.
    pub(crate) returns: Values,
    /// Signed product cost.
    pub(crate) product_cost: Values,
    /// First sale line.
    pub(crate) first_order_at: Values,
    /// Last sale line.
    pub(crate) last_order_at: Values,
    /// Driver volume per activity.
    pub(crate) volumes: Vec<Values>,
    /// Cost per activity.
    pub(crate) costs: Vec<Values>,
    /// What follows from the above.
    pub(crate) worth: Worth,
}

/// The derived steps of the waterfall.
#[derive(Debug, Clone)]
pub(crate) struct Worth {
    /// List revenue − discount − returns.
    pub(crate) net_revenue: Values,
    /// Net revenue − product cost.
    pub(crate) gross_margin: Values,
    /// Σ order-level activities.
    pub(crate) cost_to_serve: Values,
    /// Gross margin − cost to serve.
    pub(crate) contribution: Values,
    /// Σ customer-level activities.
    pub(crate) customer_level_cost: Values,
    /// What winning the customers cost.
    pub(crate) acquisition_cost: Values,
    /// Contribution − customer-level cost − acquisition cost.
    pub(crate) customer_profit: Values,
}

/// The columns a waterfall starts from.
pub(crate) struct Sources<'v> {
    pub(crate) list_revenue: &'v [i64],
    pub(crate) discount: &'v [i64],
    pub(crate) returns: &'v [i64],
    pub(crate) product_cost: &'v [i64],
    pub(crate) costs: &'v [Values],
    pub(crate) acquisition_cost: Values,
}

impl Worth {
    /// Derives the steps.
    pub(crate) fn derive(activities: &[Activity], sources: Sources<'_>) -> Result<Self> {
        let rows = sources.list_revenue.len();
        let at = |line: Line| -> Vec<&[i64]> {
            let costs =
                activities.iter().zip(sources.costs).filter(|(activity, _)| activity.line == Some(line));
            costs.map(|(_, cost)| &cost[..]).collect()
        };
        let margin = || {
            let minus = [sources.discount, sources.returns];
            let net_revenue = combine("net_revenue", rows, &[sources.list_revenue], &minus)?;
            let gross_margin = combine("gross_margin", rows, &[&net_revenue], &[sources.product_cost])?;
            Ok::<_, Error>((net_revenue, gross_margin))
        };
        let served = || {
            let cost_to_serve = combine("cost_to_serve", rows, &at(Line::CostToServe), &[])?;
            let customer_level = combine("customer_level_cost", rows, &at(Line::CustomerLevel), &[])?;
            Ok::<_, Error>((cost_to_serve, customer_level))
        };
        let (margin, served) = rayon::join(margin, served);
        let ((net_revenue, gross_margin), (cost_to_serve, customer_level_cost)) = (margin?, served?);
        let contribution = combine("contribution", rows, &[&gross_margin], &[&cost_to_serve])?;
        let acquisition_cost = sources.acquisition_cost;
        let minus: [&[i64]; 2] = [&customer_level_cost, &acquisition_cost];
        let customer_profit = combine("customer_profit", rows, &[&contribution], &minus)?;
        Ok(Self {
            net_revenue,
            gross_margin,
            cost_to_serve,
            contribution,
            customer_level_cost,
            acquisition_cost,
            customer_profit,
        })
    }
}

/// One period's measures and, for the running life, its aggregates.
pub(crate) struct PeriodMeasures {
    pub(crate) measures: Measures,
    pub(crate) aggregates: Vec<Values>,
}

/// Posts the period's activity costs to its customers and derives their worth.
///
/// # Errors
/// A negative driver volume, named with its customer; a value beyond 18 digits.
pub(crate) fn measure_period(
    customers: &Customers,
    activities: &[Activity],
    costing: &PeriodCosting,
    facts: CustomerFacts,
    acquired: &[(u32, i64)],
) -> Result<PeriodMeasures> {
    let facts = with_rows_for(facts, acquired);
    let rows = facts.ranks.len();
    let aggregates: Vec<Values> = facts.aggregates.into_iter().map(Values::from).collect();
    let costed = costing.activities.par_iter().zip(activities).map(|(costed, activity)| {
        let fault = || Error::check(format!("costing: a volume of '{}' exceeds 18 digits", activity.name));
        let Some(driver) = &activity.driver else {
            let none = Values::from(vec![0; rows]);
            return Ok((none.clone(), none));
        };
        let volumes = driver.volumes(&aggregates, rows).ok_or_else(fault)?;
        if let Some(row) = volumes.iter().position(|volume| *volume < 0) {
            return Err(negative(customers, activity, costing, facts.ranks[row], volumes[row]));
        }
        let Some(rate) = costed.rate else {
            return Ok((volumes, Values::from(vec![0; rows])));
        };
        let parts = post(rate, &volumes, 0).ok_or_else(fault)?;
        let posted = parts.iter().fold(0_i64, |sum, part| sum.wrapping_add(*part));
        assert_eq!(posted, costed.posted, "parts of '{}' add up to its cost", activity.name);
        Ok((volumes, Values::from(parts)))
    });
    let (volumes, costs): (Vec<_>, Vec<_>) = costed.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let sources = Sources {
        list_revenue: &facts.list_revenue,
        discount: &facts.discount,
        returns: &facts.returns,
        product_cost: &facts.product_cost,
        costs: &costs,
        acquisition_cost: at_ranks(&facts.ranks, acquired).into(),
    };
    let worth = Worth::derive(activities, sources)?;
    let measures = Measures {
        ranks: facts.ranks,
        lines: facts.lines.into(),
        orders: facts.orders.into(),
        active_days: facts.active_days.into(),
        units: facts.units.into(),
        returned_units: facts.returned_units.into(),
        list_revenue: facts.list_revenue.into(),
        discount: facts.discount.into(),
        returns: facts.returns.into(),
        product_cost: facts.product_cost.into(),
        first_order_at: facts.first_order_at.into(),
        last_order_at: facts.last_order_at.into(),
        volumes,
        costs,
        worth,
    };
    Ok(PeriodMeasures { measures, aggregates })
}

fn negative(
    customers: &Customers,
    activity: &Activity,
    costing: &PeriodCosting,
    rank: u32,
    volume: i64,
) -> Error {
    let volume = crate::units::format_fixed(i128::from(volume), activity.volume_scale());
    let (customer, period) = (key_text(customers, rank), costing.period);
    Error::check(format!(
        "costing: driver volume of activity '{}' is {volume} for customer {customer} in {period}, \
         expected 0 or more; filter the driver, for example `filter (where quantity > 0)`",
        activity.name
    ))
}

/// A customer's key as a message shows it.
pub(crate) fn key_text(customers: &Customers, rank: u32) -> String {
    let ids = customers.ids(&[rank]);
    if ids.is_null(0) {
        return "(unidentified)".to_string();
    }
    match ids.as_primitive_opt::<Int64Type>() {
        Some(ids) => ids.value(0).to_string(),
        None => format!("'{}'", ids.as_string::<i32>().value(0)),
    }
}

/// A dense column of sparse (rank, value) pairs; every pair's rank is among `ranks`.
fn at_ranks(ranks: &[u32], pairs: &[(u32, i64)]) -> Vec<i64> {
    let mut values = vec![0; ranks.len()];
    for (rank, value) in pairs {
        let row = ranks.binary_search(rank).expect("every acquired customer has a row");
        values[row] = *value;
    }
    values
}

/// Adds an empty row for each acquired customer who has none.
fn with_rows_for(facts: CustomerFacts, acquired: &[(u32, i64)]) -> CustomerFacts {
    let missing: Vec<(usize, u32)> = acquired
        .iter()
        .filter_map(|(rank, _)| facts.ranks.binary_search(rank).err().map(|row| (row, *rank)))
        .collect();
    if missing.is_empty() {
        return facts;
    }
    let zero = |column: Vec<i64>| insert(&column, &missing, |_| 0);
    let never = |column: Vec<i64>| insert(&column, &missing, |_| NO_INSTANT);
    CustomerFacts {
        ranks: insert(&facts.ranks, &missing, |rank| rank),
        lines: zero(facts.lines),
        orders: zero(facts.orders),
        active_days: zero(facts.active_days),
        units: zero(facts.units),
        returned_units: zero(facts.returned_units),
        list_revenue: zero(facts.list_revenue),
        discount: zero(facts.discount),
        returns: zero(facts.returns),
        product_cost: zero(facts.product_cost),
        first_order_at: never(facts.first_order_at),
        last_order_at: never(facts.last_order_at),
        aggregates: facts.aggregates.into_iter().map(zero).collect(),
    }
}

/// `column` with a new value before each of the rows.
fn insert<T: Copy>(column: &[T], rows: &[(usize, u32)], value_of: impl Fn(u32) -> T) -> Vec<T> {
    let mut longer = Vec::with_capacity(column.len() + rows.len());
    let mut copied = 0;
    for &(row, rank) in rows {
        longer.extend_from_slice(&column[copied..row]);
        longer.push(value_of(rank));
        copied = row;
    }
    longer.extend_from_slice(&column[copied..]);
    longer
}
