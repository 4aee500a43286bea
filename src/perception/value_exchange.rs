//! `value_exchange`: what customers are worth by class of the firm's value and class of the customer's value.

use super::exchange::{Customer, Firm, Gets, Sides, diagnosis};
use super::sums::share;
use super::worth::Worth;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

/// One cell of the matrix.
#[derive(Debug, Clone, Default)]
struct Cell {
    customers: i64,
    firm_value: i128,
    contribution: i128,
    cost_to_serve: i128,
    profit: i128,
    residual: i128,
    delivered: Option<i128>,
    /// Customers and their firm value.
    at_risk_although_happy: (i64, i128),
    loyal_but_losing: (i64, i128),
}

/// The matrix of `value_exchange`, cell by cell. Adds exactly.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matrix {
    cells: [[Cell; 4]; 3],
    pub(crate) over_served: usize,
}

impl Matrix {
    /// Of a slice of customers.
    pub(crate) fn of(customers: &[Customer], worth: &Worth) -> Self {
        let mut matrix = Self::default();
        for customer in customers {
            matrix.cells[customer.firm as usize][customer.gets as usize].add(customer, worth);
            matrix.over_served += usize::from(customer.is_over_served());
        }
        matrix
    }

    /// Adds the customers of another slice.
    pub(crate) fn merge(&mut self, other: &Self) {
        let cells = self.cells.iter_mut().flatten().zip(other.cells.iter().flatten());
        cells.for_each(|(cell, more)| cell.merge(more));
        self.over_served += other.over_served;
    }

    /// The table.
    pub(crate) fn sheet(&self, format: TableFormat<'_>, sides: &Sides<'_>, has_residual: bool) -> Sheet {
        let cells = Firm::ALL.into_iter().flat_map(|firm| Gets::ALL.map(|gets| (firm, gets)));
        let cell =
            |(firm, gets): (Firm, Gets)| (firm, gets, self.cells[firm as usize][gets as usize].clone());
        let rows: Vec<(Firm, Gets, Cell)> = cells.map(cell).collect();
        let all = rows.iter().map(|(_, _, cell)| cell.customers).sum();
        draw_matrix(format, sides, &rows, all, has_residual)
    }
}

impl Cell {
    fn add(&mut self, customer: &Customer, worth: &Worth) {
        let rank = customer.rank as usize;
        let money = |name: &str| i128::from(worth.column(name).at(rank));
        let value = i128::from(customer.firm_value);
        self.customers += 1;
        self.firm_value += value;
        self.contribution += money("contribution");
        self.cost_to_serve += money("cost_to_serve");
        self.profit += money("customer_profit");
        self.residual += i128::from(worth.residual(rank).unwrap_or(0));
        if let Some(delivered) = customer.delivered {
            *self.delivered.get_or_insert(0) += i128::from(delivered);
        }
        if customer.is_at_risk_although_happy() {
            self.at_risk_although_happy.0 += 1;
            self.at_risk_although_happy.1 += value;
        }
        if customer.is_loyal_but_loses_money() {
            self.loyal_but_losing.0 += 1;
            self.loyal_but_losing.1 += value;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.firm_value += other.firm_value;
        self.contribution += other.contribution;
        self.cost_to_serve += other.cost_to_serve;
        self.profit += other.profit;
        self.residual += other.residual;
        if let Some(delivered) = other.delivered {
            *self.delivered.get_or_insert(0) += delivered;
        }
        let pairs = [
            (&mut self.at_risk_although_happy, other.at_risk_although_happy),
            (&mut self.loyal_but_losing, other.loyal_but_losing),
        ];
        for (sums, more) in pairs {
            sums.0 += more.0;
            sums.1 += more.1;
        }
    }
}

fn draw_matrix(
    format: TableFormat<'_>,
    sides: &Sides<'_>,
    rows: &[(Firm, Gets, Cell)],
    all: i64,
    has_residual: bool,
) -> Sheet {
    let grain = "class of the firm's value and class of the customer's value";
    let mut draft = format.draft("value_exchange", grain, None, rows);
    draft.as_of();
    let meaning = "What the firm gets: loss below 0, high profit from that of the customer at the best fifth on, profit between";
    draft.name("firm_class", meaning, |row| Some(row.0.name()));
    let meaning = "What the customer gets: low, middle, high, or unknown where nothing tells";
    draft.name("customer_class", meaning, |row| Some(row.1.name()));
    draft.name("firm_measure", "Measure of the firm's value", |_| Some(&sides.def.firm));
    let meaning = "delivered value: low below 0, high from the best fifth on; satisfaction: dissatisfied, satisfied, delighted";
    draft.name("customer_measure", meaning, |_| Some(sides.basis()));
    draft.name("diagnosis", "What the cell says; null where the customer's side is unknown", |row| {
        diagnosis(row.0, row.1)
    });
    draft.count("customers", "customers", "Customers with a sale line", |row| row.2.customers);
    draft.float("share_of_customers", "1", "Their share of all", |row| share(row.2.customers, all));
    draft.total("firm_value", "The firm's value", |row| Some(row.2.firm_value));
    draft.total("contribution", "Contribution over life", |row| Some(row.2.contribution));
    draft.total("cost_to_serve", "Cost to serve over life", |row| Some(row.2.cost_to_serve));
    draft.total("customer_profit", "Customer profit over life", |row| Some(row.2.profit));
    draft.total("residual_value", "Residual value; null without [clv]", |row| {
        has_residual.then_some(row.2.residual)
    });
    let meaning = "Delivered value, in its own unit; null where it is not known";
    draft.total("delivered_value", meaning, |row| row.2.delivered);
    let meaning = "Of the customers, those at risk although satisfied";
    draft.count("at_risk_although_happy_customers", "customers", meaning, |row| {
        row.2.at_risk_although_happy.0
    });
    draft.total("at_risk_although_happy_value", "Their firm value", |row| {
        Some(row.2.at_risk_although_happy.1)
    });
    let meaning = "Of the customers, those who are loyal and lose money";
    draft.count("loyal_but_losing_customers", "customers", meaning, |row| row.2.loyal_but_losing.0);
    draft.total("loyal_but_losing_value", "Their firm value", |row| Some(row.2.loyal_but_losing.1));
    draft.finish()
}
