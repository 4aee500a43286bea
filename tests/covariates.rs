//! Covariates through the program: values whose customers buy otherwise are told apart, models with and without are held
//! against the holdout, and attributes that say nothing change nothing.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use abacus::clv::models::simulate::Draws;
use arrow::array::{ArrayRef, Int64Array, StringArray};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::{Line, Outcome, Pipeline, Published, table, those, write};

type Row = BTreeMap<String, String>;

const CUSTOMERS: i64 = 900;

/// Customers of the north buy three times as often as those of the south, those without region as often as the south.
fn region(customer: i64) -> Option<&'static str> {
    [Some("south"), Some("north"), Some("south"), None][usize::try_from(customer % 4).unwrap()]
}

/// How they were won; says nothing.
fn channel(customer: i64) -> Option<&'static str> {
    [Some("web"), Some("shop"), Some("web")][usize::try_from(customer % 3).unwrap()]
        .filter(|_| customer % 7 > 0)
}

/// Purchases of 2024 as MBG/NBD has them.
fn buyers() -> Vec<Line> {
    let mut lines = vec![Line::new(1, 1, 0), Line::new(1, 2, 365)];
    for customer in 1..=CUSTOMERS {
        let mut draws = Draws::new(5, u64::try_from(customer).unwrap());
        let often = if region(customer) == Some("north") { 3.0 } else { 1.0 };
        let (rate, lapse) = (often * draws.gamma(1.5) / 60.0, draws.beta(0.8, 6.0));
        let (first, mut time, mut order) = (customer * 37 % 150, 0.0, 0);
        loop {
            let day = first + whole(time);
            if day > 365 {
                break;
            }
            lines.push(Line::new(customer, 1_000 * customer + order, day));
            if draws.uniform() < lapse {
                break;
            }
            time += 1.0 - draws.uniform().ln() / rate;
            order += 1;
        }
    }
    lines
}

#[allow(clippy::cast_possible_truncation, reason = "days of a year, or a little more")]
fn whole(days: f64) -> i64 {
    days.min(1e6).floor() as i64
}

const SOURCE: &str = "
[facts.customers]
files = \"../data/customers.parquet\"
customer = \"customer_id\"
channel = \"channel\"
attributes = { region = \"region\", planet = \"planet\", number = \"customer_id\" }
";

fn pipeline(clv: &str) -> Pipeline {
    let pipeline =
        Pipeline::new().and(&format!("\n[clv]\ncalibration = \"2024-09-01\"\n{clv}\n")).and(SOURCE);
    write(&pipeline.data("lines/all.parquet"), table(&buyers()));
    let ids = || 1..=CUSTOMERS;
    let columns: Vec<(&'static str, ArrayRef)> = vec![
        ("customer_id", Arc::new(ids().map(Some).collect::<Int64Array>())),
        ("region", Arc::new(ids().map(region).collect::<StringArray>())),
        ("channel", Arc::new(ids().map(channel).collect::<StringArray>())),
        ("planet", Arc::new(ids().map(|_| Some("earth")).collect::<StringArray>())),
    ];
    write(&pipeline.data("customers.parquet"), columns);
    pipeline
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} in {row:?}"))
}

fn sum<'r>(rows: impl IntoIterator<Item = &'r Row>, column: &str) -> f64 {
    rows.into_iter().map(|row| number(row, column)).sum()
}

fn chosen(published: &Published) -> (String, bool, bool) {
    let segment = &published.release["run"]["clv"]["segments"][0];
    let flag = |name: &str| segment[name].as_bool().unwrap();
    (segment["chosen"].as_str().unwrap().to_owned(), flag("has_covariates"), flag("kept"))
}

