//! The log-likelihood of counted histories and its first two derivatives.
//!
//! In every model here a history's likelihood is a sum of two positive terms, e^f + e^g: f of the pair (x, T), for the
//! customers who bought no more although they could, and g of the pair (x, t_x), for those who had lapsed. With
//! π = e^g / (e^f + e^g) the derivatives of ln (e^f + e^g) are (1 − π) f′ + π g′ and
//! (1 − π) f″ + π g″ + π (1 − π) (f′ − g′)(f′ − g′)ᵀ. So f″ and g″ are weighted pair by pair, and a history costs one
//! exponential and one logarithm.
//!
//! Where purchases are every k-th event, e^f is itself such a sum, over the k phases of `phases`: the derivatives of f are the
//! means over its terms, and the terms' own distances from it add to the second ones.

use super::pairs::{Chunk, Pairs};
use super::phases::Phases;
use super::purchase_law::PurchaseLaw;
use super::terms::{Slope, Term, mirrored};
use crate::math::optimise::Evaluation;
use rayon::prelude::*;

/// Sums over the rows of one chunk.
struct ChunkSum {
    value: f64,
    /// Σ n π (1 − π) (f′ − g′)(f′ − g′)ᵀ, lower triangle.
    outer: [[f64; 4]; 4],
    /// By phase: Σ n (1 − π) per pair (x, T) of the chunk's reach.
    survived: Vec<Vec<f64>>,
    /// Σ n π per pair (x, t_x).
    lapsed: Vec<f64>,
}

/// The log-likelihood of all histories under `law`; times of pairs are in units of `weeks_per_tick`.
pub(super) fn log_likelihood(law: &dyn PurchaseLaw, pairs: &Pairs, weeks_per_tick: f64) -> Evaluation<4> {
    let phases = 0..law.timing().k;
    let survived: Vec<Vec<Term>> =
        phases.map(|phase| law.survived_side(&pairs.ages, weeks_per_tick, phase)).collect();
    let lapsed = law.lapsed_side(&pairs.lasts, weeks_per_tick);
    let slopes = |terms: &[Term]| -> Vec<Slope> { terms.iter().map(|&term| term.into()).collect() };
    let survived_slopes: Vec<Vec<Slope>> = survived.iter().map(|terms| slopes(terms)).collect();
    let lapsed_slopes = slopes(&lapsed);
    let of_chunk = |chunk: &Chunk| sum_chunk(pairs, chunk, &survived_slopes, &lapsed_slopes, weeks_per_tick);
    let sums: Vec<_> = pairs.chunks.par_iter().map(of_chunk).collect();
    let mut total = Evaluation { value: 0.0, gradient: [0.0; 4], hessian: [[0.0; 4]; 4] };
    for (chunk, sum) in pairs.chunks.iter().zip(&sums) {
        total.value += sum.value;
        for (survived, weights) in survived.iter().zip(&sum.survived) {
            add_weighted(&mut total, &survived[chunk.ages.clone()], weights);
        }
        add_weighted(&mut total, &lapsed[chunk.lasts.clone()], &sum.lapsed);
        for row in 0..4 {
            for column in 0..=row {
                total.hessian[row][column] += sum.outer[row][column];
            }
        }
    }
    total.hessian = mirrored(total.hessian);
    total
}

fn sum_chunk(
    pairs: &Pairs,
    chunk: &Chunk,
    survived: &[Vec<Slope>],
    lapsed: &[Slope],
    weeks_per_tick: f64,
) -> ChunkSum {
    let mut sum = ChunkSum {
        value: 0.0,
        outer: [[0.0; 4]; 4],
        survived: vec![vec![0.0; chunk.ages.len()]; survived.len()],
        lapsed: vec![0.0; chunk.lasts.len()],
    };
    for row in &pairs.rows[chunk.rows.clone()] {
        let age = row.age as usize;
        let phases = (survived.len() > 1).then(|| {
            let idle_weeks = f64::from(pairs.idle(row)) * weeks_per_tick;
            Phases::new(survived.iter().map(|of_phase| of_phase[age]), idle_weeks)
        });
        let of_all = phases.as_ref().map_or(survived[0][age], |phases| phases.survived);
        let Slope { value: f, gradient: f_slope } = of_all;
        let Slope { value: g, gradient: g_slope } = lapsed[row.last as usize];
        let ratio = (-(f - g).abs()).exp();
        let lapsed_share = if f > g { ratio } else { 1.0 } / (1.0 + ratio);
        let survived_share = if f > g { 1.0 } else { ratio } / (1.0 + ratio);
        sum.value += row.customers * (f.max(g) + ratio.ln_1p());
        let place = age - chunk.ages.start;
        match &phases {
            None => sum.survived[0][place] += row.customers * survived_share,
            Some(phases) => {
                for ((share, apart), weights) in phases.shares().zip(&mut sum.survived) {
                    let weight = row.customers * survived_share * share;
                    weights[place] += weight;
                    add_outer(&mut sum.outer, apart, weight);
                }
            }
        }
        sum.lapsed[row.last as usize - chunk.lasts.start] += row.customers * lapsed_share;
        let apart: [f64; 4] = std::array::from_fn(|index| f_slope[index] - g_slope[index]);
        add_outer(&mut sum.outer, &apart, row.customers * survived_share * lapsed_share);
    }
    sum
}

fn add_outer(outer: &mut [[f64; 4]; 4], vector: &[f64; 4], weight: f64) {
    for row in 0..4 {
        for column in 0..=row {
            outer[row][column] += weight * vector[row] * vector[column];
        }
    }
}

/// Adds gradients and lower triangles of Hessians.
fn add_weighted(total: &mut Evaluation<4>, terms: &[Term], weights: &[f64]) {
    for (term, weight) in terms.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
        for row in 0..4 {
            total.gradient[row] += weight * term.gradient[row];
            for column in 0..=row {
                total.hessian[row][column] += weight * term.hessian[row][column];
            }
        }
    }
}
