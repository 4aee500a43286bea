//! `acquisition`, `acquisition_total` and `acquisition_payback`.

use super::cohort::Cohort;
use super::expected_payback::ExpectedPayback;
use super::payback::{CurvePoint, Payback};
use super::residual::SIGMAS;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::{Day, pow10};

/// A cohort, or several together.
pub(super) struct CohortRow<'r> {
    /// What cohorts are added up by; none of a cohort itself.
    pub(super) total_by: Option<&'static str>,
    /// `all` where channels are together.
    pub(super) channel: &'r str,
    /// First day of the period; none on no known day, or where periods are together.
    pub(super) start: Option<Day>,
    pub(super) cohort: Cohort,
    pub(super) payback: Payback,
    /// None but where it is not yet.
    pub(super) expected_payback: Option<ExpectedPayback>,
}

/// Cohorts by channel and period.
pub(super) fn acquisition(format: TableFormat<'_>, has_residual: bool, rows: &[CohortRow<'_>]) -> Sheet {
    let mut draft = format.draft("acquisition", "channel and period of acquisition", None, rows);
    draft.as_of();
    add_figures(&mut draft, has_residual);
    draft.finish()
}

/// The same of all cohorts, by channel, and by period.
pub(super) fn acquisition_total(
    format: TableFormat<'_>,
    has_residual: bool,
    rows: &[CohortRow<'_>],
) -> Sheet {
    let grain = "total of cohorts: all, by channel, by period of acquisition";
    let mut draft = format.draft("acquisition_total", grain, None, rows);
    draft.as_of();
    let meaning = "What cohorts are added up by: all, channel, cohort_start";
    draft.name("total_by", meaning, |row| row.total_by.expect("a total"));
    add_figures(&mut draft, has_residual);
    draft.finish()
}

fn add_figures<'r>(draft: &mut Draft<'r, CohortRow<'_>>, has_residual: bool) {
    let meaning = "How customers were won; (none) without a channel, all where channels are added up";
    draft.name("channel", meaning, |row| row.channel);
    let meaning = "First day of the period in which they came: were won, or else bought first; null of customers won on no day \
                   before the as-of date who have not bought, and where periods are added up";
    draft.day("cohort_start", meaning, |row| row.start);
    draft.count("customers", "customers", "Customers, those who never bought among them", |row| {
        row.cohort.customers
    });
    draft.count("buyers", "customers", "Those with a purchase", |row| row.cohort.buyers);
    draft
        .float("conversion", "1", "buyers / customers", |row| ratio(row.cohort.buyers, row.cohort.customers));
    add_cost(draft);
    add_value(draft, has_residual);
    add_payback(draft);
}

fn add_cost<'r>(draft: &mut Draft<'r, CohortRow<'_>>) {
    let unit = pow10(draft.format().money_scale) as f64;
    let meaning = "What winning them cost, before the history too; part of customer profit";
    draft.total("acquisition_cost", meaning, |row| row.cohort.acquisition_cost);
    let meaning =
        "What others were given for referring them, by [perception.referrals]; part of no customer's profit";
    draft.total("referral_rewards", meaning, |row| row.cohort.rewards);
    let per_customer = "money per customer";
    let meaning = "(acquisition_cost + referral_rewards) / customers";
    draft.float("cost_per_customer", per_customer, meaning, move |row| {
        Some(row.cohort.cost() as f64 / unit / known(row.cohort.customers)?)
    });
    let meaning = "(acquisition_cost + referral_rewards) / buyers: what a customer who bought cost";
    draft.float("cost_per_buyer", per_customer, meaning, move |row| {
        Some(row.cohort.cost() as f64 / unit / known(row.cohort.buyers)?)
    });
}

