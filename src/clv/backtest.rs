//! What every model and rule would have foretold at a calibration date, held against what came.

use super::census::{Census, Scope};
use super::errors::Errors;
use super::fits::Fits;
use super::naive::{Base, Rule};
use super::outlook::Forecast;
use super::past::{Brought, Days, Purchase, Rows, Times, VALUED};
use super::spend::{SPENDS, Spend};
use super::whole_periods::Periods;
use crate::customers::slices;
use crate::error::Result;
use std::ops::Range;

/// What is foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Days with a purchase in the holdout.
    Purchases,
    /// Whole periods of the holdout with a purchase.
    ActivePeriods,
    /// What a purchase of the holdout brings, of customers who had one.
    MarginPerPurchase,
    /// What a customer brings in the holdout.
    Margin,
}

/// Over whom errors are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Segments, and all of them together.
    Total,
    /// Tenths of customers by what was expected.
    Decile,
    /// Customers by repeat purchases before the calibration date.
    Frequency,
    /// Customers by days since their last purchase then.
    Recency,
}

/// Repeat purchases from which on customers are one bin.
const MOST_FREQUENT: u32 = 7;
/// Days of a bin of recency.
pub(crate) const RECENCY_DAYS: u32 = 28;
/// The last of these bins has no end.
const LEAST_RECENT: u32 = 26;

/// One forecaster's expectations of one target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) target: Target,
    /// A model or a rule.
    pub(crate) forecaster: &'static str,
    /// How a purchase was valued.
    pub(crate) spend: Option<&'static str>,
    pub(crate) kind: Kind,
    /// By segment or bin.
    pub(crate) errors: Vec<Errors>,
}

/// The back-test of one calibration date.
#[derive(Debug)]
pub(crate) struct Backtest {
    /// Rows on this day or later were held out.
    pub(crate) date: i32,
    /// Exclusive end of the holdout.
    pub(crate) until: i32,
    pub(crate) series: Vec<Series>,
    pub(crate) weeks: Vec<Week>,
}

/// Repeat purchases up to the end of a week since the first day with a purchase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Week {
    pub(crate) forecaster: &'static str,
    /// From 1.
    pub(crate) week: u32,
    /// Customers with their first purchase before the calibration date.
    pub(crate) customers: u64,
    pub(crate) expected: f64,
    pub(crate) actual: u64,
}

/// What a back-test is made from.
pub(crate) struct Sources<'r> {
    pub(crate) scope: &'r Scope<'r>,
    pub(crate) census: &'r Census,
    pub(crate) fits: &'r Fits,
    pub(crate) money_scale: u8,
    /// Scorers ask for it, though a back-test discounts nothing.
    pub(crate) discount_per_day: f64,
}

impl Sources<'_> {
    fn periods(&self, index: usize, segment: usize) -> Option<Periods> {
        let calendar = self.scope.calendar;
        let known = calendar.periods_before(self.scope.dates[index]);
        let ahead = u32::try_from(calendar.periods() - known).expect("a calendar has few periods");
        let counts = &self.census.tallies[index][segment].opportunities;
        self.scope.has_periods.then(|| Periods::new(counts, ahead)).flatten()
    }
}

/// Holds every model and rule against the holdout of the date of this index (0 is the as-of date).
///
/// # Errors
/// None of its own.
pub(crate) fn backtest(sources: &Sources<'_>, index: usize) -> Result<Backtest> {
    let test = Test::new(sources, index);
    let mut series = test.series();
    slices::in_order(
        0..sources.scope.history.days.customers(),
        |ranks| Ok(test.slice(ranks)),
        |part| {
            let errors =
                series.iter_mut().zip(&part).flat_map(|(sum, more)| sum.errors.iter_mut().zip(&more.errors));
            errors.for_each(|(sum, more)| sum.merge(more));
            Ok(())
        },
    )?;
    Ok(Backtest { date: test.date, until: test.until, series, weeks: super::tracking::weeks(sources, index) })
}

/// A calibration date, ready to be held against the holdout.
struct Test<'r> {
    sources: &'r Sources<'r>,
    date: i32,
    until: i32,
    /// By segment, by model.
    forecasts: Vec<Vec<Option<Forecast>>>,
    /// By segment.
    bases: Vec<Base>,
    /// By segment.
    spends: Vec<Option<&'r Spend>>,
    /// By segment; none where BG/BB is not asked for or has no fit.
    periods: Vec<Option<Periods>>,
    /// By model: the largest expectation of each decile but the last.
    deciles: Vec<Vec<f64>>,
    unit: f64,
}

