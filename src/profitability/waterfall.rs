//! The margin waterfall of customers over one period or over life:
//! list revenue → discount → returns → net revenue → product cost → gross margin → price concessions → cost to
//! serve → contribution → customer-level cost → financing → acquisition cost → customer profit → spread cost →
//! unused capacity charged → fully loaded profit.

use super::acquired_rows::at_ranks;
use super::behaviour::Behaviour;
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
    pub(crate) behaviour: Behaviour,
    /// Driver volume per posting activity, where columns of activities are held.
    pub(crate) volumes: Vec<Values>,
    /// Cost per posting activity, likewise.
    pub(crate) costs: Vec<Values>,
    /// What follows from the above.
    pub(crate) worth: Worth,
}

impl Measures {
    /// What follows from the rows of a period and what they were charged.
    ///
    /// # Errors
    /// A value beyond 18 digits.
    pub(crate) fn new(rows: PeriodRows, charges: Charges) -> Result<Self> {
        let Charges { lines, volumes, costs, .. } = charges;
        let worth = Worth::derive(&rows.behaviour, lines)?;
        Ok(Self { ranks: rows.ranks, behaviour: rows.behaviour, volumes, costs, worth })
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

impl Worth {
    /// Derives the steps.
    pub(crate) fn derive(behaviour: &Behaviour, lines: LineCosts) -> Result<Self> {
        let rows = behaviour.list_revenue.len();
        let less = |name: &str, from: &[i64], of: &[CostLine]| {
            let costs: Vec<&[i64]> =
                of.iter().flat_map(|line| lines.get(*line)).map(|cost| &cost[..]).collect();
            (!costs.is_empty()).then(|| combine(name, rows, &[from], &costs)).transpose()
        };
        let minus: [&[i64]; 2] = [&behaviour.discount, &behaviour.returns];
        let net_revenue = combine("net_revenue", rows, &[&behaviour.list_revenue], &minus)?;
        let gross_margin = combine("gross_margin", rows, &[&net_revenue], &[&behaviour.product_cost])?;
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

    /// What is left of customers after all that is charged to them.
    pub(crate) fn last_step(&self) -> &Values {
        self.fully_loaded_profit.as_ref().unwrap_or(&self.customer_profit)
    }
}

/// The last step of a waterfall that has a line below customer profit.
pub(crate) const FULLY_LOADED: &str = "fully_loaded_profit";

const ABOVE_CONTRIBUTION: [CostLine; 2] = [CostLine::PriceConcession, CostLine::CostToServe];
const ABOVE_PROFIT: [CostLine; 4] =
    [CostLine::CustomerLevel, CostLine::Financing, CostLine::ExchangeDifference, CostLine::Acquisition];
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

/// What a period's rows are charged.
pub(crate) struct Charges {
    /// Acquisition cost included.
    pub(crate) lines: LineCosts,
    /// By posting activity, where columns of activities are held.
    pub(crate) volumes: Vec<Values>,
    pub(crate) costs: Vec<Values>,
    /// By posting activity.
    pub(crate) posted: Vec<PostedSums>,
}

/// Posts the period's activity costs to consecutive customers, whose predecessors had the volumes `before`. `each` sees
/// every part of the rows whose volumes are held at a time.
///
/// # Errors
/// A negative driver volume, named with its customer; a value beyond 18 digits; what `each` returns.
pub(crate) fn charge(
    books: &Books<'_>,
    costing: &PeriodCosting,
    rows: &PeriodRows,
    acquired: &[(u32, i64)],
    before: &[i64],
    each: &mut dyn FnMut(&[u32], &Posted) -> Result<()>,
) -> Result<Charges> {
    let ranks = &rows.ranks[..];
    let mut posting = Posting::from(books.customers, books.activities, costing, before);
    let of: Vec<CostLine> = posting.lines().collect();
    let slice = match books.held {
        Held::Columns => ranks.len(),
        Held::Slices(rows) => rows.min(ranks.len()),
    };
    let (mut parts, mut held) = (Vec::new(), None);
    // No rows are one empty part, so that there are columns.
    for from in (0..ranks.len().max(1)).step_by(slice.max(1)) {
        let length = slice.min(ranks.len() - from);
        let aggregates: Vec<Values> =
            rows.aggregates.iter().map(|column| column.slice(from, length)).collect();
        let posted = posting.next(&ranks[from..from + length], &aggregates)?;
        parts.push(LineCosts::sum(books.lines, length, &posted.by_line(&of))?);
        each(&ranks[from..from + length], &posted)?;
        held = (books.held == Held::Columns).then_some(posted);
    }
    let mut lines = LineCosts::concat(books.lines, parts);
    lines.add(CostLine::Acquisition, &at_ranks(ranks, acquired))?;
    let (volumes, costs) = held.map_or((vec![], vec![]), |posted| (posted.volumes, posted.costs));
    Ok(Charges { lines, volumes, costs, posted: posting.finish() })
}

/// A customer's key as a message shows it.
pub(crate) fn key_text(customers: &Customers, rank: u32) -> String {
    let ids = customers.ids([rank]);
    if ids.is_null(0) {
        return "(unidentified)".to_string();
    }
    match ids.as_primitive_opt::<Int64Type>() {
        Some(ids) => ids.value(0).to_string(),
        None => format!("'{}'", ids.as_string::<i32>().value(0)),
    }
}
