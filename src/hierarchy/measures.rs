//! What groups have of their members: the measures of `customer` that add up, and the waterfall that follows from them.

use crate::error::Result;
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind};
use crate::units::Fixed18;

/// A measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    /// As in the table it comes from.
    pub(crate) name: &'static str,
    kind: Kind,
    meaning: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count(&'static str),
    Units,
    /// What the waterfall begins with.
    Revenue,
    /// A line that is taken off.
    Line,
    /// What the lines above leave.
    Step,
    /// Of `customer_value`.
    Value,
}

pub(crate) const LINES: &str = "lines";
pub(crate) const NET_REVENUE: &str = "net_revenue";
pub(crate) const COST_TO_SERVE: &str = "cost_to_serve";
pub(crate) const CUSTOMER_PROFIT: &str = "customer_profit";
pub(crate) const RESIDUAL_VALUE: &str = "residual_value";

/// In the order of the waterfall. Days are missing: those of several members may be the same.
#[rustfmt::skip]
const MEASURES: [Measure; 22] = [
    Measure { name: LINES, kind: Kind::Count("lines"), meaning: "Sale lines" },
    Measure { name: "orders", kind: Kind::Count("orders"), meaning: "Distinct orders with a sale line; those of a shared customer are divided to whole orders" },
    Measure { name: "units", kind: Kind::Units, meaning: "Units on sale lines" },
    Measure { name: "returned_units", kind: Kind::Units, meaning: "Units on return lines" },
    Measure { name: "list_revenue", kind: Kind::Revenue, meaning: "List value of sale lines" },
    Measure { name: "discount", kind: Kind::Line, meaning: "Discount on sale lines" },
    Measure { name: "returns", kind: Kind::Line, meaning: "Net value of return lines" },
    Measure { name: NET_REVENUE, kind: Kind::Step, meaning: "List revenue − discount − returns" },
    Measure { name: "product_cost", kind: Kind::Line, meaning: "Cost of the goods, less that of returned goods" },
    Measure { name: "gross_margin", kind: Kind::Step, meaning: "Net revenue − product cost" },
    Measure { name: "price_concessions", kind: Kind::Line, meaning: "Cost of all activities that are price concessions" },
    Measure { name: COST_TO_SERVE, kind: Kind::Line, meaning: "Cost of all unit- and order-level activities" },
    Measure { name: "contribution", kind: Kind::Step, meaning: "Gross margin − price concessions, if any − cost to serve" },
    Measure { name: "customer_level_cost", kind: Kind::Line, meaning: "Cost of all customer-level activities" },
    Measure { name: "financing_cost", kind: Kind::Line, meaning: "Cost of all activities that finance receivables" },
    Measure { name: "exchange_difference", kind: Kind::Line, meaning: "Realised exchange losses less gains between invoice and payment" },
    Measure { name: "acquisition_cost", kind: Kind::Line, meaning: "What winning the members cost" },
    Measure { name: CUSTOMER_PROFIT, kind: Kind::Step, meaning: "Contribution − customer-level cost − financing cost and exchange difference, if any − acquisition cost" },
    Measure { name: "spread_cost", kind: Kind::Line, meaning: "Cost of higher levels that a declared basis spreads over customers" },
    Measure { name: "unused_charged", kind: Kind::Line, meaning: "Unused capacity charged in proportion to the minutes taken" },
    Measure { name: "fully_loaded_profit", kind: Kind::Step, meaning: "Customer profit − spread cost − unused capacity charged" },
    Measure { name: RESIDUAL_VALUE, kind: Kind::Value, meaning: "Residual value of the members; never added to profit; null where that of one who bought is not known" },
];

/// The measures of a run.
#[derive(Debug)]
pub(crate) struct Measures(Vec<Measure>);

impl Measures {
    /// Those that the tables of the run have.
    pub(crate) fn new(has: impl Fn(&str) -> bool) -> Self {
        Self(MEASURES.into_iter().filter(|measure| has(measure.name)).collect())
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> &[Measure] {
        &self.0
    }

    /// Those that are divided among groups and added up; the others follow from them.
    pub(crate) fn additive(&self) -> impl Iterator<Item = (usize, &Measure)> {
        self.0.iter().enumerate().filter(|(_, measure)| measure.kind != Kind::Step)
    }

    /// The place of a measure among all, if the run has it.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|measure| measure.name == name)
    }

    /// The waterfall of additive measures, by place among them: columns of all measures.
    ///
    /// # Errors
    /// A value beyond 18 digits.
    pub(crate) fn waterfall(&self, additive: Vec<Vec<i64>>) -> Result<Vec<Vec<i64>>> {
        let rows = additive.first().map_or(0, Vec::len);
        let mut left = vec![0_i128; rows];
        let mut additive = additive.into_iter();
        let mut columns = Vec::with_capacity(self.0.len());
        for measure in &self.0 {
            let column = match measure.kind {
                Kind::Step => narrow(measure.name, &left)?,
                _ => additive.next().expect("a column for each additive measure"),
            };
            match measure.kind {
                Kind::Revenue => {
                    left.iter_mut().zip(&column).for_each(|(left, value)| *left += i128::from(*value))
                }
                Kind::Line => {
                    left.iter_mut().zip(&column).for_each(|(left, value)| *left -= i128::from(*value))
                }
                _ => {}
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// What customer profit is of additive measures, by place among them: what of each counts, −1, 0 or 1.
    pub(super) fn signs_of_profit(&self) -> Vec<i64> {
        let last = self.place(CUSTOMER_PROFIT).expect("every run has customer profit");
        let sign = |(place, measure): (usize, &Measure)| match measure.kind {
            Kind::Revenue => 1,
            Kind::Line if place < last => -1,
            _ => 0,
        };
        self.additive().map(sign).collect()
    }
}

impl Measure {
    /// Whether it comes from `customer_value`.
    pub(crate) fn is_value(&self) -> bool {
        self.kind == Kind::Value
    }

    /// As a column.
    pub(crate) fn column(&self, format: TableFormat<'_>) -> Column {
        match self.kind {
            Kind::Count(unit) => Column::new(self.name, ColumnKind::Integer, unit, self.meaning),
            Kind::Units => {
                Column::new(self.name, ColumnKind::Volume(format.volume_scale), "units", self.meaning)
            }
            _ => format.money(self.name, self.meaning),
        }
    }

    /// Digits after the point; none of a count.
    pub(crate) fn scale(&self, format: TableFormat<'_>) -> Option<u8> {
        match self.kind {
            Kind::Count(_) => None,
            Kind::Units => Some(format.volume_scale),
            _ => Some(format.money_scale),
        }
    }
}

fn narrow(name: &str, values: &[i128]) -> Result<Vec<i64>> {
    let narrow = |value: &i128| {
        Fixed18::checked(*value, format_args!("hierarchy: '{name}' of a group")).map(Fixed18::get)
    };
    values.iter().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waterfall_follows_from_what_is_divided() {
        let names = ["list_revenue", "discount", NET_REVENUE, COST_TO_SERVE, CUSTOMER_PROFIT, "spread_cost"];
        let measures = Measures::new(|name| names.contains(&name));
        let columns = measures.waterfall(vec![vec![100], vec![10], vec![35], vec![3]]).unwrap();
        assert_eq!(columns, [[100], [10], [90], [35], [55], [3]]);
        assert_eq!(measures.signs_of_profit(), [1, -1, -1, 0]);
        assert!(measures.waterfall(vec![vec![i64::MAX], vec![-1], vec![0], vec![0]]).is_err());
    }
}