/// Buffers of one slice.
#[derive(Default)]
struct Room {
    purchases: Vec<Purchase>,
    pairs: Vec<(i64, i64)>,
}

impl<'r> Test<'r> {
    fn new(sources: &'r Sources<'r>, index: usize) -> Self {
        let (date, until) = (sources.scope.dates[index], sources.scope.dates[0]);
        let holdout_days = date.abs_diff(until);
        let tallies = &sources.census.tallies[index];
        let forecast = |segment: usize, model: usize| {
            let fit = sources.fits.of(index, segment, model)?;
            Forecast::new(fit, &[holdout_days], sources.discount_per_day, &tallies[segment].counts)
        };
        let spend = |segment: usize| Some(&sources.fits.spend(index, segment)?.spend);
        let models = sources.fits.models.len();
        let forecasts: Vec<Vec<Option<Forecast>>> = (0..tallies.len())
            .map(|segment| (0..models).map(|model| forecast(segment, model)).collect())
            .collect();
        let window_days = holdout_days.min(sources.scope.start.abs_diff(date));
        let base = |mean_gap| Base { holdout_days, window_days, mean_gap };
        let mut test = Self {
            sources,
            date,
            until,
            bases: tallies.iter().map(|tally| base(tally.mean_gap())).collect(),
            spends: (0..tallies.len()).map(spend).collect(),
            periods: (0..tallies.len()).map(|segment| sources.periods(index, segment)).collect(),
            deciles: Vec::new(),
            forecasts,
            unit: crate::clv::money::unit(sources.money_scale),
        };
        test.deciles = (0..models).map(|model| test.deciles_of(model, index)).collect();
        test
    }

    /// Expectations that tenths of customers do not exceed; equal ones stay together.
    fn deciles_of(&self, model: usize, index: usize) -> Vec<f64> {
        let mut expected: Vec<(f64, u64)> = Vec::new();
        for (tally, forecasts) in self.sources.census.tallies[index].iter().zip(&self.forecasts) {
            let Some(forecast) = &forecasts[model] else { continue };
            let rows = tally.counts.rows().iter();
            expected.extend(rows.map(|row| {
                let outlook = forecast.of(row.purchases, row.last_purchase_days, row.age_days);
                (outlook.expected[0].value, row.customers)
            }));
        }
        expected.sort_by(|a, b| a.0.total_cmp(&b.0));
        let customers: u64 = expected.iter().map(|(_, customers)| customers).sum();
        let (mut cuts, mut below) = (Vec::new(), 0);
        for (expected, more) in expected {
            below += more;
            while cuts.len() < 9 && below * 10 >= customers * (cuts.len() as u64 + 1) {
                cuts.push(expected);
            }
        }
        cuts
    }

    /// Every series, empty: in the order in which `customer` fills them.
    fn series(&self) -> Vec<Series> {
        let models = &self.sources.fits.models;
        let segments = self.forecasts.len();
        let of = |target, forecaster, spend, kind, bins: usize| Series {
            target,
            forecaster,
            spend,
            kind,
            errors: vec![Errors::default(); bins],
        };
        let mut series = Vec::new();
        for model in models {
            let name = model.word();
            series.push(of(Target::Purchases, name, None, Kind::Total, segments));
            for (kind, bins) in [
                (Kind::Decile, 10),
                (Kind::Frequency, MOST_FREQUENT as usize + 1),
                (Kind::Recency, LEAST_RECENT as usize + 1),
            ] {
                series.push(of(Target::Purchases, name, None, kind, bins));
            }
            for spend in SPENDS {
                series.push(of(Target::Margin, name, Some(spend.name()), Kind::Total, segments));
            }
        }
        for rule in Rule::ALL {
            series.push(of(Target::Purchases, rule.name(), None, Kind::Total, segments));
            series.push(of(Target::Margin, rule.name(), Some("own_mean"), Kind::Total, segments));
        }
        for spend in SPENDS.iter().map(|spend| spend.name()).chain(["own_mean", "base_mean"]) {
            series.push(of(Target::MarginPerPurchase, spend, Some(spend), Kind::Total, segments));
        }
        if self.sources.scope.has_periods {
            series.push(of(Target::ActivePeriods, "bg_bb", None, Kind::Total, segments));
        }
        series
    }

