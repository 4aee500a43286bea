//! Members against customers who did not join and were alike before: the effect on those who joined.
//!
//! Cells with two of either and more are matched. The effect is the mean over matched members of the difference of means in their
//! cell, that is Σ n_s (ȳ_s − x̄_s) / Σ n_s (Iacus, King and Porro 2012, section 5: the weights of controls are those of coarsened
//! exact matching). Its variance is that of the sum of what each customer contributes, since one who did not join is compared
//! with in several cells (linearised and clustered by customer: K.-Y. Liang, S. L. Zeger, Biometrika 73 (1986), 13–22), every
//! deviation from the mean of n being scaled by √(n / (n − 1)).

use super::cell::Cell;
use super::occurrence::Occurrence;
use crate::customers::outcome::Measure;
use crate::error::{Error, Result};
use crate::math::difference::Difference;
use hashbrown::HashMap;

/// By measure.
pub(super) type ByMeasure = [f64; Measure::ALL.len()];

/// Members and others in cells, with the sums of their outcomes.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells(HashMap<Cell, [CellArm; 2]>);

/// Those who did not join, or those who did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct CellArm {
    customers: u64,
    sums: [i128; Measure::ALL.len()],
}

/// Cells in which members and others can be compared.
#[derive(Debug, Clone, Default)]
pub(super) struct MatchedCells {
    /// In order, so that sums of doubles are always the same.
    cells: Vec<(Cell, MatchedCell)>,
    /// Places among them: every occasion of every customer asks.
    places: HashMap<Cell, u32>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
struct MatchedCell {
    members: f64,
    others: f64,
    /// Of others, of members.
    means: [ByMeasure; 2],
}

/// The effect in a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MatchedEffect {
    pub(super) members: u64,
    /// Occasions on which customers did not join.
    pub(super) others: u64,
    pub(super) cells: u64,
    /// Of members, of the others weighted as members are.
    pub(super) means: [ByMeasure; 2],
    pub(super) effects: [Difference; Measure::ALL.len()],
}

impl Cells {
    /// Adds a customer to a cell.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(super) fn add(&mut self, found: &Occurrence) -> Result<()> {
        let arm = &mut self.0.entry(found.cell).or_default()[usize::from(found.is_member)];
        arm.add(&CellArm { customers: 1, sums: found.outcome })
    }

    /// Adds those of other customers.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        for (cell, arms) in &other.0 {
            let known = self.0.entry(*cell).or_default();
            known.iter_mut().zip(arms).try_for_each(|(arm, more)| arm.add(more))?;
        }
        Ok(())
    }

    /// Those with two of either and more.
    pub(super) fn matched(&self) -> MatchedCells {
        let is_matched = |arms: &[CellArm; 2]| arms.iter().all(|arm| arm.customers >= 2);
        let matched = self.0.iter().filter(|(_, arms)| is_matched(arms));
        let matched = matched.map(|(cell, [others, members])| (*cell, MatchedCell::new(others, members)));
        let mut cells: Vec<(Cell, MatchedCell)> = matched.collect();
        cells.sort_unstable_by_key(|(cell, _)| *cell);
        let places = (0..).zip(&cells).map(|(place, (cell, _))| (*cell, place)).collect();
        MatchedCells { cells, places }
    }
}

impl CellArm {
    fn add(&mut self, other: &Self) -> Result<()> {
        self.customers += other.customers;
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            let added = sum.checked_add(more);
            *sum = added.ok_or_else(|| {
                Error::check("programme: sums of contribution leave 128 bits; lower facts.money_scale")
            })?;
        }
        Ok(())
    }

    fn means(&self) -> ByMeasure {
        self.sums.map(|sum| sum as f64 / self.customers as f64)
    }
}

impl MatchedCell {
    fn new(others: &CellArm, members: &CellArm) -> Self {
        Self {
            members: members.customers as f64,
            others: others.customers as f64,
            means: [others.means(), members.means()],
        }
    }
}

