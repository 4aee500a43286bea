//! Predictions beside arbitrary-precision values.

use std::collections::BTreeMap;

use abacus::clv::models::{History, Horizon, Predictor};
use abacus::pipeline::PurchaseModel;

const QUANTITIES: [&str; 4] = ["log_likelihood", "alive", "ahead", "residual"];

/// The worst relative error and where it is.
type Worst = BTreeMap<(&'static str, usize), (f64, u32, String)>;

pub(crate) fn compare(path: &str) {
    let grid = std::fs::read_to_string(path).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    let mut worst = Worst::new();
    for line in grid.lines().skip(1) {
        compare_point(line, &mut worst);
    }
    println!(
        "| model | quantity | points | worst relative error | at model, parameters, x, t_x, T, days, discount |"
    );
    println!("| --- | --- | ---: | ---: | --- |");
    for ((model, quantity), (error, points, place)) in worst {
        println!("| {model} | {} | {points} | {error:.1e} | {place} |", QUANTITIES[quantity]);
    }
}

fn compare_point(line: &str, worst: &mut Worst) {
    let fields: Vec<&str> = line.split(',').collect();
    let model = PurchaseModel::of_word(&fields[0].replace('/', "_")).expect("a model");
    let number = |index: usize| fields[index].parse::<f64>().expect("a number");
    let day = |index: usize| fields[index].parse::<u32>().expect("a whole number");
    let predictor = Predictor::with_parameters(model, std::array::from_fn(|index| number(index + 1)));
    let history = History::of_days(day(5), day(6), day(7));
    let found = [
        predictor.log_likelihood(&history),
        predictor.alive(&history).value,
        predictor.purchases(&history, &Horizon::of_days(day(8))).value,
        predictor.purchases(&history, &Horizon::forever(number(9))).value,
    ];
    for (quantity, found) in
        found.into_iter().enumerate().filter(|(quantity, _)| !fields[10 + quantity].is_empty())
    {
        assert!(found.is_finite(), "{line}: {} is {found}", QUANTITIES[quantity]);
        let expected = number(10 + quantity);
        // What is below the smallest normal number has no digits to compare.
        let error =
            if expected.abs() < 1e-290 { found.abs() - expected.abs() } else { found / expected - 1.0 };
        let entry = worst.entry((model.word(), quantity)).or_default();
        entry.1 += 1;
        if error.abs() >= entry.0 {
            (entry.0, entry.2) = (error.abs(), fields[..10].join(" "));
        }
    }
}
