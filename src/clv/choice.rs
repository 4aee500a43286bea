//! Which model values the customers of a segment, and why.

use super::backtest::{Backtest, model_name};
use super::errors::Errors;
use super::segments::Segments;
use crate::pipeline::{ClvDef, PurchaseModel};
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

/// The model of one segment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// Its place in `Fits::models`.
    pub(crate) model: usize,
    pub(crate) why: Why,
    /// Root mean squared error of each model over the holdouts, in the order of the models; none without holdout.
    pub(crate) scores: Vec<Option<f64>>,
}

/// Why a model was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The pipeline file says so.
    Declared,
    /// The current release chose it.
    Kept,
    /// No other one foretold purchases of single customers better.
    Holdout,
    /// There is no holdout to tell models by, so it is the first.
    First,
}

impl Why {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Kept => "kept from the current release until --reselect",
            Self::Holdout => "lowest root mean squared error of purchases per customer in the holdout",
            Self::First => "first of the models: nobody to tell them by in a holdout",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Kept => "kept",
            Self::Holdout => "holdout",
            Self::First => "first",
        }
    }
}

/// Chooses for every segment.
pub(crate) fn choose(
    clv: &ClvDef,
    models: &[PurchaseModel],
    segments: &Segments,
    tests: &[Backtest],
    earlier: &Earlier,
) -> Vec<Choice> {
    let of = |segment: usize| {
        let scores: Vec<Option<f64>> = models.iter().map(|model| score(tests, *model, segment)).collect();
        let kept = || {
            let name = kept_model(earlier, segments.names[segment].as_deref())?;
            models.iter().position(|model| model_name(*model) == name)
        };
        let declared = clv.model.and_then(|declared| models.iter().position(|model| *model == declared));
        let (model, why) = if let Some(model) = declared {
            (model, Why::Declared)
        } else if let Some(model) = kept() {
            (model, Why::Kept)
        } else {
            best(&scores).map_or((0, Why::First), |model| (model, Why::Holdout))
        };
        Choice { model, why, scores }
    };
    (0..segments.len()).map(of).collect()
}

/// Root mean squared error over all calibration dates together.
fn score(tests: &[Backtest], model: PurchaseModel, segment: usize) -> Option<f64> {
    let mut pooled = Errors::default();
    for errors in tests.iter().filter_map(|test| test.purchases(model_name(model), segment)) {
        pooled.merge(errors);
    }
    pooled.root_mean_squared()
}

/// The lowest score; of equal ones the first.
fn best(scores: &[Option<f64>]) -> Option<usize> {
    let scored = scores.iter().enumerate().filter_map(|(model, score)| Some((model, (*score)?)));
    scored.reduce(|best, next| if next.1 < best.1 { next } else { best }).map(|(model, _)| model)
}

/// What the current release values this segment by, unless it was asked to choose again.
fn kept_model<'e>(earlier: &'e Earlier, segment: Option<&str>) -> Option<&'e str> {
    let current = earlier.current.as_ref().filter(|_| !earlier.reselect)?;
    segment_of(current, segment)?["chosen"].as_str()
}

/// A segment's entry in a manifest's `clv`.
pub(crate) fn segment_of<'e>(clv: &'e Value, segment: Option<&str>) -> Option<&'e Value> {
    clv["segments"].as_array()?.iter().find(|entry| entry["segment"].as_str() == segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::backtest::{Kind, Series, Target};

    fn series(model: PurchaseModel, error: f64) -> Series {
        let mut errors = Errors::default();
        errors.add(1.0 + error, 1.0);
        let forecaster = model_name(model);
        Series { target: Target::Purchases, forecaster, spend: None, kind: Kind::Total, errors: vec![errors] }
    }

    fn chosen(clv: &ClvDef, errors: &[f64], earlier: &Earlier) -> (usize, Why) {
        let series = clv.models.iter().zip(errors).map(|(model, error)| series(*model, *error)).collect();
        let tests = [Backtest { date: 10, until: 20, series, weeks: Vec::new() }];
        let segments = Segments::new(None, None, 1, "").unwrap();
        let tests = if errors.is_empty() { &tests[..0] } else { &tests[..] };
        let choice = choose(clv, &clv.models, &segments, tests, earlier).remove(0);
        (choice.model, choice.why)
    }

    fn clv(model: Option<PurchaseModel>) -> ClvDef {
        ClvDef {
            models: vec![PurchaseModel::MbgNbd, PurchaseModel::ParetoNbd],
            model,
            margin: crate::pipeline::Margin::Avoidable,
            spend: crate::pipeline::SpendModel::Shrunken,
            discount_rate_annual: "0.1".parse().unwrap(),
            horizons: Vec::new(),
            segment: None,
            calibration: Vec::new(),
            drift_from: None,
            at: crate::pipeline::Position::default(),
        }
    }

    #[test]
    fn the_holdout_chooses_until_a_release_has_chosen() {
        let none = Earlier::default();
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &none), (1, Why::Holdout));
        assert_eq!(chosen(&clv(None), &[0.4, 0.4], &none), (0, Why::Holdout), "ties go to the first");
        assert_eq!(chosen(&clv(None), &[], &none), (0, Why::First));
        let current = serde_json::json!({ "segments": [{ "segment": null, "chosen": "mbg_nbd" }] });
        let kept = Earlier { current: Some(current.clone()), ..Earlier::default() };
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &kept), (0, Why::Kept));
        let again = Earlier { current: Some(current), reselect: true, ..Earlier::default() };
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &again), (1, Why::Holdout));
        let gone = serde_json::json!({ "segments": [{ "segment": null, "chosen": "bg_nbd" }] });
        let gone = Earlier { current: Some(gone), ..Earlier::default() };
        assert_eq!(chosen(&clv(None), &[0.5, 0.4], &gone), (1, Why::Holdout));
        let declared = clv(Some(PurchaseModel::MbgNbd));
        assert_eq!(chosen(&declared, &[0.5, 0.4], &again), (0, Why::Declared));
    }
}
