//! Changes as the published `bridge` explains them, whether its partitions were made or taken over: what the statement holds
//! against customers' own sums.

use super::customer_totals::CustomerTotals;
use crate::error::{Error, Result};
use crate::publish::StageTables;
use crate::publish::read::{PublishedReader, Wanted, names};
use crate::units::{Day, Period};
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, Decimal128Type};
use std::collections::BTreeMap;
use std::ops::Range;

/// A measure of two spans, and what the steps between them add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedChange {
    /// `contribution` or `customer profit`.
    pub(crate) measure: String,
    /// Such as `period before`, or `quarter, year before`.
    pub(crate) comparison: String,
    /// First day and exclusive end.
    pub(crate) before: Range<Day>,
    pub(crate) after: Range<Day>,
    /// The sum of the steps.
    pub(crate) steps: i128,
}

const COLUMNS: [&str; 9] = [
    "comparison",
    "span",
    "measure",
    "period_start",
    "period_until",
    "compared_period_start",
    "compared_period_until",
    "is_level",
    "amount",
];

impl PublishedChange {
    /// All changes of the release in the making.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn read(staging: StageTables<'_>) -> Result<Vec<Self>> {
        let table = PublishedReader::open(&staging.written("bridge"))?;
        let is_name = |column: &str| ["comparison", "span", "measure"].contains(&column);
        let wanted =
            COLUMNS.map(|column| (column, if is_name(column) { Wanted::Names } else { Wanted::Values }));
        let columns = table.cursor(&wanted)?.next(table.rows())?;
        let mut steps: BTreeMap<(Day, usize), Self> = BTreeMap::new();
        let mut keys: Vec<String> = Vec::new();
        for row in 0..table.rows() {
            let name = |column: usize| name(&columns[column], row);
            let day = |column: usize| Day(columns[column].as_primitive::<Date32Type>().value(row));
            let (comparison, span, measure) = (name(0)?, name(1)?, name(2)?);
            let comparison = if span == "period" { comparison } else { format!("{span}, {comparison}") };
            let (after, before) = (day(3)..day(4), day(5)..day(6));
            let key = format!("{measure} {comparison}");
            let place = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            });
            let found = Self { measure, comparison, before, after: after.clone(), steps: 0 };
            let of_change = steps.entry((after.end, place)).or_insert(found);
            if !columns[7].as_boolean().value(row) {
                of_change.steps += amount(&columns[8], row)?;
            }
        }
        Ok(steps.into_values().collect())
    }

    /// The change of the measure by what is published of customers, less what the steps say: 0.
    pub(crate) fn difference(&self, periods: &[(Period, CustomerTotals)]) -> i128 {
        let measure = |totals: &CustomerTotals| match self.measure == super::bridge::CONTRIBUTION {
            true => totals.contribution(),
            false => totals.customer_profit,
        };
        let of_span = |span: &Range<Day>| -> i128 {
            let periods = periods.iter().filter(|(period, _)| span.contains(&period.start));
            periods.map(|(_, totals)| measure(totals)).sum()
        };
        of_span(&self.after) - of_span(&self.before) - self.steps
    }
}

fn name(column: &ArrayRef, row: usize) -> Result<String> {
    let column = names(column)?;
    let texts = column.values().as_string::<i32>();
    Ok(texts.value(column.key(row).expect("no name of a comparison is null")).to_owned())
}

fn amount(column: &ArrayRef, row: usize) -> Result<i128> {
    let amounts = column.as_primitive_opt::<Decimal128Type>();
    let amounts = amounts.ok_or_else(|| Error::internal("bridge: amounts are no decimals of 38 digits"))?;
    Ok(amounts.value(row))
}
