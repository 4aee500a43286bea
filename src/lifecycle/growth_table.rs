//! `growth`: growth accounting by period, of all customers and by attribute.

use super::grouping::Grouping;
use super::growth::{Growth, Moves};
use crate::customers::calendar::Calendar;
use crate::facts::schema::FactPeriod;
use crate::publish::schema::Sheet;
use crate::publish::{SegmentKey, TableFormat};

/// One row.
struct Row<'r> {
    segment: SegmentKey<'r>,
    period: FactPeriod,
    moves: Moves,
}

fn rows<'r>(calendar: &Calendar, groupings: &'r [Grouping], growth: &Growth) -> Vec<Row<'r>> {
    let of_grouping = |grouping: &'r Grouping| grouping.values().iter().map(move |value| (grouping, value));
    let mut rows = Vec::new();
    for ((grouping, value), moves) in groupings.iter().flat_map(of_grouping).zip(&growth.groups) {
        let segment = SegmentKey::of(&grouping.by, value.as_deref());
        let periods = calendar.periods.iter().zip(moves);
        rows.extend(periods.map(|(period, moves)| Row { segment, period: *period, moves: *moves }));
    }
    rows
}

/// The published table.
pub(crate) fn growth(
    format: TableFormat<'_>,
    calendar: &Calendar,
    groupings: &[Grouping],
    growth: &Growth,
) -> Sheet {
    let rows = rows(calendar, groupings, growth);
    let mut draft = format.draft("growth", "group of customers and period", None, &rows);
    draft.segment(|row| row.segment);
    draft.day("period_start", "First day of the period", |row| row.period.period.start);
    let meaning = "The as-of date has reached the period's end; others are left out of averages";
    draft.flag("is_complete", meaning, |row| row.period.complete);
    let meaning = "Customers with a purchase: new + retained + resurrected";
    draft.count("active", "customers", meaning, |row| row.moves.active);
    let meaning = "Of these, customers with their first purchase in the history";
    draft.count("new", "customers", meaning, |row| row.moves.new);
    let meaning = "Of these, customers active in the period before";
    draft.count("retained", "customers", meaning, |row| row.moves.retained);
    let meaning = "Of these, customers active earlier, but not in the period before";
    draft.count("resurrected", "customers", meaning, |row| row.moves.resurrected);
    let meaning = "Customers active in the period before, but not now; many come back, so this is no churn: see survival_summary";
    draft.count("inactive", "customers", meaning, |row| row.moves.inactive);
    let meaning =
        "(new + resurrected) / inactive; null if nobody became inactive, and for a period that is not over";
    draft.float("quick_ratio", "1", meaning, |row| row.of_complete(Moves::quick_ratio));
    let meaning = "inactive / customers active in the period before; null without such customers, and for a period that is not over";
    draft.float("inactivity_rate", "1", meaning, |row| row.of_complete(Moves::inactivity_rate));
    draft.finish()
}

impl Row<'_> {
    fn of_complete(&self, ratio: fn(&Moves) -> Option<f64>) -> Option<f64> {
        ratio(&self.moves).filter(|_| self.period.complete)
    }
}
