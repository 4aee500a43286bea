//! `early_warning`, `early_warning_holdout` and `early_warning_predictor`.

use super::holdout::{Outcome, PredictorScore, Score};
use super::ratio::{real, share};
use super::signal::Signal;
use super::warning_list::Warning;
use crate::facts::schema::Customers;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::{Day, PeriodKind};
use std::borrow::Cow;

/// Rows of the list, and the signs they refer to.
#[derive(Clone, Copy)]
pub(crate) struct WarningRows<'r> {
    pub(crate) rows: &'r [Warning],
    pub(crate) signals: &'r [Signal],
}

impl<'r> WarningRows<'r> {
    fn first(self, row: &Warning) -> Option<&'r Signal> {
        self.signals[row.signals.clone()].first()
    }

    /// Something of every sign of a row, none without.
    fn joined(
        self,
        row: &Warning,
        separator: &str,
        of: impl Fn(&Signal) -> String,
    ) -> Option<Cow<'static, str>> {
        let signals = &self.signals[row.signals.clone()];
        (!signals.is_empty()).then(|| signals.iter().map(of).collect::<Vec<_>>().join(separator).into())
    }
}

/// Customers whose relationship has not ended, in the order of their keys, each with its place by expected loss.
pub(crate) fn early_warning(
    format: TableFormat<'_>,
    (period, horizon_days): (PeriodKind, u32),
    customers: &Customers,
    warnings: WarningRows<'_>,
) -> Sheet {
    let grain = "customer whose relationship has not ended";
    let mut draft = format.draft("early_warning", grain, None, warnings.rows);
    draft.customer("Customer", customers.ids(warnings.rows.iter().map(|row| row.rank)), true);
    draft.as_of();
    draft.count("rank_expected_loss", "", "Place by expected loss, 1 the highest", |row| row.place);
    let meaning = "Contribution at stake × probability of no purchase; all of it where that is not known";
    draft.money("expected_loss", meaning, |row| row.expected_loss);
    let meaning = format!(
        "Probability of no purchase within {horizon_days} days from the as-of date, by the predictor that \
         early_warning_predictor calls chosen, or by the other one where that says nothing"
    );
    draft.float("no_purchase_probability", "1", meaning, |row| row.no_purchase);
    let meaning = "Contribution of the 365 days before the as-of date";
    draft.money("contribution_at_stake", meaning, |row| row.stake);
    let meaning = "Last day with a sale line before the as-of date";
    draft.day("last_purchase_date", meaning, |row| Day(row.last));
    draft.name("state", "State at the as-of date, as in lifecycle", |row| row.state.name());
    add_signs(&mut draft, period, warnings);
    draft.finish()
}

/// The reasons that can be told: the table is ranked without them.
fn add_signs<'r>(draft: &mut Draft<'r, Warning>, period: PeriodKind, warnings: WarningRows<'r>) {
    let format = draft.format();
    let meaning = "Sign that the customer is about to leave: overdue, alive, contribution, orders, breadth, discount, returns, \
                   complaint or dissatisfied; of several the first, null without";
    draft.name("sign", meaning, |row| warnings.first(row).map(|signal| signal.kind.name()));
    draft.name("signs", "All of them", |row| {
        warnings.joined(row, ", ", |signal| signal.kind.name().to_owned())
    });
    let meaning = "Of the sign: days since the last purchase over the expected gap; probability alive; the share by which the measure \
                   fell, discount or returns rose; days of the complaint; expectation less performance in points";
    draft.float("sign_measure", "1", meaning, |row| warnings.first(row).map(|signal| signal.measure));
    let meaning = "What the measure was held against";
    draft.float("sign_threshold", "1", meaning, |row| warnings.first(row).map(|signal| signal.threshold));
    draft.text("reason", "Every sign in words", |row| {
        warnings.joined(row, "; ", |signal| signal.reason(format, period))
    });
}

