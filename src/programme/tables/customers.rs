//! `customer_points`: the points of each member.

use super::super::writing::Member;
use crate::facts::schema::Customers;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

/// Consecutive members.
pub(in super::super) fn customer_points(
    format: TableFormat<'_>,
    customers: &Customers,
    rows: &[Member],
) -> Sheet {
    let mut draft = format.draft("customer_points", "member of the programme", None, rows);
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.who)), false);
    draft.as_of();
    draft.day("member_since", "Day of the first movement of points", |row| row.since);
    draft.day("last_movement_on", "Day of the last one", |row| row.last);
    draft.count("points_earned", "points", "Points earned", |row| row.earned);
    draft.count("points_redeemed", "points", "Points redeemed", |row| row.redeemed);
    draft.count("points_expired", "points", "Points expired", |row| row.expired);
    let meaning = "Of those redeemed and expired, points that the member had not earned in the source: earned before it begins";
    draft.count("points_overdrawn", "points", meaning, |row| row.account.overdrawn);
    let meaning = "points_earned + points_overdrawn − points_redeemed − points_expired";
    draft.count("points_balance", "points", meaning, |row| row.account.balance());
    let meaning = "What the balance buys, at the worth of a point; rounded so that members add up to programme_period.points_worth";
    draft.money("points_worth", meaning, |row| row.worth);
    let meaning = "The member's part of the contract liability, by points and the period in which they were earned; members add up to the \
                   last programme_period.liability_closing";
    draft.money("points_liability", meaning, |row| row.liability);
    draft.finish()
}
