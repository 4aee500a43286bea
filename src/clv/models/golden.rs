//! The literature's numbers: parameters and log-likelihoods of the CDNOW sample, predictions at printed parameters.

use super::fit::fit_ticks;
use super::*;
use crate::pipeline::PurchaseModel;

/// Printed parameters: Fader, Hardie and Lee (2005) for BG/NBD and Pareto/NBD, lifetimes for MBG/NBD.
const BG: (PurchaseModel, [f64; 4]) = (PurchaseModel::BgNbd, [0.243, 4.414, 0.793, 2.426]);
const MBG: (PurchaseModel, [f64; 4]) = (PurchaseModel::MbgNbd, [0.525, 6.183, 0.891, 1.614]);
const PARETO: (PurchaseModel, [f64; 4]) = (PurchaseModel::ParetoNbd, [0.553, 10.578, 0.606, 11.669]);

fn read(csv: &str) -> Counts {
    let row = |line: &str| {
        let fields: Vec<u32> = line.split(',').map(|field| field.parse().unwrap()).collect();
        CountRow {
            purchases: fields[0],
            last_purchase_days: fields[1],
            age_days: fields[2],
            customers: fields[3].into(),
        }
    };
    Counts::of_rows(csv.lines().skip(1).map(row))
}

fn cdnow_39_weeks() -> Counts {
    read(include_str!("testdata/cdnow_39_weeks.csv"))
}

fn predictor((model, parameters): (PurchaseModel, [f64; 4])) -> Predictor {
    Predictor::with_parameters(model, parameters)
}

fn history(x: u32, last: f64, age: f64) -> History {
    History { purchases: x, last_purchase_weeks: last, age_weeks: age }
}

fn weeks(weeks: f64) -> Horizon {
    Horizon { weeks, discount_per_week: 0.0 }
}

/// 15 % a year of 52 weeks.
fn discounted(weeks: f64) -> Horizon {
    Horizon { weeks, discount_per_week: 1.15_f64.ln() / 52.0 }
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-11, "{found} for {expected}");
}

#[test]
fn cdnow_is_the_papers_data() {
    let counts = cdnow_39_weeks();
    assert_eq!((counts.customers(), counts.purchases(), counts.rows().len()), (2357, 2457, 1016));
    assert_eq!(counts.customers() - counts.repeaters(), 1411);
    assert_eq!(counts.rows().last().map(|row| row.purchases), Some(29));
}

#[test]
fn cdnow_fits_agree_with_the_papers() {
    let (exact, long) = (cdnow_39_weeks(), read(include_str!("testdata/cdnow_78_weeks.csv")));
    check_fit(&exact, PurchaseModel::BgNbd, [0.24259452, 4.4136020, 0.79292202, 2.4259068], -9582.429207);
    check_fit(&exact, PurchaseModel::MbgNbd, [0.52484316, 6.1830853, 0.89135939, 1.6140022], -9582.135716);
    check_fit(&exact, PurchaseModel::ParetoNbd, [0.55327705, 10.577683, 0.60623999, 11.668735], -9594.976179);
    check_fit(&long, PurchaseModel::ParetoNbd, [0.5630037, 12.55917, 0.4081073, 10.51454], -17135.8359);
    check_fit(&long, PurchaseModel::BgNbd, [0.2535612, 5.447258, 0.6073654, 2.647234], -17138.2340);
    check_fit(&long, PurchaseModel::MbgNbd, [0.6178433, 8.65696, 0.5515249, 1.009059], -17127.3733);
}

fn check_fit(counts: &Counts, model: PurchaseModel, parameters: [f64; 4], log_likelihood: f64) {
    let fit = fit(model, counts);
    // Goldens are given to the digits shown.
    let digits = if log_likelihood < -10_000.0 { 6e-5 } else { 1e-6 };
    assert!((fit.log_likelihood - log_likelihood).abs() < digits, "{fit:?}");
    assert!(fit.converged && fit.gradient_norm() < 1e-8 && fit.reason.is_none(), "{fit:?}");
    for (found, expected) in fit.parameters.iter().zip(parameters) {
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} for {expected}");
    }
}

#[test]
fn cdnow_standard_errors_come_from_the_observed_hessian() {
    let counts = cdnow_39_weeks();
    for (model, errors) in [
        (PurchaseModel::BgNbd, [0.01256, 0.3782, 0.1857, 0.7054]),
        (PurchaseModel::MbgNbd, [0.0833, 0.6956, 0.1548, 0.5375]),
        (PurchaseModel::ParetoNbd, [0.04763, 0.8427, 0.1873, 6.211]),
    ] {
        let found = fit(model, &counts).standard_errors.unwrap();
        let is_close = |(found, expected): (&f64, f64)| (found / expected - 1.0).abs() < 1e-3;
        assert!(found.iter().zip(errors).all(is_close), "{model:?}: {found:?}");
    }
}

