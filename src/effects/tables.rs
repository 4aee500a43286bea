//! `treatment_effect` and `control_group`.

use super::estimate::Estimate;
use super::measuring::Arms;
use crate::customers::outcome::Measure;
use crate::facts::schema::Customers;
use crate::math::difference::Difference;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, SegmentKey, TableFormat};

/// One row.
pub(super) struct Row<'r> {
    pub(super) treatment: &'r str,
    pub(super) segment: SegmentKey<'r>,
    pub(super) measure: Measure,
    pub(super) arms: Arms,
    /// None below two observed customers in either arm.
    pub(super) estimate: Option<Estimate>,
}

/// Effects by treatment, segment and outcome.
pub(super) fn treatment_effect(
    format: TableFormat<'_>,
    [window_days, baseline_days]: [u32; 2],
    rows: &[Row<'_>],
) -> Sheet {
    let grain = "treatment, segment and outcome";
    let mut draft = format.draft("treatment_effect", grain, None, rows);
    draft.as_of();
    draft.name("treatment", "Which treatment", |row| row.treatment);
    draft.segment(|row| row.segment);
    let meaning = "purchases: days with one; contribution, in money; retention: share of customers who bought; per customer, in the window";
    draft.name("outcome", meaning, |row| row.measure.name());
    draft.count("window_days", "days", "Days from the contact on that count", move |_| window_days);
    draft.count(
        "baseline_days",
        "days",
        "Days before the contact that customers are compared by",
        move |_| baseline_days,
    );
    add_reach(&mut draft);
    add_effects(&mut draft);
    draft.finish()
}

fn add_reach<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let meaning = "Customers contacted, each once";
    draft.count("contacted", "customers", meaning, |row| row.arms[0].contacts);
    let meaning = "Customers who were to be and were held out";
    draft.count("held_out", "customers", meaning, |row| row.arms[1].contacts);
    let meaning =
        "Of those contacted, those whose window has ended by the as-of date: what follows is about them";
    draft.count("treated", "customers", meaning, |row| row.arms[0].observed);
    draft.count("control", "customers", "The same of those held out", |row| row.arms[1].observed);
}

fn add_effects<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let unit = crate::units::pow10(draft.format().money_scale) as f64;
    let shown = move |row: &Row<'_>, value: f64| match row.measure {
        Measure::Contribution => value / unit,
        Measure::Purchases | Measure::Retention => value,
    };
    let per_customer = "per customer";
    let mut add = |name: &'static str, meaning: &'static str, of: fn(&Estimate) -> f64| {
        draft.float(name, per_customer, meaning, move |row| Some(shown(row, of(row.estimate.as_ref()?))));
    };
    add(
        "mean_treated",
        "Mean of those treated; null, as what follows, below two customers in either arm",
        |found| found.means[0],
    );
    add("mean_control", "Mean of those held out", |found| found.means[1]);
    add("effect", "mean_treated − mean_control", |found| found.effect.value);
    add("effect_se", "Its standard error", |found| found.effect.error);
    add("effect_low", "Lower end of its interval of 95 %", |found| found.effect.interval()[0]);
    add("effect_high", "Upper end of its interval of 95 %", |found| found.effect.interval()[1]);
    let meaning = "The effect adjusted for the same outcome before the contact, in which the arms may differ by chance: the better estimate";
    add("adjusted_effect", meaning, |found| found.adjusted.value);
    add("adjusted_effect_se", "Its standard error", |found| found.adjusted.error);
    add("adjusted_effect_low", "Lower end of its interval of 95 %", |found| found.adjusted.interval()[0]);
    add("adjusted_effect_high", "Upper end of its interval of 95 %", |found| found.adjusted.interval()[1]);
    let meaning = "The smallest adjusted effect that a test of size 5 % would find four times of five";
    add("minimum_detectable_effect", meaning, Estimate::minimum_detectable);
    let meaning = "Difference of the arms before the contact, where there can be no effect";
    add("placebo_effect", meaning, |found| found.placebo.value);
    add("placebo_effect_se", "Its standard error", |found| found.placebo.error);
    let is_beyond = |of: fn(&Estimate) -> Difference| {
        move |row: &Row<'_>| row.estimate.as_ref().is_some_and(|found| of(found).is_beyond_chance())
    };
    let meaning = "Whether 0 lies outside of the interval of the adjusted effect";
    draft.flag("is_beyond_chance", meaning, is_beyond(|found| found.adjusted));
    let meaning = "Whether the arms differed before the contact beyond chance: one of twenty does; several say that they were not drawn at random";
    draft.flag("is_placebo_beyond_chance", meaning, is_beyond(|found| found.placebo));
}

/// Customers of these ranks who are held out.
pub(super) fn control_group(format: TableFormat<'_>, customers: &Customers, ranks: &[u32]) -> Sheet {
    let mut draft =
        format.draft("control_group", "customer who is held out from every treatment", None, ranks);
    draft.customer("Customer", customers.ids(ranks.iter().copied()), true);
    draft.finish()
}
