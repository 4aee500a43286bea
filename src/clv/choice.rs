//! Which model values the customers of a segment, and why.

use super::backtest::Backtest;
use super::candidate::Candidate;
use super::errors::Errors;
use super::segments::Segments;
use super::timing_kind::TimingKind;
use crate::pipeline::ClvDef;
use serde_json::Value;

/// What earlier releases say of themselves: the manifest's `clv`.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// Of the current release, whose choice is kept.
    pub current: Option<Value>,
    /// Of the release that drift is measured against.
    pub drift_from: Option<Value>,
    /// Choose again, whatever the current release chose.
    pub reselect: bool,
}

impl Earlier {
    /// Of all that this run takes of earlier ones: what was chosen in the current release, and what drift is measured
    /// against.
    pub fn digest(&self) -> String {
        let segments = self.current.iter().flat_map(|clv| clv["segments"].as_array().into_iter().flatten());
        let chosen = segments.filter(|segment| segment["why"] == Why::Holdout.word());
        let chosen: Vec<_> = chosen
            .map(|segment| (&segment["segment"], &segment["chosen"], &segment["has_covariates"]))
            .collect();
        let covariates = self.current.as_ref().map(|clv| &clv["covariates"]);
        let timing = self.current.iter().map(|clv| &clv["season"]);
        let timing = timing.filter(|season| {
            [&season["why"], &season["factors"]["why"]].into_iter().any(|why| why == Why::Holdout.word())
        });
        let timing: Vec<_> =
            timing.map(|season| (&season["why"], &season["chosen"], &season["factors"])).collect();
        let text = format!("{chosen:?} {covariates:?} {timing:?} {:?} {}", self.drift_from, self.reselect);
        blake3::hash(text.as_bytes()).to_string()
    }
}

/// The model of one segment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// Its place among the candidates.
    pub(crate) candidate: usize,
    pub(crate) why: Why,
    /// Whether the current release had chosen it, so that nothing was chosen now.
    pub(crate) is_kept: bool,
    /// Root mean squared error of each candidate over the holdouts, in their order; none without holdout.
    pub(crate) scores: Vec<Option<f64>>,
}

impl Choice {
    /// Why, for the run's summary.
    pub(crate) fn text(&self) -> &'static str {
        if self.is_kept { "kept from the current release until --reselect" } else { self.why.text() }
    }
}

/// Why a model was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The pipeline file says so.
    Declared,
    /// No other one foretold purchases of single customers better.
    Holdout,
    /// There is no holdout to tell models by, so it is the first.
    First,
}

impl Why {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Holdout => "lowest root mean squared error of purchases per customer in the holdout",
            Self::First => "first of the models: nobody to tell them by in a holdout",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Holdout => "holdout",
            Self::First => "first",
        }
    }
}

/// Chooses for every segment. One that takes the parameters of all customers (`is_pooled`) takes the model that
/// foretold all customers best: a few tell nothing of models either.
pub(crate) fn choose(
    clv: &ClvDef,
    candidates: &[Candidate],
    segments: &Segments,
    timing: TimingKind,
    is_pooled: &[bool],
    tests: &[Backtest],
    earlier: &Earlier,
) -> Vec<Choice> {
    let of = |segment: usize| {
        let own = (!is_pooled[segment]).then_some(segment);
        let score = |candidate: &Candidate| score(tests, *candidate, timing, own);
        let scores: Vec<Option<f64>> = candidates.iter().map(score).collect();
        let kept = || {
            let kept = kept_model(clv, earlier, segments.names()[segment].as_deref())?;
            candidates.iter().position(|candidate| kept.is(*candidate))
        };
        let declared = clv.model.and_then(|_| candidates.iter().position(|known| known.is_eligible(clv)));
        let (candidate, why, is_kept) = if let Some(candidate) = declared {
            (candidate, Why::Declared, false)
        } else if let Some(candidate) = kept() {
            (candidate, Why::Holdout, true)
        } else {
            let (candidate, why) = best(&scores).map_or((0, Why::First), |best| (best, Why::Holdout));
            (candidate, why, false)
        };
        Choice { candidate, why, is_kept, scores }
    };
    (0..segments.len()).map(of).collect()
}

/// Root mean squared error over all calibration dates together, of one segment or of all customers.
pub(crate) fn score(
    tests: &[Backtest],
    candidate: Candidate,
    timing: TimingKind,
    segment: Option<usize>,
) -> Option<f64> {
    let mut sum = Errors::default();
    for errors in tests.iter().filter_map(|test| test.by_segment(candidate, timing)) {
        match segment {
            Some(segment) => errors.get(segment).into_iter().for_each(|errors| sum.merge(errors)),
            None => errors.iter().for_each(|errors| sum.merge(errors)),
        }
    }
    sum.root_mean_squared()
}

/// The lowest score; of equal ones the first.
fn best(scores: &[Option<f64>]) -> Option<usize> {
    let scored = scores.iter().enumerate().filter_map(|(place, score)| Some((place, (*score)?)));
    scored.reduce(|best, next| if next.1 < best.1 { next } else { best }).map(|(place, _)| place)
}

/// What an earlier release values a segment by.
struct Kept<'e> {
    model: &'e str,
    has_covariates: bool,
}

impl Kept<'_> {
    fn is(&self, candidate: Candidate) -> bool {
        self.model == candidate.model.word() && self.has_covariates == candidate.has_covariates
    }
}