#[test]
fn cdnow_with_rounded_times_gives_the_packages_likelihoods() {
    let rounded = read(include_str!("testdata/cdnow_39_weeks_hundredths.csv"));
    for (model, log_likelihood) in [
        (PurchaseModel::BgNbd, -9582.425561),
        (PurchaseModel::ParetoNbd, -9594.973930),
        (PurchaseModel::MbgNbd, -9582.132685),
    ] {
        let fit = fit_ticks(model, &rounded, &Rhythm::RANDOM, 0.01);
        assert!((fit.log_likelihood - log_likelihood).abs() < 1e-6, "{fit:?}");
    }
}

#[test]
fn bg_nbd_predictions_per_customer() {
    for (x, last, age, alive, ahead, residual) in [
        (0, 0.0, 27.0, 1.0, 0.259395381492, 1.25131268226),
        (0, 0.0, 38.86, 1.0, 0.195098052011, 1.01874619465),
        (1, 1.71, 38.86, 0.212100985377, 0.203186987080, 0.917458753855),
        (2, 30.43, 38.86, 0.726578570081, 1.22602817477, 5.16955392844),
        (10, 35.0, 39.0, 0.842603188642, 6.11605556936, 22.8753855989),
        (26, 30.86, 31.0, 0.968915649718, 20.7497261409, 71.0647422325),
        (29, 37.5, 38.86, 0.937815028359, 19.0978210571, 69.1248326925),
        (132, 200.0, 200.0, 0.994091745580, 23.3977792769, 131.529745865),
    ] {
        let (predictor, history) = (predictor(BG), history(x, last, age));
        close(predictor.alive(&history).value, alive);
        close(predictor.purchases(&history, &weeks(39.0)).value, ahead);
        close(predictor.purchases(&history, &discounted(f64::INFINITY)).value, residual);
    }
}

#[test]
fn mbg_nbd_predictions_per_customer() {
    for (x, last, age, alive, ahead) in [
        (0, 0.0, 27.0, 0.428494431482, 0.220714543641),
        (0, 0.0, 38.86, 0.389735080919, 0.154012746675),
        (1, 1.71, 38.86, 0.170836484310, 0.188836541364),
        (2, 30.43, 38.86, 0.706202265118, 1.26296062327),
        (10, 35.0, 39.0, 0.830897788315, 5.83380452911),
        (26, 30.86, 31.0, 0.965566144144, 19.4507226522),
        (29, 37.5, 38.86, 0.932872437208, 18.0329717986),
        (132, 200.0, 200.0, 0.993375710940, 23.0479957106),
    ] {
        close(predictor(MBG).alive(&history(x, last, age)).value, alive);
        close(predictor(MBG).purchases(&history(x, last, age), &weeks(39.0)).value, ahead);
    }
}

#[test]
fn pareto_nbd_predictions_per_customer() {
    for (x, last, age, alive, ahead, residual) in [
        (0, 0.0, 27.0, 0.383930784350, 0.175361492990, 0.734802620455),
        (0, 0.0, 38.86, 0.295286604617, 0.107081468215, 0.478457669515),
        (1, 1.71, 38.86, 0.168002326724, 0.171092980554, 0.764471669192),
        (2, 30.43, 38.86, 0.869167559153, 1.45512319326, 6.50173053756),
        (10, 35.0, 39.0, 0.923723548167, 6.37697437250, 28.5125843434),
        (26, 30.86, 31.0, 0.997918731055, 20.1170260774, 86.2898887886),
        (29, 37.5, 38.86, 0.974732008581, 18.8900123333, 84.4036921487),
        (132, 200.0, 200.0, 1.0, 23.2997245156, 146.860452731),
    ] {
        let (predictor, history) = (predictor(PARETO), history(x, last, age));
        close(predictor.alive(&history).value, alive);
        close(predictor.purchases(&history, &weeks(39.0)).value, ahead);
        close(predictor.purchases(&history, &discounted(f64::INFINITY)).value, residual);
    }
}

#[test]
fn log_likelihoods_of_single_histories() {
    for (x, last, age, bg, pareto) in [
        (2, 30.43, 38.86, -9.45860630707, -9.55428324515),
        (0, 0.0, 38.86, -0.554713276438, -0.521046294081),
        (26, 30.86, 31.0, -37.7265794734, -39.1316715403),
    ] {
        close(predictor(BG).log_likelihood(&history(x, last, age)), bg);
        close(predictor(PARETO).log_likelihood(&history(x, last, age)), pareto);
    }
}

