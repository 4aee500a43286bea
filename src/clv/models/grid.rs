//! Predictions beside arbitrary-precision values: every 37th point of the grid of `benches/clv`, and points of MBG/CNBD-k.

use super::{DAYS_PER_WEEK, History, Horizon, Predictor};
use crate::pipeline::PurchaseModel;

#[test]
fn predictions_agree_with_arbitrary_precision() {
    let grid = include_str!("testdata/grid.csv");
    assert_eq!(grid.lines().skip(1).map(check_point).count(), 284);
}

fn check_point(line: &str) {
    let fields: Vec<&str> = line.split(',').collect();
    let number = |index: usize| fields[index].parse::<f64>().unwrap();
    let day = |index: usize| fields[index].parse::<u32>().unwrap();
    let parameters = std::array::from_fn(|index| number(index + 1));
    let predictor =
        Predictor::with_parameters(PurchaseModel::of_word(&fields[0].replace('/', "_")).unwrap(), parameters);
    let history = History::of_days(day(5), day(6), day(7));
    for (field, found) in [
        (10, predictor.log_likelihood(&history)),
        (11, predictor.alive(&history).value),
        (12, predictor.purchases(&history, &Horizon::of_days(day(8))).value),
        (13, predictor.purchases(&history, &Horizon::forever(number(9))).value),
    ] {
        assert!(found.is_finite(), "{line}: {found}");
        if !fields[field].is_empty() {
            // What is below the smallest normal number has no digits to compare.
            let expected = number(field);
            assert!((found - expected).abs() <= 1e-10 * expected.abs() + 1e-290, "{line}: {found}");
        }
    }
}

/// By series of positive terms: `benches/clv/regular_reference.py`.
#[test]
fn regular_buyers_agree_with_arbitrary_precision() {
    let points = include_str!("testdata/regular.csv");
    assert_eq!(points.lines().skip(1).map(check_regular).count(), 60);
}

fn check_regular(line: &str) {
    let fields: Vec<&str> = line.split(',').collect();
    let number = |index: usize| fields[index].parse::<f64>().unwrap();
    let day = |index: usize| fields[index].parse::<u32>().unwrap();
    let parameters = std::array::from_fn(|index| number(index + 1));
    let predictor = Predictor::with_rhythm(PurchaseModel::MbgCnbdK, parameters, day(0));
    let history = History::of_days(day(5), day(6), day(7));
    for (field, found) in [
        (10, predictor.log_likelihood(&history)),
        (11, predictor.alive(&history).value),
        (12, predictor.purchases(&history, &Horizon::of_days(day(8))).value),
        (13, predictor.purchases(&history, &Horizon::forever(number(9))).value),
        (14, predictor.silent(&history, f64::from(day(8)) / DAYS_PER_WEEK).value),
    ] {
        let expected = number(field);
        assert!((found - expected).abs() <= 1e-10 * expected.abs() + 1e-290, "{line}: {field}: {found}");
    }
}
