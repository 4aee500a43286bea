//! Which model values the contracts of a group, and why.

use super::backtest::{Backtest, backtests};
use super::earlier::{Earlier, name_of};
use super::fit::{Fitted, fit};
use super::rows::Contracts;
use super::tally::{Kind, Tallies, Tally};
use crate::pipeline::RetentionModel;
use std::collections::BTreeMap;

/// Contracts lost, below which a plan is valued by all contracts of its term.
const FEWEST_LOST: u64 = 30;

/// Contracts of one term: all of them, or those of a plan.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) term_months: u16,
    /// The plan's place; none of all plans together.
    pub(super) plan: Option<u32>,
    pub(super) tally: Tally,
    /// By model; why there is none.
    pub(super) fits: Vec<(RetentionModel, Result<Fitted, String>)>,
    pub(super) backtests: Vec<Backtest>,
    /// None where no model has a fit.
    pub(super) choice: Option<Choice>,
}

/// A model of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) model: RetentionModel,
    pub(super) fitted: Fitted,
    pub(super) why: Why,
    /// Whether the current release had chosen it, so that nothing was chosen now.
    pub(super) is_kept: bool,
    /// Whether it is that of all contracts of the term.
    pub(super) is_pooled: bool,
}

/// Why a model was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The pipeline file says so.
    Declared,
    /// No other one foretold the renewals held out better.
    Holdout,
    /// There is no holdout to tell models by.
    First,
}

impl Why {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Holdout => "holdout",
            Self::First => "first with a fit",
        }
    }
}

/// Groups of all contracts: for each term all plans together, then plan by plan where plans are declared.
pub(super) fn groups(
    tallies: Tallies,
    contracts: &Contracts,
    declared: Option<RetentionModel>,
    earlier: &Earlier,
) -> Vec<Group> {
    let has_plans = contracts.plans.is_some();
    let mut by_term: BTreeMap<u16, Vec<(u32, Tally)>> = BTreeMap::new();
    for (Kind { term_months, plan }, tally) in tallies {
        by_term.entry(term_months).or_default().push((plan, tally));
    }
    let mut groups = Vec::new();
    for (term_months, plans) in by_term {
        let mut all = Tally::default();
        plans.iter().for_each(|(_, tally)| all.merge(tally));
        let all = Group::new(term_months, None, all, declared, earlier.kept(term_months, None));
        let pooled = all.choice.clone().map(|choice| Choice { is_pooled: true, ..choice });
        groups.push(all);
        for (plan, tally) in plans.into_iter().filter(|_| has_plans) {
            let kept = earlier.kept(term_months, Some(name_of(contracts, plan)));
            let mut group = Group::new(term_months, Some(plan), tally, declared, kept);
            if group.tally.counts.total_lost() < FEWEST_LOST {
                group.choice.clone_from(&pooled);
            }
            groups.push(group);
        }
    }
    groups
}

impl Group {
    fn new(
        term_months: u16,
        plan: Option<u32>,
        tally: Tally,
        declared: Option<RetentionModel>,
        kept: Option<RetentionModel>,
    ) -> Self {
        let fits: Vec<_> =
            RetentionModel::ALL.into_iter().map(|model| (model, fit(model, &tally.counts))).collect();
        let backtests = backtests(&tally);
        let choice = choose(&fits, &backtests, declared, kept);
        Self { term_months, plan, tally, fits, backtests, choice }
    }
}

/// The declared model, else the one that a holdout chose before, else that of the best score, else the first; a model without a fit
/// gives way to the next.
fn choose(
    fits: &[(RetentionModel, Result<Fitted, String>)],
    backtests: &[Backtest],
    declared: Option<RetentionModel>,
    kept: Option<RetentionModel>,
) -> Option<Choice> {
    let of = |model: RetentionModel, why| {
        let (_, fitted) = fits.iter().find(|(known, _)| *known == model)?;
        let fitted = fitted.as_ref().ok()?.clone();
        Some(Choice { model, fitted, why, is_kept: false, is_pooled: false })
    };
    if let Some(choice) = declared.and_then(|model| of(model, Why::Declared)) {
        return Some(choice);
    }
    if let Some(choice) = kept.and_then(|model| of(model, Why::Holdout)) {
        return Some(Choice { is_kept: true, ..choice });
    }
    let mut ranked: Vec<&Backtest> = backtests.iter().collect();
    // Stable: of equals the first.
    ranked.sort_by(|a, b| b.log_score.total_cmp(&a.log_score));
    let best = ranked.iter().find_map(|backtest| of(backtest.model, Why::Holdout));
    best.or_else(|| RetentionModel::ALL.into_iter().find_map(|model| of(model, Why::First)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::renewal_counts::RenewalCounts;

    fn fits(survivors: &[u64]) -> Vec<(RetentionModel, Result<Fitted, String>)> {
        let counts = RenewalCounts::of_cohort(survivors).unwrap();
        RetentionModel::ALL.into_iter().map(|model| (model, fit(model, &counts))).collect()
    }

    fn chosen(
        survivors: &[u64],
        scores: &[f64],
        declared: Option<RetentionModel>,
    ) -> Option<(RetentionModel, &'static str)> {
        chosen_after(survivors, scores, declared, None)
    }

    fn chosen_after(
        survivors: &[u64],
        scores: &[f64],
        declared: Option<RetentionModel>,
        kept: Option<RetentionModel>,
    ) -> Option<(RetentionModel, &'static str)> {
        let models = RetentionModel::ALL.into_iter().zip(scores);
        let backtests: Vec<Backtest> =
            models.map(|(model, score)| Backtest { model, expected_lost: 0.0, log_score: *score }).collect();
        let choice = choose(&fits(survivors), &backtests, declared, kept)?;
        assert_eq!(choice.is_kept, kept == Some(choice.model) && declared != kept);
        Some((choice.model, choice.why.word()))
    }

    #[test]
    fn the_holdout_chooses_where_nothing_is_declared() {
        use RetentionModel::{Geometric, Hazards, ShiftedBetaGeometric};
        let rising: &[u64] = &[1_000, 631, 468, 382, 326];
        assert_eq!(chosen(rising, &[-0.3, -0.2, -0.25], None), Some((Hazards, "holdout")));
        assert_eq!(chosen(rising, &[-0.2, -0.2, -0.2], None), Some((ShiftedBetaGeometric, "holdout")));
        assert_eq!(chosen(rising, &[], None), Some((ShiftedBetaGeometric, "first with a fit")));
        assert_eq!(chosen(rising, &[-0.3, -0.2], Some(Geometric)), Some((Geometric, "declared")));
        let constant: &[u64] = &[1_000, 900, 810, 729];
        let declared = Some(ShiftedBetaGeometric);
        assert_eq!(chosen(constant, &[], declared), Some((Hazards, "first with a fit")), "it has no fit");
        assert_eq!(chosen(&[9], &[], None), None);
        let scores = [-0.3, -0.2, -0.25];
        assert_eq!(
            chosen_after(rising, &scores, None, Some(Geometric)),
            Some((Geometric, "holdout")),
            "kept"
        );
        assert_eq!(
            chosen_after(constant, &scores, None, Some(ShiftedBetaGeometric)),
            Some((Hazards, "holdout")),
            "what was kept has no fit any more"
        );
    }
}