    fn slice(&self, ranks: Range<usize>) -> Vec<Series> {
        let scope = self.sources.scope;
        let slice = scope.history.days.slice(ranks.clone());
        let days = Days::new(&slice, scope.margin);
        let mut series = self.series();
        let mut room = Room::default();
        for (customer, rank) in ranks.enumerate() {
            self.customer(&mut series, &days.of(customer), scope.segments.of(rank), &mut room);
        }
        series
    }

    fn customer(&self, series: &mut [Series], rows: &Rows<'_>, segment: usize, room: &mut Room) {
        let before = rows.before(self.date);
        let Some(times) = Times::of(&before, self.date) else { return };
        let brought = brought(&before, room);
        let all = rows.before(self.until);
        let after = Times::of(&all, self.until).expect("who bought before the date bought before as-of");
        let came = f64::from(after.purchases - times.purchases);
        let whole: i128 = all.money[VALUED].iter().map(|money| i128::from(*money)).sum();
        let margin = self.money(whole - brought.sums[VALUED]);
        let spend = self.spends[segment];
        let mut series = series.iter_mut();
        let mut add = |bin: usize, expected: Option<f64>, actual: f64| {
            let series = series.next().expect("series are as many as expectations");
            if let Some(expected) = expected {
                series.errors[bin].add(expected, actual);
            }
        };
        for (model, forecast) in self.forecasts[segment].iter().enumerate() {
            let expected = forecast.as_ref().map(|forecast| forecast.at(&times).expected[0].value);
            add(segment, expected, came);
            add(expected.map_or(0, |expected| self.decile(model, expected)), expected, came);
            add(times.repeats().min(MOST_FREQUENT) as usize, expected, came);
            add((times.idle_days() / RECENCY_DAYS).min(LEAST_RECENT) as usize, expected, came);
            for kind in SPENDS {
                let each = spend.map(|spend| spend.expect(kind, &brought).mean * self.unit);
                add(segment, expected.zip(each).map(|(purchases, each)| purchases * each), margin);
            }
        }
        let own = self.money(brought.sums[VALUED]) / f64::from(brought.purchases);
        let recent = self.recent(&before, segment);
        for rule in Rule::ALL {
            let expected = self.bases[segment].expected(rule, &times, recent);
            add(segment, Some(expected), came);
            add(segment, Some(expected * own), margin);
        }
        let each = (came > 0.0).then(|| margin / came);
        let mut add_each = |expected: Option<f64>| {
            add(segment, expected.filter(|_| each.is_some()), each.unwrap_or(0.0));
        };
        for kind in SPENDS {
            add_each(spend.map(|spend| spend.expect(kind, &brought).mean * self.unit));
        }
        add_each(Some(own));
        add_each(spend.map(|spend| spend.base_mean() * self.unit));
        if self.sources.scope.has_periods {
            let found = self.periods[segment]
                .as_ref()
                .and_then(|periods| periods.foretell(self.sources.scope.calendar, &before, &all, self.date));
            let (expected, actual) = found.unzip();
            add(segment, expected, actual.unwrap_or(0.0));
        }
    }

    fn decile(&self, model: usize, expected: f64) -> usize {
        self.deciles[model].partition_point(|cut| *cut < expected)
    }

    /// Purchases in the last period before the date.
    fn recent(&self, before: &Rows<'_>, segment: usize) -> u32 {
        let from = i64::from(self.date) - i64::from(self.bases[segment].window_days);
        let recent = before.purchase_days().filter(|day| i64::from(*day) >= from).count();
        u32::try_from(recent).expect("purchase days of a customer fit 32 bits")
    }

    fn money(&self, amount: i128) -> f64 {
        crate::clv::money::float(amount) * self.unit
    }
}

fn brought(rows: &Rows<'_>, room: &mut Room) -> Brought {
    rows.purchases_into(&mut room.purchases);
    Brought::of(&room.purchases, &mut room.pairs)
}

impl Backtest {
    /// Errors of a model's purchases by segment.
    pub(crate) fn by_segment(&self, model: &str) -> Option<&[Errors]> {
        let of = |series: &&Series| {
            series.target == Target::Purchases && series.kind == Kind::Total && series.forecaster == model
        };
        Some(&self.series.iter().find(of)?.errors)
    }
}
