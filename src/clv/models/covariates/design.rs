//! Design matrix: which values of which covariates the customers of a cell have.

use crate::clv::models::{Counts, FEWEST_REPEATERS};

use super::NoEffect;

/// Cells of customers by the values of covariates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Design {
    /// By covariate: the number of the value that the others are compared with.
    pub references: Vec<usize>,
    /// By cell, by covariate: the number of its value.
    pub cells: Vec<Vec<usize>>,
}

/// One value of one covariate, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level {
    /// Which covariate.
    pub covariate: usize,
    /// Which of its values.
    pub value: usize,
}

impl Design {
    /// Whether the customers of a cell have a value: the entry of z.
    pub(super) fn has(&self, cell: usize, level: Level) -> bool {
        self.cells[cell][level.covariate] == level.value
    }

    /// Every value but the references, ascending.
    fn levels(&self) -> Vec<Level> {
        let mut levels = Vec::new();
        for (covariate, reference) in self.references.iter().enumerate() {
            let mut values: Vec<usize> = self.cells.iter().map(|cell| cell[covariate]).collect();
            values.sort_unstable();
            values.dedup();
            let others = values.into_iter().filter(|value| value != reference);
            levels.extend(others.map(|value| Level { covariate, value }));
        }
        levels
    }

    /// Every value but the references, with the reason why histories do not tell its effect, where they do not: too few of
    /// its customers bought again, or the values in front of it say in every cell who has it.
    pub(super) fn estimable(&self, cells: &[&Counts]) -> Vec<(Level, Option<NoEffect>)> {
        let repeaters: Vec<u64> = cells.iter().map(|counts| counts.repeaters()).collect();
        let known: Vec<usize> = (0..cells.len()).filter(|cell| repeaters[*cell] > 0).collect();
        // The constant, which stands for the references, is a column too.
        let mut basis = vec![unit(vec![1.0; known.len()])];
        let mut estimable = Vec::new();
        for level in self.levels() {
            let of_level = known.iter().filter(|cell| self.has(**cell, level));
            let repeaters: u64 = of_level.map(|cell| repeaters[*cell]).sum();
            let column = known.iter().map(|cell| f64::from(u8::from(self.has(*cell, level)))).collect();
            let why = if repeaters < FEWEST_REPEATERS {
                Some(NoEffect::FewRepeaters(repeaters))
            } else if extends(&mut basis, column) {
                None
            } else {
                Some(NoEffect::Aliased)
            };
            estimable.push((level, why));
        }
        estimable
    }
}

/// What is left of a column of zeros and ones below this is rounding.
const INDEPENDENT: f64 = 1e-6;

/// Gram-Schmidt's step: adds what the basis does not span, if there is any.
fn extends(basis: &mut Vec<Vec<f64>>, mut column: Vec<f64>) -> bool {
    for known in basis.iter() {
        let along: f64 = known.iter().zip(&column).map(|(known, entry)| known * entry).sum();
        column.iter_mut().zip(known).for_each(|(entry, known)| *entry -= along * known);
    }
    let is_new = length(&column) > INDEPENDENT;
    if is_new {
        basis.push(unit(column));
    }
    is_new
}

fn unit(column: Vec<f64>) -> Vec<f64> {
    let length = length(&column);
    column.into_iter().map(|entry| entry / length).collect()
}

fn length(column: &[f64]) -> f64 {
    column.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many() -> Counts {
        Counts::of_customers([(1, 3, 9); 20])
    }

    fn effects(design: &Design, cells: &[&Counts]) -> Vec<(usize, usize, Option<NoEffect>)> {
        design.estimable(cells).into_iter().map(|(level, why)| (level.covariate, level.value, why)).collect()
    }

    #[test]
    fn a_value_that_others_imply_has_no_effect_of_its_own() {
        // The second covariate repeats the first, but for one cell of the last design.
        let mut design = Design { references: vec![0, 0], cells: vec![vec![0, 0], vec![1, 1], vec![2, 1]] };
        let many = many();
        let cells = [&many; 3];
        let aliased = [(0, 1, None), (0, 2, None), (1, 1, Some(NoEffect::Aliased))];
        assert_eq!(effects(&design, &cells), aliased);
        design.cells.push(vec![0, 1]);
        assert_eq!(effects(&design, &[&many; 4])[2], (1, 1, None));
    }

    #[test]
    fn a_value_of_few_repeaters_has_none() {
        let design = Design { references: vec![1], cells: vec![vec![0], vec![1], vec![2]] };
        let few = Counts::of_customers([(1, 3, 9), (0, 0, 9)]);
        let many = many();
        assert_eq!(
            effects(&design, &[&few, &many, &many]),
            [(0, 0, Some(NoEffect::FewRepeaters(1))), (0, 2, None)]
        );
        // Nobody has the reference: one of the others stands in for it.
        let none = Counts::default();
        assert_eq!(effects(&design, &[&many, &none, &many]), [(0, 0, None), (0, 2, Some(NoEffect::Aliased))]);
    }
}
