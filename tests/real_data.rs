//! Real histories, which lie outside the repository: `ABACUS_DATA` names the folder that holds them. Their control
//! totals are the `[[expect]]` entries of the pipeline files, so that a run that publishes has met them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use abacus::units::Day;
use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use support::{Outcome, Published, those, write};
use tempfile::TempDir;

/// The folder of the histories, if it was named.
fn data() -> Option<PathBuf> {
    let data = std::env::var_os("ABACUS_DATA").map(PathBuf::from);
    if data.is_none() {
        let lacking = "ABACUS_DATA names no folder with online_retail.parquet and cdnow_sample.parquet";
        // Written past the test harness, which hides what passing tests print.
        writeln!(std::io::stderr(), "skipped: {lacking}").expect("stderr is open");
    }
    data
}

/// Runs a pipeline of the repository beside a link to the data, twice: from nothing and from what it kept.
fn publish(name: &str, data: &Path) -> (TempDir, Published) {
    publish_edited(name, data, str::to_owned)
}

/// The same with another text of the pipeline.
fn publish_edited(name: &str, data: &Path, edit: impl Fn(&str) -> String) -> (TempDir, Published) {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join(format!("pipelines/{name}.toml"));
    fs::create_dir(folder.path().join("pipelines")).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/{name}.toml"));
    fs::write(&pipeline, edit(&fs::read_to_string(shipped).unwrap())).unwrap();
    std::os::unix::fs::symlink(fs::canonicalize(data).unwrap(), folder.path().join("data")).unwrap();
    let out = folder.path().join(format!("out/{name}"));
    let run = || {
        let outcome = Outcome::of(Command::new(env!("CARGO_BIN_EXE_abacus")).arg("run").arg(&pipeline));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        Published::read(&out).unwrap()
    };
    let (first, second) = (run(), run());
    assert_eq!((first.digests(), first.counts()), (second.digests(), second.counts()));
    (folder, first)
}

/// What each expectation found, all of them met.
fn found(published: &Published) -> Vec<&str> {
    let checks = published.release["run"]["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["met"] == true), "{checks:?}");
    checks.iter().map(|check| check["found"].as_str().unwrap()).collect()
}

#[test]
fn online_retail_meets_its_control_totals() {
    let Some(data) = data() else { return };
    let (_folder, published) = publish("online_retail", &data);
    // 2,517 rows at price 0 or below are excluded by a declared rule; those without customer are used.
    assert_eq!(published.counts(), [541_909, 539_392, 0, 2_517, 0]);
    assert_eq!(found(&published)[..4], ["4338", "18532", "397884", "8911407.904"]);
    let customers = published.rows("customer");
    let unidentified: Vec<_> = customers.iter().filter(|row| row["customer_id"] == "null").collect();
    assert_eq!(unidentified.len(), 1, "rows without customer are one cost object");
    assert_eq!(unidentified[0]["rank_profit"], "null");
}

#[test]
fn cdnow_meets_its_control_totals() {
    let Some(data) = data() else { return };
    let (_folder, published) = publish("cdnow", &data);
    assert_eq!(published.counts(), [6_919, 6_919, 0, 0, 0]);
    assert_eq!(found(&published), ["2357", "6696", "244091.94"]);
}

/// A model, its parameters with standard errors, its log-likelihood.
type Golden = (&'static str, [(&'static str, f64, f64); 4], f64);

/// Published parameters with their standard errors, and log-likelihoods of the first 39 weeks, from exact weeks.
#[rustfmt::skip]
const CALIBRATED: [Golden; 3] = [
    ("bg_nbd", [("r", 0.242_594_52, 0.012_56), ("alpha", 4.413_602, 0.378_2), ("a", 0.792_922_02, 0.185_7), ("b", 2.425_906_8, 0.705_4)], -9_582.429_207),
    ("pareto_nbd", [("r", 0.553_277_05, 0.047_63), ("alpha", 10.577_683, 0.842_7), ("s", 0.606_239_99, 0.187_3), ("beta", 11.668_735, 6.211)], -9_594.976_179),
    ("mbg_nbd", [("r", 0.524_843_16, 0.083_3), ("alpha", 6.183_085_3, 0.695_6), ("a", 0.891_359_39, 0.154_8), ("b", 1.614_002_2, 0.537_5)], -9_582.135_716),
];

