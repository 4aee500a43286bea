//! Intensity drivers: each row counts by the weight of its attribute.
//!
//! The weight becomes part of the SQL, so that nothing after this file knows of weights and any SQL engine computes
//! the same: `count(*)` is `sum(case … end)`, `sum(x)` is `sum(x * case … end)`.

use super::number::from_zero;
use super::or_default::number_or;
use super::table::{Entry, Table};
use crate::pipeline::keys::WEIGHTS;
use crate::pipeline::sql::{BinaryOp, Literal};
use crate::pipeline::{Aggregate, Driver, DriverSql, Expr, Function};
use crate::units::Decimal;

/// The weight of a row, as SQL.
#[derive(Clone)]
pub(super) struct Weights(Expr);

/// Reads `weights = { … }`.
pub(super) fn weights(table: Table<'_>) -> Option<Weights> {
    let column = table.sql("column");
    let otherwise = number_or(Some(table), &WEIGHTS, "otherwise", from_zero);
    let by = table.entries_of("by").into_iter();
    let by: Option<Vec<(&str, Decimal)>> =
        by.map(|entry| (entry.key, from_zero(entry))).map(|(text, weight)| Some((text, weight?))).collect();
    Some(Weights(case(&column?.expr, &by.filter(|by| !by.is_empty())?, otherwise?)))
}

/// All weights are written with the same digits, so that all branches are of one type.
fn case(column: &Expr, by: &[(&str, Decimal)], otherwise: Decimal) -> Expr {
    let weights = by.iter().map(|(_, weight)| *weight).chain([otherwise]);
    let scale = weights.map(|weight| weight.scale).max().unwrap_or(0);
    let literal = |weight: Decimal| {
        let mantissa = weight.at_scale(scale).expect("18 digits and 18 more fit an i128");
        Expr::Literal(Literal::Number(Decimal { mantissa, scale }))
    };
    let is = |text: &str| {
        let text = Expr::Literal(Literal::Text(text.to_owned()));
        Expr::Binary(Box::new(column.clone()), BinaryOp::Equal, Box::new(text))
    };
    let branches = by.iter().map(|(text, weight)| (is(text), literal(*weight))).collect();
    Expr::Case { branches, otherwise: Some(Box::new(literal(otherwise))) }
}

impl Weights {
    /// The driver with each row weighted; notes a fault where an aggregate cannot be.
    pub(super) fn weigh(&self, sql: DriverSql, entry: Entry<'_>) -> Option<DriverSql> {
        let terms = sql.driver.terms.iter();
        let weighed: Result<Vec<_>, &Aggregate> =
            terms.map(|(coefficient, of)| Ok((*coefficient, self.weighed(of)?))).collect();
        match weighed {
            Ok(terms) => {
                let driver = Driver { terms };
                Some(DriverSql { text: driver.to_string(), driver, at: sql.at })
            }
            Err(aggregate) => {
                entry.fault(format!(
                    "weights apply to count(*) and sum(x), not to '{aggregate}'; write one of these, with a filter if wanted, or remove 'weights'"
                ));
                None
            }
        }
    }

    fn weighed<'a>(&self, aggregate: &'a Aggregate) -> Result<Aggregate, &'a Aggregate> {
        let weight = self.0.clone();
        let of = match &aggregate.function {
            Function::CountRows => weight,
            Function::Sum(of) => Expr::Binary(Box::new(of.clone()), BinaryOp::Multiply, Box::new(weight)),
            Function::Count(_) | Function::CountDistinct(_) | Function::Money(_) => return Err(aggregate),
        };
        Ok(Aggregate { function: Function::Sum(of), filter: aggregate.filter.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::sql::parse_driver;

    #[test]
    fn a_weighted_driver_reads_back_as_it_was_rewritten() {
        let column = Expr::Column("channel".into());
        let half = Decimal { mantissa: 15, scale: 1 };
        let weights = Weights(case(&column, &[("phone", half), ("it's", Decimal::ONE)], Decimal::ZERO));
        let driver = parse_driver("2 * count(*) filter (where open) - sum(quantity + 1)").unwrap();
        let terms = driver.terms.iter().map(|(number, of)| (*number, weights.weighed(of).unwrap()));
        let weighed = Driver { terms: terms.collect() };
        let case = "case when channel = 'phone' then 1.5 when channel = 'it''s' then 1.0 else 0.0 end";
        let expected = format!("2 * sum({case}) filter (where open) - sum((quantity + 1) * {case})");
        assert_eq!(weighed.to_string(), expected);
        let again = parse_driver(&expected).unwrap();
        assert_eq!(again.to_string(), expected);
    }
}
