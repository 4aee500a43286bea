//! Which seasons purchases are timed by, and why: one clock for all segments, as it is estimated from all customers.

use super::backtest::Backtest;
use super::candidate::Candidate;
use super::choice::{Earlier, score};
use super::season::NoClock;
use super::timing::Timings;
use crate::pipeline::{ClvDef, Season};
use serde_json::{Map, Value, json};

/// The timing that customers are valued by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeasonChoice {
    /// Its place among the timings.
    pub(crate) timing: usize,
    pub(crate) season: Season,
    why: Why,
    /// Whether the current release had chosen it.
    is_kept: bool,
    /// Of each timing: root mean squared error of the best model over the holdouts; none without holdout.
    scores: Vec<(Season, Option<f64>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The pipeline file says so.
    Declared,
    /// Purchases of single customers were foretold better in no other way.
    Holdout,
    /// There is no clock at the as-of date.
    NoClock(NoClock),
    /// There was no clock at any calibration date, so nothing tells whether seasons help.
    Untested(NoClock),
}

/// Chooses for the run: as declared, where there is a clock; else as the current release did; else by the holdouts.
pub(crate) fn choose(
    clv: &ClvDef,
    candidates: &[Candidate],
    timings: &Timings<'_>,
    tests: &[Backtest],
    earlier: &Earlier,
) -> SeasonChoice {
    let scores: Vec<(Season, Option<f64>)> =
        timings.seasons.iter().map(|season| (*season, best(clv, candidates, tests, *season))).collect();
    let known = |timing: &usize| timings.own(0, *timing).is_some();
    let (timing, why, is_kept) = match clv.season {
        Some(declared) => {
            let timing = timings.seasons.iter().position(|season| *season == declared).filter(known);
            match (timing, why_none(timings, 0)) {
                (None, Some(reason)) => (0, Why::NoClock(reason), false),
                (timing, _) => (timing.unwrap_or(0), Why::Declared, false),
            }
        }
        None => by_holdout(timings, &scores, tests.len(), kept(earlier)),
    };
    SeasonChoice { timing, season: timings.seasons[timing], why, is_kept, scores }
}

fn by_holdout(
    timings: &Timings<'_>,
    scores: &[(Season, Option<f64>)],
    tests: usize,
    kept: Option<Season>,
) -> (usize, Why, bool) {
    let known: Vec<usize> = (0..timings.len()).filter(|timing| timings.own(0, *timing).is_some()).collect();
    if let (1, Some(reason)) = (known.len(), why_none(timings, 0)) {
        return (0, Why::NoClock(reason), false);
    }
    if let Some(kept) = known.iter().find(|timing| Some(timings.seasons[**timing]) == kept) {
        return (*kept, Why::Holdout, true);
    }
    let has_clock = |date: usize| (1..timings.len()).any(|timing| timings.own(date, timing).is_some());
    if !(1..=tests).any(has_clock) {
        let reason = (1..=tests).find_map(|date| why_none(timings, date));
        return (0, Why::Untested(reason.unwrap_or(NoClock::ShortBefore)), false);
    }
    let scored = known.into_iter().filter_map(|timing| Some((timing, scores[timing].1?)));
    let best = scored.reduce(|best, next| if next.1 < best.1 { next } else { best });
    (best.map_or(0, |(timing, _)| timing), Why::Holdout, false)
}

/// The smallest error of a model of all customers: of the declared one, or of the best.
fn best(clv: &ClvDef, candidates: &[Candidate], tests: &[Backtest], season: Season) -> Option<f64> {
    let eligible = candidates.iter().filter(|candidate| candidate.is_eligible(clv));
    eligible.filter_map(|candidate| score(tests, *candidate, season, None)).reduce(f64::min)
}

/// Why seasons have no clock at a date.
fn why_none(timings: &Timings<'_>, date: usize) -> Option<NoClock> {
    timings.estimates(date).find_map(|(_, estimate)| estimate.as_ref().err().copied())
}

/// What the current release times purchases by, if a holdout chose it and the run is not asked to choose again.
fn kept(earlier: &Earlier) -> Option<Season> {
    let current = earlier.current.as_ref().filter(|_| !earlier.reselect)?;
    let season = Some(&current["season"]).filter(|season| season["why"] == "holdout")?;
    Season::of_word(season["chosen"].as_str()?)
}

impl SeasonChoice {
    /// Why, for the run's summary.
    pub(crate) fn text(&self) -> String {
        match self.why {
            Why::Declared => "declared".to_owned(),
            Why::Holdout if self.is_kept => "kept from the current release until --reselect".to_owned(),
            Why::Holdout => {
                let scores = self.scores.iter().filter_map(|(season, score)| Some((season, (*score)?)));
                let scores: Vec<String> =
                    scores.map(|(season, score)| format!("{} {score:.4}", season.word())).collect();
                format!(
                    "lowest root mean squared error of purchases per customer in the holdout ({})",
                    scores.join(", ")
                )
            }
            Why::NoClock(reason) => reason.sentence().to_owned(),
            Why::Untested(reason) => {
                format!("seasons could not be held against a holdout: {}", reason.sentence())
            }
        }
    }

    /// The manifest's `season`.
    pub(crate) fn manifest(&self) -> Value {
        let scores: Map<String, Value> =
            self.scores.iter().map(|(season, score)| (season.word().to_owned(), json!(score))).collect();
        let why = match self.why {
            Why::Declared => "declared",
            Why::Holdout => "holdout",
            Why::NoClock(_) => "no_clock",
            Why::Untested(_) => "untested",
        };
        json!({ "chosen": self.season.word(), "why": why, "kept": self.is_kept, "holdout_rmse": scores })
    }

    /// A warning, where seasons were declared and there is no clock.
    pub(crate) fn warning(&self, clv: &ClvDef) -> Option<String> {
        let Why::NoClock(reason) = self.why else { return None };
        let declared = clv.season?.word();
        Some(format!(
            "lifetime value: purchases are timed by the calendar though [clv] season is \"{declared}\": {}",
            reason.sentence()
        ))
    }
}
