//! Who is alive, and who will not buy, at the dates of the early warning, by the fits of the whole history.
//!
//! What is handed on is forecasts, not customers: a probability is a look-up by what a customer did before a date, done
//! where it is needed.

use super::covariates::Covariates;
use super::fits::FittedPurchases;
use super::histories::Histories;
use super::models::Asked;
use super::outlook::Forecast;
use super::past::Times;
use super::season::Clock;
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
    /// By segment; none where the fit found nothing to predict from. In calendar time all days share one look ahead; by a
    /// clock each has its own.
    forecasts: Vec<Vec<Option<Forecast>>>,
    segments: Arc<Segments>,
    covariates: Arc<Covariates>,
}

/// What is handed on besides fits.
pub(crate) struct AliveAt<'c> {
    /// The dates, the first of them the run's as-of date.
    pub(crate) days: Vec<Day>,
    /// Histories before them: by date, by segment.
    pub(crate) histories: Vec<Vec<&'c Histories<'c>>>,
    /// The clock that the fits are timed by.
    pub(crate) clock: Arc<Clock>,
    pub(crate) discount_per_day: f64,
    pub(crate) holdout_days: u32,
}

impl Alive {
    /// By one fit per segment. Scorers hold the histories that were counted, and look ahead by the holdout.
    pub(crate) fn new(
        at: AliveAt<'_>,
        segments: Arc<Segments>,
        covariates: Arc<Covariates>,
        fits: &[Option<&FittedPurchases>],
    ) -> Self {
        let together = if at.clock.is_calendar() { at.days.len() } else { 1 };
        let days = at.days.chunks(together).zip(at.histories.chunks(together));
        let forecasts = days.map(|(days, histories)| at.forecasts(days, histories, fits)).collect();
        Self(Arc::new(AliveForecasts { days: at.days, forecasts, segments, covariates }))
    }

    /// Whether the date is one of those that were asked for.
    pub(crate) fn is_known(&self, day: Day) -> bool {
        self.0.days.contains(&day)
    }

    /// That of a customer to buy nothing within the holdout, by what is seen of it at a known date.
    pub(crate) fn no_purchase(&self, rank: usize, seen: &Seen, day: Day) -> Option<f64> {
        Some(self.0.forecast(rank, day)?.no_purchase(self.0.covariates.of(rank), &Times::of(seen, day)))
    }

    /// That of a customer to be alive, by what is seen of it at a known date.
    pub(crate) fn probability(&self, rank: usize, seen: &Seen, day: Day) -> Option<f32> {
        let forecast = self.0.forecast(rank, day)?;
        #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits")]
        let probability = forecast.alive(self.0.covariates.of(rank), &Times::of(seen, day)) as f32;
        Some(probability)
    }
}

impl AliveForecasts {
    fn forecast(&self, rank: usize, day: Day) -> Option<&Forecast> {
        let known =
            self.days.iter().position(|known| *known == day).expect("histories were counted at the day");
        self.forecasts[known.min(self.forecasts.len() - 1)][self.segments.of(rank)].as_ref()
    }
}

impl AliveAt<'_> {
    fn forecasts(
        &self,
        days: &[Day],
        histories: &[Vec<&Histories<'_>>],
        fits: &[Option<&FittedPurchases>],
    ) -> Vec<Option<Forecast>> {
        let lookahead = self.clock.lookahead(days[0].0 - 1, &[self.holdout_days], self.discount_per_day);
        let forecast = |(segment, fit): (usize, &Option<&FittedPurchases>)| {
            let fit = (*fit)?;
            let mut all = Histories::default();
            for (day, histories) in days.iter().zip(histories) {
                all = all.merged(&histories[segment].timed(&self.clock, *day));
            }
            Forecast::new(fit, &self.clock, &lookahead, &all, Asked::NoPurchase)
        };
        fits.iter().enumerate().map(forecast).collect()
    }
}
