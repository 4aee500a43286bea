//! `sensitivity`: a row for each estimate and way in which it is off, those that matter most first.

use super::estimates::Estimate;
use super::standing::Moves;
use super::walk::ProfitSums;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::{Decimal, pow10};

/// What one estimate that is off moves.
pub(super) struct Movement {
    pub(super) estimate: Estimate,
    pub(super) sums: ProfitSums,
    pub(super) moved: Moves,
}

/// A row with its place.
type Row<'m> = (i64, &'m Movement);

pub(super) fn sheet(format: TableFormat<'_>, movements: &[Movement]) -> Sheet {
    let mut rows: Vec<Row<'_>> = Vec::with_capacity(movements.len());
    for movement in movements {
        // The ways of one estimate follow each other, and have its place.
        let place = rows
            .last()
            .map_or(1, |(place, last)| place + i64::from(last.estimate.number != movement.estimate.number));
        rows.push((place, movement));
    }
    let grain = "estimate of the costing and way in which it is off";
    let mut draft: Draft<'_, Row<'_>> = format.draft("sensitivity", grain, None, &rows);
    draft.as_of();
    let meaning = "Place by profit moved, of two ways by the larger, from 1: the estimate that matters most";
    draft.count("place", "", meaning, |(place, _)| *place);
    let meaning =
        "share of a pool, quantity by which a pool is taken, minutes of a time equation, practical capacity";
    draft.name("estimate", meaning, |(_, of)| of.estimate.kind.name());
    let meaning = "Activity or resource that takes; null of a capacity";
    draft.name("taker", meaning, |(_, of)| of.estimate.taker.as_deref());
    let meaning = "Resource or activity that is taken of";
    draft.name("giver", meaning, |(_, of)| of.estimate.giver.as_str());
    let meaning = "The estimate, rounded; null where it is more than one number";
    draft.float("value", "", meaning, |(_, of)| of.estimate.value.map(shown));
    let meaning = "By which part of itself it is off, less than it is where negative; other shares of the pool give way in proportion";
    draft.float("off_by", "", meaning, |(_, of)| shown(of.estimate.off_by));
    let meaning = "Differences of customer profit over life, added up whichever way they go";
    draft.total("profit_moved", meaning, |(_, of)| of.sums.moved);
    let meaning = "The same with their signs: what customers gain together";
    draft.total("profit_difference", meaning, |(_, of)| of.sums.difference);
    let meaning = "The largest difference of one customer, whichever way";
    draft.total("largest_difference", meaning, |(_, of)| of.sums.largest);
    let meaning = "Customers whose profit differs, without the unidentified cost object; so with all counts";
    draft.count("customers_affected", "customers", meaning, |(_, of)| of.sums.affected);
    let meaning = "Without profit, with one if the estimate is off";
    draft.count("customers_turning_profitable", "customers", meaning, |(_, of)| of.sums.turn_profitable);
    let meaning = "Without loss, with one if the estimate is off";
    draft.count("customers_turning_unprofitable", "customers", meaning, |(_, of)| of.sums.turn_unprofitable);
    let meaning = "Of another class: high profit, profit, break-even or loss";
    draft.count("customers_changing_class", "customers", meaning, |(_, of)| of.moved.changing_class);
    let meaning = "Of another place by profit among those who bought";
    draft.count("customers_changing_place", "customers", meaning, |(_, of)| of.moved.changing_place);
    draft.count("places_moved", "places", "Sum of the places they move", |(_, of)| of.moved.places);
    draft.count("most_places_moved", "places", "The most that one moves", |(_, of)| of.moved.most_places);
    let meaning = "Not among the top fifth by profit any more";
    draft.count("customers_leaving_top_fifth", "customers", meaning, |(_, of)| of.moved.leaving_top_fifth);
    draft.finish()
}

#[allow(clippy::cast_precision_loss, reason = "shown rounded")]
fn shown(number: Decimal) -> f64 {
    number.mantissa as f64 / pow10(number.scale) as f64
}
