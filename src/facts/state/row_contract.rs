//! The row contract of a `RowSource`: what becomes of each row of a batch.

use super::evaluated_rows::Evaluated;
use crate::error::Result;
use crate::facts::expr::{Checked, Rows};
use crate::facts::inputs::key_text::text_of;
use crate::facts::inputs::row_source::{BoundRows, Holds, RowSource};
use crate::facts::schema::Customers;
use crate::units::Day;
use arrow::array::RecordBatch;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Used,
    Excluded,
    AfterAsOf,
    Quarantined(String),
}

/// What rows are held against.
pub(super) struct RowContract<'r> {
    pub(super) source: &'r RowSource<'r>,
    pub(super) bound: &'r BoundRows,
    /// None before the facts are there: then every customer counts as known.
    pub(super) customers: Option<&'r Customers>,
    pub(super) as_of: Day,
}

impl RowContract<'_> {
    /// The values of a batch, column by column, and what becomes of its rows.
    ///
    /// # Errors
    /// Those of the expressions; what is wrong with a single row is its fate.
    pub(super) fn evaluate(&self, batch: &RecordBatch) -> Result<(Vec<Evaluated>, Vec<Fate>)> {
        let rows = &Rows::of(batch);
        let columns = self.source.columns.iter().zip(&self.bound.columns);
        let evaluated =
            columns.map(|(column, bound)| Evaluated::of(bound, column.holds, rows, self.customers));
        let evaluated = evaluated.collect::<Result<Vec<_>>>()?;
        let kept = self.bound.filter.as_ref().map(|filter| filter.truth(rows)).transpose()?;
        let mut fates = self.fates(&evaluated, batch.num_rows());
        if let Some(Checked { value: kept, faults }) = kept {
            let excluded = fates.iter_mut().enumerate().filter(|(row, _)| !kept.value(*row));
            excluded.for_each(|(_, fate)| *fate = Fate::Excluded);
            for (row, fault) in faults {
                fates[row as usize] = Fate::Quarantined(format!("where: {}", fault.reason()));
            }
        }
        Ok((evaluated, fates))
    }

    /// Of all rows, the filter aside.
    fn fates(&self, evaluated: &[Evaluated], rows: usize) -> Vec<Fate> {
        let mut fates = vec![Fate::Used; rows];
        for (column, values) in self.source.columns.iter().zip(evaluated) {
            for (row, fault) in values.faults() {
                quarantine_row(&mut fates[*row as usize], || format!("{}: {}", column.key, fault.reason()));
            }
            for (row, fate) in fates.iter_mut().enumerate() {
                if values.is_null(row) {
                    if column.required {
                        quarantine_row(fate, || format!("{} is null", column.key));
                    }
                    continue;
                }
                match (values, column.holds) {
                    (Evaluated::People(keys, ranks), Holds::Customer)
                        if self.customers.is_some() && ranks[row].is_none() =>
                    {
                        let key = text_of(&keys.value, row);
                        quarantine_row(fate, || format!("{} '{key}' is in no other source", column.key));
                    }
                    (Evaluated::Days(days), Holds::At)
                        if *fate == Fate::Used && days.days[row] >= self.as_of.0 =>
                    {
                        *fate = Fate::AfterAsOf;
                    }
                    _ => {}
                }
            }
        }
        self.hold_to_rule(evaluated, &mut fates);
        fates
    }

    /// Quarantines rows whose values are right one by one and wrong together.
    fn hold_to_rule(&self, evaluated: &[Evaluated], fates: &mut [Fate]) {
        let Some(rule) = self.source.rule else { return };
        let mut values = vec![None; evaluated.len()];
        // A row that is at fault already has values that mean nothing.
        let whole = fates.iter_mut().enumerate().filter(|(_, fate)| !matches!(fate, Fate::Quarantined(_)));
        for (row, fate) in whole {
            values.iter_mut().zip(evaluated).for_each(|(value, of)| *value = of.number(row));
            if let Some(reason) = rule(&values) {
                quarantine_row(fate, || reason);
            }
        }
    }
}

/// The first reason counts; a row after the as-of day that is broken too is quarantined.
fn quarantine_row(fate: &mut Fate, reason: impl FnOnce() -> String) {
    if !matches!(fate, Fate::Quarantined(_)) {
        *fate = Fate::Quarantined(reason());
    }
}
