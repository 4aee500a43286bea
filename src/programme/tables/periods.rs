//! `programme_period`: the books of a programme, period by period.

use super::super::cohort::Worth;
use super::super::ledger::PeriodBooks;
use super::super::redemption::WHOLE;
use super::{points, shown, whole_points};
use crate::customers::calendar::Calendar;
use crate::error::Result;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::Day;

struct Row<'r> {
    start: Day,
    is_complete: bool,
    books: &'r PeriodBooks,
    /// What points at its end, and those redeemed in it, are worth.
    worth: i128,
    redeemed_worth: i128,
}

/// The table.
///
/// # Errors
/// Numbers beyond 128 bits.
pub(in super::super) fn programme_period(
    format: TableFormat<'_>,
    calendar: &Calendar,
    books: &[PeriodBooks],
    worth: Worth,
) -> Result<Sheet> {
    let mut rows = Vec::with_capacity(books.len());
    for (period, books) in books.iter().enumerate() {
        rows.push(Row {
            start: calendar.period(period).start,
            is_complete: period < calendar.complete(),
            books,
            worth: worth.of(books.closing)?,
            redeemed_worth: worth.of(books.sums.redeemed)?,
        });
    }
    let mut draft = format.draft("programme_period", "period", None, &rows);
    draft.day("period_start", "First day of the period", |row| row.start);
    draft.flag("is_complete", "Whether the period ended by the as-of date", |row| row.is_complete);
    draft.count("members", "customers", "Customers with a movement of points by its end", |row| {
        row.books.members
    });
    add_points(&mut draft);
    add_money(&mut draft);
    Ok(draft.finish())
}

fn add_points<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let mut add = |name: &'static str, meaning: &'static str, of: fn(&PeriodBooks) -> i64| {
        draft.count(name, "points", meaning, move |row| of(row.books));
    };
    add("points_opening", "Points of all members when it began", |books| points(books.opening));
    add("points_earned", "Points earned", |books| points(books.sums.earned));
    add("points_redeemed", "Points redeemed", |books| points(books.sums.redeemed));
    add("points_expired", "Points expired", |books| points(books.sums.expired));
    let meaning = "points_opening + points_earned + points_overdrawn − points_redeemed − points_expired";
    add("points_closing", meaning, |books| points(books.closing));
    let meaning = "Of those redeemed and expired, points that the members had not earned in the source: earned before it begins";
    add("points_overdrawn", meaning, |books| points(books.sums.overdrawn));
    let meaning =
        "Of the points that were open at its end, those that are expected to be redeemed, seen from then";
    add("points_expected", meaning, |books| whole_points(books.expected));
    let meaning = "Share of the points earned in it that is expected to be redeemed, seen from its end: declared, or estimated from \
                   what was redeemed and expired until then by age of points, see programme_redemption";
    draft.float("expected_redemption_rate", "1", meaning, |row| Some(shown(row.books.redemption)));
    let meaning = "1 − expected_redemption_rate: breakage";
    draft.float("breakage_rate", "1", meaning, |row| Some(shown(WHOLE - row.books.redemption)));
}

fn add_money<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let meaning = "What points_closing buys, at the worth of a point: no breakage is taken off";
    draft.total("points_worth", meaning, |row| row.worth);
    let meaning = "What was paid for what earned points; without programme.paid, net revenue of members from the day on which they joined";
    draft.total("paid", meaning, |row| row.books.sums.paid);
    let meaning = "Part of it that is deferred: points × worth × expected_redemption_rate over that and the price of the goods \
                   (IFRS 15.B39–B43, ASC 606-10-55-41 to 45)";
    draft.total("revenue_deferred", meaning, |row| row.books.deferred);
    let meaning = "Deferred revenue that is released: of each period of earning in proportion to the points redeemed among those expected \
                   to be; a new expectation is caught up with";
    draft.total("revenue_released", meaning, |row| row.books.released);
    let meaning = "Deferred revenue that is not released, when it began";
    draft.total("liability_opening", meaning, |row| row.books.liability_opening);
    let meaning = "liability_opening + revenue_deferred − revenue_released: the contract liability";
    draft.total("liability_closing", meaning, |row| row.books.liability_closing);
    draft.total("redeemed_worth", "What points_redeemed bought, at the worth of a point", |row| {
        row.redeemed_worth
    });
    let meaning = "What redeeming cost, by programme.cost";
    draft.total("redemption_cost", meaning, |row| row.books.sums.cost);
}