impl MatchedCells {
    /// Whether a cell is one of them.
    pub(super) fn has(&self, cell: &Cell) -> bool {
        self.places.contains_key(cell)
    }

    fn get(&self, cell: &Cell) -> Option<&MatchedCell> {
        self.places.get(cell).map(|place| &self.cells[*place as usize].1)
    }

    /// What one customer contributes to the deviation of Σ n_s (ȳ_s − x̄_s), by measure, given all cells that it is in.
    pub(super) fn deviation(&self, customer: &[Occurrence]) -> ByMeasure {
        let mut deviation = ByMeasure::default();
        for found in customer {
            let Some(cell) = self.get(&found.cell) else { continue };
            let own = if found.is_member { cell.members } else { cell.others };
            let weight =
                if found.is_member { 1.0 } else { -cell.members / cell.others } * (own / (own - 1.0)).sqrt();
            let means = &cell.means[usize::from(found.is_member)];
            for (sum, (outcome, mean)) in deviation.iter_mut().zip(found.outcome.iter().zip(means)) {
                *sum += weight * (*outcome as f64 - mean);
            }
        }
        deviation
    }

    /// The effect in cells of some combinations of attributes; `squares` are the squared deviations of the customers in them.
    /// None without a matched member.
    pub(super) fn effect(&self, is_meant: impl Fn(u32) -> bool, squares: ByMeasure) -> Option<MatchedEffect> {
        let (mut members, mut others, mut cells) = (0.0, 0.0, 0);
        let mut sums = [ByMeasure::default(); 2];
        for (_, cell) in self.cells.iter().filter(|(cell, _)| is_meant(cell.combination)) {
            cells += 1;
            members += cell.members;
            others += cell.others;
            for (sums, means) in sums.iter_mut().zip([&cell.means[1], &cell.means[0]]) {
                sums.iter_mut().zip(means).for_each(|(sum, mean)| *sum += cell.members * mean);
            }
        }
        let means = sums.map(|sums| sums.map(|sum| sum / members));
        let effect = |measure: usize| Difference {
            value: means[0][measure] - means[1][measure],
            error: squares[measure].sqrt() / members,
        };
        (cells > 0).then(|| MatchedEffect {
            members: count(members),
            others: count(others),
            cells,
            means,
            effects: std::array::from_fn(effect),
        })
    }
}

