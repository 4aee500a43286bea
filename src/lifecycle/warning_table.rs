//! `early_warning` and `early_warning_holdout`.

use super::holdout::{Outcome, Score};
use super::ratio::{real, share};
use super::signal::SignalKind;
use super::warning::{Warned, Warnings};
use crate::facts::schema::Customers;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Day, PeriodKind};

/// Customers with a warning, in the order of their keys, each with its place by what is at stake.
pub(crate) fn early_warning(
    format: TableFormat<'_>,
    period: PeriodKind,
    customers: &Customers,
    warnings: &Warnings,
    rows: &[(i64, &Warned)],
) -> Sheet {
    let mut draft = format.draft("early_warning", "customer with a warning", None, rows);
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.1.rank)), true);
    draft.as_of();
    draft.count("rank_stake", "", "Place by contribution at stake, 1 the highest", |row| row.0);
    let meaning = "Contribution of the 365 days before the as-of date";
    draft.money("contribution_at_stake", meaning, |row| row.1.stake);
    let meaning = "Last day with a sale line before the as-of date";
    draft.day("last_purchase_date", meaning, |row| Day(row.1.seen.last));
    draft.name("state", "State at the as-of date, as in lifecycle", |row| row.1.state.name());
    let meaning = "What the warning is of: overdue, alive, contribution, orders, breadth or discount; of several the first";
    draft.name("kind", meaning, |row| warnings.signals(row.1)[0].kind.name());
    draft.name("kinds", "All of them", |row| {
        let kinds = warnings.signals(row.1).iter().map(|signal| signal.kind.name());
        kinds.collect::<Vec<_>>().join(", ")
    });
    let meaning = "Of kind: days since the last purchase over the expected gap; probability alive; or the share by which the measure fell, the discount rose";
    draft.float("measure", "1", meaning, |row| warnings.signals(row.1)[0].measure);
    let meaning = "What the measure was held against";
    draft.float("threshold", "1", meaning, |row| warnings.signals(row.1)[0].threshold);
    draft.text("reason", "Every reason in words", |row| {
        let reasons = warnings.signals(row.1).iter().map(|signal| signal.reason(format, period));
        reasons.collect::<Vec<_>>().join("; ")
    });
    draft.finish()
}

/// How warnings made one holdout earlier came out, by kind.
pub(crate) fn early_warning_holdout(format: TableFormat<'_>, outcome: &Outcome, scores: &[Score]) -> Sheet {
    let mut draft = format.draft("early_warning_holdout", "kind of warning and alert volume", None, scores);
    draft.day("warned_date", "As-of date, exclusive, of the warnings", |_| outcome.date);
    draft.day("until_date", "Exclusive end of what they are held against", |_| outcome.until);
    draft.name("kind", "Kind of warning, or any", |score| score.kind.map_or("any", SignalKind::name));
    let meaning = "Only so many warnings, those with the most contribution at stake; null: all";
    draft.count("alerts", "customers", meaning, |score| score.volume);
    let meaning =
        "Customers whose relationship had not ended then, and of whom a sign of this kind can be read";
    draft.count("candidates", "customers", meaning, |score| score.candidates.customers);
    let meaning = "Of these, customers without purchase until the end";
    draft.count("candidates_lapsed", "customers", meaning, |score| score.candidates.lapsed);
    let warned = "Candidates that were warned of";
    draft.count("warned", "customers", warned, |score| score.warned.customers);
    draft.count("warned_lapsed", "customers", meaning, |score| score.warned.lapsed);
    let precision = |score: &Score| share(score.warned.lapsed, score.warned.customers);
    draft.float("precision", "1", "warned_lapsed / warned; null without warnings", precision);
    let base = |score: &Score| share(score.candidates.lapsed, score.candidates.customers);
    draft.float("base_rate", "1", "candidates_lapsed / candidates; null without candidates", base);
    draft.float("lift", "1", "precision / base_rate; null if nobody lapsed", |score| {
        Some(precision(score)? / base(score).filter(|base| *base > 0.0)?)
    });
    draft.float("recall", "1", "warned_lapsed / candidates_lapsed; null if nobody lapsed", |score| {
        share(score.warned.lapsed, score.candidates.lapsed)
    });
    let meaning = "Mean days, of those that lapsed, from the warning to the end of the relationship: last purchase + lifecycle.gap_days";
    draft.float("mean_lead_days", "days", meaning, |score| {
        (score.warned.lapsed > 0).then(|| real(score.warned.lead_days) / real(score.warned.lapsed))
    });
    draft.finish()
}
