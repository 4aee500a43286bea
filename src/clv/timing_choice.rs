//! What purchases are timed by, and why: one clock for all segments, as it is estimated from all customers.

use super::backtest::Backtest;
use super::candidate::Candidate;
use super::choice::{Earlier, score};
use super::season::NoClock;
use super::timing::Timings;
use super::timing_kind::TimingKind;
use crate::pipeline::{ClvDef, ContextualFactorsDef, Season};
use serde_json::{Map, Value, json};

/// The timing that customers are valued by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TimingChoice {
    /// Its place among the timings.
    pub(crate) timing: usize,
    pub(crate) kind: TimingKind,
    /// Why it follows these seasons.
    why: Why,
    /// None where none are declared.
    factors: Option<FactorsChoice>,
    /// Whether the current release had chosen it.
    is_kept: bool,
    /// Of each timing: root mean squared error of the best model over the holdouts; none without holdout.
    scores: Vec<(TimingKind, Option<f64>)>,
}

/// Whether it follows factors.
#[derive(Debug, Clone, PartialEq)]
struct FactorsChoice {
    /// Those declared.
    names: Vec<String>,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The pipeline file says so.
    Declared,
    /// Purchases of single customers were foretold better in no other way.
    Holdout,
    /// There is no clock at the as-of date.
    NoClock(NoClock),
    /// There was no clock at any calibration date, so nothing tells whether seasons or factors help.
    Untested(NoClock),
}

/// One timing of several, and why.
#[derive(Clone, Copy)]
struct Chosen {
    timing: usize,
    why: Why,
    is_kept: bool,
}

/// Chooses for the run: as declared, where there is a clock; else as the current release did; else by the holdouts. Declared
/// seasons leave the choice between a clock with factors and one without.
pub(crate) fn choose(
    clv: &ClvDef,
    candidates: &[Candidate],
    timings: &Timings<'_>,
    tests: &[Backtest],
    earlier: &Earlier,
) -> TimingChoice {
    let scores: Vec<(TimingKind, Option<f64>)> =
        timings.kinds.iter().map(|kind| (*kind, best(clv, candidates, tests, *kind))).collect();
    let (declared, among) = declared(clv, timings);
    let has = |is_it: fn(TimingKind) -> bool| among.iter().any(|timing| is_it(timings.kinds[*timing]));
    let chosen = match declared {
        // Without factors there is nothing left to choose.
        Some(why) if clv.contextual_factors.is_none() => Chosen { timing: among[0], why, is_kept: false },
        _ => by_holdout(
            timings,
            &among,
            &scores,
            tests.len(),
            kept(clv, earlier, has(TimingKind::has_seasons)),
        ),
    };
    let why_of = |is_it: fn(TimingKind) -> bool| match why_none(timings, 0, is_it) {
        Some(reason) if !has(is_it) => Why::NoClock(reason),
        _ => chosen.why,
    };
    let factors = clv.contextual_factors.as_ref();
    let factors =
        factors.map(|def| FactorsChoice { names: names(def), why: why_of(|kind| kind.has_factors) });
    let why = declared.unwrap_or_else(|| why_of(TimingKind::has_seasons));
    let Chosen { timing, is_kept, .. } = chosen;
    TimingChoice { timing, kind: timings.kinds[timing], why, factors, is_kept, scores }
}

/// Why seasons are not chosen from, where they are declared, and the timings with a clock that are left; seasons that have none
/// leave those without seasons.
fn declared(clv: &ClvDef, timings: &Timings<'_>) -> (Option<Why>, Vec<usize>) {
    let of = |season: Option<Season>| -> Vec<usize> {
        let known = (0..timings.len()).filter(|timing| timings.own(0, *timing).is_some());
        known.filter(|timing| season.is_none_or(|season| timings.kinds[*timing].season == season)).collect()
    };
    let Some(declared) = clv.season else { return (None, of(None)) };
    let alone = TimingKind { season: declared, has_factors: false };
    match why_none(timings, 0, |kind| kind == alone) {
        None => (Some(Why::Declared), of(Some(declared))),
        Some(reason) => (Some(Why::NoClock(reason)), of(Some(Season::None))),
    }
}

fn by_holdout(
    timings: &Timings<'_>,
    among: &[usize],
    scores: &[(TimingKind, Option<f64>)],
    tests: usize,
    kept: Option<TimingKind>,
) -> Chosen {
    let first = among[0];
    if let (1, Some(reason)) = (among.len(), why_none(timings, 0, |_| true)) {
        return Chosen { timing: first, why: Why::NoClock(reason), is_kept: false };
    }
    if let Some(kept) = among.iter().find(|timing| Some(timings.kinds[**timing]) == kept) {
        return Chosen { timing: *kept, why: Why::Holdout, is_kept: true };
    }
    let has_clock = |date: usize| among[1..].iter().any(|timing| timings.own(date, *timing).is_some());
    if !(1..=tests).any(has_clock) {
        let is_asked = |kind: TimingKind| among[1..].iter().any(|timing| timings.kinds[*timing] == kind);
        let reason = (1..=tests).find_map(|date| why_none(timings, date, is_asked));
        let why = Why::Untested(reason.unwrap_or(NoClock::ShortBefore));
        return Chosen { timing: first, why, is_kept: false };
    }
    let scored = among.iter().filter_map(|timing| Some((*timing, scores[*timing].1?)));
    let best = scored.reduce(|best, next| if next.1 < best.1 { next } else { best });
    Chosen { timing: best.map_or(first, |(timing, _)| timing), why: Why::Holdout, is_kept: false }
}

