//! Repeat purchases of the calibration customers, week by week, through calibration and holdout.

use super::backtest::{Sources, Week};
use super::candidate::Candidate;
use super::models::Counts;
use super::outlook::tracking;

/// Days of a week.
const WEEK: u32 = 7;

/// Expected and actual repeat purchases up to the end of every whole week since the first purchase.
pub(crate) fn weeks(sources: &Sources<'_>, index: usize) -> Vec<Week> {
    let (date, until) = (sources.scope.dates[index].0, sources.scope.dates[0].0);
    let tallies = &sources.census.tallies[index];
    let Some(first) = tallies.iter().filter_map(|tally| first_day(tally.counts(), date)).min() else {
        return Vec::new();
    };
    let customers = tallies.iter().map(|tally| tally.counts().customers()).sum();
    let actual = actual(sources, index, first, until);
    let mut weeks = Vec::new();
    for (timing, kind) in sources.timings.kinds.iter().enumerate() {
        if sources.timings.own(index, timing).is_none() {
            continue;
        }
        for (place, candidate) in Candidate::continuous(&sources.fits.candidates).iter().enumerate() {
            let expected = expected(sources, index, [timing, place], first, actual.len());
            for ((week, expected), actual) in (1..).zip(expected).zip(&actual) {
                let (candidate, timing, actual) = (*candidate, *kind, *actual);
                weeks.push(Week { candidate, timing, week, customers, expected, actual });
            }
        }
    }
    weeks
}

/// Expected repeat purchases up to the end of every week by a candidate and a timing.
fn expected(
    sources: &Sources<'_>,
    index: usize,
    [timing, candidate]: [usize; 2],
    first: i32,
    weeks: usize,
) -> Vec<f64> {
    let (date, until) = (sources.scope.dates[index].0, sources.scope.dates[0].0);
    let clock = &sources.timings.at(index, timing).clock;
    let mut expected = vec![0.0; weeks];
    for (segment, tally) in sources.census.tallies[index].iter().enumerate() {
        let Some(fit) = sources.fits.by_timing(index, timing, segment, candidate) else { continue };
        let days = first.abs_diff(until) + 1;
        for (cell, counts) in fit.cells(&tally.histories).into_iter().enumerate() {
            let starts = starts(counts, date, first);
            let Some(curve) = tracking(fit, cell, clock, first, &starts, days) else { continue };
            // The first day is 0, so a week is over at the beginning of day 7.
            let ends = curve.iter().skip(WEEK as usize).step_by(WEEK as usize);
            expected.iter_mut().zip(ends).for_each(|(sum, end)| *sum += end);
        }
    }
    expected
}

/// The day of the earliest first purchase.
fn first_day(counts: &Counts, date: i32) -> Option<i32> {
    let oldest = counts.rows().iter().map(|row| row.age_days).max()?;
    Some(date - 1 - i32::try_from(oldest).expect("ages come from days"))
}

/// Customers by the day of their first purchase, counted from the first of all.
fn starts(counts: &Counts, date: i32, first: i32) -> Vec<(u32, u64)> {
    let mut starts = std::collections::BTreeMap::new();
    for row in counts.rows() {
        let age = i32::try_from(row.age_days).expect("ages come from days");
        *starts.entry((date - 1 - age).abs_diff(first)).or_insert(0) += row.customers;
    }
    starts.into_iter().collect()
}

/// Actual repeat purchases up to the end of every whole week before `until`.
fn actual(sources: &Sources<'_>, index: usize, first: i32, until: i32) -> Vec<u64> {
    let from = usize::try_from(first - sources.scope.start.0).expect("purchases come after the start");
    let days = &sources.census.repeats_by_day[index][from..];
    let whole = usize::try_from(until.abs_diff(first) / WEEK).expect("weeks are few");
    let mut sum = 0;
    let week = |week: &[u64]| {
        sum += week.iter().sum::<u64>();
        sum
    };
    days.chunks(WEEK as usize).take(whole).map(week).collect()
}
