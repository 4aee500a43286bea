//! Histories that no model fits well: a reason, a simpler model, never a number that is not one.

use super::families::continuous;
use super::simulate::{Window, simulate};
use super::*;
use crate::pipeline::PurchaseModel;

const WINDOW: Window = Window { intake_days: 90, observed_days: 500 };

/// Fits every model, checks that whatever it predicts is finite, and returns the reasons.
fn reasons(counts: &Counts) -> [Option<Reason>; 4] {
    continuous().map(|model| {
        let fit = fit(model, counts);
        let numbers = fit.parameters.iter().chain(&fit.gradient).chain([&fit.log_likelihood]);
        assert!(
            numbers.chain(fit.standard_errors.iter().flatten()).all(|value| value.is_finite()),
            "{fit:?}"
        );
        for parameter in fit.named_parameters() {
            assert!(parameter.value.is_finite(), "{parameter:?}");
            assert!(parameter.standard_error.is_none_or(f64::is_finite), "{parameter:?}");
        }
        assert_predicts(&fit, counts);
        fit.reason
    })
}

fn assert_predicts(fit: &Fit, counts: &Counts) {
    let Some(predictor) = Predictor::new(fit) else { return };
    let scorer = Scorer::new(fit, &Lookahead::calendar(&[30, 365], 3e-4), counts, Asked::Discounted).unwrap();
    for row in counts.rows() {
        let score = scorer.score(row.purchases, row.last_purchase_days, row.age_days);
        let [near, far, ..] = score.purchases;
        [score.alive, near, far, score.residual].iter().for_each(assert_sound);
        assert!(score.alive.value <= 1.0 && near.value <= far.value, "{row:?}: {score:?}");
    }
    for row in counts.rows().iter().step_by(counts.rows().len().div_ceil(20)) {
        let history = History::of_days(row.purchases, row.last_purchase_days, row.age_days);
        let discounted = Horizon { weeks: 52.0, discount_per_week: 0.002 };
        assert_sound(&predictor.purchases(&history, &discounted));
        assert_sound(&predictor.silent(&history, 4.0));
    }
}

fn assert_sound(estimate: &Estimate) {
    assert!(estimate.value.is_finite() && estimate.value >= 0.0, "{estimate:?}");
    assert!(estimate.standard_error().is_none_or(f64::is_finite), "{estimate:?}");
}

fn all(reason: Reason) -> [Option<Reason>; 4] {
    [Some(reason); 4]
}

#[test]
fn without_anything_to_learn_from_nothing_is_predicted() {
    assert_eq!(reasons(&Counts::default()), all(Reason::NoCustomers));
    let today = Counts::of_customers([(0, 0, 0); 5]);
    assert_eq!(reasons(&today), all(Reason::NoTime));
    assert!(continuous().iter().all(|&model| Predictor::new(&fit(model, &today)).is_none()));
}

#[test]
fn without_repeat_purchases_none_are_expected() {
    let counts = Counts::of_customers((1..100).map(|age| (0, 0, age)));
    assert_eq!(reasons(&counts), all(Reason::NoRepeaters));
    let predictor = Predictor::new(&fit(PurchaseModel::BgNbd, &counts)).unwrap();
    assert_eq!(predictor.purchases(&History::NEW, &Horizon::of_days(365)).value, 0.0);
    assert_eq!(predictor.log_likelihood(&History::of_days(0, 0, 99)), 0.0);
    assert_eq!(predictor.silent(&History::of_days(0, 0, 99), 13.0).value, 1.0);
}

#[test]
fn one_customer_has_one_rate() {
    let counts = Counts::of_customers([(6, 70, 84)]);
    assert_eq!(reasons(&counts), all(Reason::FewRepeaters));
    let fit = fit(PurchaseModel::ParetoNbd, &counts);
    let [rate] = fit.named_parameters()[..] else { panic!("{fit:?}") };
    assert!(rate.name == "rate" && (rate.value - 0.5).abs() < 1e-6, "{rate:?}");
    assert!((rate.standard_error.unwrap() / 0.5 - 6.0_f64.sqrt().recip()).abs() < 1e-6, "{rate:?}");
    // A Poisson process of 6 purchases in 12 weeks: 6 ln (1/2) − 6.
    assert!((fit.log_likelihood - (6.0 * 0.5_f64.ln() - 6.0)).abs() < 1e-6, "{fit:?}");
}

#[test]
fn who_buys_every_day_is_like_everyone_else() {
    let counts = Counts::of_customers((0..50).map(|index| (100 + index, 100 + index, 100 + index)));
    assert_eq!(reasons(&counts), all(Reason::AlikeAndNobodyLapses));
}

#[test]
fn nobody_lapses() {
    let counts = Counts::of_customers(simulate(PurchaseModel::BgNbd, [0.8, 6.0, 1e-9, 1.0], WINDOW, 5000, 1));
    assert_eq!(reasons(&counts), all(Reason::NobodyLapses));
}

/// Draws customers from each model and asserts the reason of the model's own fit. Where the truth lies on the boundary,
/// about every other sample has its maximum inside: the seeds are of those that have not.
fn assert_own(parameters: [[f64; 4]; 4], seeds: [u64; 4], reason: Reason) {
    for (index, model) in continuous().into_iter().enumerate() {
        let counts = Counts::of_customers(simulate(model, parameters[index], WINDOW, 2000, seeds[index]));
        assert_eq!(reasons(&counts)[index], Some(reason), "{model:?}");
    }
}

#[test]
fn rates_that_do_not_differ() {
    let by_purchase = [1e6, 5e6, 0.8, 3.0];
    let parameters = [by_purchase, by_purchase, by_purchase, [1e6, 5e6, 0.8, 20.0]];
    assert_own(parameters, [2, 2, 2, 2], Reason::RatesAlike);
}

#[test]
fn lapsing_that_does_not_differ() {
    let by_purchase = [0.7, 5.0, 1e6, 4e6];
    let parameters = [by_purchase, by_purchase, by_purchase, [0.7, 5.0, 1e6, 3e7]];
    assert_own(parameters, [2, 1, 1, 2], Reason::LapsingAlike);
}

/// The history of a customer by number.
type Family = fn(u32) -> (u32, u32, u32);

#[test]
fn odd_histories_have_a_reason_and_predictions() {
    let families: [Family; 5] = [
        |_| (1, 1, 300),
        |index| (1, 1 + index % 3, 300 + index % 40),
        |index| (index % 2, index % 2, 10),
        |index| (1 + index % 4, 200, 200),
        |index| (u32::from(index % 50 == 0) * 300, u32::from(index % 50 == 0) * 300, 400),
    ];
    for family in families {
        let counts = Counts::of_customers((0..200).map(family));
        assert!(reasons(&counts).iter().all(Option::is_some), "{:?}", reasons(&counts));
    }
}

#[test]
fn a_fit_is_the_same_for_any_number_of_threads() {
    let counts =
        Counts::of_customers(simulate(PurchaseModel::ParetoNbd, [0.6, 8.0, 0.7, 12.0], WINDOW, 30_000, 5));
    for model in continuous() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| format!("{:?}", fit(model, &counts)))
        };
        assert_eq!(with(1), with(3));
    }
}
