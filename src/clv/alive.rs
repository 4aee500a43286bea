//! Who is alive, and who will not buy, at the dates of the early warning, by the fits of the whole history.
//!
//! What is handed on is forecasts, not customers: a probability is a look-up by what a customer did before a date, done
//! where it is needed.

use super::fits::FittedPurchases;
use super::models::{Asked, Counts};
use super::outlook::Forecast;
use super::past::Times;
use super::pile::merged;
use super::segments::Segments;
use crate::customers::days::Seen;
use crate::units::Day;
use std::sync::Arc;

/// Probability alive of any customer at several as-of dates, by one fit per segment.
#[derive(Debug, Clone)]
pub struct Alive(Arc<AliveForecasts>);

#[derive(Debug)]
struct AliveForecasts {
    days: Vec<Day>,
    /// By segment; none where the fit found nothing to predict from.
    forecasts: Vec<Option<Forecast>>,
    segments: Arc<Segments>,
}

impl Alive {
    /// At these dates, the first of them the run's as-of date: `counts` are the histories before that, `earlier` those
    /// before the other dates. Scorers hold the histories that were counted, and look ahead by the holdout.
    pub(crate) fn new<'c>(
        days: Vec<Day>,
        segments: Arc<Segments>,
        fits: &[Option<&FittedPurchases>],
        counts: impl Iterator<Item = &'c Counts>,
        earlier: &[Counts],
        discount_per_day: f64,
        holdout_days: u32,
    ) -> Self {
        let mut forecasts = Vec::with_capacity(fits.len());
        for ((fit, counts), earlier) in fits.iter().zip(counts).zip(earlier) {
            let all = merged(counts, earlier);
            forecasts.push(fit.and_then(|fit| {
                Forecast::new(fit, &[holdout_days], discount_per_day, &all, Asked::NoPurchase)
            }));
        }
        Self(Arc::new(AliveForecasts { days, forecasts, segments }))
    }

    /// Whether the date is one of those that were asked for.
    pub(crate) fn is_known(&self, day: Day) -> bool {
        self.0.days.contains(&day)
    }

    /// That of a customer to buy nothing within the holdout, by what is seen of it at a known date.
    pub(crate) fn no_purchase(&self, rank: usize, seen: &Seen, day: Day) -> Option<f64> {
        debug_assert!(self.is_known(day), "histories were counted at {day}");
        let forecast = self.0.forecasts[self.0.segments.of(rank)].as_ref()?;
        Some(forecast.no_purchase(&Times::of(seen, day)))
    }

    /// That of a customer to be alive, by what is seen of it at a known date.
    pub(crate) fn probability(&self, rank: usize, seen: &Seen, day: Day) -> Option<f32> {
        debug_assert!(self.is_known(day), "histories were counted at {day}");
        let forecast = self.0.forecasts[self.0.segments.of(rank)].as_ref()?;
        #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits")]
        let probability = forecast.alive(&Times::of(seen, day)) as f32;
        Some(probability)
    }
}
