//! BG/BB on published numbers, and on histories whose results are known.

use super::*;
use crate::clv::models::logarithms::Limit;

/// The paper's rounded estimates.
const ROUNDED: BetaGeometricBetaBernoulli =
    BetaGeometricBetaBernoulli { alpha: 1.204, beta: 0.750, gamma: 0.657, delta: 2.783 };

fn history(purchases: u32, last_purchase: u32, opportunities: u32) -> History {
    History { purchases, last_purchase, opportunities }
}

fn counted(rows: &[(u32, u32, u32, u64)]) -> Vec<CountedHistory> {
    let row = |&(x, last, n, customers): &_| CountedHistory { history: history(x, last, n), customers };
    rows.iter().map(row).collect()
}

/// Annual donations of the 1995 cohort of a non-profit organisation, 11,104 donors at n = 6: table 2 of the paper.
fn donations() -> Vec<CountedHistory> {
    let rows = include_str!("../testdata/donations.csv").lines().skip(1);
    let numbers = |row: &str| row.split(',').map(|number| number.parse().unwrap()).collect::<Vec<u32>>();
    let row = |row: &str| match numbers(row)[..] {
        [x, last, customers] => (x, last, 6, customers.into()),
        _ => panic!("three numbers a row"),
    };
    counted(&rows.map(row).collect::<Vec<_>>())
}

fn close(found: f64, expected: f64, relative: f64) {
    assert!((found / expected - 1.0).abs() < relative, "{found} against {expected}");
}

#[test]
fn golden_3_1_bg_bb_of_donations() {
    let fit = fit(&donations()).unwrap();
    assert!((fit.log_likelihood + 33_225.581_274).abs() < 1e-5, "{fit:?}");
    let expected = [1.203_522_4, 0.749_716_4, 0.656_718_2, 2.783_442_2];
    let errors = [0.0694, 0.0294, 0.0510, 0.3208];
    for index in 0..4 {
        close(fit.parameters[index], expected[index], 1e-7);
        close(fit.standard_errors()[index].unwrap(), errors[index], 2e-3);
    }
    assert!(!fit.is_at_limit());
}

#[test]
fn golden_3_4_predictions_after_six_opportunities() {
    for ((x, last), alive, next, expected, discounted) in [
        ((0, 0), 0.116_096_613_293, 0.108_016_584_169, 0.072_802_877_475_0, 0.114_646_996_182),
        ((1, 2), 0.273_598_217_286, 0.254_556_476_952, 0.314_070_655_109, 0.494_585_632_407),
        ((2, 4), 0.633_611_893_332, 0.589_514_116_434, 1.057_348_941_91, 1.665_069_902_59),
        ((3, 4), 0.472_336_259_889, 0.439_462_857_056, 1.034_228_498_42, 1.628_660_773_06),
        ((6, 6), 1.0, 0.930_402_542_373, 3.752_115_607_60, 5.908_678_319_56),
    ] {
        let outlook = ROUNDED.outlook(history(x, last, 6));
        close(outlook.probability_alive(), alive, 1e-9);
        close(outlook.probability_alive_next(), next, 1e-9);
        close(outlook.expected_purchases(5), expected, 1e-9);
        close(outlook.discounted_purchases(0.1).unwrap(), discounted, 1e-9);
    }
    assert_eq!(ROUNDED.outlook(history(6, 6, 6)).discounted_purchases(0.0), None);
}

#[test]
fn golden_3_4_in_sample_counts_and_five_year_total() {
    // Hardie's sheet, from his own unrounded estimates.
    let fit = fit(&donations()).unwrap();
    let model = BetaGeometricBetaBernoulli::from(fit.parameters);
    assert!((11_104.0 * model.share_with(0, 6) - 3_454.9).abs() < 0.1);
    assert!((11_104.0 * model.share_with(6, 6) - 1_253.1).abs() < 0.1);
    let of_row =
        |row: &CountedHistory| row.customers as f64 * model.outlook(row.history).expected_purchases(5);
    let total: f64 = donations().iter().map(of_row).sum();
    assert!((total - 12_884.2).abs() < 0.1, "{total}");
}