#[test]
fn customers_of_a_value_buy_at_their_own_rate() {
    let published = pipeline("covariates = [\"region\", \"channel\"]").publish(&[]);
    let models = published.rows("value_model");
    let of = |model: &str, parameter: &str| {
        let of = [
            ("model", model),
            ("covariates", "region, channel"),
            ("sample", "whole"),
            ("parameter", parameter),
        ];
        let found = those(&models, &of);
        assert_eq!(found.len(), 1, "{model} {parameter}");
        found[0].clone()
    };
    for model in ["mbg_nbd", "pareto_nbd"] {
        let north = of(model, "gamma.region.north.purchase");
        let (gamma, error) = (number(&north, "estimate"), number(&north, "standard_error"));
        assert!((gamma - 3.0_f64.ln()).abs() < 3.0 * error && error < 0.2, "{north:?}");
        assert_eq!(
            north["meaning"],
            "customers of region 'north' buy at exp(gamma) times the rate of customers of region 'south' otherwise alike"
        );
        for none in
            ["gamma.region.(none).purchase", "gamma.channel.shop.purchase", "gamma.channel.(none).purchase"]
        {
            let row = of(model, none);
            assert!(number(&row, "estimate").abs() < 3.5 * number(&row, "standard_error"), "{row:?}");
        }
    }
    let [a, lapse] =
        [("mbg_nbd", "gamma.region.north.dropout_a"), ("pareto_nbd", "gamma.region.north.dropout")];
    assert!(of(a.0, a.1)["estimate"] != "null" && of(lapse.0, lapse.1)["estimate"] != "null");
    // Held against the holdout with and without, in total, bin by bin and week by week.
    let backtest = published.rows("value_backtest");
    let total = |covariates: &str| {
        let of = [("target", "purchases"), ("forecaster", "mbg_nbd"), ("covariates", covariates)];
        let rows = those(&backtest, &of);
        assert_eq!(rows.len(), 1, "{covariates}");
        rows[0].clone()
    };
    let (without, with) = (total("none"), total("region, channel"));
    assert!(number(&with, "rmse") < number(&without, "rmse"), "{without:?} {with:?}");
    let bins = published.rows("value_backtest_bin");
    let weeks = published.rows("value_backtest_week");
    for (covariates, total) in [("none", &without), ("region, channel", &with)] {
        let of = [("forecaster", "mbg_nbd"), ("covariates", covariates)];
        for kind in ["decile", "frequency", "recency"] {
            let of = [&of[..], &[("target", "purchases"), ("bin_by", kind)]].concat();
            let parts = sum(those(&bins, &of), "expected");
            assert!((parts - number(total, "expected")).abs() < 1e-9, "{kind}: {parts} {total:?}");
        }
        assert!(those(&weeks, &of).len() >= 50);
    }
    let (_, has_covariates, _) = chosen(&published);
    assert!(has_covariates, "{:?}", published.release["run"]["clv"]);
}

#[test]
fn values_and_counts_add_up_with_covariates() {
    let published =
        pipeline("model = \"pareto_nbd\"\ncovariates = [\"region\"]\nhorizons = [\"90 days\"]").publish(&[]);
    assert_eq!(chosen(&published), ("pareto_nbd".to_owned(), true, false), "declared with them");
    let customers = published.rows("customer_value");
    let equity = &published.rows("customer_equity")[0];
    for column in ["residual_value", "value_within_90_days"] {
        assert!(
            (sum(&customers, column) - number(equity, column)).abs() < 1e-6 * number(equity, column).abs()
        );
    }
    let counts = published.rows("value_counts");
    assert_eq!(sum(&counts, "customers"), sum([equity], "customers"));
    let north = those(&counts, &[("covariate_values", "region = north")]);
    let is_north = |customer: &i64| region(*customer) == Some("north");
    assert_eq!(sum(north, "customers"), (1..=CUSTOMERS).filter(is_north).count() as f64);
    // The same history is worth more in the north.
    let expected = |row: &&Row| {
        let history =
            ["repeat_purchases", "relationship_days", "tenure_days"].map(|column| row[column].clone());
        (history, number(row, "customer_id"))
    };
    let by_history: BTreeMap<_, Vec<&Row>> = customers.iter().fold(BTreeMap::new(), |mut sum, row| {
        sum.entry(expected(&row).0).or_insert_with(Vec::new).push(row);
        sum
    });
    let mut pairs = 0;
    for rows in by_history.values() {
        let of = |is_asked: bool| {
            let is = |row: &&&Row| (row["customer_id"].parse::<i64>().unwrap() % 4 == 1) == is_asked;
            rows.iter().find(is).map(|row| number(row, "expected_purchases_90_days"))
        };
        let (Some(north), Some(other)) = (of(true), of(false)) else { continue };
        if rows[0]["repeat_purchases"] == "0" {
            continue;
        }
        pairs += 1;
        assert!(north != other, "{rows:?}");
    }
    assert!(pairs > 0, "some of both have the same history");
    for column in ["se_parameters", "residual_value_se"] {
        assert!(number(equity, column) > 0.0, "{equity:?}");
    }
}

