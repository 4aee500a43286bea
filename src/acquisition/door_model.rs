//! The value expected of a newcomer from what is known when it comes: main effects of attributes first, and cells of their
//! combinations shrunken towards them.
//!
//! The value of a customer is μ + Σ effect of its value of each attribute + effect of its cell + what is its own, all effects random:
//! crossed classification with interaction (D. Dannenburg, "Crossed classification credibility models", Transactions of
//! the 25th International Congress of Actuaries (1995)). Each attribute's variance is estimated by Bühlmann and Straub
//! (`credibility.rs`) on what the attributes before it leave unexplained. With variances given, the best linear predictors
//! solve the mixed model equations (C. R. Henderson, Biometrics 31 (1975) 423–447), which are solved here by Gauss and Seidel,
//! one attribute after another: each time its groups' mean residuals are shrunken. Cells are then shrunken towards the
//! sum of the main effects in the same way. Of one attribute, whose cells are its groups, all that is left is Bühlmann–Straub.
//!
//! Customers are taken to scatter about their expectation as widely in one cell as in another. Where they do not, cells that scatter
//! less than others have more credibility than they are given; by the variances of small cells they would have too much, for of
//! skewed amounts those that happen to be low seem to scatter little.
//!
//! The standard error is that of the expectation, not of what one newcomer will bring: quadratic losses of the effects, those of
//! main effects as far as the cell takes them. That effects of attributes err together is left aside.

use super::cell_sums::ValueSums;
use super::credibility::{Group, Structure};

/// Sweeps over the attributes, at most: with a few attributes a dozen is enough.
const SWEEPS: usize = 200;
/// Changes of an effect, relative to the standard deviation of customers, that end the sweeps.
const TOLERANCE: f64 = 1e-10;

/// What is expected of a customer of a cell, in smallest units of money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expectation {
    /// By the attributes one by one.
    pub(super) main_effects: f64,
    /// Weight of the cell's own mean, 0..=1.
    pub(super) credibility: f64,
    pub(super) value: f64,
    /// Standard error; none where nothing shows how much customers differ.
    pub(super) error: Option<f64>,
    /// The same where main effects alone are taken, and where the mean of all is.
    pub(super) main_effects_error: Option<f64>,
    pub(super) mean_error: Option<f64>,
}

/// The expectations of a base.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DoorModel {
    /// Mean of all customers, whatever their attributes.
    pub(super) mean: f64,
    /// By cell.
    pub(super) cells: Vec<Expectation>,
}

impl DoorModel {
    /// By what customers of cells brought; `values` has each cell's value of every attribute, as numbers. None without customers.
    pub(super) fn fit(sums: &[ValueSums], values: &[Vec<usize>]) -> Option<Self> {
        let customers: u64 = sums.iter().map(|cell| cell.customers).sum();
        let total: i128 = sums.iter().map(|cell| cell.value).sum();
        if customers == 0 {
            return None;
        }
        let mean = total as f64 / customers as f64;
        let deviations: f64 = sums.iter().map(|cell| cell.deviations_from(mean)).sum();
        let variance = (customers > 1).then(|| deviations / (customers - 1) as f64);
        let effects = MainEffects::fit(sums, values, mean, variance.unwrap_or(0.0).sqrt());
        // Of one attribute the cells are its groups: nothing is left to be shrunken once more.
        let interaction = (effects.attributes.len() > 1).then(|| effects.interaction()).flatten();
        let of_mean = variance.map(|variance| variance / customers as f64);
        let expectation = |cell| effects.expectation(cell, interaction.as_ref(), of_mean);
        Some(Self { mean, cells: (0..sums.len()).map(expectation).collect() })
    }
}

/// μ and the effects of every attribute's values.
struct MainEffects<'s> {
    sums: &'s [ValueSums],
    values: &'s [Vec<usize>],
    mean: f64,
    attributes: Vec<Attribute>,
}

struct Attribute {
    /// None where all customers have the same value of it.
    structure: Option<Structure>,
    /// By value.
    effects: Vec<f64>,
    /// Customers, by value.
    weights: Vec<f64>,
}

impl<'s> MainEffects<'s> {
    fn fit(sums: &'s [ValueSums], values: &'s [Vec<usize>], mean: f64, deviation: f64) -> Self {
        let mut found = Self { sums, values, mean, attributes: Vec::new() };
        for attribute in 0..values.first().map_or(0, Vec::len) {
            let groups = found.groups(attribute);
            let weights = groups.iter().map(|group| group.weight).collect();
            let structure = Structure::of(&groups).filter(|structure| structure.between > 0.0);
            let effects = vec![0.0; groups.len()];
            found.attributes.push(Attribute { structure, effects, weights });
            found.sweep(attribute);
        }
        for _ in 0..SWEEPS {
            let changes = (0..found.attributes.len()).map(|attribute| found.sweep(attribute));
            if changes.fold(0.0, f64::max) <= TOLERANCE * deviation {
                break;
            }
        }
        found
    }