fn add_value<'r>(draft: &mut Draft<'r, CohortRow<'_>>, has_residual: bool) {
    let unit = pow10(draft.format().money_scale) as f64;
    let currency = draft.format().currency.to_owned();
    draft.total("contribution", "Contribution so far", |row| row.cohort.contributed());
    let meaning = "Customer profit so far before acquisition_cost";
    draft.total("profit_before_acquisition", meaning, |row| row.cohort.brought());
    let expected = move |row: &CohortRow<'_>| row.cohort.expected().copied().filter(|_| has_residual);
    let lifetime_value = move |row: &CohortRow<'_>| row.cohort.lifetime_value().filter(|_| has_residual);
    let meaning = "Residual value of those who bought; of those who never bought nothing is expected; null without [clv], and where \
                   that of a buyer is not known";
    draft.total("residual_value", meaning, move |row| expected(row).map(|residual| residual.value));
    let meaning = "Its standard error: errors of the purchase model are taken to go the same way for all customers, all others to be \
                   each customer's own; null where that of one cannot be estimated";
    draft.float("residual_value_se", currency.clone(), meaning, move |row| {
        Some(expected(row)?.error()? / unit)
    });
    let meaning =
        "profit_before_acquisition + residual_value: what they bring before the cost of winning them";
    draft.total("lifetime_value", meaning, lifetime_value);
    for (name, end, sigmas) in
        [("lifetime_value_low", "Lower", -SIGMAS), ("lifetime_value_high", "Upper", SIGMAS)]
    {
        let meaning = format!("{end} end of its interval of 95 %, by residual_value_se");
        draft.float(name, currency.clone(), meaning, move |row| {
            let error = expected(row)?.error()?;
            Some((lifetime_value(row)? as f64 + sigmas * error) / unit)
        });
    }
    let meaning = "lifetime_value / (acquisition_cost + referral_rewards); null where nothing was spent";
    draft.float("lifetime_value_to_cost", "1", meaning, move |row| {
        let cost = Some(row.cohort.cost()).filter(|cost| *cost > 0)?;
        Some(lifetime_value(row)? as f64 / cost as f64)
    });
}

fn add_payback<'r>(draft: &mut Draft<'r, CohortRow<'_>>) {
    let meaning =
        "contribution / (acquisition_cost + referral_rewards), so far; null where nothing was spent";
    draft.float("cost_recovered", "1", meaning, |row| {
        Some(row.cohort.contributed() as f64 / Some(row.cohort.cost()).filter(|cost| *cost > 0)? as f64)
    });
    let meaning = "Periods after that of acquisition until cumulated contribution covers acquisition cost and rewards, 0 within it; \
                   of cohorts that are added up, at each age those observed so long; null where payback says why";
    draft.count("payback_periods", "periods", meaning, |row| row.payback.periods());
    let meaning = "paid back; not yet by the last period that is over; nothing spent; before the history: what came first is not \
                   known; no known day of acquisition";
    draft.name("payback", meaning, |row| row.payback.word());
    let meaning = "Periods after that of acquisition until contribution so far, and at later ages that per customer of older cohorts of \
                   the channel, of all channels where it has none, is expected to cover acquisition cost and rewards (Bornhuetter and \
                   Ferguson 1972); not discounted; null unless payback is not yet, and where expected_payback says why";
    draft.count("expected_payback_periods", "periods", meaning, |row| row.expected_payback?.periods());
    let meaning = "Of payback that is not yet: expected; not at ages observed: older cohorts have not come to the age at which it would be; \
                   no older cohort; null of any other";
    draft.name("expected_payback", meaning, |row| row.expected_payback.map(ExpectedPayback::word));
}

fn known(count: u64) -> Option<f64> {
    (count > 0).then_some(count as f64)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    Some(part as f64 / known(whole)?)
}

/// One age of a cohort.
pub(super) struct PaybackRow<'r> {
    pub(super) channel: &'r str,
    pub(super) start: Day,
    pub(super) period_start: Day,
    pub(super) is_complete: bool,
    pub(super) point: CurvePoint,
}

/// How cohorts of the history are paid back, age by age.
pub(super) fn acquisition_payback(format: TableFormat<'_>, rows: &[PaybackRow<'_>]) -> Sheet {
    let grain = "channel, period of acquisition and age";
    let mut draft = format.draft("acquisition_payback", grain, None, rows);
    draft.as_of();
    draft.name("channel", "How customers were won; (none) without a channel", |row| row.channel);
    let meaning = "First day of the period in which they came, which is one of the history";
    draft.day("cohort_start", meaning, |row| row.start);
    let meaning = "Periods after that of acquisition";
    draft.count("age_periods", "periods", meaning, |row| row.point.age);
    draft.day("period_start", "First day of the period of that age", |row| row.period_start);
    draft.flag("is_complete", "The period is over", |row| row.is_complete);
    let meaning = "Contribution of the period; at age 0 also what came before acquisition";
    draft.total("contribution", meaning, |row| row.point.contribution);
    let meaning = "Contribution of the period and those before it";
    draft.total("cumulative_contribution", meaning, |row| row.point.cumulated);
    let meaning = "acquisition_cost + referral_rewards of the cohort";
    draft.total("cost", meaning, |row| row.point.cost);
    let meaning = "cumulative_contribution / cost; null where nothing was spent";
    draft.float("cost_recovered", "1", meaning, |row| {
        let cost = Some(row.point.cost).filter(|cost| *cost > 0)?;
        Some(row.point.cumulated as f64 / cost as f64)
    });
    draft.finish()
}