#[test]
fn stress_rows_are_finite_and_exact() {
    for (parameters, x, last, age, t, alive, ahead) in [
        (BG, 300, 150.0, 400.0, 39.0, 1.08754471553e-123, 3.03570010431e-122),
        (BG, 5000, 3640.0, 3650.0, 365.0, 0.00701897887990, 3.37439722807),
        (PARETO, 300, 150.0, 400.0, 39.0, 8.22067416333e-121, 2.28276613656e-119),
        (PARETO, 5000, 3640.0, 3650.0, 365.0, 0.00935629103671, 4.53130289184),
    ] {
        let (predictor, history) = (predictor(parameters), history(x, last, age));
        let found = predictor.alive(&history).value;
        assert!((found / alive - 1.0).abs() < 1e-10, "{found} for {alive}");
        let found = predictor.purchases(&history, &weeks(t)).value;
        assert!((found / ahead - 1.0).abs() < 1e-10, "{found} for {ahead}");
    }
}

#[test]
fn expected_purchases_of_a_new_customer() {
    for (t, bg, mbg, pareto) in [
        (1.0, 0.0532678911717, 0.0530847952637, 0.0509798432460),
        (32.0, 1.04524332837, 1.03718283243, 1.05589613041),
        (52.0, 1.44605059540, 1.41972375771, 1.47299680338),
        (78.0, 1.86051905794, 1.80475757755, 1.90939812931),
    ] {
        for (parameters, expected) in [(BG, bg), (MBG, mbg), (PARETO, pareto)] {
            close(predictor(parameters).purchases(&History::NEW, &weeks(t)).value, expected);
        }
    }
}

#[test]
fn hardies_sheet_of_expected_purchases() {
    let fitted = Predictor::new(&fit(PurchaseModel::BgNbd, &cdnow_39_weeks())).unwrap();
    for (t, expected) in
        [(1.0 / 7.0, 0.0078), (1.0, 0.0532), (3.0, 0.1506), (223.0 / 7.0, 1.0405), (32.0, 1.0437)]
    {
        let found = fitted.purchases(&History::NEW, &weeks(t)).value;
        assert!((found - expected).abs() < 6e-5, "{found} for {expected}");
    }
    // The sheet has 1.8576: its hypergeometric series, cut after 150 terms, has not converged at 78 weeks.
    let found = fitted.purchases(&History::NEW, &weeks(78.0)).value;
    assert!((found - 1.85796).abs() < 5e-6, "{found}");
}

