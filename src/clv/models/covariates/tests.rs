//! Fits with covariates: what they are without any, their derivatives, their errors, and truths that are found again.

use super::linear_map::{Cells, LinearMap, Slot};
use super::*;
use crate::clv::models::families::{continuous, family_of};
use crate::clv::models::simulate::{Window, simulate};
use crate::clv::models::{Asked, Counts, Fit, Gaps, Lookahead, Rhythm, Scorer, fit, fit_regular};
use crate::pipeline::PurchaseModel;
use proptest::prelude::*;

const WINDOW: Window = Window { intake_days: 90, observed_days: 500 };

/// Two covariates of two and three values, all six combinations.
fn design() -> Design {
    let cells = (0..6).map(|cell| vec![cell / 3, cell % 3]).collect();
    Design { references: vec![0, 1], cells }
}

fn level(covariate: usize, value: usize) -> Level {
    Level { covariate, value }
}

fn truth(model: PurchaseModel) -> [f64; 4] {
    match model {
        PurchaseModel::ParetoNbd => [0.6, 8.0, 0.7, 12.0],
        PurchaseModel::MbgCnbdK => [0.85, 3.0, 0.79, 2.42],
        _ => [0.7, 6.0, 0.8, 2.5],
    }
}

/// Customers by cell: value 1 of the first covariate buys 1.5 times as often, values 0 and 2 of the second lapse otherwise.
fn drawn(model: PurchaseModel, customers: u64, seed: u64) -> Vec<Counts> {
    let of_cell = |cell: usize| {
        let mut parameters = truth(model);
        parameters[1] *= if cell / 3 == 1 { (-0.4_f64).exp() } else { 1.0 };
        let dropout: f64 = [0.5, 0.0, -0.5][cell % 3];
        let (parameter, sign) = family_of(model).dropout[0];
        parameters[parameter] *= (sign * dropout).exp();
        Counts::of_customers(simulate(model, parameters, WINDOW, customers, seed * 100 + cell as u64))
    };
    (0..6).map(of_cell).collect()
}

fn together(cells: &[Counts]) -> Counts {
    Counts::of_rows(cells.iter().flat_map(Counts::rows).copied())
}

fn fitted(model: PurchaseModel, cells: &[Counts]) -> (Fit, CovariateFit) {
    let plain = fit(model, &together(cells));
    let references: Vec<&Counts> = cells.iter().collect();
    let found = fit_covariates(&plain, &design(), &references, &Rhythm::RANDOM);
    (plain, found)
}

