//! `contextual_factor`: the coefficients of contextual factors, with the evidence for each, at every date.

use super::TableContext;
use crate::clv::contextual_factors::ContextualFactors;
use crate::clv::season::{FactorEstimate, FactorReason};
use crate::clv::timing::Timings;
use crate::clv::timing_kind::TimingKind;
use crate::publish::schema::Sheet;
use crate::units::Day;

/// One factor of one clock, or of one that there is not.
struct Row<'r> {
    until: Day,
    is_whole: bool,
    timing: TimingKind,
    is_chosen: bool,
    factor: &'r str,
    days: usize,
    mean: f64,
    estimate: Option<FactorEstimate>,
    dispersion: Option<f64>,
    reason: Option<&'static str>,
}

/// Every clock that follows them; `chosen` is the timing that customers are valued by.
pub(crate) fn sheet(
    context: TableContext<'_>,
    factors: &ContextualFactors,
    timings: &Timings<'_>,
    dates: &[Day],
    chosen: TimingKind,
) -> Sheet {
    let mut rows = Vec::new();
    for (date, until) in dates.iter().enumerate() {
        for (timing, estimated) in timings.estimates(date).filter(|(timing, _)| timing.has_factors) {
            for (place, factor) in factors.names().iter().enumerate() {
                let seen = factors.before(place, *until);
                let estimate = estimated.as_ref().ok().map(|found| found.factors[place]);
                rows.push(Row {
                    until: *until,
                    is_whole: date == 0,
                    timing,
                    is_chosen: timing == chosen,
                    factor,
                    days: seen.len(),
                    mean: seen.iter().sum::<f64>() / seen.len() as f64,
                    estimate,
                    dispersion: estimated.as_ref().ok().map(|found| found.dispersion),
                    reason: match estimated {
                        Err(reason) => Some(reason.sentence()),
                        Ok(found) => found.factors[place].reason.map(FactorReason::sentence),
                    },
                });
            }
        }
    }
    let last_known = factors.last_known();
    let grain = "history seen, season and factor";
    let mut draft = context.format.draft("contextual_factor", grain, None, &rows);
    draft.day("seen_until", "Exclusive end of the history seen", |row| row.until);
    let meaning = "whole history, or calibration: what came before a calibration date";
    draft.name("sample", meaning, |row| if row.is_whole { "whole" } else { "calibration" });
    let meaning =
        "Seasons that are estimated together with the factors (see purchase_season): none, month or week";
    draft.name("season", meaning, |row| row.timing.season.word());
    let meaning = "chosen: customers are valued by this clock; candidate: it was held against the holdout";
    draft.name("role", meaning, |row| if row.is_chosen { "chosen" } else { "candidate" });
    draft.name("factor", "One of clv.contextual_factors.columns", |row| row.factor);
    let meaning = "Logarithm of the ratio of purchase rates of active customers per unit of the factor: conditional maximum \
                   likelihood; null where there is none";
    draft.float("coefficient", "", meaning, |row| row.estimate?.coefficient);
    let meaning = "Standard error of coefficient, seasons and other factors being estimated too";
    draft.float("coefficient_se", "", meaning, |row| row.estimate?.standard_error);
    let meaning = "How many times as often customers buy where the factor is larger by 1, all else alike: exp(coefficient)";
    draft.float("rate_ratio", "", meaning, |row| Some(row.estimate?.coefficient?.exp()));
    draft.count("days", "days", "Days of the history seen, all of which have a value", |row| row.days as i64);
    draft.float("mean", "", "Mean of the factor on these days", |row| Some(row.mean));
    draft.day(
        "known_until",
        "The last day whose value is known; later ones run at the mean speed of the history",
        |_| last_known,
    );
    let meaning = "Variance of purchases of days in a row that are alike, within a month or season, over that of chance (Poisson), at \
                   least 1; it widens coefficient_se";
    draft.float("dispersion", "", meaning, |row| row.dispersion);
    draft.name("reason", "Why there is no coefficient, or none that is estimated", |row| row.reason);
    draft.finish()
}
