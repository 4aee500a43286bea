//! Who is alive at the dates that the early warning looks back from.

use super::census::{Pile, Scope};
use super::dates;
use super::fits::FittedPurchases;
use super::models::Counts;
use super::outlook::Forecast;
use super::past::{Days, Times};
use super::schema::Alive;
use super::valuation::discount_per_day;
use crate::customers::slices;
use crate::error::Result;
use crate::pipeline::Definition;
use crate::units::Day;
use std::ops::Range;

/// Probability alive of everybody at the run's as-of date and those of the early warning, by the fits of the whole
/// history; nothing while there is no `[lifecycle]` to ask.
///
/// # Errors
/// None of its own.
pub(crate) fn alive(
    definition: &Definition,
    scope: &Scope<'_>,
    as_of: Day,
    fits: &[Option<&FittedPurchases>],
) -> Result<Alive> {
    let (Some(lifecycle), Some(clv)) = (&definition.lifecycle, &definition.clv) else {
        return Ok(Alive::default());
    };
    let days = dates::warning(lifecycle, as_of);
    let counts = counts(scope, &days)?;
    let discount = discount_per_day(clv);
    let forecasts: Vec<Option<Forecast>> =
        fits.iter().zip(&counts).map(|(fit, counts)| Forecast::new((*fit)?, &[], discount, counts)).collect();
    let mut probability: Vec<Vec<Option<f32>>> = vec![Vec::new(); days.len()];
    let of_slice = |ranks: Range<usize>| {
        let mut alive: Vec<Vec<Option<f32>>> = vec![vec![None; ranks.len()]; days.len()];
        each(scope, &days, ranks, |date, customer, segment, times| {
            let outlook = forecasts[segment].as_ref().map(|forecast| forecast.at(&times));
            #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits")]
            let probability = outlook.map(|outlook| outlook.alive.value as f32);
            alive[date][customer] = probability;
        });
        Ok(alive)
    };
    slices::in_order(0..scope.history.days.customers(), of_slice, |parts| {
        probability.iter_mut().zip(parts).for_each(|(all, part)| all.extend(part));
        Ok(())
    })?;
    Ok(Alive { days, probability })
}

/// Histories by segment, at all of these dates: scorers hold those that were counted.
fn counts(scope: &Scope<'_>, days: &[Day]) -> Result<Vec<Counts>> {
    let mut piles: Vec<Pile> = (0..scope.segments.len()).map(|_| Pile::default()).collect();
    let of_slice = |ranks: Range<usize>| {
        let mut seen = Vec::new();
        each(scope, days, ranks, |_, _, segment, times| seen.push((segment, times)));
        Ok(seen)
    };
    slices::in_order(0..scope.history.days.customers(), of_slice, |seen| {
        seen.iter().for_each(|(segment, times)| piles[*segment].push(times));
        Ok(())
    })?;
    Ok(piles.into_iter().map(Pile::finish).collect())
}

/// Tells of each date and customer of a slice: number of the date and of the customer, segment, times.
fn each(
    scope: &Scope<'_>,
    days: &[Day],
    ranks: Range<usize>,
    mut tell: impl FnMut(usize, usize, usize, Times),
) {
    let slice = scope.history.days.slice(ranks.clone());
    let customers = Days::new(&slice, scope.margin);
    for (customer, rank) in ranks.enumerate() {
        let rows = customers.of(customer);
        for (date, day) in days.iter().enumerate() {
            if let Some(times) = Times::of(&rows.before(day.0), day.0) {
                tell(date, customer, scope.segments.of(rank), times);
            }
        }
    }
}