/// What they foretell of the 39 weeks after them: expected purchases, mean absolute and root mean squared error,
/// correlation with the 1,882 that came.
const FORETOLD: [(&str, [f64; 4]); 3] = [
    ("bg_nbd", [1_653.408_7, 0.785_454, 1.607_982, 0.625_65]),
    ("mbg_nbd", [1_576.728_3, 0.764_779, 1.607_183, 0.627_25]),
    ("pareto_nbd", [1_665.513_1, 0.754_523, 1.602_848, 0.630_22]),
];

type Row = BTreeMap<String, String>;

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} in {row:?}"))
}

#[test]
fn golden_3_1_cdnow_parameters_from_the_raw_log() {
    let Some(data) = data() else { return };
    let (_folder, published) = publish("cdnow", &data);
    let rows = published.rows("value_model");
    for (model, parameters, log_likelihood) in CALIBRATED {
        for (parameter, estimate, error) in parameters {
            let found =
                those(&rows, &[("model", model), ("sample", "calibration"), ("parameter", parameter)]);
            assert_eq!(found.len(), 1, "{model} {parameter}");
            let off = (number(found[0], "estimate") - estimate).abs();
            assert!(off < 0.001 * error, "{model} {parameter}: {off} off");
            assert!((number(found[0], "standard_error") / error - 1.0).abs() < 0.01, "{model} {parameter}");
            assert!((number(found[0], "log_likelihood") - log_likelihood).abs() < 1e-5, "{model}");
            assert_eq!(
                (found[0]["seen_until"].as_str(), found[0]["converged"].as_str()),
                ("1997-10-01", "yes")
            );
        }
    }
    let spend = |parameter| {
        those(&rows, &[("model", "gamma_gamma"), ("sample", "calibration"), ("parameter", parameter)])[0]
    };
    for (parameter, estimate, error) in
        [("p", 6.249_572_3, 1.190), ("q", 3.744_224_7, 0.290_1), ("v", 15.443_521, 4.160)]
    {
        assert!((number(spend(parameter), "estimate") - estimate).abs() < 0.001 * error, "{parameter}");
        assert!((number(spend(parameter), "standard_error") / error - 1.0).abs() < 0.01, "{parameter}");
    }
    assert!((number(spend("p"), "log_likelihood") - -4_055.917_695).abs() < 1e-5);
    assert_eq!(spend("p")["customers"], "946");
    // Fader, Hardie and Lee (2005): 0.11 of the average transaction value and the number of transactions; the digits are
    // those of DuckDB's corr().
    let of = [("model", "spend_and_frequency"), ("sample", "calibration"), ("parameter", "correlation")];
    let correlation = those(&rows, &of)[0];
    assert!((number(correlation, "estimate") - 0.113_887_919_4).abs() < 1e-9, "{correlation:?}");
    assert!(correlation["reason"].starts_with("beyond chance"), "{correlation:?}");
}

