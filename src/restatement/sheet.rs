//! The published table `restatement`.

use super::restated::Restated;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::Day;

/// One row per control total, period and cause that a release changed in the one before it; none in the first.
pub fn restatement_table(base: Option<&str>, parts: &[Restated], currency: &str, money_scale: u8) -> Sheet {
    let grain = "one row per control total, period and cause: what this release changed in the one before it";
    let mut sheet = Sheet::new("restatement", grain, None);
    let name = |name: &'static str, meaning: &'static str| Column::new(name, ColumnKind::Name, "", meaning);
    let base = parts.iter().map(|_| Some(base.unwrap_or_default()));
    sheet.texts(name("base_release", "release that is compared with"), base);
    let totals = parts.iter().map(|part| Some(&*part.control_total));
    sheet.texts(name("control_total", "which total, as in release.json"), totals);
    let day =
        |part: &Restated| part.period.as_ref().and_then(|period| period.parse::<Day>().ok()).map(|day| day.0);
    let period = Column::new(
        "period_start",
        ColumnKind::Date,
        "",
        "first day of the period; null where it belongs to none",
    );
    sheet.days(period.nullable(), parts.iter().map(day));
    let causes = parts.iter().map(|part| Some(&*part.cause));
    sheet.texts(
        name("cause", "new, late, removed or changed rows, a changed ledger, definition or program"),
        causes,
    );
    let money = |name: &'static str, meaning: &'static str| {
        Column::new(name, ColumnKind::Total(money_scale), format!("{currency}, rows or customers"), meaning)
    };
    let change = parts.iter().map(|part| part.change.at_scale(money_scale)).collect();
    sheet.totals(money("change", "after less before; parts add up to the change of the total"), change);
    let before = parts.iter().map(|part| part.before.at_scale(money_scale)).collect();
    sheet.totals(money("before", "what the total was in the period"), before);
    sheet
}