#[test]
fn an_attribute_of_one_value_changes_nothing() {
    let of = |covariates: &str| pipeline(&format!("model = \"mbg_nbd\"\n{covariates}")).publish(&[]);
    let (plain, one) = (of(""), of("covariates = [\"planet\"]"));
    for table in ["customer_value", "customer_equity"] {
        assert_eq!(plain.rows(table), one.rows(table), "{table}");
    }
    let models = |published: &Published, covariates: &str| -> Vec<(String, String, String)> {
        let rows = published.rows("value_model");
        let rows = those(&rows, &[("model", "mbg_nbd"), ("covariates", covariates)]);
        let text =
            |row: &&Row| (row["parameter"].clone(), row["estimate"].clone(), row["standard_error"].clone());
        rows.iter().map(text).collect()
    };
    let fitted = models(&plain, "none");
    assert_eq!(
        (fitted.len(), &models(&one, "planet")),
        (8, &fitted),
        "four parameters, whole and calibration"
    );
}

#[test]
fn a_choice_among_covariates_is_kept_until_they_change() {
    let history = pipeline("models = [\"mbg_nbd\"]");
    assert_eq!(chosen(&history.publish(&[])), ("mbg_nbd".to_owned(), false, false));
    let history = history.with("models = ", "covariates = [\"region\"]\nmodels = ");
    assert_eq!(chosen(&history.publish(&[])), ("mbg_nbd".to_owned(), true, false), "there is another choice");
    assert_eq!(chosen(&history.publish(&["--republish"])), ("mbg_nbd".to_owned(), true, true));
    let other = history.with("[\"region\"]", "[\"channel\", \"region\"]");
    assert_eq!(chosen(&other.publish(&[])), ("mbg_nbd".to_owned(), true, false));
    assert!(!chosen(&other.with("covariates = [\"channel\", \"region\"]\n", "").publish(&[])).1);
}

#[test]
fn segments_and_seasons_go_together_with_covariates() {
    let published =
        pipeline("segment = \"channel\"\ncovariates = [\"region\"]\nseason = \"none\"\nmodel = \"mbg_nbd\"")
            .publish(&[]);
    let rows = published.rows("value_model");
    for segment in ["(none)", "shop", "web"] {
        let of = [("segment", segment), ("sample", "whole"), ("parameter", "gamma.region.north.purchase")];
        let north = those(&rows, &of);
        assert_eq!(north.len(), 2, "mbg_nbd and pareto_nbd of {segment}");
        assert!(north.iter().all(|row| number(row, "estimate") > 0.4), "{north:?}");
    }
    let (total, parts) = (published.rows("customer_equity"), published.rows("segment_equity"));
    assert!((sum(&parts, "residual_value") - sum(&total, "residual_value")).abs() < 1e-6);
    assert!(number(&total[0], "residual_value_se") > 0.0);
}

/// Those of the north have parameters of their own, beside which a channel that says nothing is not worth its coefficients.
#[test]
fn segments_without_use_for_covariates_keep_their_own_parameters() {
    let published =
        pipeline("segment = \"region\"\ncovariates = [\"channel\"]\nmodels = [\"pareto_nbd\"]").publish(&[]);
    let rows = published.rows("value_model");
    let of = |covariates: &str| {
        let of = [("segment", "north"), ("sample", "whole"), ("covariates", covariates)];
        those(&rows, &of).into_iter().cloned().collect::<Vec<_>>()
    };
    let (plain, with) = (of("none"), of("channel"));
    assert_eq!((plain.len(), with.len()), (4, 8), "two values with two effects each");
    for (plain, with) in plain.iter().zip(&with) {
        assert_eq!((&plain["fitted_to"], &plain["estimate"]), (&"segment".to_owned(), &with["estimate"]));
    }
    let effects = &with[4..];
    assert!(
        effects.iter().all(|row| row["estimate"] == "null" && row["reason"].contains("Schwarz")),
        "{effects:?}"
    );
    assert!(!chosen(&published).1, "of equal ones the one without");
}

#[test]
fn bytes_do_not_depend_on_threads_or_memory() {
    let history = pipeline("covariates = [\"region\", \"channel\"]\nspend = \"gamma_gamma\"");
    let run = |threads: &str, flags: &[&str]| {
        let words = [&["run", "--full"], flags].concat();
        let outcome = Outcome::of(history.command(&words).env("RAYON_NUM_THREADS", threads));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        history.published().digests()
    };
    let one = run("1", &[]);
    assert_eq!(one, run("5", &[]));
    assert_eq!(one, run("3", &["--memory", "256MiB"]));
}

#[test]
fn values_without_number_are_refused_with_a_way_out() {
    let outcome = pipeline("covariates = [\"number\", \"region\"]").abacus(&["run"]);
    outcome.fails(
        3,
        &[
            "customers have more than 500 combinations of values of 'covariates'",
            "'number' has 900, 'region' has 3",
            "use fewer covariates, or values that are bands of several",
        ],
    );
}