/// How warnings made one holdout earlier came out, by kind.
pub(crate) fn early_warning_holdout(format: TableFormat<'_>, outcome: &Outcome, scores: &[Score]) -> Sheet {
    let mut draft = format.draft("early_warning_holdout", "kind of warning and alert volume", None, scores);
    draft.day("warned_date", "As-of date, exclusive, of the warnings", |_| outcome.date);
    draft.day("until_date", "Exclusive end of what they are held against", |_| outcome.until);
    let meaning = "all: every customer of the list; any: those with a sign; or the kind of the sign";
    draft.name("kind", meaning, |score| score.listed.name());
    let meaning = "Only so many warnings, those with the highest expected loss; null: all";
    draft.count("alerts", "customers", meaning, |score| score.volume);
    let meaning =
        "Customers whose relationship had not ended then, and of whom a sign of this kind can be read";
    draft.count("candidates", "customers", meaning, |score| score.candidates.customers);
    let meaning = "Of these, customers without purchase until the end";
    draft.count("candidates_lapsed", "customers", meaning, |score| score.candidates.lapsed);
    let warned = "Candidates that were warned of";
    draft.count("warned", "customers", warned, |score| score.warned.customers);
    draft.count("warned_lapsed", "customers", meaning, |score| score.warned.lapsed);
    let precision = |score: &Score| share(score.warned.lapsed, score.warned.customers);
    draft.float("precision", "1", "warned_lapsed / warned; null without warnings", precision);
    let base = |score: &Score| share(score.candidates.lapsed, score.candidates.customers);
    draft.float("base_rate", "1", "candidates_lapsed / candidates; null without candidates", base);
    draft.float("lift", "1", "precision / base_rate; null if nobody lapsed", |score| {
        Some(precision(score)? / base(score).filter(|base| *base > 0.0)?)
    });
    draft.float("recall", "1", "warned_lapsed / candidates_lapsed; null if nobody lapsed", |score| {
        share(score.warned.lapsed, score.candidates.lapsed)
    });
    let meaning = "Mean days, of those that lapsed, from the warning to the end of the relationship: last purchase + lifecycle.gap_days";
    draft.float("mean_lead_days", "days", meaning, |score| {
        (score.warned.lapsed > 0).then(|| real(score.warned.lead_days) / real(score.warned.lapsed))
    });
    draft.finish()
}

/// How predictors of no purchase told those who lapsed from those who did not, one holdout earlier.
pub(crate) fn early_warning_predictor(
    format: TableFormat<'_>,
    outcome: &Outcome,
    scores: &[PredictorScore],
) -> Sheet {
    let mut draft = format.draft("early_warning_predictor", "predictor", None, scores);
    draft.day("warned_date", "As-of date, exclusive, of what was foretold", |_| outcome.date);
    draft.day("until_date", "Exclusive end of what it is held against", |_| outcome.until);
    let meaning = "purchase model and rhythm: probability of no purchase by [clv], by the rhythm of the base where nobody leaves; \
                   probability alive; overdue: days since the last purchase over the expected gap; recency; signs: how many";
    draft.name("predictor", meaning, |score| score.predictor.name());
    draft.flag(
        "is_chosen",
        "Whether today's list is ranked by it: that of the two probabilities with the larger auc",
        |score| score.is_chosen,
    );
    let meaning = "Customers whose relationship had not ended then, and of whom it says something";
    draft.count("candidates", "customers", meaning, |score| score.customers[0]);
    let meaning = "Of these, customers without purchase until the end";
    draft.count("candidates_lapsed", "customers", meaning, |score| score.customers[1]);
    let meaning = "Area under the ROC curve: the probability that of two customers, one of whom lapsed, it is higher for that one; \
                   0.5 is chance; null if all lapsed, or none";
    draft.float("auc", "1", meaning, |score| score.area);
    let unit = crate::units::pow10(format.money_scale) as f64;
    let meaning = "Contribution at stake of all candidates who lapsed";
    draft.float("lost_contribution", format.currency.to_owned(), meaning, |score| {
        Some(score.lost_by_stake[1] / unit)
    });
    let meaning = "Of these, of those in the first tenth by contribution at stake";
    draft.float("lost_in_first_tenth_by_stake", format.currency.to_owned(), meaning, |score| {
        Some(score.lost_by_stake[0] / unit)
    });
    let meaning = "The same in the first tenth by the loss that it expects; null if it is no probability";
    draft.float("lost_in_first_tenth", format.currency.to_owned(), meaning, |score| {
        Some(score.lost_in_first_tenth? / unit)
    });
    let meaning = "lost_in_first_tenth / lost_in_first_tenth_by_stake";
    draft.float("lift", "1", meaning, PredictorScore::lift);
    draft.finish()
}