/// The smallest error of a model of all customers: of the declared one, or of the best.
fn best(clv: &ClvDef, candidates: &[Candidate], tests: &[Backtest], kind: TimingKind) -> Option<f64> {
    let eligible = candidates.iter().filter(|candidate| candidate.is_eligible(clv));
    eligible.filter_map(|candidate| score(tests, *candidate, kind, None)).reduce(f64::min)
}

/// Why some of the timings have no clock at a date.
fn why_none(timings: &Timings<'_>, date: usize, is_asked: impl Fn(TimingKind) -> bool) -> Option<NoClock> {
    let mut asked = timings.estimates(date).filter(|(kind, _)| is_asked(*kind));
    asked.find_map(|(_, estimate)| estimate.as_ref().err().copied())
}

/// What the current release times purchases by, if a holdout chose it among the same factors, and among seasons if there are
/// any to choose from now, and the run is not asked to choose again.
fn kept(clv: &ClvDef, earlier: &Earlier, has_seasons: bool) -> Option<TimingKind> {
    let current = earlier.current.as_ref().filter(|_| !earlier.reselect)?;
    let (season, factors) = (&current["season"], &current["season"]["factors"]);
    let declared = clv.contextual_factors.as_ref().map(names).unwrap_or_default();
    let known = factors["columns"].as_array().map_or(&[][..], Vec::as_slice);
    if !known.iter().eq(&declared) {
        return None;
    }
    let kind = TimingKind {
        season: Season::of_word(season["chosen"].as_str()?)?,
        has_factors: factors["chosen"].as_bool().unwrap_or(false),
    };
    let is_of_factors = declared.is_empty() || factors["why"] == "holdout";
    let is_of_seasons = clv.season.is_some() || (season["why"] == "holdout") == has_seasons;
    (is_of_factors && is_of_seasons).then_some(kind)
}

fn names(def: &ContextualFactorsDef) -> Vec<String> {
    def.names().map(str::to_owned).collect()
}

impl Why {
    fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Holdout => "holdout",
            Self::NoClock(_) => "no_clock",
            Self::Untested(_) => "untested",
        }
    }
}

impl TimingChoice {
    /// Why, for the run's summary.
    pub(crate) fn text(&self) -> String {
        match &self.factors {
            Some(factors) if self.why == Why::Declared && !self.kind.has_seasons() => {
                self.reason(factors.why, "factors")
            }
            Some(factors) if factors.why != self.why => format!(
                "seasons: {}; factors: {}",
                self.reason(self.why, "seasons"),
                self.reason(factors.why, "factors")
            ),
            Some(_) => self.reason(self.why, "clocks"),
            None => self.reason(self.why, "seasons"),
        }
    }

    fn reason(&self, why: Why, what: &str) -> String {
        match why {
            Why::Declared => "declared".to_owned(),
            Why::Holdout if self.is_kept => "kept from the current release until --reselect".to_owned(),
            Why::Holdout => {
                let scores = self.scores.iter().filter_map(|(kind, score)| Some((kind, (*score)?)));
                let scores: Vec<String> =
                    scores.map(|(kind, score)| format!("{} {score:.4}", kind.word())).collect();
                format!(
                    "lowest root mean squared error of purchases per customer in the holdout ({})",
                    scores.join(", ")
                )
            }
            Why::NoClock(reason) => reason.sentence().to_owned(),
            Why::Untested(reason) => {
                format!("{what} could not be held against a holdout: {}", reason.sentence())
            }
        }
    }

    /// The manifest's `season`, with `factors` where any are declared.
    pub(crate) fn manifest(&self) -> Value {
        let scores: Map<String, Value> =
            self.scores.iter().map(|(kind, score)| (kind.word(), json!(score))).collect();
        let mut manifest = json!({
            "chosen": self.kind.season.word(),
            "why": self.why.word(),
            "kept": self.is_kept,
            "holdout_rmse": scores,
        });
        if let Some(FactorsChoice { names, why }) = &self.factors {
            let chosen = self.kind.has_factors;
            manifest["factors"] = json!({ "columns": names, "chosen": chosen, "why": why.word() });
        }
        manifest
    }

    /// A warning, where seasons were declared and there is no clock.
    pub(crate) fn warning(&self, clv: &ClvDef) -> Option<String> {
        let Why::NoClock(reason) = self.why else { return None };
        let declared = clv.season?.word();
        let by = if self.kind.has_factors { "contextual factors alone" } else { "the calendar" };
        Some(format!(
            "lifetime value: purchases are timed by {by} though [clv] season is \"{declared}\": {}",
            reason.sentence()
        ))
    }
}
