//! The back-test that figures show: of the newest calibration date, the model that came closest.

use super::cells::{Row, Tables};
use crate::error::Result;
use crate::publish::ALL_CUSTOMERS;

/// A model and the dates between which it was held against what happened.
pub(super) struct Backtest {
    /// Its row of `value_backtest`.
    pub(super) total: Row,
}

const COLUMNS: [&str; 10] = [
    "calibration_date",
    "until_date",
    "target",
    "segment_by",
    "forecaster",
    "covariates",
    "season",
    "expected",
    "actual",
    "rmse",
];

impl Backtest {
    /// Of all models that were followed week by week, the one with the smallest error of purchases per customer.
    pub(super) fn best(tables: &Tables<'_>) -> Result<Option<Self>> {
        let followed = tables.rows("value_backtest_week", &["calibration_date", "forecaster"], &|_| true)?;
        let Some(newest) = followed.rows.iter().map(|row| row.cell("calibration_date").exact()).max() else {
            return Ok(None);
        };
        let models: Vec<String> = followed.rows.iter().map(|row| row.cell("forecaster").exact()).collect();
        let is_one = |row: &Row| {
            row.cell("target").is("purchases")
                && row.cell("segment_by").is(ALL_CUSTOMERS)
                && row.cell("calibration_date").exact() == newest
                && models.contains(&row.cell("forecaster").exact())
        };
        let totals = tables.rows("value_backtest", &COLUMNS, &is_one)?;
        Ok(totals.lowest("rmse").cloned().map(|total| Self { total }))
    }

    /// Whether a row of another table is about the same model and date.
    pub(super) fn has(&self, row: &Row) -> bool {
        let same = |column: &str| row.cell(column).exact() == self.total.cell(column).exact();
        ["calibration_date", "forecaster", "covariates", "season"].into_iter().all(same)
    }
}
