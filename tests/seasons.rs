//! Seasons through the program: clocks that see nothing of later days, a choice that is kept, and the same bytes however a
//! run is made.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeMap;
use support::{Line, Pipeline, Published, buyers, table, those, write};

/// The two years from 2024-01-01, whose first and last day have a purchase.
const DAYS: i64 = 731;
/// 2025-09-01.
const CALIBRATION: i64 = 609;

type Row = BTreeMap<String, String>;

/// Whether time runs twice as fast: in November and December.
fn is_fast(day: i64) -> bool {
    (305..366).contains(&day) || (670..731).contains(&day)
}

fn pipeline(lines: &[Line], clv: &str) -> Pipeline {
    let calibration = "calibration = \"2025-09-01\"\nhorizons = [\"90 days\", \"1 year\"]";
    let pipeline = Pipeline::new().and(&format!("\n[clv]\n{calibration}\n{clv}\n"));
    write(&pipeline.data("lines/all.parquet"), table(lines));
    pipeline
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} in {row:?}"))
}

fn season(published: &Published) -> serde_json::Value {
    published.release["run"]["clv"]["season"].clone()
}

#[test]
fn a_clock_sees_nothing_of_the_days_it_is_held_against() {
    let lines = buyers(400, [DAYS, 500], is_fast);
    let clocks = |lines: &[Line]| {
        let published = pipeline(lines, "season = \"month\"").publish(&[]);
        let rows = published.rows("purchase_season");
        let of = |sample: &str| those(&rows, &[("sample", sample)]).into_iter().cloned().collect::<Vec<_>>();
        (of("calibration"), of("whole"))
    };
    let (before, whole) = clocks(&lines);
    assert_eq!((before.len(), whole.len()), (12, 12));
    // Whoever bought after the calibration date and is odd had not.
    let is_left = |line: &&Line| {
        line.at.0 < CALIBRATION || line.at.0 == DAYS - 1 || line.customer.is_some_and(|id| id % 2 == 0)
    };
    let fewer: Vec<Line> = lines.iter().filter(is_left).cloned().collect();
    let (same, other) = clocks(&fewer);
    assert_eq!(before, same);
    assert_ne!(whole, other);
}

#[test]
fn what_customers_are_expected_to_do_follows_the_clock() {
    let published =
        pipeline(&buyers(400, [DAYS, 500], is_fast), "season = \"month\"\nmodel = \"pareto_nbd\"")
            .publish(&[]);
    assert_eq!(season(&published)["chosen"], "month");
    let clock = published.rows("purchase_season");
    let whole = those(&clock, &[("sample", "whole")]);
    let days: f64 = whole.iter().map(|row| number(row, "days") * number(row, "season_index")).sum();
    assert!((days - 365.0).abs() < 1e-9, "a year has a year of operational time: {days}");
    assert!(
        number(whole[10], "season_index") > 1.2 && number(whole[5], "season_index") < 1.0,
        "November, and June"
    );
    let backtest = published.rows("value_backtest");
    let total = |season: &str| {
        let of = [("target", "purchases"), ("forecaster", "pareto_nbd"), ("season", season)];
        let rows = those(&backtest, &of);
        assert_eq!(rows.len(), 1, "{season}");
        rows[0].clone()
    };
    let (none, month) = (total("none"), total("month"));
    assert!(number(&month, "rmse") < number(&none, "rmse"), "{none:?} {month:?}");
    // As of 1 January the next 90 days are slow ones.
    let flat = pipeline(&buyers(400, [DAYS, 500], is_fast), "season = \"none\"\nmodel = \"pareto_nbd\"")
        .publish(&[]);
    let sum = |published: &Published, column: &str| -> f64 {
        published.rows("customer_value").iter().map(|row| number(row, column)).sum()
    };
    let soon = sum(&published, "expected_purchases_90_days") / sum(&flat, "expected_purchases_90_days");
    let year = sum(&published, "expected_purchases_1_year") / sum(&flat, "expected_purchases_1_year");
    assert!(soon < 0.95 * year, "{soon} {year}");
    for row in published.rows("customer_value") {
        assert!(row["next_purchase_date"] >= row["as_of_date"], "{row:?}");
        let [soon, year, all] = ["value_within_90_days", "value_within_1_year", "residual_value"]
            .map(|column| number(&row, column));
        assert!(soon <= year && year <= all, "{row:?}");
    }
}

#[test]
fn a_choice_of_seasons_is_kept_until_it_is_made_again() {
    let history = pipeline(&buyers(400, [DAYS, 500], is_fast), "season = \"auto\"");
    let first = season(&history.publish(&[]));
    assert_eq!(
        (&first["chosen"], &first["why"], &first["kept"]),
        (&"month".into(), &"holdout".into(), &false.into())
    );
    assert!(first["holdout_rmse"]["month"].as_f64() < first["holdout_rmse"]["none"].as_f64());
    assert_eq!(season(&history.publish(&["--republish"]))["kept"], true);
    assert_eq!(season(&history.publish(&["--reselect"]))["kept"], false);
    let declared = history.with("season = \"auto\"", "season = \"none\"").publish(&[]);
    assert_eq!(season(&declared)["chosen"], "none");
    assert!(declared.rows("purchase_season").is_empty());
    assert!(declared.rows("value_backtest").iter().all(|row| row["season"] != "month"));
}

#[test]
fn a_history_that_is_too_short_says_why_it_has_no_clock() {
    let short: Vec<Line> =
        buyers(400, [DAYS, 500], is_fast).into_iter().filter(|line| line.at.0 < 700).collect();
    let history = pipeline(&short, "season = \"month\"");
    let outcome = history.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("the history has less than two full years"), "{outcome:?}");
    let published = history.published();
    let rows = published.rows("purchase_season");
    assert_eq!(rows.len(), 2, "as of the run's day, and of the calibration date");
    assert!(
        rows.iter().all(|row| row["season"] == "null" && row["reason"].contains("two full years")),
        "{rows:?}"
    );
    assert_eq!(season(&published)["why"], "no_clock");
    let calendar = pipeline(&short, "season = \"none\"").publish(&[]);
    for table in ["customer_value", "value_model", "value_counts"] {
        assert_eq!(published.rows(table), calendar.rows(table), "{table}");
    }
}

#[test]
fn clocks_do_not_depend_on_threads_or_memory() {
    let lines = buyers(400, [DAYS, 500], is_fast);
    let of = |flags: &[&str]| {
        let published =
            pipeline(&lines, "season = \"auto\"\nmodels = [\"bg_nbd\", \"mbg_cnbd_k\", \"pareto_nbd\"]")
                .publish(flags);
        ["purchase_season", "value_backtest", "value_model", "customer_value"]
            .map(|table| published.rows(table))
    };
    let one = of(&["--threads", "1"]);
    assert!(one == of(&["--threads", "3"]));
    assert!(one == of(&["--threads", "2", "--memory", "300MiB"]));
}