/// That of the current release, if a holdout chose it among models with the same covariates, and the run is not asked to
/// choose again.
fn kept_model<'e>(clv: &ClvDef, earlier: &'e Earlier, segment: Option<&str>) -> Option<Kept<'e>> {
    let current = earlier.current.as_ref().filter(|_| !earlier.reselect)?;
    let covariates = current["covariates"].as_array().map_or(&[][..], Vec::as_slice);
    if !covariates.iter().eq(&clv.covariates) {
        return None;
    }
    let segment = segment_of(current, segment).filter(|segment| segment["why"] == Why::Holdout.word())?;
    let has_covariates = segment["has_covariates"].as_bool().unwrap_or(false);
    Some(Kept { model: segment["chosen"].as_str()?, has_covariates })
}

/// A segment's entry in a manifest's `clv`.
pub(crate) fn segment_of<'e>(clv: &'e Value, segment: Option<&str>) -> Option<&'e Value> {
    clv["segments"].as_array()?.iter().find(|entry| entry["segment"].as_str() == segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::backtest::{Kind, Series, Target};
    use crate::pipeline::{PurchaseModel, Season};

    fn series(candidate: Candidate, error: f64) -> Series {
        let mut errors = Errors::default();
        errors.add(1.0 + error, 1.0);
        let forecaster = candidate.model.word();
        Series {
            target: Target::Purchases,
            forecaster,
            has_covariates: Some(candidate.has_covariates),
            timing: Some(TimingKind::CALENDAR),
            spend: None,
            kind: Kind::Total,
            errors: vec![errors],
        }
    }

    fn chosen(clv: &ClvDef, errors: &[f64], earlier: &Earlier) -> (usize, Why, bool) {
        let candidates = Candidate::all(clv);
        let series =
            candidates.iter().zip(errors).map(|(candidate, error)| series(*candidate, *error)).collect();
        let tests = [Backtest { date: 10, until: 20, series, weeks: Vec::new() }];
        let segments = Segments::new(None, None, 1, "").unwrap();
        let tests = if errors.is_empty() { &tests[..0] } else { &tests[..] };
        let choice =
            choose(clv, &candidates, &segments, TimingKind::CALENDAR, &[false], tests, earlier).remove(0);
        (choice.candidate, choice.why, choice.is_kept)
    }

    fn clv(model: Option<PurchaseModel>) -> ClvDef {
        ClvDef {
            models: vec![PurchaseModel::MbgNbd, PurchaseModel::ParetoNbd],
            model,
            season: Some(Season::None),
            contextual_factors: None,
            margin: crate::pipeline::Margin::Avoidable,
            spend: crate::pipeline::SpendModel::Shrunken,
            discount_rate_annual: "0.1".parse().unwrap(),
            horizons: Vec::new(),
            segment: None,
            covariates: Vec::new(),
            calibration: Vec::new(),
            drift_from: None,
            lifetime: None,
            at: crate::pipeline::Position::default(),
        }
    }

    #[test]
    fn the_holdout_chooses_until_a_release_has_chosen() {
        let none = Earlier::default();
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &none), (1, Why::Holdout, false));
        assert_eq!(chosen(&clv(None), &[0.4, 0.4], &none), (0, Why::Holdout, false), "ties go to the first");
        assert_eq!(chosen(&clv(None), &[], &none), (0, Why::First, false));
        let current =
            serde_json::json!({ "segments": [{ "segment": null, "chosen": "mbg_nbd", "why": "holdout" }] });
        let kept = Earlier { current: Some(current.clone()), ..Earlier::default() };
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &kept), (0, Why::Holdout, true));
        let first =
            serde_json::json!({ "segments": [{ "segment": null, "chosen": "mbg_nbd", "why": "first" }] });
        let first = Earlier { current: Some(first), ..Earlier::default() };
        assert_eq!(
            chosen(&clv(None), &[0.5, 0.4], &first),
            (1, Why::Holdout, false),
            "now there is a holdout"
        );
        let again = Earlier { current: Some(current), reselect: true, ..Earlier::default() };
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &again), (1, Why::Holdout, false));
        let gone =
            serde_json::json!({ "segments": [{ "segment": null, "chosen": "bg_nbd", "why": "holdout" }] });
        let gone = Earlier { current: Some(gone), ..Earlier::default() };
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &gone), (1, Why::Holdout, false));
        let declared = clv(Some(PurchaseModel::MbgNbd));
        assert_eq!(chosen(&declared, &[0.5, 0.4], &again), (0, Why::Declared, false));
    }

    #[test]
    fn covariates_are_chosen_by_the_holdout_or_with_the_declared_model() {
        let with = |model| ClvDef { covariates: vec!["region".to_owned()], ..clv(model) };
        let none = Earlier::default();
        // Without: MBG/NBD, Pareto/NBD; with: the same.
        assert_eq!(chosen(&with(None), &[0.5, 0.4, 0.3, 0.6], &none), (2, Why::Holdout, false));
        assert_eq!(chosen(&with(None), &[0.5, 0.4, 0.4, 0.4], &none), (1, Why::Holdout, false), "no better");
        let declared = with(Some(PurchaseModel::ParetoNbd));
        assert_eq!(chosen(&declared, &[0.5, 0.4, 0.3, 0.6], &none), (3, Why::Declared, false));
        let segment = serde_json::json!({ "segment": null, "chosen": "mbg_nbd", "why": "holdout" });
        let kept = |covariates: serde_json::Value| {
            let current = serde_json::json!({ "covariates": covariates, "segments": [segment.clone()] });
            Earlier { current: Some(current), ..Earlier::default() }
        };
        let errors = [0.5, 0.4, 0.3, 0.6];
        assert_eq!(
            chosen(&with(None), &errors, &kept(serde_json::json!(["region"]))),
            (0, Why::Holdout, true)
        );
        for other in [serde_json::json!([]), serde_json::json!(["size"]), serde_json::Value::Null] {
            let again = chosen(&with(None), &errors, &kept(other));
            assert_eq!(again, (2, Why::Holdout, false), "it was chosen among others");
        }
    }
}
