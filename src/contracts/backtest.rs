//! Models of retention held against the renewals that came due after the calibration date.

use super::fit::{Fitted, fit, log_likelihood};
use super::tally::Tally;
use crate::pipeline::RetentionModel;

/// How a model, fitted to what came before, foretold the holdout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Backtest {
    pub(super) model: RetentionModel,
    /// Contracts expected to be lost, of those that ran at the calibration date.
    pub(super) expected_lost: f64,
    /// Mean of the logarithm of the probability of what became of a renewal: a proper score, the larger the better (T. Gneiting,
    /// A. E. Raftery, Journal of the American Statistical Association 102 (2007)).
    pub(super) log_score: f64,
}

/// Every model that can be fitted to what came before the calibration date; none without a renewal in the holdout.
pub(super) fn backtests(tally: &Tally) -> Vec<Backtest> {
    let [_, due, _] = tally.holdout.totals();
    if due == 0 {
        return Vec::new();
    }
    let of_model = |model| {
        let Fitted { law, .. } = fit(model, &tally.calibration).ok()?;
        let lost = |((renewals, due), row): (&(u32, u32), &super::fit::Due)| {
            row.due as f64 * (1.0 - law.survival(*renewals, *due))
        };
        let expected_lost = tally.holdout.running.iter().map(lost).sum();
        let log_score = log_likelihood(&law, &tally.holdout.table) / due as f64;
        Some(Backtest { model, expected_lost, log_score })
    };
    RetentionModel::ALL.into_iter().filter_map(of_model).collect()
}
