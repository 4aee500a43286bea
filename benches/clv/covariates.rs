//! Data sets drawn from models with covariates, and their fits.
//!
//! Six cells, by a covariate of two values and one of three: value 1 of the first and values 1 and 2 of the second have an effect on
//! purchases and on lapsing. What is found of an effect is its factor exp(γ), so that distances are those of γ. Truths are slowed as
//! in `continuous`.

use crate::continuous::{BG_NBD, MBG_NBD, PARETO_NBD, SLOW, WINDOW, slow};
use crate::{Found, Model};
use abacus::clv::models::simulate::simulate;
use abacus::clv::models::{self, Counts, Design, Rhythm, fit_covariates};
use abacus::pipeline::PurchaseModel;

const CUSTOMERS_OF_CELL: u64 = 2_000;

const DATA: &str = "6 cells of 2,000 customers, 52 to 104 weeks × 100";

/// exp(γ) of purchases, by covariate and value.
const PURCHASE: [[f64; 3]; 2] = [[1.0, 1.5, 1.0], [1.0, 0.75, 1.3]];
/// exp(γ) of lapsing: of Pareto/NBD's rate, and of a of the others, whose b has [`DROPOUT_B`].
const DROPOUT: [[f64; 3]; 2] = [[1.0, 0.75, 1.0], [1.0, 1.5, 1.2]];
const DROPOUT_B: [[f64; 3]; 2] = [[1.0, 1.2, 1.0], [1.0, 0.8, 1.4]];

pub(crate) fn models() -> Vec<Model> {
    vec![
        Model {
            name: "BG/NBD with covariates",
            data: DATA,
            parameters: parameters(["r", "α", "a", "b"], slow(BG_NBD, 1), true),
            replicate: |seed| fit(PurchaseModel::BgNbd, slow(BG_NBD, 1), seed),
        },
        Model {
            name: "MBG/NBD with covariates",
            data: DATA,
            parameters: parameters(["r", "α", "a", "b"], slow(MBG_NBD, 1), true),
            replicate: |seed| fit(PurchaseModel::MbgNbd, slow(MBG_NBD, 1), seed),
        },
        Model {
            name: "Pareto/NBD with covariates",
            data: DATA,
            parameters: parameters(["r", "α", "s", "β"], slow(PARETO_NBD, SLOW), false),
            replicate: |seed| fit(PurchaseModel::ParetoNbd, slow(PARETO_NBD, SLOW), seed),
        },
    ]
}

/// Of the reference, then factors in the order of coefficients.
fn parameters(names: [&'static str; 4], truth: [f64; 4], has_two: bool) -> Vec<(&'static str, f64)> {
    let of = |name, effects: [[f64; 3]; 2], [covariate, value]: [usize; 2]| (name, effects[covariate][value]);
    let mut parameters: Vec<(&'static str, f64)> = names.into_iter().zip(truth).collect();
    for (level, names) in [
        ([0, 1], ["exp γ purchase, first 1", "exp γ dropout, first 1", "exp γ of b, first 1"]),
        ([1, 1], ["exp γ purchase, second 1", "exp γ dropout, second 1", "exp γ of b, second 1"]),
        ([1, 2], ["exp γ purchase, second 2", "exp γ dropout, second 2", "exp γ of b, second 2"]),
    ] {
        parameters.push(of(names[0], PURCHASE, level));
        parameters.push(of(names[1], DROPOUT, level));
        if has_two {
            parameters.push(of(names[2], DROPOUT_B, level));
        }
    }
    parameters
}

fn design() -> Design {
    Design { references: vec![0, 0], cells: (0..6).map(|cell| vec![cell / 3, cell % 3]).collect() }
}

fn fit(model: PurchaseModel, truth: [f64; 4], seed: u64) -> Option<Vec<Found>> {
    let design = design();
    let draw = |(number, cell): (u64, &Vec<usize>)| {
        let effect = |effects: [[f64; 3]; 2]| -> f64 {
            (0..2).map(|covariate| effects[covariate][cell[covariate]]).product()
        };
        let [r, alpha, first, second] = truth;
        let alpha = alpha / effect(PURCHASE);
        let parameters = match model {
            PurchaseModel::ParetoNbd => [r, alpha, first, second / effect(DROPOUT)],
            _ => [r, alpha, first * effect(DROPOUT), second * effect(DROPOUT_B)],
        };
        Counts::of_customers(simulate(model, parameters, WINDOW, CUSTOMERS_OF_CELL, 6 * seed + number))
    };
    let cells: Vec<Counts> = (0..).zip(&design.cells).map(draw).collect();
    let all = Counts::of_rows(cells.iter().flat_map(Counts::rows).copied());
    let plain = models::fit(model, &all);
    let cells: Vec<&Counts> = cells.iter().collect();
    let found = fit_covariates(&plain, &design, &cells, &Rhythm::RANDOM);
    let covariance = found.fit.covariance.filter(|_| found.fit.reason.is_none())?;
    let of_reference = |index: usize| Found {
        value: found.fit.parameters[index],
        log_error: covariance[index][index].sqrt(),
    };
    let mut all: Vec<Found> = (0..4).map(of_reference).collect();
    for coefficient in &found.coefficients {
        let (gamma, log_error) = coefficient.estimate.ok()?;
        all.push(Found { value: gamma.exp(), log_error });
    }
    Some(all)
}
