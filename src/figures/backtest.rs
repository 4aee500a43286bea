//! The back-test that figures show: of the newest calibration date, the model that came closest.

use super::cells::{Row, Tables};
use crate::error::Result;
use crate::publish::ALL_CUSTOMERS;

/// A model and the dates between which it was held against what happened.
pub(super) struct Backtest {
    /// Its row of totals.
    pub(super) total: Row,
}

const COLUMNS: [&str; 10] = [
    "calibration_date",
    "until_date",
    "target",
    "segment_by",
    "forecaster",
    "season",
    "kind",
    "expected",
    "actual",
    "rmse",
];

impl Backtest {
    /// Of all models that were followed week by week, the one with the smallest error of purchases per customer.
    pub(super) fn best(tables: &Tables<'_>) -> Result<Option<Self>> {
        let of_purchases =
            |row: &Row| row.cell("target").is("purchases") && row.cell("segment_by").is(ALL_CUSTOMERS);
        let mut totals = tables.rows("value_backtest", &COLUMNS, &of_purchases)?;
        let Some(newest) = totals.rows.iter().map(|row| row.cell("calibration_date").exact()).max() else {
            return Ok(None);
        };
        totals.rows.retain(|row| row.cell("calibration_date").exact() == newest);
        let followed = |row: &&Row| row.cell("kind").is("week");
        let mut models: Vec<String> =
            totals.rows.iter().filter(followed).map(|row| row.cell("forecaster").exact()).collect();
        models.dedup();
        totals
            .rows
            .retain(|row| row.cell("kind").is("total") && models.contains(&row.cell("forecaster").exact()));
        Ok(totals.lowest("rmse").cloned().map(|total| Self { total }))
    }

    /// Whether a row of `value_backtest` is one of its rows of this kind.
    pub(super) fn has(&self, row: &Row, kind: &str) -> bool {
        let same = |column: &str| row.cell(column).exact() == self.total.cell(column).exact();
        row.cell("kind").is(kind)
            && ["calibration_date", "target", "segment_by", "forecaster", "season"].into_iter().all(same)
    }
}
