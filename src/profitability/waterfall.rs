//! The margin waterfall of customers over one period or over life:
//! list revenue → discount → returns → net revenue → product cost → gross margin → price concessions → cost to
//! serve → contribution → customer-level cost → financing → acquisition cost → customer profit → spread cost →
//! unused capacity charged → fully loaded profit.

use super::acquired_rows::at_ranks;
use super::columns::{Values, combine};
use super::lines::{CostLine, LineCosts, Lines};
use super::period_rows::PeriodRows;
use super::posted::{Posted, PostedSums, Posting};
use crate::costing::schema::{Activity, PeriodCosting};
use crate::error::Result;
use crate::facts::schema::Customers;
use arrow::array::{Array, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::Int64Type;

/// Measures of customers, columns parallel to `ranks`.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    /// Ascending, distinct.
    pub(crate) ranks: ScalarBuffer<u32>,
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
    /// Driver volume per posting activity, where columns of activities are held.
    pub(crate) volumes: Vec<Values>,
    /// Cost per posting activity, likewise.
    pub(crate) costs: Vec<Values>,
    /// What follows from the above.
    pub(crate) worth: Worth,
}

impl Measures {
    /// Whether the customer of a row had a sale line.
    pub(crate) fn bought(&self, row: usize) -> bool {
        self.lines[row] > 0
    }

    /// Whether the customer of a row had a sale line or a return line: who did is a customer, others are prospects.
    ///
    /// Return lines are not counted, so they are seen by what they leave: units, value or goods.
    pub(crate) fn bought_or_returned(&self, row: usize) -> bool {
        let of_returns = [&self.returned_units, &self.returns, &self.product_cost];
        self.bought(row) || of_returns.iter().any(|measure| measure[row] != 0)
    }
}

/// The steps of the waterfall that follow; optional ones where the run has such a line.
#[derive(Debug, Clone)]
pub(crate) struct Worth {
    /// List revenue − discount − returns.
    pub(crate) net_revenue: Values,
    /// Net revenue − product cost.
    pub(crate) gross_margin: Values,
    /// What customers bear, by line.
    pub(crate) lines: LineCosts,
    /// Gross margin − price concessions − cost to serve.
    pub(crate) contribution: Values,
    /// Contribution − customer-level cost − financing cost − acquisition cost.
    pub(crate) customer_profit: Values,
    /// Customer profit − spread cost − unused capacity charged; none without either.
    pub(crate) fully_loaded_profit: Option<Values>,
}

/// The columns a waterfall starts from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'v> {
    pub(crate) list_revenue: &'v [i64],
    pub(crate) discount: &'v [i64],
    pub(crate) returns: &'v [i64],
    pub(crate) product_cost: &'v [i64],
}

impl Worth {
    /// Derives the steps.
    pub(crate) fn derive(sources: Sources<'_>, lines: LineCosts) -> Result<Self> {
        let rows = sources.list_revenue.len();
        let less = |name: &str, from: &[i64], of: &[CostLine]| {
            let costs: Vec<&[i64]> =
                of.iter().flat_map(|line| lines.get(*line)).map(|cost| &cost[..]).collect();
            (!costs.is_empty()).then(|| combine(name, rows, &[from], &costs)).transpose()
        };
        let minus = [sources.discount, sources.returns];
        let net_revenue = combine("net_revenue", rows, &[sources.list_revenue], &minus)?;
        let gross_margin = combine("gross_margin", rows, &[&net_revenue], &[sources.product_cost])?;
        let contribution = less("contribution", &gross_margin, &ABOVE_CONTRIBUTION)?;
        let contribution = contribution.expect("every run has a cost to serve");
        let customer_profit = less("customer_profit", &contribution, &ABOVE_PROFIT)?;
        let customer_profit = customer_profit.expect("every run has a customer-level cost");
        let fully_loaded_profit = less(FULLY_LOADED, &customer_profit, &BELOW_PROFIT)?;
        Ok(Self { net_revenue, gross_margin, lines, contribution, customer_profit, fully_loaded_profit })
    }

    /// A line that every run has.
    pub(crate) fn line(&self, line: CostLine) -> &Values {
        self.lines.get(line).expect("every run has this line")
    }

