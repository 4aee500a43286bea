//! The value of a customer in each state of a migration chain: V = (I − P/(1+d))⁻¹ R.
//!
//! P. E. Pfeifer, R. L. Carraway, "Modeling customer relationships as Markov chains", Journal of Interactive Marketing
//! 14 (2000), equation (5) with an infinite horizon: P the probabilities of passing from state to state in one step, R
//! what a customer in a state brings during the step that follows, d the discount rate per step. The step at hand is
//! not discounted.

use super::state::State;

/// How many states there are.
pub(crate) const STATES: usize = State::ALL.len();

/// Probabilities by state before and state after.
pub(crate) type Matrix = [[f64; STATES]; STATES];

/// A pivot below this leaves nothing to divide by.
const LEAST_PIVOT: f64 = 1e-12;

/// V by state; none where the chain has no finite value. A state without customers has a row of zeros in P and 0 in R.
pub(crate) fn values(
    probabilities: &Matrix,
    rewards: &[f64; STATES],
    discount_rate: f64,
) -> Option<[f64; STATES]> {
    let mut matrix = [[0.0; STATES]; STATES];
    for (row, (cells, probabilities)) in matrix.iter_mut().zip(probabilities).enumerate() {
        for (column, (cell, probability)) in cells.iter_mut().zip(probabilities).enumerate() {
            *cell = f64::from(u8::from(row == column)) - probability / (1.0 + discount_rate);
        }
    }
    solve(matrix, *rewards)
}

/// Gaussian elimination; the diagonal is dominant as long as d > 0, so that no rows need to be exchanged.
fn solve(mut matrix: Matrix, mut right: [f64; STATES]) -> Option<[f64; STATES]> {
    for pivot in 0..STATES {
        if matrix[pivot][pivot].abs() < LEAST_PIVOT {
            return None;
        }
        for row in pivot + 1..STATES {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            matrix[row].iter_mut().zip(above).for_each(|(cell, above)| *cell -= factor * above);
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..STATES).rev() {
        let known: f64 = (row + 1..STATES).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right.iter().all(|value| value.is_finite()).then_some(right)
}

/// The rate of a step of so many days that comes to the rate per year.
pub(crate) fn rate_of_step(annual: f64, days: i32) -> f64 {
    (annual.ln_1p() * f64::from(days) / 365.25).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_who_stays_with_one_probability_has_the_retention_value() {
        // Retention .8, discount .1, margin 100 at once: m (1 + d) / (1 + d − r) = 366.67 (golden 6.7).
        let mut probabilities = [[0.0; STATES]; STATES];
        probabilities[2][2] = 0.8;
        probabilities[2][5] = 0.2;
        probabilities[5][5] = 1.0;
        let mut rewards = [0.0; STATES];
        rewards[2] = 100.0;
        let found = values(&probabilities, &rewards, 0.1).unwrap();
        assert!((found[2] - 366.666_666_666_666_7).abs() < 1e-9, "{found:?}");
        assert_eq!((found[0], found[5]), (0.0, 0.0));
    }

    #[test]
    fn values_satisfy_their_equation() {
        let probabilities = std::array::from_fn(|row| {
            std::array::from_fn(
                |column| if row == column { 0.5 } else { 0.1 * f64::from(u8::from(row != column)) },
            )
        });
        let rewards = [10.0, -4.0, 30.0, 2.0, 0.0, -1.0];
        let found = values(&probabilities, &rewards, 0.02).unwrap();
        for row in 0..STATES {
            let next: f64 = (0..STATES).map(|column| probabilities[row][column] * found[column]).sum();
            assert!((found[row] - rewards[row] - next / 1.02).abs() < 1e-9);
        }
    }

    #[test]
    fn without_discount_a_state_that_is_never_left_has_no_value() {
        let mut probabilities = [[0.0; STATES]; STATES];
        probabilities[0][0] = 1.0;
        assert_eq!(values(&probabilities, &[1.0; STATES], 0.0), None);
        assert!(values(&probabilities, &[1.0; STATES], 0.1).is_some());
    }

    #[test]
    fn the_rate_of_a_step_compounds_to_the_year() {
        assert!(((1.0 + rate_of_step(0.1, 30)).powf(365.25 / 30.0) - 1.1).abs() < 1e-12);
        assert_eq!(rate_of_step(0.0, 30), 0.0);
    }
}