    /// Shrinks the mean residuals of an attribute's groups once more; returns the largest change.
    fn sweep(&mut self, attribute: usize) -> f64 {
        let Some(structure) = self.attributes[attribute].structure else { return 0.0 };
        let cleared = vec![0.0; self.attributes[attribute].effects.len()];
        let before = std::mem::replace(&mut self.attributes[attribute].effects, cleared);
        let groups = self.groups(attribute);
        let credible = |group: &Group| structure.factor(group.weight);
        let total: f64 = groups.iter().map(credible).sum();
        let shift = groups.iter().map(|group| credible(group) * group.mean).sum::<f64>() / total;
        self.mean += shift;
        let effects: Vec<f64> = groups.iter().map(|group| credible(group) * (group.mean - shift)).collect();
        let changes = effects.iter().zip(&before).map(|(now, then)| (now - then).abs());
        let largest = changes.fold(shift.abs(), f64::max);
        self.attributes[attribute].effects = effects;
        largest
    }

    /// Residuals of customers by an attribute's values.
    fn groups(&self, attribute: usize) -> Vec<Group> {
        let size = self.values.iter().map(|values| values[attribute] + 1).max().unwrap_or(0);
        let mut groups = vec![Group::default(); size];
        for (cell, (sums, values)) in self.sums.iter().zip(self.values).enumerate() {
            let group = &mut groups[values[attribute]];
            group.weight += sums.customers as f64;
            group.mean += sums.value as f64 - sums.customers as f64 * self.at(cell);
        }
        for group in groups.iter_mut().filter(|group| group.weight > 0.0) {
            group.observations = group.weight;
            group.mean /= group.weight;
        }
        for (cell, (sums, values)) in self.sums.iter().zip(self.values).enumerate() {
            let group = &mut groups[values[attribute]];
            group.deviations += sums.deviations_from(self.at(cell) + group.mean);
        }
        groups
    }

    /// What is expected of a cell by main effects.
    fn at(&self, cell: usize) -> f64 {
        let effects = self.attributes.iter().zip(&self.values[cell]);
        self.mean + effects.map(|(attribute, value)| attribute.effects[*value]).sum::<f64>()
    }

    /// Residuals of a cell.
    fn residual(&self, cell: usize) -> Group {
        let sums = &self.sums[cell];
        let customers = sums.customers as f64;
        let mean = sums.mean().map_or(0.0, |mean| mean - self.at(cell));
        Group { observations: customers, weight: customers, mean, deviations: sums.deviations() }
    }

    /// How much cells differ from their main effects.
    fn interaction(&self) -> Option<Structure> {
        let cells: Vec<Group> = (0..self.sums.len()).map(|cell| self.residual(cell)).collect();
        Structure::of(&cells)
    }

    fn expectation(&self, cell: usize, interaction: Option<&Structure>, of_mean: Option<f64>) -> Expectation {
        let main_effects = self.at(cell);
        let residual = self.residual(cell);
        // The collective mean of residuals is 0, for μ is among the main effects.
        let own = interaction.map_or(0.0, |interaction| interaction.factor(residual.weight));
        let credibility = match &self.attributes[..] {
            [one] => one.factor(self.values[cell][0]),
            _ => own,
        };
        let losses =
            self.attributes.iter().zip(&self.values[cell]).map(|(attribute, value)| attribute.loss(*value));
        let losses = losses.sum::<f64>();
        let between = interaction.map_or(0.0, |interaction| interaction.between);
        let error = of_mean.map(|of_mean| {
            let of_main = losses + of_mean;
            ((1.0 - own) * between + (1.0 - own).powi(2) * of_main).sqrt()
        });
        let of_attributes =
            self.attributes.iter().filter_map(|attribute| attribute.structure).map(|found| found.between);
        let of_attributes: f64 = of_attributes.sum();
        Expectation {
            main_effects,
            credibility,
            value: main_effects + own * residual.mean,
            error,
            main_effects_error: of_mean.map(|of_mean| (between + losses + of_mean).sqrt()),
            mean_error: of_mean.map(|of_mean| (between + of_attributes + of_mean).sqrt()),
        }
    }
}

impl Attribute {
    fn factor(&self, value: usize) -> f64 {
        self.structure.map_or(0.0, |structure| structure.factor(self.weights[value]))
    }

