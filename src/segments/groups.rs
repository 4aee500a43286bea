//! Customers of a slice in groups, and what the groups add up to.

use super::base::{Base, BaseSlice};
use super::grid::NONE;
use super::values::{Data, Values};
use crate::error::Result;

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
        let mut others: Vec<&String> = found.iter().filter(|name| !first.contains(&name.as_str())).collect();
        others.sort_unstable();
        others.dedup();
        names.extend(others.into_iter().cloned());
        let place = |name: &String| names.iter().position(|known| known == name);
        let code = |name| place(name).and_then(|place| u16::try_from(place).ok()).unwrap_or(NONE);
        let places: Vec<u16> = found.iter().map(code).collect();
        let of = |row: usize| if values.is_known(row) { places[codes[row] as usize] } else { NONE };
        let of = (0..codes.len()).map(of).collect();
        Self { kind, names, of }
    }

    /// Groups by a measure; they are empty where the run does not have it.
    ///
    /// # Errors
    /// A column of an unknown type.
    pub(crate) fn by_column(slice: &BaseSlice<'_>, column: &'static str, first: &[&str]) -> Result<Self> {
        Ok(match slice.column(column)? {
            Some(values) => Self::by_name(column, &values, first),
            None => Self { kind: column, names: Vec::new(), of: vec![NONE; slice.len()] },
        })
    }
}

/// What the customers of a slice are worth, by customer.
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

impl Worth {
    /// The columns it is read from.
    pub(crate) fn columns() -> [&'static str; 8] {
        [
            "orders",
            "list_revenue",
            "discount",
            "net_revenue",
            "gross_margin",
            "cost_to_serve",
            "customer_profit",
            "residual_value",
        ]
    }

    /// Of the customers of a slice.
    ///
    /// # Errors
    /// A column that is not there.
    pub(crate) fn of(slice: &BaseSlice<'_>) -> Result<Self> {
        Ok(Self {
            orders: slice.needed("orders")?,
            list_revenue: slice.needed("list_revenue")?,
            discount: slice.needed("discount")?,
            net_revenue: slice.needed("net_revenue")?,
            gross_margin: slice.needed("gross_margin")?,
            cost_to_serve: slice.fixed("cost_to_serve")?,
            profit: slice.needed("customer_profit")?,
            residual: slice.column("residual_value")?,
        })
    }

    /// Whether runs of these tables have cost to serve, and residual values.
    pub(crate) fn known(base: &Base) -> (bool, bool) {
        (base.is_fixed("cost_to_serve"), base.has("residual_value"))
    }
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

/// What groups of one kind add up to, over any number of slices. Integers: merged in any order.
#[derive(Debug, Clone)]
pub(crate) struct GroupSums {
    /// Name of the column that says the group.
    pub(crate) kind: &'static str,
    pub(crate) names: Vec<String>,
    /// By name, and last of those in none.
    pub(crate) totals: Vec<Totals>,
}

impl GroupSums {
    /// Of the customers of a slice.
    pub(crate) fn of(worth: &Worth, groups: &Groups) -> Self {
        let slots = groups.names.len() + 1;
        let mut totals = vec![Totals::default(); slots];
        for (customer, group) in groups.of.iter().enumerate() {
            totals[usize::from(*group).min(slots - 1)].add(worth, customer);
        }
        Self { kind: groups.kind, names: groups.names.clone(), totals }
    }

    /// Adds other customers. Slices name groups that their customers are in, each in an order of its own.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (at, totals) in other.totals.iter().enumerate() {
            let place = match other.names.get(at) {
                None => self.names.len(),
                Some(name) => self.place_of(name),
            };
            self.totals[place] = self.totals[place].plus(totals);
        }
    }

    fn place_of(&mut self, name: &String) -> usize {
        if let Some(place) = self.names.iter().position(|known| known == name) {
            return place;
        }
        self.names.push(name.clone());
        self.totals.insert(self.names.len() - 1, Totals::default());
        self.names.len() - 1
    }

    /// Sorts the groups after so many by name, as [`Groups::by_name`] does.
    pub(crate) fn sort_after(&mut self, first: usize) {
        let Some(names) = self.names.get(first..) else { return };
        let mut groups: Vec<(String, Totals)> =
            names.iter().cloned().zip(self.totals[first..].iter().copied()).collect();
        groups.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (place, (name, totals)) in (first..).zip(groups) {
            (self.names[place], self.totals[place]) = (name, totals);
        }
    }

    /// Customers in a group.
    pub(crate) fn in_any(&self) -> usize {
        self.totals[..self.names.len()].iter().map(|totals| totals.customers).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(names: &[&str], customers: &[usize]) -> GroupSums {
        let totals = customers.iter().map(|customers| Totals { customers: *customers, ..Totals::default() });
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        GroupSums { kind: "state", names, totals: totals.collect() }
    }

    #[test]
    fn groups_of_slices_are_merged_by_name() {
        let mut all = sums(&["z"], &[1, 2]);
        all.merge(&sums(&["b", "z"], &[3, 4, 5]));
        all.merge(&sums(&["a"], &[6, 7]));
        all.sort_after(1);
        let customers: Vec<usize> = all.totals.iter().map(|totals| totals.customers).collect();
        assert_eq!((all.names, customers), (["z", "a", "b"].map(str::to_owned).to_vec(), vec![5, 6, 3, 14]));
    }
}
