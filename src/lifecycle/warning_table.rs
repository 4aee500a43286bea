//! `early_warning` and `early_warning_holdout`.

use super::holdout::{Outcome, Score};
use super::layout::{Layout, count, date, float, name, real, share, whole};
use super::signal::{Signal, SignalKind};
use super::warning::{Warned, Warnings};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::Day;

/// Warned customers, in the order of their keys: those at these places.
pub(crate) fn early_warning(
    layout: &Layout<'_>,
    as_of: Day,
    warnings: &Warnings,
    places: &[i64],
    rows: &[Warned],
) -> Sheet {
    let mut sheet = Sheet::new("early_warning", "customer with a warning", None);
    let ranks: Vec<u32> = rows.iter().map(|row| row.rank).collect();
    sheet.add(layout.key(), layout.customers.ids(&ranks));
    Layout::add_as_of(&mut sheet, as_of, rows.len());
    let meaning = "Place by contribution at stake, 1 the highest";
    sheet.fixed(Column::new("rank_stake", ColumnKind::Integer, "", meaning), places.to_vec());
    let meaning = "Contribution of the 365 days before the as-of date";
    sheet.fixed(
        layout.money("contribution_at_stake", meaning),
        rows.iter().map(|row| row.stake).collect::<Vec<_>>(),
    );
    let last = date("last_purchase_date", "Last day with a sale line before the as-of date");
    sheet.days(last, rows.iter().map(|row| Some(row.seen.last)));
    let state = name("state", "State at the as-of date, as in lifecycle");
    sheet.texts(state, rows.iter().map(|row| Some(row.state.name())));
    add_signals(&mut sheet, layout, warnings, rows);
    sheet
}

fn add_signals(sheet: &mut Sheet, layout: &Layout<'_>, warnings: &Warnings, rows: &[Warned]) {
    let signals = || rows.iter().map(|row| warnings.signals(row));
    let first = || signals().map(|signals| &signals[0]);
    let joined = |separator: &str, of: &dyn Fn(&Signal) -> String| -> Vec<String> {
        signals().map(|signals| signals.iter().map(of).collect::<Vec<_>>().join(separator)).collect()
    };
    let meaning = "What the warning is of: overdue, alive, contribution, orders, breadth or discount; of several the first";
    sheet.texts(name("kind", meaning), first().map(|signal| Some(signal.kind.name())));
    let kinds = joined(", ", &|signal| signal.kind.name().to_owned());
    sheet.texts(name("kinds", "All of them"), kinds.iter().map(|kinds| Some(kinds.as_str())));
    let meaning = "Of kind: days since the last purchase over the expected gap; probability alive; or the share by which the measure fell, the discount rose";
    sheet.floats(
        Column { nullable: false, ..float("measure", "1", meaning) },
        first().map(|signal| Some(signal.measure)),
    );
    let meaning = "What the measure was held against";
    sheet.floats(
        Column { nullable: false, ..float("threshold", "1", meaning) },
        first().map(|signal| Some(signal.threshold)),
    );
    let reasons = joined("; ", &|signal| signal.reason(layout));
    let reason = Column::new("reason", ColumnKind::Text, "", "Every reason in words");
    sheet.texts(reason, reasons.iter().map(|reason| Some(reason.as_str())));
}

/// How warnings made one holdout earlier came out, by kind.
pub(crate) fn early_warning_holdout(outcome: &Outcome, scores: &[Score]) -> Sheet {
    let mut sheet = Sheet::new("early_warning_holdout", "kind of warning and alert volume", None);
    let day = |day: Day| scores.iter().map(move |_| Some(day.0));
    sheet.days(date("warned_date", "As-of date, exclusive, of the warnings"), day(outcome.date));
    let meaning = "Exclusive end of what they are held against";
    sheet.days(date("until_date", meaning), day(outcome.until));
    let kinds = scores.iter().map(|score| Some(score.kind.map_or("any", SignalKind::name)));
    sheet.texts(name("kind", "Kind of warning, or any"), kinds);
    let meaning = "Only so many warnings, those with the most contribution at stake; null: all";
    sheet.fixed_or_null(
        count("alerts", "customers", meaning),
        scores.iter().map(|score| score.volume.map(whole)).collect(),
    );
    let mut add = |name, meaning, of: &dyn Fn(&Score) -> u64| {
        sheet.fixed(
            count(name, "customers", meaning),
            scores.iter().map(|score| whole(of(score))).collect::<Vec<_>>(),
        );
    };
    add(
        "candidates",
        "Customers whose relationship had not ended then, and of whom a sign of this kind can be read",
        &|score| score.candidates.customers,
    );
    add("candidates_lapsed", "Of these, customers without purchase until the end", &|score| {
        score.candidates.lapsed
    });
    add("warned", "Candidates that were warned of", &|score| score.warned.customers);
    add("warned_lapsed", "Of these, customers without purchase until the end", &|score| score.warned.lapsed);
    let precision = |score: &Score| share(score.warned.lapsed, score.warned.customers);
    let base = |score: &Score| share(score.candidates.lapsed, score.candidates.customers);
    sheet.floats(
        float("precision", "1", "warned_lapsed / warned; null without warnings"),
        scores.iter().map(precision),
    );
    sheet.floats(
        float("base_rate", "1", "candidates_lapsed / candidates; null without candidates"),
        scores.iter().map(base),
    );
    let lift = |score: &Score| Some(precision(score)? / base(score).filter(|base| *base > 0.0)?);
    sheet.floats(float("lift", "1", "precision / base_rate; null if nobody lapsed"), scores.iter().map(lift));
    let recall = |score: &Score| share(score.warned.lapsed, score.candidates.lapsed);
    sheet.floats(
        float("recall", "1", "warned_lapsed / candidates_lapsed; null if nobody lapsed"),
        scores.iter().map(recall),
    );
    let lead = |score: &Score| {
        (score.warned.lapsed > 0).then(|| real(score.warned.lead_days) / real(score.warned.lapsed))
    };
    let meaning = "Mean days, of those that lapsed, from the warning to the end of the relationship: last purchase + lifecycle.gap_days";
    sheet.floats(float("mean_lead_days", "days", meaning), scores.iter().map(lead));
    sheet
}
