//! `contract_backtest`: models of retention held against renewals that were held out.

use super::super::backtest::Backtest;
use super::super::choice::Group;
use super::TableContext;
use crate::publish::schema::Sheet;
use crate::units::Day;

pub(in super::super) fn contract_backtest(
    context: TableContext<'_>,
    calibration: Option<Day>,
    groups: &[Group],
) -> Sheet {
    type Row<'r> = (&'r Group, &'r Backtest);
    let rows: Vec<Row<'_>> = groups
        .iter()
        .flat_map(|group| group.backtests.iter().map(move |backtest| (group, backtest)))
        .collect();
    let mut draft = context.format.draft("contract_backtest", "term, plan and model", None, &rows);
    draft.as_of();
    context.add_group(&mut draft, |row| row.0);
    draft.name("model", "Model, fitted to renewals before calibration_date", |row| row.1.model.word());
    let meaning = "Renewals that came due on this day or later were held out";
    draft.day("calibration_date", meaning, move |_| calibration);
    let meaning = "Contracts that ran at the calibration date";
    draft.count("running", "contracts", meaning, |row| row.0.tally.holdout.totals()[0]);
    let meaning = "Renewals of these that came due until the as-of date";
    draft.count("renewals_due", "renewals", meaning, |row| row.0.tally.holdout.totals()[1]);
    draft.count("lost", "contracts", "Of these contracts, those that were lost", |row| {
        row.0.tally.holdout.totals()[2]
    });
    draft.float("expected_lost", "contracts", "How many the model expected", |row| row.1.expected_lost);
    let meaning = "expected_lost / lost − 1; null where none was lost";
    draft.float("error", "1", meaning, |row| {
        let lost = row.0.tally.holdout.totals()[2];
        (lost > 0).then(|| row.1.expected_lost / lost as f64 - 1.0)
    });
    let meaning = "Mean logarithm of the probability that the model gave to what became of a renewal; the largest is the best";
    draft.float("log_score", "1", meaning, |row| row.1.log_score);
    let is_best = |(group, backtest): &Row<'_>| {
        group.backtests.iter().all(|other| other.log_score <= backtest.log_score)
    };
    draft.flag("is_best", "Whether no model has a larger log_score", is_best);
    draft.finish()
}
