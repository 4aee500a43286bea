//! Customers in groups, and what the groups add up to.

use super::grid::NONE;
use super::values::{Data, Values};
use rayon::prelude::*;

/// One way of telling customers apart.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    /// Name of the column that says it.
    pub(crate) kind: &'static str,
    pub(crate) names: Vec<String>,
    /// By customer; `NONE` for those in no group.
    pub(crate) of: Vec<u16>,
}

impl Groups {
    /// The group's name of a customer.
    pub(crate) fn name_of(&self, customer: usize) -> Option<&str> {
        self.names.get(usize::from(self.of[customer])).map(String::as_str)
    }

    /// Groups by a column of names, in the order of `first` and then by name.
    pub(crate) fn by_name(kind: &'static str, values: &Values, first: &[&str]) -> Self {
        let Data::Texts(codes, found) = &values.data else {
            return Self { kind, names: Vec::new(), of: vec![NONE; values.len()] };
        };
        let mut names: Vec<String> = first.iter().map(|name| (*name).to_owned()).collect();
        // A name may stand for null rows alone.
        let mut is_used = vec![false; found.len()];
        (0..codes.len())
            .filter(|row| values.is_known(*row))
            .for_each(|row| is_used[codes[row] as usize] = true);
        let used = found.iter().zip(is_used).filter(|(_, is_used)| *is_used).map(|(name, _)| name);
        let mut others: Vec<&String> = used.filter(|name| !first.contains(&name.as_str())).collect();
        others.sort_unstable();
        names.extend(others.into_iter().cloned());
        let place = |name: &String| names.iter().position(|known| known == name);
        let code = |name| place(name).and_then(|place| u16::try_from(place).ok()).unwrap_or(NONE);
        let places: Vec<u16> = found.iter().map(code).collect();
        let of = |row: usize| if values.is_known(row) { places[codes[row] as usize] } else { NONE };
        let of = (0..codes.len()).into_par_iter().map(of).collect();
        Self { kind, names, of }
    }
}

/// What customers are worth, by customer.
#[derive(Debug)]
pub(crate) struct Worth {
    pub(crate) orders: Vec<i64>,
    pub(crate) list_revenue: Vec<i64>,
    pub(crate) discount: Vec<i64>,
    pub(crate) net_revenue: Vec<i64>,
    pub(crate) gross_margin: Vec<i64>,
    /// None where the run has no such cost.
    pub(crate) cost_to_serve: Option<Vec<i64>>,
    pub(crate) profit: Vec<i64>,
    /// None where `[clv]` is off.
    pub(crate) residual: Option<Values>,
}

/// What a group adds up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) customers: usize,
    pub(crate) orders: i128,
    pub(crate) list_revenue: i128,
    pub(crate) discount: i128,
    pub(crate) net_revenue: i128,
    pub(crate) gross_margin: i128,
    pub(crate) cost_to_serve: i128,
    pub(crate) profit: i128,
    pub(crate) residual: i128,
}

impl Totals {
    fn add(&mut self, worth: &Worth, customer: usize) {
        self.customers += 1;
        self.orders += i128::from(worth.orders[customer]);
        self.list_revenue += i128::from(worth.list_revenue[customer]);
        self.discount += i128::from(worth.discount[customer]);
        self.net_revenue += i128::from(worth.net_revenue[customer]);
        self.gross_margin += i128::from(worth.gross_margin[customer]);
        self.cost_to_serve += worth.cost_to_serve.as_ref().map_or(0, |cost| i128::from(cost[customer]));
        self.profit += i128::from(worth.profit[customer]);
        let residual = worth.residual.as_ref().and_then(|residual| residual.fixed_at(customer));
        self.residual += i128::from(residual.unwrap_or(0));
    }

    /// Both together.
    pub(crate) fn plus(mut self, other: &Totals) -> Self {
        self.customers += other.customers;
        self.orders += other.orders;
        self.list_revenue += other.list_revenue;
        self.discount += other.discount;
        self.net_revenue += other.net_revenue;
        self.gross_margin += other.gross_margin;
        self.cost_to_serve += other.cost_to_serve;
        self.profit += other.profit;
        self.residual += other.residual;
        self
    }

    /// What was spent on serving, keeping and winning the customers.
    pub(crate) fn spent(&self) -> i128 {
        self.gross_margin - self.profit
    }
}

/// Customers that one thread adds up at a time.
const CHUNK: usize = 1 << 16;

/// The totals of every group, and last of those in none.
pub(crate) fn totals(worth: &Worth, groups: &Groups) -> Vec<Totals> {
    let slots = groups.names.len() + 1;
    let of_chunk = |(chunk, of): (usize, &[u16])| {
        let mut totals = vec![Totals::default(); slots];
        for (at, group) in of.iter().enumerate() {
            totals[usize::from(*group).min(slots - 1)].add(worth, chunk * CHUNK + at);
        }
        totals
    };
    let sum = |left: Vec<Totals>, right: Vec<Totals>| {
        left.into_iter().zip(&right).map(|(left, right)| left.plus(right)).collect()
    };
    let chunks = groups.of.par_chunks(CHUNK).enumerate().map(of_chunk);
    chunks.reduce(|| vec![Totals::default(); slots], sum)
}