#[test]
fn golden_3_7_cdnow_holdout() {
    let Some(data) = data() else { return };
    let (_folder, published) = publish("cdnow", &data);
    let [totals, bins, weeks] =
        ["value_backtest", "value_backtest_bin", "value_backtest_week"].map(|table| published.rows(table));
    for (model, [expected, absolute, squared, correlation]) in FORETOLD {
        let of = [("target", "purchases"), ("forecaster", model), ("segment_by", "all")];
        let total = those(&totals, &of)[0];
        assert_eq!((total["customers"].as_str(), number(total, "actual")), ("2357", 1_882.0));
        for (column, value, error) in [
            ("expected", expected, 1e-4),
            ("mae", absolute, 1e-6),
            ("rmse", squared, 1e-6),
            ("correlation", correlation, 1e-5),
        ] {
            assert!((number(total, column) - value).abs() < error, "{model} {column}: {}", total[column]);
        }
    }
    let of = [("target", "purchases"), ("forecaster", "pareto_nbd"), ("bin_by", "frequency")];
    let frequency: Vec<(f64, f64)> = those(&bins, &of)
        .iter()
        .map(|row| {
            (
                number(row, "expected") / number(row, "customers"),
                number(row, "actual") / number(row, "customers"),
            )
        })
        .collect();
    let published_means = [
        (0.138, 0.237),
        (0.599, 0.697),
        (1.196, 1.393),
        (1.714, 1.560),
        (2.398, 2.532),
        (2.907, 2.947),
        (3.819, 3.862),
        (6.403, 6.359),
    ];
    for (found, golden) in frequency.iter().zip(published_means) {
        assert!(
            (found.0 - golden.0).abs() < 6e-4 && (found.1 - golden.1).abs() < 6e-4,
            "{found:?} {golden:?}"
        );
    }
    // Weeks 20 to 25 of the walkthrough of package BTYD.
    let weeks: Vec<(f64, f64)> = those(&weeks, &[("forecaster", "pareto_nbd")])[19..25]
        .iter()
        .map(|row| (number(row, "expected").round(), number(row, "actual")))
        .collect();
    let walkthrough = [1_309.0, 1_385.0, 1_460.0, 1_533.0, 1_604.0, 1_674.0].into_iter();
    let came = [1_359.0, 1_414.0, 1_484.0, 1_517.0, 1_573.0, 1_672.0];
    assert_eq!(weeks, walkthrough.zip(came).collect::<Vec<_>>());
    let chosen = &published.release["run"]["clv"]["segments"][0];
    assert_eq!((&chosen["chosen"], &chosen["why"]), (&"pareto_nbd".into(), &"holdout".into()));
}

/// A history, the sample of it, MBG/CNBD-k's k and parameters with the log-likelihood.
type Regular = (&'static str, &'static str, f64, [(&'static str, f64); 4], f64);

/// By `benches/clv/regular_fit.py`, which fits row by row of customers by scipy 1.17; CDNOW's k = 1 is MBG/NBD.
#[rustfmt::skip]
const REGULAR: [Regular; 2] = [
    ("cdnow", "calibration", 1.0, [("r", 0.524_843_16), ("alpha", 6.183_085_3), ("a", 0.891_359_39), ("b", 1.614_002_2)], -9_582.135_716),
    ("online_retail", "whole", 2.0, [("r", 0.909_750_9), ("alpha", 4.489_517), ("a", 0.088_187_76), ("b", 2.103_81)], -36_891.847_547),
];

#[test]
fn regular_buyers_agree_with_scipy() {
    let Some(data) = data() else { return };
    for (name, sample, k, parameters, log_likelihood) in REGULAR {
        let edit = |text: &str| match name {
            "cdnow" => text.replace("\"mbg_nbd\", ", "\"mbg_nbd\", \"mbg_cnbd_k\", "),
            _ => format!("{text}\n[clv]\nmodels = [\"mbg_nbd\", \"mbg_cnbd_k\"]\nmargin = \"revenue\"\n"),
        };
        let (_folder, published) = publish_edited(name, &data, edit);
        let rows = published.rows("value_model");
        let of = |parameter: &str| {
            let found =
                those(&rows, &[("model", "mbg_cnbd_k"), ("sample", sample), ("parameter", parameter)]);
            assert_eq!(found.len(), 1, "{name} {parameter}");
            found[0].clone()
        };
        assert_eq!(number(&of("k"), "estimate"), k, "{name}");
        assert_eq!(of("k")["standard_error"], "null");
        for (parameter, estimate) in parameters {
            let found = number(&of(parameter), "estimate");
            assert!((found / estimate - 1.0).abs() < 2e-5, "{name} {parameter}: {found}");
        }
        assert!((number(&of("r"), "log_likelihood") - log_likelihood).abs() < 1e-5, "{name}");
        // The random rhythm is MBG/NBD, to the last digit of every error in the holdout.
        let backtest = published.rows("value_backtest");
        let total = |model: &str| {
            let rows = those(&backtest, &[("target", "purchases"), ("forecaster", model)]);
            (rows[0]["expected"].clone(), rows[0]["rmse"].clone())
        };
        assert_eq!(total("mbg_nbd") == total("mbg_cnbd_k"), k == 1.0, "{name}");
    }
}

/// A model with the log-likelihood of the first 39 weeks, its parameters, and coefficients with their standard errors.
type Covaried = (&'static str, f64, [(&'static str, f64); 4], &'static [(&'static str, f64, f64)]);

