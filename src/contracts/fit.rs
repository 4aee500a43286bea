//! Models of retention, fitted to counted contracts.
//!
//! - Shifted beta-geometric: maximum likelihood, as in its own file.
//! - Hazards: the discrete-time life table (D. R. Cox, "Regression models and life-tables", Journal of the Royal Statistical Society B
//!   34 (1972), section 6; J. B. Willett, J. D. Singer, Journal of Educational Statistics 18 (1993)). A share is estimated by the mean of
//!   its posterior under Jeffreys' prior, (lost + ½) / (due + 1), so that a renewal at which none was lost is not held to be safe
//!   for ever. Late renewals that came due too few times are taken together.
//! - Geometric: the same of all renewals together.

use super::law::{Hazards, Law};
use crate::clv::models::renewal_counts::RenewalCounts;
use crate::clv::models::shifted_beta_geometric::{self, ShiftedBetaGeometric};
use crate::pipeline::RetentionModel;
use std::ops::Range;

/// Renewals due, from which on a share of them is estimated by itself.
const FEWEST_DUE: u64 = 30;

/// Contracts that came to a renewal, and those of them that were lost there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Due {
    pub(super) due: u64,
    pub(super) lost: u64,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fitted {
    pub(super) law: Law,
    pub(super) parameters: Vec<Parameter>,
    pub(super) log_likelihood: f64,
}

/// What was estimated.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) estimate: f64,
    pub(super) standard_error: Option<f64>,
}

/// The life table: by renewal, from the first on. Contracts come to a renewal if they lived through those before, and were under
/// observation: those that came later are taken off (delayed entry).
pub(super) fn life_table(counts: &RenewalCounts) -> Vec<Due> {
    let mut rows = vec![Due::default(); counts.last()];
    let (mut later, mut entered_later) = (0, 0);
    for (row, before) in rows.iter_mut().zip(0..counts.last()).rev() {
        let renewal = before + 1;
        let lost = counts.lost_at(renewal);
        later += lost + counts.kept_after(renewal);
        entered_later += counts.entered_after(renewal);
        *row = Due { due: later - entered_later, lost };
    }
    rows
}

/// Fits a model.
///
/// # Errors
/// Counts that do not determine it: why.
pub(super) fn fit(model: RetentionModel, counts: &RenewalCounts) -> Result<Fitted, String> {
    let table = life_table(counts);
    let all = together(&table);
    if all.due == 0 {
        return Err("no contract came to a renewal".to_owned());
    }
    match model {
        RetentionModel::ShiftedBetaGeometric => beta_geometric(counts),
        RetentionModel::Geometric => {
            let churn = all.parameter("churn".to_owned());
            Ok(of_hazards(Hazards { own: Vec::new(), later: churn.estimate }, &table, vec![churn]))
        }
        RetentionModel::Hazards => Ok(life_table_hazards(&table, counts.is_truncated())),
    }
}

fn beta_geometric(counts: &RenewalCounts) -> Result<Fitted, String> {
    let estimate = shifted_beta_geometric::fit(counts).map_err(|reason| reason.to_string())?;
    let [alpha, beta] = estimate.parameters;
    if estimate.standard_errors().contains(&None) {
        return Err("too few contracts were lost to tell how churn differs between them".to_owned());
    }
    let parameters = ["alpha", "beta"].into_iter().zip(estimate.parameters).zip(estimate.standard_errors());
    let parameter = |((name, estimate), standard_error): ((&str, f64), Option<f64>)| Parameter {
        name: name.to_owned(),
        estimate,
        standard_error,
    };
    Ok(Fitted {
        law: Law::ShiftedBetaGeometric(ShiftedBetaGeometric { alpha, beta }),
        parameters: parameters.map(parameter).collect(),
        log_likelihood: estimate.log_likelihood,
    })
}

/// Where renewals were not observed, few contracts may have come to early ones: these are taken together too.
fn life_table_hazards(table: &[Due], is_truncated: bool) -> Fitted {
    // The last renewal from which on enough came due; all of them where there are not enough at all.
    let is_enough = |from: &usize| together(&table[*from..]).due >= FEWEST_DUE;
    let first_of_later = (0..table.len()).rev().find(is_enough).unwrap_or(0);
    let (own, later) = table.split_at(first_of_later);
    let (mut parameters, mut hazards) = (Vec::new(), Vec::new());
    for group in groups(own, if is_truncated { FEWEST_DUE } else { 0 }) {
        let name = match group.len() {
            1 => format!("hazard_{}", group.start + 1),
            _ => format!("hazard_{}_to_{}", group.start + 1, group.end),
        };
        let parameter = together(&own[group.clone()]).parameter(name);
        hazards.extend(group.map(|_| parameter.estimate));
        parameters.push(parameter);
    }
    let later = together(later).parameter(format!("hazard_{}_and_later", first_of_later + 1));
    let law = Hazards { own: hazards, later: later.estimate };
    parameters.push(later);
    of_hazards(law, table, parameters)
}

/// Renewals one by one, and where fewer came due than these with those before; the first ones with the next, where they are few.
fn groups(table: &[Due], fewest: u64) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut end = table.len();
    for start in (0..table.len()).rev() {
        if together(&table[start..end]).due >= fewest {
            groups.push(start..end);
            end = start;
        }
    }
    match groups.last_mut() {
        Some(first) => first.start = 0,
        None if end > 0 => groups.push(0..end),
        None => {}
    }
    groups.reverse();
    groups
}

fn of_hazards(hazards: Hazards, table: &[Due], parameters: Vec<Parameter>) -> Fitted {
    let law = Law::Hazards(hazards);
    Fitted { log_likelihood: log_likelihood(&law, table), law, parameters }
}

