//! A clock from what came before a date, or why there is none.

use super::activity::Activity;
use super::clock::Clock;
use super::index::{Calendar, Indices};
use super::shrinkage::Shrunken;
use super::with_factors::{self, FactorEstimate};
use crate::clv::contextual_factors::ContextualFactors;
use crate::clv::models::Counts;
use crate::clv::timing_kind::TimingKind;
use crate::pipeline::Season;
use crate::units::Day;

/// Full years before a date: less has seasons that were never seen.
const YEARS_BEFORE_DATE: i32 = 1;
/// Full years of the whole history: less leaves no second year to see a season again in.
const YEARS_OF_HISTORY: i32 = 2;

/// The history that clocks are estimated from.
#[derive(Clone, Copy)]
pub(crate) struct History<'h> {
    /// Its first day.
    pub(crate) start: Day,
    /// The day after its last.
    pub(crate) end: Day,
    /// By day since the start: purchases of all customers, their first ones aside.
    pub(crate) repeats: &'h [u64],
}

/// Why there is no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoClock {
    /// Less than two full years.
    ShortHistory,
    /// Less than a full year before the date.
    ShortBefore,
    /// Seasons that the purchases of no customer link.
    Unlinked,
    /// Indices that no search found.
    Unsettled,
    /// Seasons do not differ beyond chance.
    NoSeason,
    /// No factor can be told from the rest of the days.
    NoFactor,
    /// Days with other values of the factors that the purchases of no customer link.
    UnlinkedFactors,
    /// Coefficients that no search found.
    UnsettledFactors,
}

impl NoClock {
    /// For the column `reason`, and for a person.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::ShortHistory => "the history has less than two full years: no season was seen twice",
            Self::ShortBefore => {
                "there is less than a full year before the calibration date: not every season was seen"
            }
            Self::Unlinked => {
                "no customers bought before, in and after every season, so seasons cannot be compared"
            }
            Self::Unsettled => "the likelihood of the indices has no maximum that was found",
            Self::NoSeason => "purchases of seasons do not differ beyond chance",
            Self::NoFactor => {
                "no contextual factor differs from day to day in the history seen, seasons and other factors aside"
            }
            Self::UnlinkedFactors => {
                "no customers bought before, on and after days with other values of the factors, so their purchases cannot be \
                 compared"
            }
            Self::UnsettledFactors => "the likelihood of the coefficients has no maximum that was found",
        }
    }
}

/// A clock and what it was made from.
#[derive(Debug, Clone)]
pub(crate) struct Estimate {
    pub(crate) clock: Clock,
    /// In the order of the year; none where it follows no seasons.
    pub(crate) seasons: Vec<SeasonEstimate>,
    /// In the order declared; none where it follows no factors.
    pub(crate) factors: Vec<FactorEstimate>,
    /// Variance of purchases of seasons of single years, and of days in a row that are alike within them, over that of a Poisson
    /// law; at least 1.
    pub(crate) dispersion: f64,
}

/// One season of the year.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeasonEstimate {
    /// In a common year.
    pub(crate) days: u32,
    /// Between the first and the last purchase of customers.
    pub(crate) purchases: u64,
    /// What these would be without seasons.
    pub(crate) even: f64,
    /// The estimate, with a mean of 1 over a common year.
    pub(crate) ratio: f64,
    pub(crate) standard_error: f64,
    /// Its weight.
    pub(crate) credibility: f64,
    /// Speed of the clock.
    pub(crate) index: f64,
}

/// The clock of what was bought before a date by the customers of all `counts`; factors are declared where it follows them.
pub(crate) fn estimate<'c>(
    kind: TimingKind,
    history: History<'_>,
    factors: Option<&ContextualFactors>,
    counts: impl Iterator<Item = &'c Counts>,
    date: Day,
) -> Result<Estimate, NoClock> {
    let season = kind.season;
    let has_seasons = season != Season::None;
    if has_seasons && years_later(history.start, YEARS_OF_HISTORY) > history.end {
        return Err(NoClock::ShortHistory);
    }
    if has_seasons && years_later(history.start, YEARS_BEFORE_DATE) > date {
        return Err(NoClock::ShortBefore);
    }
    let activity = Activity::before(counts, history.repeats, history.start, date);
    match (season, factors.filter(|_| kind.has_factors)) {
        (Season::None, None) => Err(NoClock::NoSeason),
        (Season::None, Some(factors)) => with_factors::of_factors(history, factors, &activity, date),
        (Season::Month, None) => of_seasons::<12>(season, history, &activity, date),
        (Season::Month, Some(factors)) => {
            with_factors::of_both::<12>(season, history, factors, &activity, date)
        }
        (Season::Week, None) => of_seasons::<52>(season, history, &activity, date),
        (Season::Week, Some(factors)) => {
            with_factors::of_both::<52>(season, history, factors, &activity, date)
        }
    }
}

fn of_seasons<const N: usize>(
    season: Season,
    history: History<'_>,
    activity: &Activity,
    date: Day,
) -> Result<Estimate, NoClock> {
    let calendar = Calendar::<N>::new(season, history.start, date);
    let estimated = Indices::estimate(&calendar, activity)?;
    let shrunken = Shrunken::new(&calendar, &estimated)?;
    Ok(Estimate {
        clock: Clock::new(season, &shrunken.indices, history.start..history.end),
        seasons: season_estimates(season, &estimated, &shrunken),
        factors: Vec::new(),
        dispersion: estimated.dispersion,
    })
}

/// In the order of the year.
pub(super) fn season_estimates<const N: usize>(
    season: Season,
    estimated: &Indices<N>,
    shrunken: &Shrunken<N>,
) -> Vec<SeasonEstimate> {
    let days = season.days();
    let of = |season: usize| SeasonEstimate {
        days: days[season],
        purchases: estimated.purchases[season],
        even: estimated.even[season],
        ratio: estimated.ratio[season],
        standard_error: shrunken.standard_error[season],
        credibility: shrunken.credibility[season],
        index: shrunken.indices[season],
    };
    (0..N).map(of).collect()
}

/// The same day so many years later; 1 March for 29 February where that year has none.
fn years_later(day: Day, years: i32) -> Day {
    let (year, month, of_month) = day.ymd();
    let later = Day::from_ymd(year + years, month, of_month);
    later.or_else(|| Day::from_ymd(year + years, 3, 1)).expect("1 March is in every year")
}
