//! Exact solution of linear equations over the integers.
//!
//! Fraction-free elimination: E. H. Bareiss, "Sylvester's identity and multistep integer-preserving Gaussian
//! elimination", Mathematics of Computation 22 (1968), 565–578, one-step form. Every entry that arises is a minor of
//! the matrix, so divisions are exact and entries stay as short as Hadamard's bound allows.
//!
//! The factors are kept, as in LU elimination, so that further right-hand sides cost n² instead of n³.

use num_bigint::{BigInt, Sign};

/// A square integer matrix, eliminated.
#[derive(Debug, Clone)]
pub struct Factors {
    /// Above and on the diagonal the eliminated rows; below it what each row held when its column was eliminated.
    rows: Vec<Vec<BigInt>>,
    /// Which row of the matrix stands where.
    order: Vec<usize>,
}

/// The matrix has no inverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singular {
    /// The first column that depends on those before it.
    pub column: usize,
}

impl Factors {
    /// Eliminates a square matrix, given by rows.
    ///
    /// # Errors
    /// A singular matrix.
    pub fn new(matrix: Vec<Vec<BigInt>>) -> Result<Self, Singular> {
        let size = matrix.len();
        assert!(matrix.iter().all(|row| row.len() == size), "the matrix is square");
        let mut factors = Self { rows: matrix, order: (0..size).collect() };
        let mut before = BigInt::from(1);
        for column in 0..size {
            factors.pivot(column)?;
            factors.eliminate(column, &before);
            before = factors.rows[column][column].clone();
        }
        Ok(factors)
    }

    /// Brings a row whose entry in `column` is not 0 to the diagonal.
    fn pivot(&mut self, column: usize) -> Result<(), Singular> {
        let is_usable = |row: &usize| self.rows[*row][column].sign() != Sign::NoSign;
        let row = (column..self.rows.len()).find(is_usable).ok_or(Singular { column })?;
        self.rows.swap(column, row);
        self.order.swap(column, row);
        Ok(())
    }

    fn eliminate(&mut self, column: usize, before: &BigInt) {
        let (done, rest) = self.rows.split_at_mut(column + 1);
        let pivot = &done[column];
        for row in rest {
            let (head, tail) = row.split_at_mut(column + 1);
            for (entry, above) in tail.iter_mut().zip(&pivot[column + 1..]) {
                *entry = (&*entry * &pivot[column] - &head[column] * above) / before;
            }
        }
    }

    /// What the solutions are fractions of: the determinant's magnitude.
    pub fn denominator(&self) -> BigInt {
        match self.last_pivot() {
            Some(pivot) => BigInt::from_biguint(Sign::Plus, pivot.magnitude().clone()),
            None => BigInt::from(1),
        }
    }

    /// Solves matrix · x = right; x is what is returned over `denominator`.
    pub fn solve(&self, right: &[BigInt]) -> Vec<BigInt> {
        let Some(whole) = self.last_pivot() else { return Vec::new() };
        let forward = self.forward(right);
        let mut solution = vec![BigInt::ZERO; forward.len()];
        for row in (0..forward.len()).rev() {
            let mut sum = whole * &forward[row];
            for (factor, known) in self.rows[row][row + 1..].iter().zip(&solution[row + 1..]) {
                sum -= factor * known;
            }
            solution[row] = sum / &self.rows[row][row];
        }
        if whole.sign() == Sign::Minus {
            solution.iter_mut().for_each(|value| *value = -&*value);
        }
        solution
    }

    /// The right-hand side as elimination would have left it.
    fn forward(&self, right: &[BigInt]) -> Vec<BigInt> {
        assert_eq!(right.len(), self.order.len(), "one right-hand value per row");
        let mut values: Vec<BigInt> = self.order.iter().map(|&row| right[row].clone()).collect();
        let mut before = BigInt::from(1);
        for column in 0..values.len() {
            let (done, rest) = values.split_at_mut(column + 1);
            let pivot = &self.rows[column][column];
            for (value, row) in rest.iter_mut().zip(&self.rows[column + 1..]) {
                *value = (&*value * pivot - &row[column] * &done[column]) / &before;
            }
            before = pivot.clone();
        }
        values
    }

    fn last_pivot(&self) -> Option<&BigInt> {
        self.rows.last().and_then(|row| row.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn big(rows: &[Vec<i64>]) -> Vec<Vec<BigInt>> {
        rows.iter().map(|row| row.iter().map(|&entry| BigInt::from(entry)).collect()).collect()
    }

    #[test]
    fn golden_g10_reciprocated_costs_are_fractions_of_49() {
        // Plant maintenance gives 20 % to information systems, which give 10 % back: x = b + Sᵀx.
        let factors = Factors::new(big(&[vec![10, -1], vec![-2, 10]])).unwrap();
        let solution = factors.solve(&[BigInt::from(6_000_000), BigInt::from(1_160_000)]);
        let denominator = factors.denominator();
        assert_eq!(&solution[0] * 49, BigInt::from(30_580_000) * &denominator);
        assert_eq!(&solution[1] * 49, BigInt::from(11_800_000) * &denominator);
    }

    #[test]
    fn a_zero_on_the_diagonal_is_no_obstacle_and_a_dependent_column_is_named() {
        let factors = Factors::new(big(&[vec![0, 2], vec![3, 1]])).unwrap();
        assert_eq!(factors.denominator(), BigInt::from(6));
        assert_eq!(factors.solve(&[4.into(), 5.into()]), [BigInt::from(6), BigInt::from(12)]);
        let fault = Factors::new(big(&[vec![1, 2, 0], vec![2, 4, 0], vec![0, 0, 1]])).unwrap_err();
        assert_eq!(fault, Singular { column: 1 });
    }

    proptest! {
        #[test]
        fn a_solution_satisfies_its_equations(
            rows in (1..9_usize).prop_flat_map(|size| {
                prop::collection::vec(prop::collection::vec(-9..9_i64, size), size)
            }),
            right in prop::collection::vec(-1000..1000_i64, 9),
        ) {
            let right: Vec<BigInt> = right[..rows.len()].iter().map(|&value| value.into()).collect();
            let Ok(factors) = Factors::new(big(&rows)) else { return Ok(()) };
            let (solution, denominator) = (factors.solve(&right), factors.denominator());
            for (row, right) in rows.iter().zip(&right) {
                let left: BigInt = row.iter().zip(&solution).map(|(&entry, value)| value * entry).sum();
                prop_assert_eq!(left, right * &denominator);
            }
        }
    }
}
