//! How far what was expected of newcomers lies off those who were held out.

use super::cell_sums::ValueSums;
use super::door_model::DoorModel;

/// A way to expect the value of newcomers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    /// The same of everybody.
    Mean,
    /// By the attributes one by one.
    MainEffects,
    /// By combinations of their values, shrunken towards the main effects.
    Cells,
}

impl Predictor {
    pub(super) const ALL: [Predictor; 3] = [Predictor::Mean, Predictor::MainEffects, Predictor::Cells];

    /// As tables show it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Predictor::Mean => "mean",
            Predictor::MainEffects => "main effects",
            Predictor::Cells => "cells",
        }
    }

    /// What is expected of a customer of a cell, with its standard error.
    pub(super) fn of(self, model: &DoorModel, cell: usize) -> (f64, Option<f64>) {
        let found = &model.cells[cell];
        match self {
            Predictor::Mean => (model.mean, found.mean_error),
            Predictor::MainEffects => (found.main_effects, found.main_effects_error),
            Predictor::Cells => (found.value, found.error),
        }
    }

    /// The one with the smallest error on the holdout; of equals, and without a holdout, the finest.
    pub(super) fn best(forecasts: &[Forecast]) -> Predictor {
        let mut best: Option<&Forecast> = None;
        for forecast in forecasts.iter().rev() {
            if best.is_none_or(|best| forecast.error < best.error) {
                best = Some(forecast);
            }
        }
        best.map_or(Predictor::Cells, |best| best.predictor)
    }
}

/// A predictor on the holdout, in smallest units of money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forecast {
    pub(super) predictor: Predictor,
    pub(super) training_customers: u64,
    pub(super) customers: u64,
    pub(super) actual: f64,
    pub(super) predicted: f64,
    /// Root mean squared error of customers.
    pub(super) error: f64,
    /// The same of the means of cells, weighted by customers.
    pub(super) cell_error: f64,
    /// 1 − squared errors / squared errors of the mean.
    pub(super) skill: f64,
    /// Slope of what cells brought on what was expected of them: 1 where differences are as large as expected; none where
    /// the same is expected of all.
    pub(super) slope: Option<f64>,
}

impl Forecast {
    /// Of every predictor, by a model of those who came before; none where nobody is held out.
    pub(super) fn all(model: &DoorModel, training: &[ValueSums], holdout: &[ValueSums]) -> Vec<Self> {
        let training_customers = training.iter().map(|cell| cell.customers).sum();
        if holdout.iter().all(|cell| cell.customers == 0) {
            return Vec::new();
        }
        let of = |predictor| Self::of(predictor, model, training_customers, holdout);
        Predictor::ALL.into_iter().map(of).collect()
    }

    fn of(predictor: Predictor, model: &DoorModel, training_customers: u64, holdout: &[ValueSums]) -> Self {
        let met = || holdout.iter().enumerate().filter(|(_, cell)| cell.customers > 0);
        let customers: u64 = holdout.iter().map(|cell| cell.customers).sum();
        let count = customers as f64;
        let weighted = |of: &dyn Fn(usize, f64) -> f64| -> f64 {
            let term = |(at, cell): (usize, &ValueSums)| cell.customers as f64 * of(at, mean_of(cell));
            met().map(term).sum::<f64>() / count
        };
        let expected = |cell: usize| predictor.of(model, cell).0;
        let [actual, predicted] = [weighted(&|_, mean| mean), weighted(&|cell, _| expected(cell))];
        let squared = |expected: &dyn Fn(usize) -> f64| -> f64 {
            met().map(|(at, cell)| cell.deviations_from(expected(at))).sum()
        };
        let (errors, of_mean) = (squared(&expected), squared(&|_| model.mean));
        let spread = weighted(&|cell, _| (expected(cell) - predicted).powi(2));
        let product = weighted(&|cell, mean| (expected(cell) - predicted) * (mean - actual));
        Self {
            predictor,
            training_customers,
            customers,
            actual,
            predicted,
            error: (errors / count).sqrt(),
            cell_error: weighted(&|cell, mean| (mean - expected(cell)).powi(2)).sqrt(),
            skill: 1.0 - errors / of_mean,
            slope: (spread > predicted.powi(2) * f64::EPSILON).then(|| product / spread),
        }
    }
}

fn mean_of(cell: &ValueSums) -> f64 {
    cell.mean().expect("cells that were met have customers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acquisition::door_model::Expectation;

    /// Two cells of two customers each: 3 and 5 where 4 is expected, 8 and 12 where 7 is; the mean is 6.
    #[test]
    fn errors_are_those_of_customers_and_of_cells() {
        let cell = |values: [i128; 2]| {
            let mut sums = ValueSums::of(values[0], true).unwrap();
            sums.merge(&ValueSums::of(values[1], true).unwrap()).unwrap();
            sums
        };
        let expectation = |value| Expectation {
            main_effects: 6.0,
            credibility: 0.5,
            value,
            error: None,
            main_effects_error: None,
            mean_error: None,
        };
        let model = DoorModel { mean: 6.0, cells: vec![expectation(4.0), expectation(7.0)] };
        let found = Forecast::all(&model, &[], &[cell([3, 5]), cell([8, 12])]);
        let [mean, main, cells] = &found[..] else { panic!("three predictors") };
        assert_eq!((mean.customers, mean.actual, mean.predicted, mean.skill), (4, 7.0, 6.0, 0.0));
        // 9 + 1 + 4 + 36, and 1 + 1 + 1 + 25.
        assert_eq!((mean.error, cells.error), ((50.0_f64 / 4.0).sqrt(), (28.0_f64 / 4.0).sqrt()));
        assert!((cells.skill - (1.0 - 28.0 / 50.0)).abs() < 1e-12);
        assert_eq!((main.skill, main.slope, cells.slope), (0.0, None, Some(2.0)));
        assert_eq!((cells.predicted, cells.cell_error), (5.5, (9.0_f64 / 2.0).sqrt()));
        assert!(Forecast::all(&model, &[], &[ValueSums::default(); 2]).is_empty());
        assert_eq!(Predictor::best(&found), Predictor::Cells);
        assert_eq!(Predictor::best(&[*mean, *main]), Predictor::MainEffects, "of equals the finest");
        let worse = Forecast { error: 9.0, ..*cells };
        assert_eq!(Predictor::best(&[*mean, worse]), Predictor::Mean);
        assert_eq!(Predictor::best(&[]), Predictor::Cells, "without a holdout");
    }
}