/// ln of the likelihood of what became of renewals due.
pub(super) fn log_likelihood(law: &Law, table: &[Due]) -> f64 {
    let of_renewal = |(row, renewal): (&Due, u32)| {
        let kept = law.retention(renewal);
        let renewed = (row.due - row.lost) as f64;
        // Nobody lost, or nobody kept, asks for no logarithm.
        let part = |count: f64, share: f64| if count > 0.0 { count * share.ln() } else { 0.0 };
        part(row.lost as f64, 1.0 - kept) + part(renewed, kept)
    };
    table.iter().zip(1..).map(of_renewal).sum()
}

fn together(table: &[Due]) -> Due {
    let sum = |of: fn(&Due) -> u64| table.iter().map(of).sum();
    Due { due: sum(|row| row.due), lost: sum(|row| row.lost) }
}

impl Due {
    /// The share lost, with the standard deviation of its posterior, Beta(lost + ½, renewed + ½).
    fn parameter(self, name: String) -> Parameter {
        let (due, lost) = (self.due as f64, self.lost as f64);
        let estimate = (lost + 0.5) / (due + 1.0);
        let variance = estimate * (1.0 - estimate) / (due + 2.0);
        Parameter { name, estimate, standard_error: Some(variance.sqrt()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cohort(survivors: &[u64]) -> RenewalCounts {
        RenewalCounts::of_cohort(survivors).unwrap()
    }

    #[test]
    fn the_life_table_counts_who_came_to_a_renewal() {
        let mut counts = cohort(&[100, 80, 70]);
        counts.merge(&cohort(&[40, 30]));
        let of = |due, lost| Due { due, lost };
        assert_eq!(life_table(&counts), [of(140, 30), of(80, 10)]);
        assert_eq!(life_table(&cohort(&[5])), []);
    }

    #[test]
    fn few_late_renewals_are_taken_together() {
        // 35, 20 and 15 came to renewals 3, 4 and 5: those of 4 and later are 35 together.
        let fitted = fit(RetentionModel::Hazards, &cohort(&[100, 60, 35, 20, 15, 14])).unwrap();
        let names: Vec<&str> = fitted.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["hazard_1", "hazard_2", "hazard_3", "hazard_4_and_later"]);
        assert!((fitted.law.retention(1) - (1.0 - 40.5 / 101.0)).abs() < 1e-15);
        let later = 1.0 - 6.5 / 36.0;
        assert!(
            (fitted.law.retention(4) - later).abs() < 1e-15
                && fitted.law.retention(99) == fitted.law.retention(4)
        );
        let few = fit(RetentionModel::Hazards, &cohort(&[10, 9, 8])).unwrap();
        let churn = fit(RetentionModel::Geometric, &cohort(&[10, 9, 8])).unwrap();
        assert_eq!(few.law, churn.law, "one churn rate where there are too few at all");
    }

    #[test]
    fn renewals_that_few_came_to_under_observation_are_taken_together() {
        let of = |dues: &[u64]| {
            let table: Vec<Due> = dues.iter().map(|due| Due { due: *due, lost: 0 }).collect();
            groups(&table, FEWEST_DUE)
        };
        assert_eq!(of(&[0, 10, 40, 50, 5, 30]), [0..3, 3..5, 5..6]);
        assert_eq!(of(&[10, 5]).as_slice(), std::slice::from_ref(&(0..2)));
        assert!(of(&[]).is_empty());
        let mut counts = RenewalCounts::default();
        counts.add_entered(2, 100);
        counts.add_lost(3, 20);
        counts.add_lost(4, 10);
        counts.add_kept(4, 70);
        counts.add_kept(1, 8);
        let fitted = fit(RetentionModel::Hazards, &counts).unwrap();
        let names: Vec<&str> = fitted.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["hazard_1_to_3", "hazard_4_and_later"]);
        assert!((fitted.law.retention(1) - (1.0 - 20.5 / 109.0)).abs() < 1e-15);
    }

    #[test]
    fn what_counts_do_not_determine_is_said() {
        let one_lost = fit(RetentionModel::ShiftedBetaGeometric, &cohort(&[9, 9, 8, 8]));
        assert!(one_lost.is_err(), "{one_lost:?}");
        for model in RetentionModel::ALL {
            assert!(fit(model, &cohort(&[9])).unwrap_err().contains("no contract came to a renewal"));
        }
        let falling = cohort(&[1_000, 950, 855, 684]);
        assert!(fit(RetentionModel::ShiftedBetaGeometric, &falling).unwrap_err().contains("does not rise"));
        assert!(fit(RetentionModel::Geometric, &falling).is_ok());
    }

    /// Fader & Hardie (2007), table 1 and figures 2 to 4: seven renewals forecast twelve, and the geometric model is far below.
    #[test]
    fn golden_retention_of_two_segments_over_twelve_renewals() {
        let high_end = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394];
        let regular = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173];
        for (survivors, rounded, worst) in [(high_end, [0.668, 3.806], 0.02), (regular, [0.704, 1.182], 0.01)]
        {
            let counts = cohort(&survivors[..8]);
            let fitted = fit(RetentionModel::ShiftedBetaGeometric, &counts).unwrap();
            for (parameter, expected) in fitted.parameters.iter().zip(rounded) {
                assert!((parameter.estimate - expected).abs() < 5e-4, "{parameter:?}");
            }
            let geometric = fit(RetentionModel::Geometric, &counts).unwrap();
            for (renewal, actual) in (1..).zip(&survivors[1..]) {
                let actual = *actual as f64 / 1000.0;
                let expected = fitted.law.survival(0, renewal);
                assert!((expected - actual).abs() < worst, "renewal {renewal}: {expected} {actual}");
                if renewal == 12 {
                    assert!(geometric.law.survival(0, 12) < 0.7 * actual);
                }
            }
        }
    }
}