/// By `benches/clv/covariate_fit.py`, which fits row by row of customers by scipy 1.17.
#[rustfmt::skip]
const COVARIED: [Covaried; 3] = [
    ("bg_nbd", -9_560.465_530, [("r", 0.254_284), ("alpha", 6.369_599), ("a", 0.562_456), ("b", 1.649_706)], &[
        ("two.purchase", 0.265_219, 0.132_21), ("two.dropout_a", 0.411_230, 0.622_43), ("two.dropout_b", 0.372_494, 0.762_04),
        ("three or more.purchase", 0.780_767, 0.125_48), ("three or more.dropout_a", 0.653_985, 0.564_20), ("three or more.dropout_b", 0.850_391, 0.696_74),
    ]),
    ("mbg_nbd", -9_556.414_689, [("r", 0.566_066), ("alpha", 7.599_365), ("a", 0.731_391), ("b", 0.952_485)], &[
        ("two.purchase", 0.048_860, 0.157_24), ("two.dropout_a", 0.358_624, 0.377_07), ("two.dropout_b", 0.729_381, 0.469_60),
        ("three or more.purchase", 0.422_444, 0.139_64), ("three or more.dropout_a", 0.455_471, 0.370_55), ("three or more.dropout_b", 1.153_491, 0.470_59),
    ]),
    ("pareto_nbd", -9_572.584_334, [("r", 0.584_889), ("alpha", 13.456_084), ("s", 0.570_107), ("beta", 9.089_100)], &[
        ("two.purchase", 0.113_737, 0.113_02), ("two.dropout", -0.227_705, 0.278_23),
        ("three or more.purchase", 0.543_391, 0.104_87), ("three or more.dropout", -0.246_276, 0.253_00),
    ]),
];

#[test]
fn covariates_agree_with_scipy() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let customers = folder.path().join("customers.parquet");
    write(&customers, first_purchases(&data.join("cdnow_sample.parquet")));
    let source = format!(
        "[facts.customers]\nfiles = {customers:?}\ncustomer = \"customer_id\"\nattributes = {{ cds = \"cds\" }}\n\n[clv]\n\
         covariates = [\"cds\"]"
    );
    let (_folder, published) = publish_edited("cdnow", &data, |text| text.replace("[clv]", &source));
    let rows = published.rows("value_model");
    for (model, log_likelihood, parameters, coefficients) in COVARIED {
        let of = |parameter: &str| {
            let of = [
                ("model", model),
                ("covariates", "cds"),
                ("sample", "calibration"),
                ("parameter", parameter),
            ];
            let found = those(&rows, &of);
            assert_eq!(found.len(), 1, "{model} {parameter}");
            found[0].clone()
        };
        for (parameter, estimate) in parameters {
            let row = of(parameter);
            let off = (number(&row, "estimate") - estimate).abs();
            assert!(off < 1e-4 * number(&row, "standard_error"), "{model} {parameter}: {off} off");
            assert!((number(&row, "log_likelihood") - log_likelihood).abs() < 1e-5, "{model}");
        }
        for (coefficient, estimate, error) in coefficients {
            let row = of(&format!("gamma.cds.{coefficient}"));
            let off = (number(&row, "estimate") - estimate).abs();
            assert!(off < 1e-4 * error, "{model} {coefficient}: {off} off");
            assert!((number(&row, "standard_error") / error - 1.0).abs() < 1e-3, "{model} {coefficient}");
        }
    }
}

