//! What customers did and what their goods earned, over a period or over life: one list of measures for both.

use super::columns::Values;
use crate::facts::schema::CustomerFacts;

/// A column of each measure, one row per customer.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    /// Sale lines.
    pub(crate) lines: Values,
    /// Distinct orders with a sale line.
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
}

/// How many measures there are; those before the two instants add up over periods.
pub(crate) const MEASURES: usize = 11;

/// Measures that add up over periods, by name. Orders add up to the orders of all periods, which may exceed those of life.
pub(crate) const ADDITIVE: [&str; MEASURES - 2] = [
    "lines",
    "orders",
    "active_days",
    "units",
    "returned_units",
    "list_revenue",
    "discount",
    "returns",
    "product_cost",
];

impl Behaviour {
    /// From columns in the order of [`Behaviour::columns`].
    pub(crate) fn of(columns: [Values; MEASURES]) -> Self {
        let [
            lines,
            orders,
            active_days,
            units,
            returned_units,
            list_revenue,
            discount,
            returns,
            product_cost,
            first_order_at,
            last_order_at,
        ] = columns;
        Self {
            lines,
            orders,
            active_days,
            units,
            returned_units,
            list_revenue,
            discount,
            returns,
            product_cost,
            first_order_at,
            last_order_at,
        }
    }

    /// The columns in the order declared.
    pub(crate) fn columns(&self) -> [&Values; MEASURES] {
        [
            &self.lines,
            &self.orders,
            &self.active_days,
            &self.units,
            &self.returned_units,
            &self.list_revenue,
            &self.discount,
            &self.returns,
            &self.product_cost,
            &self.first_order_at,
            &self.last_order_at,
        ]
    }

    /// Some of the rows, without a copy.
    pub(crate) fn rows(&self, start: usize, length: usize) -> Self {
        Self::of(self.columns().map(|column| column.slice(start, length)))
    }

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

impl From<&mut CustomerFacts> for Behaviour {
    /// Takes the columns out of the facts.
    fn from(facts: &mut CustomerFacts) -> Self {
        let columns = [
            &mut facts.lines,
            &mut facts.orders,
            &mut facts.active_days,
            &mut facts.units,
            &mut facts.returned_units,
            &mut facts.list_revenue,
            &mut facts.discount,
            &mut facts.returns,
            &mut facts.product_cost,
            &mut facts.first_order_at,
            &mut facts.last_order_at,
        ];
        Self::of(columns.map(|column| Values::from(std::mem::take(column))))
    }
}
