//! Data sets drawn from the models of whole periods and of spend, and their fits.

use crate::{Found, Model};
use abacus::clv::models::bg_bb::{self, CountedHistory, History};
use abacus::clv::models::gamma_gamma::{self, CountedSpend};
use abacus::clv::models::logarithms::Estimate;
use abacus::clv::models::renewal_counts::RenewalCounts;
use abacus::clv::models::shifted_beta_geometric;
use abacus::clv::models::simulate::Draws;

const CUSTOMERS: u32 = 10_000;

/// Renewals observed, as in the paper.
const RENEWALS: usize = 7;

/// Opportunities observed, as in the paper.
const OPPORTUNITIES: u32 = 6;

const SHIFTED_BETA_GEOMETRIC: [f64; 2] = [0.668, 3.806];
const BG_BB: [f64; 4] = [1.204, 0.750, 0.657, 2.783];
const GAMMA_GAMMA: [f64; 3] = [6.25, 3.74, 15.44];

pub(crate) fn models() -> Vec<Model> {
    vec![
        Model {
            name: "sBG",
            data: "10,000 customers, 7 renewals",
            parameters: vec![("α", SHIFTED_BETA_GEOMETRIC[0]), ("β", SHIFTED_BETA_GEOMETRIC[1])],
            replicate: |seed| found(shifted_beta_geometric::fit(&renewals(&mut Draws::new(seed, 0))).ok()),
        },
        Model {
            name: "BG/BB",
            data: "10,000 customers, 6 opportunities",
            parameters: vec![("α", BG_BB[0]), ("β", BG_BB[1]), ("γ", BG_BB[2]), ("δ", BG_BB[3])],
            replicate: |seed| found(bg_bb::fit(&histories(&mut Draws::new(seed, 0))).ok()),
        },
        Model {
            name: "Gamma-Gamma",
            data: "10,000 customers, 1 to 29 purchases",
            parameters: vec![("p", GAMMA_GAMMA[0]), ("q", GAMMA_GAMMA[1]), ("γ", GAMMA_GAMMA[2])],
            replicate: |seed| found(gamma_gamma::fit(&spends(&mut Draws::new(seed, 0))).ok()),
        },
    ]
}

fn found<const N: usize>(estimate: Option<Estimate<N>>) -> Option<Vec<Found>> {
    let estimate = estimate.filter(|estimate| !estimate.is_at_limit())?;
    let parameter =
        |i: usize| Found { value: estimate.parameters[i], log_error: estimate.log_covariance[i][i].sqrt() };
    Some((0..N).map(parameter).collect())
}

/// Each customer leaves at each renewal with one probability of their own.
fn renewals(draws: &mut Draws) -> RenewalCounts {
    let [alpha, beta] = SHIFTED_BETA_GEOMETRIC;
    let mut counts = RenewalCounts::default();
    for _ in 0..CUSTOMERS {
        let leaves = draws.beta(alpha, beta);
        match (1..=RENEWALS).find(|_| draws.uniform() < leaves) {
            Some(renewal) => counts.add_lost(renewal, 1),
            None => counts.add_kept(RENEWALS, 1),
        }
    }
    counts
}

/// Each customer dies at the beginning of each opportunity with one probability of their own, else buys with another.
fn histories(draws: &mut Draws) -> Vec<CountedHistory> {
    let [alpha, beta, gamma, delta] = BG_BB;
    let mut counts = std::collections::BTreeMap::<History, u64>::new();
    for _ in 0..CUSTOMERS {
        let (buys, dies) = (draws.beta(alpha, beta), draws.beta(gamma, delta));
        let mut history = History { purchases: 0, last_purchase: 0, opportunities: OPPORTUNITIES };
        for opportunity in 1..=OPPORTUNITIES {
            if draws.uniform() < dies {
                break;
            }
            if draws.uniform() < buys {
                history.purchases += 1;
                history.last_purchase = opportunity;
            }
        }
        *counts.entry(history).or_default() += 1;
    }
    counts.into_iter().map(|(history, customers)| CountedHistory { history, customers }).collect()
}

/// Each customer's purchases are gamma with a rate of their own; how many there are says nothing of it.
fn spends(draws: &mut Draws) -> Vec<CountedSpend> {
    let [p, q, gamma] = GAMMA_GAMMA;
    let spend = |_| {
        let rate = draws.gamma(q) / gamma;
        let purchases = 1 + (1..29).take_while(|_| draws.uniform() < 0.6).count();
        let spend = (0..purchases).map(|_| draws.gamma(p) / rate).sum();
        let purchases = u32::try_from(purchases).expect("at most 29");
        CountedSpend { purchases, spend, customers: 1 }
    };
    (0..CUSTOMERS).map(spend).collect()
}