#[test]
fn shares_add_up_and_agree_with_the_mean() {
    for opportunities in [1, 6, 40] {
        let shares: Vec<f64> = (0..=opportunities).map(|x| ROUNDED.share_with(x, opportunities)).collect();
        close(shares.iter().sum(), 1.0, 1e-12);
        let mean: f64 = (0..).zip(&shares).map(|(x, share)| f64::from(x) * share).sum();
        close(ROUNDED.expected_purchases(opportunities), mean, 1e-12);
    }
    assert_eq!(ROUNDED.share_with(7, 6), 0.0);
}

#[test]
fn derivatives_agree_with_differences() {
    let rows = donations();
    let rows: Vec<&CountedHistory> = rows.iter().collect();
    let theta = [1.3, 0.7, 0.5, 2.0];
    let at = log_likelihood(&theta, &rows, 6);
    for i in 0..4 {
        let step = 1e-5;
        let (mut up, mut down) = (theta, theta);
        (up[i], down[i]) = (theta[i] + step, theta[i] - step);
        let (up, down) = (log_likelihood(&up, &rows, 6), log_likelihood(&down, &rows, 6));
        close((up.value - down.value) / (2.0 * step), at.gradient[i], 1e-6);
        for j in 0..4 {
            close((up.gradient[j] - down.gradient[j]) / (2.0 * step), at.hessian[i][j], 1e-5);
        }
    }
}

#[test]
fn long_histories_are_finite() {
    for (x, last, n) in [(0, 0, 3_650), (1, 1, 3_650), (1_800, 3_600, 3_650), (3_650, 3_650, 3_650)] {
        let outlook = ROUNDED.outlook(history(x, last, n));
        let alive = outlook.probability_alive();
        assert!(alive > 0.0 && alive <= 1.0 + 1e-12, "{x} {last} {n}: {alive}");
        assert!(outlook.discounted_purchases(1e-4).unwrap() > 0.0);
        assert!(ROUNDED.log_likelihood(history(x, last, n)) < 0.0);
    }
}

#[test]
fn rows_in_any_order_give_the_same_bits() {
    let mut reversed = donations();
    reversed.reverse();
    assert_eq!(fit(&donations()), fit(&reversed));
}

#[test]
fn histories_that_do_not_determine_the_model_say_so() {
    assert_eq!(fit(&[]), Err(Unfit::OneOpportunity));
    assert_eq!(fit(&counted(&[(0, 0, 1, 7), (1, 1, 1, 3)])), Err(Unfit::OneOpportunity));
    assert_eq!(fit(&counted(&[(0, 0, 6, 9)])), Err(Unfit::NobodyBought));
    assert_eq!(fit(&counted(&[(6, 6, 6, 9), (5, 5, 5, 1)])), Err(Unfit::EverybodyAlways));
}

#[test]
fn where_nobody_dies_a_parameter_is_at_its_limit() {
    // Last purchases are late whatever their number.
    let fit =
        fit(&counted(&[(2, 6, 6, 30), (3, 6, 6, 60), (4, 6, 6, 60), (1, 6, 6, 9), (5, 6, 6, 20)])).unwrap();
    assert!(fit.is_at_limit(), "{fit:?}");
    assert!(fit.limits[2] == Some(Limit::Zero) || fit.limits[3] == Some(Limit::Infinity), "{fit:?}");
    let outlook = BetaGeometricBetaBernoulli::from(fit.parameters).outlook(history(2, 3, 6));
    assert!(outlook.probability_alive() > 0.999 && outlook.expected_purchases(3) > 0.0);
    assert!(fit.log_covariance.iter().flatten().all(|entry| entry.is_finite()));
}