/// Customers with how many CDs they bought on their first day: one, two, or three and more.
fn first_purchases(log: &Path) -> Vec<(&'static str, ArrayRef)> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(log).unwrap()).unwrap().build().unwrap();
    let mut firsts: BTreeMap<i64, (i32, i64)> = BTreeMap::new();
    for batch in reader.map(Result::unwrap) {
        let column = |name: &str, kind| cast(batch.column_by_name(name).unwrap(), &kind).unwrap();
        let (ids, days) = (column("customer_id", DataType::Int64), column("date", DataType::Date32));
        let cds = column("cds", DataType::Int64);
        let (ids, days) = (ids.as_primitive::<Int64Type>(), days.as_primitive::<Date32Type>());
        for ((id, day), cds) in
            ids.values().iter().zip(days.values()).zip(cds.as_primitive::<Int64Type>().values())
        {
            let first = firsts.entry(*id).or_insert((*day, 0));
            match first.0.cmp(day) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => first.1 += cds,
                std::cmp::Ordering::Greater => *first = (*day, *cds),
            }
        }
    }
    let band = |cds: &i64| match cds {
        ..=1 => "one",
        2 => "two",
        _ => "three or more",
    };
    let bands: StringArray = firsts.values().map(|(_, cds)| Some(band(cds))).collect();
    let ids: Int64Array = firsts.keys().copied().map(Some).collect();
    vec![("customer_id", Arc::new(ids)), ("cds", Arc::new(bands))]
}

/// Easter and bank holidays of 2011, on which the wholesaler is closed, besides Saturdays and the days from 24 December to
/// 3 January.
const CLOSED: [&str; 7] =
    ["2011-04-22", "2011-04-24", "2011-04-25", "2011-04-29", "2011-05-02", "2011-05-30", "2011-08-29"];

/// A calendar of open days.
fn open_days() -> String {
    let days = |text: &str| text.parse::<Day>().unwrap().0;
    let row = |day: i32| {
        let (_, month, of_month) = Day(day).ymd();
        let is_christmas = (month == 12 && of_month >= 24) || (month == 1 && of_month <= 3);
        // 1970-01-03 was a Saturday.
        let is_closed = (day - 2).rem_euclid(7) == 0 || is_christmas || CLOSED.map(days).contains(&day);
        format!("{},{}\n", Day(day), u8::from(!is_closed))
    };
    (days("2010-12-01")..days("2012-01-01")).map(row).fold("day,open\n".to_owned(), |text, row| text + &row)
}

#[test]
fn a_calendar_of_open_days_foretells_online_retail_better() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let calendar = folder.path().join("calendar.csv");
    fs::write(&calendar, open_days()).unwrap();
    let clv = format!(
        "[clv]\nmodels = \"mbg_nbd\"\ncalibration = [\"2011-06-01\", \"2011-09-01\", \"2011-10-01\"]\n\n\
         [clv.contextual_factors]\nfiles = \"{}\"\ncolumns = \"open\"\n\n[publish]",
        calendar.display()
    );
    let (_folder, published) = publish_edited("online_retail", &data, |text| text.replace("[publish]", &clv));
    let backtest = published.rows("value_backtest");
    for (date, without, with) in
        [("2011-06-01", 2.645, 2.542), ("2011-09-01", 1.626, 1.575), ("2011-10-01", 1.287, 1.259)]
    {
        let error = |factors: &str| {
            let of = [("target", "purchases"), ("forecaster", "mbg_nbd"), ("calibration_date", date)];
            let rows = those(&backtest, &[&of[..], &[("factors", factors)]].concat());
            number(rows[0], "rmse")
        };
        let found = (error("none"), error("open"));
        assert!((found.0 - without).abs() < 1e-3 && (found.1 - with).abs() < 1e-3, "{date}: {found:?}");
    }
    let factors = published.rows("contextual_factor");
    assert!(
        factors
            .iter()
            .all(|row| row["role"] == "chosen" && (number(row, "rate_ratio") - 1000.0).abs() < 1e-6),
        "{factors:?}"
    );
}