fn count(customers: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of customers, summed as one"
    )]
    let count = customers as u64;
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    fn occurrence(period: u32, combination: u32, is_member: bool, outcome: i128) -> Occurrence {
        Occurrence {
            cell: Cell { period, combination, is_active: true, bands: None },
            is_member,
            outcome: [outcome; 3],
        }
    }

    /// Of customers, each in the cells that it is in.
    fn effect(customers: &[Vec<Occurrence>]) -> Option<MatchedEffect> {
        let mut cells = Cells::default();
        customers.iter().flatten().try_for_each(|found| cells.add(found)).unwrap();
        let matched = cells.matched();
        let mut squares = ByMeasure::default();
        for customer in customers {
            let deviation = matched.deviation(customer);
            squares.iter_mut().zip(deviation).for_each(|(sum, one)| *sum += one * one);
        }
        matched.effect(|_| true, squares)
    }

    /// Two cells with 2 and 3 members: differences of 4 and −1 weigh 2 and 3, so the effect is 1; by hand.
    #[test]
    fn cells_weigh_as_many_members_as_they_have() {
        let members = [(0, 10), (0, 14), (1, 4), (1, 5), (1, 6)];
        let others = [(0, 7), (0, 9), (1, 6), (1, 6), (1, 6), (1, 6), (2, 99)];
        let mut customers = Vec::new();
        customers.extend(members.map(|(cell, outcome)| vec![occurrence(cell, 0, true, outcome)]));
        customers.extend(others.map(|(cell, outcome)| vec![occurrence(cell, 0, false, outcome)]));
        customers.push(vec![occurrence(3, 0, true, 50)]);
        let found = effect(&customers).unwrap();
        assert_eq!(
            (found.members, found.others, found.cells),
            (5, 6, 2),
            "cells of one kind are not matched"
        );
        assert_eq!((found.means[0][0], found.effects[0].value), (39.0 / 5.0, 1.0));
        // Variances of the means of cells: 8/2 + 2/2 and 1/3 + 0, weighted by (2/5)² and (3/5)².
        let variance = 0.16 * (4.0 + 1.0) + 0.36 / 3.0;
        assert!((found.effects[0].error - f64::sqrt(variance)).abs() < 1e-12);
        assert_eq!(effect(&customers[..5]), None, "nobody to compare with");
    }

    /// The same customers in two periods are not twice as many.
    #[test]
    fn who_is_compared_with_twice_counts_as_one_customer() {
        let others = |periods: &[u32]| -> Vec<Vec<Occurrence>> {
            let of = |outcome| periods.iter().map(|period| occurrence(*period, 0, false, outcome)).collect();
            [3, 5, 9].map(of).to_vec()
        };
        let members = |period| [6, 8].map(|outcome| vec![occurrence(period, 0, true, outcome)]).to_vec();
        let once = effect(&[others(&[0]), members(0)].concat()).unwrap();
        let twice = effect(&[others(&[0, 1]), members(0), members(1)].concat()).unwrap();
        let of_members = |members: f64| 2.0 / members;
        // What comes of the others' spread is as large, what comes of the members' half of it.
        let (once, twice) = (once.effects[0].error.powi(2), twice.effects[0].error.powi(2));
        assert!((once - of_members(2.0) - (twice - of_members(4.0))).abs() < 1e-12, "{once} {twice}");
    }

    /// Of 400 data sets: members are likelier where customers buy more, customers differ, and are compared with in three periods. The true
    /// effect is 30. Intervals hold it at their nominal rate; the plain difference, which is far off, does not.
    #[test]
    fn intervals_hold_the_truth_nineteen_times_of_twenty() {
        let mut random = ChaCha8Rng::seed_from_u64(23);
        let (mut held, mut placebo_beyond, mut naive_off) = (0, 0, 0.0);
        for _ in 0..400 {
            let (mut after, mut before) = (Vec::new(), Vec::new());
            let (mut plain, mut counts) = ([0.0; 2], [0.0; 2]);
            for _ in 0..400 {
                let band = random.next_u32() % 4;
                let own = noise(&mut random);
                let joined = (random.next_u32() % 100 < 8 + 8 * band).then(|| random.next_u32() % 3);
                let (mut customer, mut earlier) = (Vec::new(), Vec::new());
                for period in 0..3 {
                    if joined.is_some_and(|joined| joined < period) {
                        continue;
                    }
                    let is_member = joined == Some(period);
                    let level = 100 * i128::from(band) + own;
                    let outcome = level
                        + noise(&mut random) * i128::from(1 + band) / 2
                        + if is_member { 30 } else { 0 };
                    customer.push(occurrence(period, band, is_member, outcome));
                    earlier.push(occurrence(period, band, is_member, level + noise(&mut random)));
                    plain[usize::from(is_member)] += outcome as f64;
                    counts[usize::from(is_member)] += 1.0;
                }
                after.push(customer);
                before.push(earlier);
            }
            let [low, high] = effect(&after).unwrap().effects[1].interval();
            held += i32::from(low <= 30.0 && 30.0 <= high);
            placebo_beyond += i32::from(effect(&before).unwrap().effects[1].is_beyond_chance());
            naive_off += (plain[1] / counts[1] - plain[0] / counts[0] - 30.0) / 400.0;
        }
        // 380 and 20 expected, standard deviation 4.4.
        assert!((366..=392).contains(&held), "{held}");
        assert!((8..=34).contains(&placebo_beyond), "{placebo_beyond}");
        assert!(naive_off > 30.0, "{naive_off}");
    }

    /// Mean 0, standard deviation 25.
    fn noise(random: &mut ChaCha8Rng) -> i128 {
        (0..12).map(|_| i128::from(random.next_u32() % 101) - 50).sum::<i128>() / 4
    }
}
