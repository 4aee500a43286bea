//! `purchase_season`: the seasons that purchases are timed by, with the evidence for each, at every date.

use super::TableContext;
use crate::clv::season::SeasonEstimate;
use crate::clv::timing::Timings;
use crate::clv::timing_kind::TimingKind;
use crate::publish::schema::Sheet;
use crate::units::Day;

/// One season of the year, or a row for why there is no clock.
struct Row {
    until: i32,
    is_whole: bool,
    timing: TimingKind,
    is_chosen: bool,
    number: Option<i64>,
    estimate: Option<SeasonEstimate>,
    dispersion: Option<f64>,
    reason: Option<&'static str>,
}

/// Every clock; `chosen` is the timing that customers are valued by.
pub(crate) fn sheet(
    context: TableContext<'_>,
    timings: &Timings<'_>,
    dates: &[Day],
    chosen: TimingKind,
) -> Sheet {
    let mut rows = Vec::new();
    for (date, until) in dates.iter().enumerate() {
        let of_seasons = timings.estimates(date).filter(|(timing, _)| timing.has_seasons());
        for (timing, estimated) in of_seasons {
            let row = |number, estimate, dispersion, reason| Row {
                until: until.0,
                is_whole: date == 0,
                timing,
                is_chosen: timing == chosen,
                number,
                estimate,
                dispersion,
                reason,
            };
            match estimated {
                Ok(found) => rows.extend((1..).zip(&found.seasons).map(|(number, estimate)| {
                    row(Some(number), Some(*estimate), Some(found.dispersion), None)
                })),
                Err(reason) => rows.push(row(None, None, None, Some(reason.sentence()))),
            }
        }
    }
    let mut draft = context.format.draft(
        "purchase_season",
        "history seen, kind, factors and season of the year",
        None,
        &rows,
    );
    draft.day("seen_until", "Exclusive end of the history seen", |row| Day(row.until));
    let meaning = "whole history, or calibration: what came before a calibration date";
    draft.name("sample", meaning, |row| if row.is_whole { "whole" } else { "calibration" });
    let meaning = "month: calendar months; week: seven days each from 1 January, the 52nd with what is left";
    draft.name("kind", meaning, |row| row.timing.season.word());
    let meaning = "Contextual factors that the clock follows too (see contextual_factor): none, or those of clv.contextual_factors";
    draft.name("factors", meaning, |row| context.factors_word(row.timing));
    let meaning = "chosen: customers are valued by this clock; candidate: it was held against the holdout";
    draft.name("role", meaning, |row| if row.is_chosen { "chosen" } else { "candidate" });
    draft.count("season", "", "Month or week of the year, from 1; null where there is no clock", |row| {
        row.number
    });
    draft.count("days", "days", "Days of it in a common year", |row| row.estimate.map(|season| season.days));
    let meaning = "Evidence: purchases of its days between the first and the last purchase of the customer, who was surely \
                   active";
    draft.count("purchases", "purchases", meaning, |row| row.estimate.map(|season| season.purchases));
    let meaning = "What these would be without seasons: purchases of each customer spread evenly between the first and the last";
    draft.float("even_purchases", "purchases", meaning, |row| Some(row.estimate?.even));
    let meaning = "Purchases of customers who are active, relative to the mean of the year: conditional maximum likelihood";
    draft.float("ratio", "", meaning, |row| Some(row.estimate?.ratio));
    let meaning = "Standard error of ratio";
    draft.float("ratio_se", "", meaning, |row| Some(row.estimate?.standard_error));
    let meaning = "Weight of ratio in season_index, against 1: what is left is chance";
    draft.float("credibility", "", meaning, |row| Some(row.estimate?.credibility));
    let meaning = "Speed of the clock, relative to the mean of the year: ratio shrunken towards 1";
    draft.float("season_index", "", meaning, |row| Some(row.estimate?.index));
    let meaning = "Variance of purchases of seasons of single years over that of chance (Poisson), at least 1; it widens ratio_se";
    draft.float("dispersion", "", meaning, |row| row.dispersion);
    draft.name("reason", "Why there is no clock", |row| row.reason);
    draft.finish()
}