    /// What is left of customers after all they bear.
    pub(crate) fn last_step(&self) -> &Values {
        self.fully_loaded_profit.as_ref().unwrap_or(&self.customer_profit)
    }
}

/// The last step of a waterfall that has a line below customer profit.
pub(crate) const FULLY_LOADED: &str = "fully_loaded_profit";

const ABOVE_CONTRIBUTION: [CostLine; 2] = [CostLine::PriceConcession, CostLine::CostToServe];
const ABOVE_PROFIT: [CostLine; 3] = [CostLine::CustomerLevel, CostLine::Financing, CostLine::Acquisition];
pub(crate) const BELOW_PROFIT: [CostLine; 2] = [CostLine::Spread, CostLine::UnusedCharged];

/// What the waterfalls of all periods share.
#[derive(Clone, Copy)]
pub(crate) struct Books<'c> {
    pub(crate) customers: &'c Customers,
    pub(crate) activities: &'c [Activity],
    pub(crate) lines: Lines,
    pub(crate) held: Held,
}

/// What is held of single activities while a period is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Volumes and costs of every activity.
    Columns,
    /// Those of this many rows at a time.
    Slices(usize),
}

/// Posts the period's activity costs to consecutive customers, whose predecessors had the volumes `before`, and derives
/// their worth. `each` sees every part of the rows whose volumes are held at a time. Gives what was posted, too.
///
/// # Errors
/// A negative driver volume, named with its customer; a value beyond 18 digits; what `each` returns.
pub(crate) fn measure(
    books: &Books<'_>,
    costing: &PeriodCosting,
    rows: PeriodRows,
    acquired: &[(u32, i64)],
    before: &[i64],
    each: &mut dyn FnMut(&[u32], &Posted) -> Result<()>,
) -> Result<(Measures, Vec<PostedSums>)> {
    let mut posting = Posting::from(books.customers, books.activities, costing, before);
    let (mut lines, held) = charge(books, &mut posting, &rows.ranks, &rows.aggregates, each)?;
    lines.add(CostLine::Acquisition, &at_ranks(&rows.ranks, acquired))?;
    let sources = Sources {
        list_revenue: &rows.list_revenue,
        discount: &rows.discount,
        returns: &rows.returns,
        product_cost: &rows.product_cost,
    };
    let worth = Worth::derive(sources, lines)?;
    let (volumes, costs) = held.map_or((vec![], vec![]), |posted| (posted.volumes, posted.costs));
    let measures = Measures {
        ranks: rows.ranks,
        lines: rows.lines,
        orders: rows.orders,
        active_days: rows.active_days,
        units: rows.units,
        returned_units: rows.returned_units,
        list_revenue: rows.list_revenue,
        discount: rows.discount,
        returns: rows.returns,
        product_cost: rows.product_cost,
        first_order_at: rows.first_order_at,
        last_order_at: rows.last_order_at,
        volumes,
        costs,
        worth,
    };
    Ok((measures, posting.finish()))
}

/// What customers are charged by line and, where columns are held, by activity.
fn charge(
    books: &Books<'_>,
    posting: &mut Posting<'_>,
    ranks: &[u32],
    aggregates: &[Values],
    each: &mut dyn FnMut(&[u32], &Posted) -> Result<()>,
) -> Result<(LineCosts, Option<Posted>)> {
    let of: Vec<CostLine> = posting.lines().collect();
    let slice = match books.held {
        Held::Columns => ranks.len(),
        Held::Slices(rows) => rows.min(ranks.len()),
    };
    let (mut parts, mut held) = (Vec::new(), None);
    // No rows are one empty part, so that there are columns.
    for from in (0..ranks.len().max(1)).step_by(slice.max(1)) {
        let rows = slice.min(ranks.len() - from);
        let aggregates: Vec<Values> = aggregates.iter().map(|column| column.slice(from, rows)).collect();
        let posted = posting.next(&ranks[from..from + rows], &aggregates)?;
        parts.push(LineCosts::sum(books.lines, rows, &posted.by_line(&of))?);
        each(&ranks[from..from + rows], &posted)?;
        held = (books.held == Held::Columns).then_some(posted);
    }
    Ok((LineCosts::concat(books.lines, parts), held))
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