#[test]
fn bg_nbd_distribution_of_purchases() {
    let expected = [
        0.573786352096,
        0.199395280836,
        0.0854297595391,
        0.0458603538480,
        0.0276714493358,
        0.0179654938666,
        0.0122689767156,
    ];
    let found = predictor(BG).purchase_distribution(39.0, 7).unwrap();
    found.into_iter().zip(expected).for_each(|(found, expected)| close(found, expected));
    let many = predictor(BG).purchase_distribution(39.0, 2000).unwrap();
    let mean: f64 = many.iter().enumerate().map(|(n, probability)| n as f64 * probability).sum();
    assert!((many.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    close(mean, predictor(BG).purchases(&History::NEW, &weeks(39.0)).value);
}

/// The parameters that BTYDplus tests its own by: probabilities add up, and their mean is what is expected.
#[test]
fn distributions_of_regular_purchases_have_the_expected_mean() {
    for (model, k) in
        [(PurchaseModel::MbgNbd, 1), (PurchaseModel::MbgCnbdK, 3), (PurchaseModel::MbgCnbdK, 12)]
    {
        let predictor = Predictor::with_rhythm(model, [0.85, 1.45, 0.79, 2.42], k);
        for t in [0.0, 2.0, 28.0] {
            let many = predictor.purchase_distribution(t, 600).unwrap();
            let mean: f64 = many.iter().enumerate().map(|(n, probability)| n as f64 * probability).sum();
            assert!((many.iter().sum::<f64>() - 1.0).abs() < 1e-11, "{k} {t}: {}", many.iter().sum::<f64>());
            let expected = predictor.purchases(&History::NEW, &weeks(t)).value;
            assert!((mean - expected).abs() < 1e-10, "{k} {t}: {mean} for {expected}");
        }
    }
}

#[test]
fn bg_nbd_probability_of_silence() {
    for (x, last, age, expected) in [
        (2, 30.43, 38.86, 0.676509061469),
        (7, 29.43, 38.86, 0.453981429530),
        (0, 0.0, 38.86, 0.938163168359),
    ] {
        close(predictor(BG).silent(&history(x, last, age), 13.0).value, expected);
    }
}

#[test]
fn btyd_manual_example_of_residual_transactions() {
    let manual = predictor((PurchaseModel::ParetoNbd, [0.5629966, 12.5590370, 0.4081095, 10.5148048]));
    let forever = Horizon { weeks: f64::INFINITY, discount_per_week: 0.0027 };
    close(manual.purchases(&history(7, 35.0, 77.86), &forever).value, 1.86418332807);
    // More purchases with the last one equally long ago: past three, frequency speaks for a lapse.
    let paradox = [
        2.19915544970,
        2.84353440607,
        2.86712839121,
        2.44541007861,
        1.84050192448,
        1.26241647174,
        0.809618119454,
        0.494803619375,
        0.292024701570,
        0.167927508566,
    ];
    for (x, expected) in (1..).zip(paradox) {
        close(manual.purchases(&history(x, 30.0, 77.86), &forever).value, expected);
    }
}

#[test]
fn finite_horizons_discounted_and_not() {
    let customer = history(2, 30.43, 38.86);
    for (t, bg, pareto, bg_plain, pareto_plain) in [
        (52.0, 1.46191919902, 1.73587389116, 1.55872080643, 1.85082672070),
        (156.0, 2.99029240035, 3.58749069942, 3.55195890307, 4.26787334441),
    ] {
        close(predictor(BG).purchases(&customer, &discounted(t)).value, bg);
        close(predictor(PARETO).purchases(&customer, &discounted(t)).value, pareto);
        close(predictor(BG).purchases(&customer, &weeks(t)).value, bg_plain);
        close(predictor(PARETO).purchases(&customer, &weeks(t)).value, pareto_plain);
    }
}

#[test]
fn cdnow_totals() {
    for (model, alive, ahead) in [
        (PurchaseModel::BgNbd, 1917.2777, 1653.4087),
        (PurchaseModel::MbgNbd, 1057.6364, 1576.7283),
        (PurchaseModel::ParetoNbd, 1051.8752, 1665.5131),
    ] {
        let counts = cdnow_39_weeks();
        let predictor = Predictor::new(&fit(model, &counts)).unwrap();
        let found = totals(&counts, |row| {
            let history = History::of_days(row.purchases, row.last_purchase_days, row.age_days);
            [predictor.alive(&history).value, predictor.purchases(&history, &weeks(39.0)).value]
        });
        assert!((found[0] - alive).abs() < 1e-4 && (found[1] - ahead).abs() < 1e-4, "{model:?}: {found:?}");
    }
}

#[test]
fn cdnow_totals_at_printed_parameters() {
    let rounded = read(include_str!("testdata/cdnow_39_weeks_hundredths.csv"));
    let total = |parameters| {
        totals(&rounded, |row| {
            let [last, age] = [row.last_purchase_days, row.age_days].map(|ticks| f64::from(ticks) / 100.0);
            let (predictor, history) = (predictor(parameters), history(row.purchases, last, age));
            let ahead = |horizon| predictor.purchases(&history, &horizon).value;
            [predictor.alive(&history).value, ahead(weeks(39.0)), ahead(discounted(f64::INFINITY))]
        })
    };
    let [alive, ahead, residual] = total(PARETO);
    close(alive, 1052.23769392);
    close(ahead, 1665.69788981);
    close(residual, 7208.23395731);
    let [alive, ahead, _] = total(BG);
    close(alive, 1917.21726515);
    close(ahead, 1653.94842764);
}

fn totals<const N: usize>(counts: &Counts, of: impl Fn(&CountRow) -> [f64; N]) -> [f64; N] {
    counts.rows().iter().fold([0.0; N], |totals, row| {
        let values = of(row);
        std::array::from_fn(|index| totals[index] + values[index] * row.customers as f64)
    })
}

#[test]
fn pareto_nbd_tracks_cdnow_by_week() {
    let counts = cdnow_39_weeks();
    let predictor = Predictor::new(&fit(PurchaseModel::ParetoNbd, &counts)).unwrap();
    // The oldest customers bought first on day 0 and are 272 days old.
    let first_days: Vec<_> = counts.rows().iter().map(|row| (272 - row.age_days, row.customers)).collect();
    let tracked = predictor.tracking(&first_days, 25 * 7 + 1, |from, to| to - from);
    for (week, expected) in (20..).zip([1309.0, 1385.0, 1460.0, 1533.0, 1604.0, 1674.0]) {
        let found = tracked[week * 7];
        assert!((found - expected).abs() < 0.6, "week {week}: {found} for {expected}");
    }
}
