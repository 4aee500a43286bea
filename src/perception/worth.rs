//! What customers are worth, by rank: columns of the tables `customer` and, where it is published, `customer_value`.

use super::staged::{columns, floats, integers};
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::facts::ranks_of;
use arrow::array::ArrayRef;
use chrono::TimeZone;
use std::path::PathBuf;

/// Gives the staged files of a table; none if the run does not publish it.
pub(crate) type Files<'f> = &'f dyn Fn(&str) -> Vec<PathBuf>;

/// Money columns of `customer` that are read, in the order of `Worth::money`.
pub(crate) const MONEY: [&str; 9] = [
    "list_revenue",
    "discount",
    "returns",
    "net_revenue",
    "product_cost",
    "gross_margin",
    "cost_to_serve",
    "contribution",
    "customer_profit",
];

/// What customers are worth, by rank, the unidentified cost object left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Worth {
    /// By column of `MONEY`; a column the run does not have is 0.
    money: Vec<Vec<i64>>,
    /// Distinct orders with a sale line.
    pub(crate) orders: Vec<i64>,
    /// Distinct days with a sale line.
    pub(crate) active_days: Vec<i64>,
    /// First and last day with a sale line; none for prospects.
    pub(crate) sales: Vec<Option<(i32, i32)>>,
    /// Residual value; none for customers without a purchase. Absent without [clv].
    pub(crate) residual: Option<Vec<Option<i64>>>,
    /// Probability alive, likewise.
    pub(crate) alive: Option<Vec<Option<f64>>>,
}

impl Worth {
    /// Reads the columns needed.
    ///
    /// # Errors
    /// A staged file that cannot be read back.
    pub(crate) fn read(facts: &FactSet, timezone: chrono_tz::Tz, files: Files<'_>) -> Result<Self> {
        let paths = files("customer");
        let path = paths.first().ok_or_else(|| Error::internal("perception: no table 'customer'"))?;
        let mut names = vec!["orders", "active_days", "first_order_at", "last_order_at"];
        names.extend(MONEY);
        let read = columns(path, &names)?;
        let known = facts.customers.keys.len();
        let column = |index: usize| by_row(read[index].as_ref(), known);
        let zeros = |values: Vec<Option<i64>>| values.into_iter().map(|value| value.unwrap_or(0)).collect();
        let (first, last) = (column(2), column(3));
        let day = |at: Option<i64>| at.map(|at| local_day(timezone, at));
        let (residual, alive) = Self::outlook(facts, files)?;
        Ok(Self {
            orders: zeros(column(0)),
            active_days: zeros(column(1)),
            sales: first.iter().zip(&last).map(|(first, last)| day(*first).zip(day(*last))).collect(),
            money: (0..MONEY.len()).map(|index| zeros(column(4 + index))).collect(),
            residual,
            alive,
        })
    }

    /// Residual value and probability alive, by rank.
    #[expect(clippy::type_complexity, reason = "two columns, taken apart at once")]
    fn outlook(
        facts: &FactSet,
        files: Files<'_>,
    ) -> Result<(Option<Vec<Option<i64>>>, Option<Vec<Option<f64>>>)> {
        let of_today = format!("as_of={}", facts.as_of);
        let paths = files("customer_value");
        let is_today = |path: &&PathBuf| path.to_string_lossy().contains(&of_today);
        let Some(path) = paths.iter().find(is_today).or(paths.first()) else { return Ok((None, None)) };
        let read = columns(path, &["customer_id", "residual_value", "probability_alive"])?;
        let ids = read[0].as_ref().expect("every table of customers has their key");
        let ranks = ranks_of(&facts.customers, ids);
        let known = facts.customers.keys.len();
        let residual = read[1].as_ref().map(|column| at_ranks(&ranks, integers(column), known));
        let alive = read[2].as_ref().map(|column| at_ranks(&ranks, floats(column), known));
        Ok((residual, alive))
    }

    /// A money column by its published name.
    pub(crate) fn money(&self, name: &str) -> &[i64] {
        let index = MONEY.iter().position(|known| *known == name).expect("a column of MONEY");
        &self.money[index]
    }

    /// How many customers and prospects.
    pub(crate) fn customers(&self) -> usize {
        self.orders.len()
    }

    /// Residual value of one customer.
    pub(crate) fn residual_of(&self, rank: usize) -> Option<i64> {
        self.residual.as_ref().and_then(|residual| residual[rank])
    }

    /// Whether the last purchase lies at least so many days before the as-of date.
    pub(crate) fn is_idle(&self, rank: usize, as_of: i32, days: u32) -> bool {
        self.sales[rank].is_some_and(|(_, last)| i64::from(as_of) - 1 - i64::from(last) >= i64::from(days))
    }
}

/// One value per rank, nulls where the table has no such column.
fn by_row(column: Option<&ArrayRef>, known: usize) -> Vec<Option<i64>> {
    let mut values = column.map_or_else(|| vec![None; known], integers);
    assert!(values.len() >= known, "'customer' has a row for every rank");
    values.truncate(known);
    values
}

fn at_ranks<T: Clone>(ranks: &[u32], values: Vec<Option<T>>, known: usize) -> Vec<Option<T>> {
    let mut placed = vec![None; known];
    for (rank, value) in ranks.iter().zip(values).filter(|(rank, _)| (**rank as usize) < known) {
        placed[*rank as usize] = value;
    }
    placed
}

/// The local day of an instant in microseconds.
fn local_day(timezone: chrono_tz::Tz, micros: i64) -> i32 {
    timezone.timestamp_micros(micros).single().map_or(0, |instant| instant.date_naive().to_epoch_days())
}

#[cfg(test)]
impl Worth {
    /// Customers by their sales, with contribution and residual value.
    pub(crate) fn for_test(
        sales: Vec<Option<(i32, i32)>>,
        contribution: Vec<i64>,
        residual: Option<Vec<Option<i64>>>,
    ) -> Self {
        let zeros = vec![0; sales.len()];
        let money = vec![zeros.clone(); MONEY.len()];
        let mut worth =
            Self { money, orders: zeros.clone(), active_days: zeros, sales, residual, alive: None };
        worth.set_for_test("contribution", contribution);
        worth
    }

    pub(crate) fn set_for_test(&mut self, name: &str, values: Vec<i64>) {
        let index = MONEY.iter().position(|known| *known == name).unwrap();
        self.money[index] = values;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_falls_on_its_local_day() {
        let evening = 23 * 3_600_000_000;
        assert_eq!(local_day(chrono_tz::UTC, evening), 0);
        assert_eq!(local_day(chrono_tz::Europe::Vienna, evening), 1);
    }
}