    fn loss(&self, value: usize) -> f64 {
        self.structure.map_or(0.0, |structure| structure.loss(self.weights[value]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    fn cell(values: &[i128]) -> ValueSums {
        let mut sums = ValueSums::default();
        for value in values {
            sums.merge(&ValueSums::of(*value, true).unwrap()).unwrap();
        }
        sums
    }

    #[test]
    fn of_one_attribute_it_is_the_model_of_buhlmann_and_straub() {
        let sums = [cell(&[4, 0, 4, 8]), cell(&[40, 36, 44]), cell(&[20, 24]), ValueSums::default()];
        let values = [vec![0], vec![1], vec![2], vec![3]];
        let model = DoorModel::fit(&sums, &values).unwrap();
        let group = |sums: &ValueSums| Group {
            observations: sums.customers as f64,
            weight: sums.customers as f64,
            mean: sums.mean().unwrap_or(0.0),
            deviations: sums.deviations(),
        };
        let structure = Structure::of(&sums.each_ref().map(group)).unwrap();
        for (sums, found) in sums.iter().zip(&model.cells) {
            let own = structure.factor(sums.customers as f64);
            let expected = structure.mean + own * (sums.mean().unwrap_or(0.0) - structure.mean);
            assert!((found.value - expected).abs() < 1e-6, "{found:?} {expected}");
            assert!((found.credibility - own).abs() < 1e-12 && found.main_effects == found.value);
        }
        assert_eq!(model.cells[3].credibility, 0.0, "nobody was observed");
        assert!((model.mean - 180.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn without_attributes_or_with_too_little_to_tell_it_is_the_mean() {
        let one = DoorModel::fit(&[cell(&[1, 3])], &[vec![]]).unwrap();
        assert_eq!((one.cells[0].value, one.cells[0].credibility, one.cells[0].error), (2.0, 0.0, Some(1.0)));
        let single = DoorModel::fit(&[cell(&[1]), cell(&[5])], &[vec![0], vec![1]]).unwrap();
        assert_eq!(single.cells.iter().map(|cell| cell.value).collect::<Vec<_>>(), [3.0, 3.0]);
        assert_eq!(DoorModel::fit(&[ValueSums::default()], &[vec![]]), None);
    }

    /// Henderson's equations: residuals of a value's customers add up to its effect × σ²/τ², and effects of an attribute to 0.
    #[test]
    fn main_effects_solve_the_mixed_model_equations() {
        let values: Vec<Vec<usize>> = (0..12).map(|cell| vec![cell / 3, cell % 3]).collect();
        let amounts = |at: usize| -> Vec<i128> {
            let customers = 3 + (7 * at) % 9;
            let worth = |customer: usize| 1_000 * (at / 3) + 700 * (at % 3) + 50 * (customer * customer % 7);
            (0..customers).map(|customer| i128::try_from(worth(customer)).unwrap()).collect()
        };
        let sums: Vec<ValueSums> = (0..12).map(|at| cell(&amounts(at))).collect();
        let found = MainEffects::fit(&sums, &values, 2_000.0, 1_000.0);
        for (attribute, Attribute { structure, effects, .. }) in found.attributes.iter().enumerate() {
            let structure = structure.expect("values that differ");
            assert!(effects.iter().sum::<f64>().abs() < 1e-6, "{effects:?}");
            for (value, group) in found.groups(attribute).iter().enumerate() {
                let left = group.weight * group.mean;
                let right = effects[value] * structure.within / structure.between;
                assert!((left - right).abs() < 1e-4, "{attribute} {value}: {left} {right}");
                assert!(effects[value].abs() > 1.0);
            }
        }
    }

    /// A normal deviate, nearly: the sum of twelve uniform ones.
    fn normal(random: &mut ChaCha8Rng) -> f64 {
        (0..12).map(|_| f64::from(random.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0
    }

    /// 200 bases of 8 × 5 cells with effects of standard deviations 300, 200 and 100 and customers who differ by 1000: intervals
    /// hold the true values of cells at their nominal rate, and expectations lie closer to them than means of cells and than
    /// the mean of all do.
    #[test]
    fn the_values_of_cells_are_recovered() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let values: Vec<Vec<usize>> = (0..40).map(|cell| vec![cell / 5, cell % 5]).collect();
        let (mut held, mut cells) = (0, 0);
        let mut errors = [0.0_f64; 3];
        for _ in 0..200 {
            let mut effects = |count: usize, deviation: f64| -> Vec<f64> {
                (0..count).map(|_| deviation * normal(&mut random)).collect()
            };
            let (rows, columns, own) = (effects(8, 300.0), effects(5, 200.0), effects(40, 100.0));
            let (mut truths, mut sums) = (Vec::new(), Vec::new());
            for (cell, value) in values.iter().enumerate() {
                let truth = 2_000.0 + rows[value[0]] + columns[value[1]] + own[cell];
                let mut of_cell = ValueSums::default();
                for _ in 0..3 + random.next_u32() % 40 {
                    #[expect(clippy::cast_possible_truncation, reason = "small amounts")]
                    let value = (truth + 1_000.0 * normal(&mut random)).round() as i128;
                    of_cell.merge(&ValueSums::of(value, true).unwrap()).unwrap();
                }
                truths.push(truth);
                sums.push(of_cell);
            }
            let model = DoorModel::fit(&sums, &values).unwrap();
            for ((truth, found), sums) in truths.iter().zip(&model.cells).zip(&sums) {
                let error = found.error.unwrap();
                held += i32::from((found.value - truth).abs() <= 1.96 * error);
                cells += 1;
                for (sum, value) in errors.iter_mut().zip([found.value, sums.mean().unwrap(), model.mean]) {
                    *sum += (value - truth).powi(2);
                }
            }
        }
        let rate = f64::from(held) / f64::from(cells);
        let [expected, raw, mean] = errors.map(|sum| (sum / f64::from(cells)).sqrt());
        assert!((0.90..0.98).contains(&rate), "{rate} {expected} {raw} {mean}");
        assert!(expected < 0.6 * raw && expected < 0.45 * mean, "{expected} {raw} {mean}");
    }
}