#[test]
fn of_one_cell_the_fit_is_that_without_covariates() {
    for model in continuous() {
        let counts = Counts::of_customers(simulate(model, truth(model), WINDOW, 500, 1));
        let plain = fit(model, &counts);
        let design = Design { references: vec![0, 2], cells: vec![vec![0, 2]] };
        let found = fit_covariates(&plain, &design, &[&counts], &Rhythm::RANDOM);
        assert_eq!(format!("{:?}", found.fit), format!("{plain:?}"));
        assert_eq!((found.coefficients.len(), &found.cells[0]), (0, &plain));
        assert_eq!(found.joint_pull(&[[1.0, 2.0, 3.0, 4.0]]), Some(vec![1.0, 2.0, 3.0, 4.0]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// By central differences: of the value for the gradient, of the gradient for the Hessian.
    #[test]
    fn derivatives_are_those_of_the_log_likelihood(
        place in 0_usize..4,
        k in 1_u32..4,
        position in proptest::collection::vec(-0.7..0.7_f64, 16),
        seed in 0_u64..1_000,
    ) {
        let model = continuous()[place];
        let cells = drawn(model, 40, seed);
        let ready = Cells::new(&cells.iter().collect::<Vec<_>>());
        let k = if model == PurchaseModel::MbgCnbdK { k } else { 1 };
        let plain = Fit { k, ..fit_regular(model, &together(&cells), &Rhythm::RANDOM) };
        let slot = |level, (parameter, sign)| Slot { level, parameter, sign };
        let levels = [level(0, 1), level(1, 0), level(1, 2)];
        let slots = levels.into_iter().flat_map(|level| {
            let scaled = std::iter::once((1, -1.0)).chain(family_of(model).dropout.iter().copied());
            scaled.map(move |scaled| slot(level, scaled))
        });
        let design = design();
        let map = LinearMap {
            design: &design,
            start: truth(model),
            free: &[0, 1, 2, 3],
            slots: slots.collect(),
        };
        let plain = Fit { form: crate::clv::models::Form::FULL, ..plain };
        let at = |position: &[f64]| map.log_likelihood(&ready, &plain, position);
        let position = &position[..map.len()];
        let centre = at(position);
        for number in 0..map.len() {
            let moved = |by: f64| {
                let mut moved = position.to_vec();
                moved[number] += by;
                at(&moved)
            };
            let (up, down) = (moved(1e-4), moved(-1e-4));
            let slope = (up.value - down.value) / 2e-4;
            let scale = centre.gradient[number].abs() + centre.value.abs() * 1e-2;
            prop_assert!((centre.gradient[number] - slope).abs() < 1e-5 * scale, "{model:?} {number}");
            for other in 0..map.len() {
                let slope = (up.gradient[other] - down.gradient[other]) / 2e-4;
                let found = centre.hessian[other][number];
                let scale = centre.hessian[other][other].abs() + centre.hessian[number][number].abs() + 1.0;
                prop_assert!((found - slope).abs() < 1e-5 * scale, "{model:?} {number} {other}: {found} {slope}");
                prop_assert_eq!(found, centre.hessian[number][other]);
            }
        }
    }
}

#[test]
fn what_was_put_in_is_found_again() {
    for (model, seed) in continuous().into_iter().zip(3..) {
        let cells = drawn(model, 4_000, seed);
        let (plain, found) = fitted(model, &cells);
        assert!(found.fit.converged && found.fit.log_likelihood > plain.log_likelihood + 50.0, "{found:?}");
        let dropout = family_of(model).dropout;
        assert_eq!(found.effects(), 3 * (1 + dropout.len()), "{:?}", found.coefficients);
        for coefficient in &found.coefficients {
            let (estimate, error) = coefficient.estimate.unwrap();
            let names = family_of(model).parameters;
            let is_first = coefficient.parameter == Some(names[dropout[0].0]);
            let truth = match (coefficient.process, coefficient.level) {
                (Process::Purchase, Level { covariate: 0, value: 1 }) => 0.4,
                (Process::Dropout, Level { covariate: 1, value: 0 }) if is_first => 0.5,
                (Process::Dropout, Level { covariate: 1, value: 2 }) if is_first => -0.5,
                _ => 0.0,
            };
            assert!(((estimate - truth) / error).abs() < 3.5, "{model:?} {coefficient:?}");
        }
        // At its maximum the likelihood is that of histories cell by cell.
        let references: Vec<&Counts> = cells.iter().collect();
        let again = found.log_likelihood(&references, &Rhythm::RANDOM).unwrap();
        assert!((again - found.fit.log_likelihood).abs() < 1e-9 * again.abs());
    }
}

#[test]
fn pulls_of_cells_add_up_to_the_error_of_their_sum() {
    let model = PurchaseModel::ParetoNbd;
    let cells = drawn(model, 1_500, 11);
    let (_, found) = fitted(model, &cells);
    let sums = |found: &CovariateFit| -> Vec<(f64, Option<[f64; 4]>)> {
        let of_cell = |(fit, counts): (&Fit, &Counts)| {
            let scorer =
                Scorer::new(fit, &Lookahead::calendar(&[365], 3e-4), counts, Asked::Purchases).unwrap();
            let (mut value, mut pull) = (0.0, Some([0.0; 4]));
            for row in counts.rows() {
                let score = scorer.score(row.purchases, row.last_purchase_days, row.age_days).purchases[0];
                value += row.customers as f64 * score.value;
                pull = pull.zip(score.pull).map(|(sum, more): ([f64; 4], [f64; 4])| {
                    std::array::from_fn(|index| sum[index] + row.customers as f64 * more[index])
                });
            }
            (value, pull)
        };
        found.cells.iter().zip(&cells).map(of_cell).collect()
    };
    let pulls: Vec<[f64; 4]> = sums(&found).iter().map(|(_, pull)| pull.unwrap()).collect();
    let joint = found.joint_pull(&pulls).unwrap();
    let error = joint.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
    // The delta method by hand: numerical derivatives of the total by what was estimated, and the covariance again.
    let design = design();
    let map = found.map(&design);
    let search_covariance = found.covariance(&map, &cells);
    let total = |position: &[f64]| -> f64 {
        let cells = (0..6).map(|cell| {
            let parameters = map.parameters(Some(cell), position).unwrap();
            Fit { parameters, covariance: None, ..found.fit.clone() }
        });
        sums(&CovariateFit { cells: cells.collect(), ..found.clone() }).iter().map(|(value, _)| value).sum()
    };
    let origin = found.position();
    let slopes: Vec<f64> = (0..map.len())
        .map(|number| {
            let moved = |by: f64| {
                let mut moved = origin.clone();
                moved[number] += by;
                total(&moved)
            };
            (moved(1e-4) - moved(-1e-4)) / 2e-4
        })
        .collect();
    let mut squared = 0.0;
    for row in 0..map.len() {
        for column in 0..map.len() {
            squared += slopes[row] * slopes[column] * search_covariance[row][column];
        }
    }
    assert!((error / squared.sqrt() - 1.0).abs() < 1e-5, "{error} {}", squared.sqrt());
    // As if cells were independent, it would be another number.
    let apart = pulls.iter().flatten().map(|pull| pull * pull).sum::<f64>().sqrt();
    assert!((apart / error - 1.0).abs() > 0.05, "{apart} {error}");
}

impl CovariateFit {
    /// The map around the maximum: positions are distances from it, and γ are already in the cells' parameters.
    fn map<'d>(&self, design: &'d Design) -> LinearMap<'d> {
        let mut slots = Vec::new();
        let names = family_of(self.fit.model).parameters;
        for coefficient in &self.coefficients {
            let parameter = names.iter().position(|name| Some(*name) == coefficient.parameter).unwrap();
            slots.push(Slot { level: coefficient.level, parameter, sign: -1.0 });
        }
        LinearMap { design, start: self.fit.parameters, free: &[0, 1, 2, 3], slots }
    }

    fn covariance(&self, map: &LinearMap<'_>, cells: &[Counts]) -> Vec<Vec<f64>> {
        let ready = Cells::new(&cells.iter().collect::<Vec<_>>());
        let position = self.position();
        let hessian = map.log_likelihood(&ready, &self.fit, &position).hessian;
        let negative: Vec<Vec<f64>> =
            hessian.iter().map(|row| row.iter().map(|entry| -entry).collect()).collect();
        crate::math::newton::inverse(&negative).unwrap()
    }

    fn position(&self) -> Vec<f64> {
        let gammas = self.coefficients.iter().map(|coefficient| coefficient.estimate.unwrap().0);
        [0.0; 4].into_iter().chain(gammas).collect()
    }
}

#[test]
fn values_without_enough_behind_them_are_like_the_reference() {
    // Two customers of a third value, of whom one bought again; and a value whose customers never lapse.
    let mut cells = drawn(PurchaseModel::MbgNbd, 1_500, 21);
    cells[5] = Counts::of_customers([(2, 40, 300), (0, 0, 200)]);
    cells[2] = Counts::default();
    let (_, found) = fitted(PurchaseModel::MbgNbd, &cells);
    let of = |covariate, value| {
        let is_of = |coefficient: &&Coefficient| coefficient.level == level(covariate, value);
        found.coefficients.iter().filter(is_of).map(|coefficient| coefficient.estimate).collect::<Vec<_>>()
    };
    assert_eq!(of(1, 2), [Err(NoEffect::FewRepeaters(1)); 2]);
    assert!(of(0, 1).iter().all(Result::is_ok));
    assert_eq!(
        found.cells[5].parameters, found.cells[4].parameters,
        "value 2 is like the reference, value 1"
    );
    let loyal: Vec<(u32, u32, u32)> = (0..300).map(|index| (10 + index % 20, 490, 495)).collect();
    let mut cells = drawn(PurchaseModel::ParetoNbd, 1_500, 22);
    (0..3).for_each(|cell| cells[3 + cell] = Counts::of_customers(loyal.clone()));
    let (_, found) = fitted(PurchaseModel::ParetoNbd, &cells);
    let dropout = found
        .coefficients
        .iter()
        .find(|coefficient| coefficient.level == level(0, 1) && coefficient.process == Process::Dropout);
    assert_eq!(dropout.unwrap().estimate, Err(NoEffect::Undetermined), "{:?}", found.coefficients);
}

#[test]
fn without_a_regular_fit_there_are_no_effects() {
    let cells: Vec<Counts> = (0..6).map(|_| Counts::of_customers((1..60).map(|age| (0, 0, age)))).collect();
    let (plain, found) = fitted(PurchaseModel::BgNbd, &cells);
    assert!(found.effects() == 0 && found.cells.iter().all(|fit| *fit == plain));
}

#[test]
fn a_fit_is_the_same_for_any_number_of_threads() {
    let cells = drawn(PurchaseModel::ParetoNbd, 3_000, 5);
    let rhythm = Rhythm::new(1, Gaps::NONE);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let plain = fit(PurchaseModel::ParetoNbd, &together(&cells));
            format!("{:?}", fit_covariates(&plain, &design(), &cells.iter().collect::<Vec<_>>(), &rhythm))
        })
    };
    assert_eq!(with(1), with(3));
}
