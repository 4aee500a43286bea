//! What an estimate of BG/BB at the edge of its range comes down to, and why standard errors are missing.

use crate::clv::models::logarithms::{Estimate, Limit};

/// A mean probability to lapse per opportunity, below which the estimate says that nobody does.
const NO_LAPSE: f64 = 1e-4;

/// Whether nobody lapses by the estimate: whoever missed opportunities only happened to. All then count as alive, and nothing but the
/// discount rate limits what they are expected to bring.
pub(crate) fn shows_no_lapse(estimate: &Estimate<4>) -> bool {
    let [.., gamma, delta] = estimate.parameters;
    gamma / (gamma + delta) < NO_LAPSE
}

/// Why parameters have no standard errors; none where all have.
pub(crate) fn reason(estimate: &Estimate<4>) -> Option<String> {
    let [alpha, beta, gamma, delta] = estimate.limits;
    let mut reasons = Vec::new();
    if shows_no_lapse(estimate) {
        reasons.push(
            "nobody lapses: missed periods are as many as buying by chance leaves out, all count as alive, and only the discount \
             rate limits what is expected for ever",
        );
    } else if [gamma, delta].contains(&Some(Limit::Infinity)) {
        reasons.push("all lapse with the same probability");
    } else if [gamma, delta].contains(&Some(Limit::Zero)) {
        reasons.push("who lapses does so at the first period, or never");
    }
    if [alpha, beta].contains(&Some(Limit::Infinity)) {
        reasons.push("all buy with the same probability while alive");
    } else if [alpha, beta].contains(&Some(Limit::Zero)) {
        reasons.push("while alive one buys in every period, or in none");
    }
    let unknown = unknown(estimate);
    if !reasons.is_empty() {
        return Some(format!(
            "{}: {} at a limit of 0 or infinity, where there is no standard error",
            reasons.join("; "),
            unknown.join(", ")
        ));
    }
    (!unknown.is_empty()).then(|| why_flat(estimate, &unknown))
}

/// Why the likelihood hardly changes with parameters: of shapes that are both unknown the mean is not.
fn why_flat(estimate: &Estimate<4>, unknown: &[&str]) -> String {
    let [alpha, beta, gamma, delta] = estimate.parameters;
    let mut reasons = Vec::new();
    for (names, mean, what) in [
        (["gamma", "delta"], gamma / (gamma + delta), "lapse"),
        (["alpha", "beta"], alpha / (alpha + beta), "buy"),
    ] {
        if names.iter().all(|name| unknown.contains(name)) {
            reasons.push(format!(
                "all {what} with nearly the same probability, {mean:.3} a period: how far it differs between customers cannot be told, so \
                 that {} and {} have no standard error",
                names[0], names[1]
            ));
        }
    }
    if reasons.is_empty() {
        reasons.push(format!(
            "the likelihood hardly changes with {}: too few customers, or periods, to estimate a standard error",
            unknown.join(", ")
        ));
    }
    reasons.join("; ")
}

/// Parameters without a standard error.
fn unknown(estimate: &Estimate<4>) -> Vec<&'static str> {
    let named = ["alpha", "beta", "gamma", "delta"].into_iter().zip(estimate.standard_errors());
    named.filter(|(_, error)| error.is_none()).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::bg_bb::{BetaGeometricBetaBernoulli, CountedHistory, History, fit};

    fn row(purchases: u32, last_purchase: u32, customers: u64) -> CountedHistory {
        CountedHistory { history: History { purchases, last_purchase, opportunities: 4 }, customers }
    }

    #[test]
    fn who_buys_by_chance_until_the_end_does_not_lapse() {
        // Nobody lapses by these parameters; who bought last is there a little more often than they say.
        let model = BetaGeometricBetaBernoulli { alpha: 1.0, beta: 1.5, gamma: 1e-9, delta: 1.0 };
        let mut rows = Vec::new();
        for last in 0..=4_u32 {
            for purchases in u32::from(last > 0)..=last {
                let history = History { purchases, last_purchase: last, opportunities: 4 };
                let expected = 50_000.0 * model.share_of(history) * if last == 4 { 1.02 } else { 1.0 };
                rows.push(row(purchases, last, format!("{expected:.0}").parse().unwrap()));
            }
        }
        let found = fit(&rows).unwrap();
        assert!(shows_no_lapse(&found), "{found:?}");
        let reason = reason(&found).unwrap();
        assert!(reason.starts_with("nobody lapses: ") && reason.contains("gamma"), "{reason}");
    }

    #[test]
    fn shapes_that_are_not_known_have_a_mean_that_is() {
        let mut estimate = Estimate {
            parameters: [1.0, 2.0, 13.75, 410.9],
            limits: [None; 4],
            log_covariance: [[0.0; 4]; 4],
            log_likelihood: -1.0,
            iterations: 1,
        };
        (estimate.log_covariance[2][2], estimate.log_covariance[3][3]) = (16.0, 16.0);
        let reason = reason(&estimate).unwrap();
        assert!(reason.starts_with("all lapse with nearly the same probability, 0.032 a period"), "{reason}");
    }

    #[test]
    fn few_customers_leave_the_likelihood_flat() {
        let found = fit(&[row(0, 0, 3), row(1, 2, 2), row(2, 3, 1), row(3, 4, 1), row(4, 4, 1)]).unwrap();
        assert!(reason(&found).is_some(), "{found:?}");
    }
}
