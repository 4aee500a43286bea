//! Acquisition of a history whose answer is known, and of files that ask for what is not there.

use super::support::{Line, Pipeline, table, write};
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, StringArray};
use std::collections::BTreeMap;
use std::sync::Arc;

const START: i32 = 19_723;

/// Those won on the web buy once a month, others every other month; one of five never buys.
fn history() -> Vec<Line> {
    let mut lines = Vec::new();
    for customer in (1..=300_i64).filter(|customer| customer % 5 != 0) {
        let gap = if customer % 2 == 0 { 30 } else { 60 };
        for (purchase, day) in (0..).zip((customer..365).step_by(gap)) {
            lines.push(Line { price: 60_000, ..Line::new(customer, 1_000 * customer + purchase, day) });
        }
    }
    // The history ends with the year.
    lines.push(Line::new(999, 9_999_999, 365));
    lines
}

const SECTION: &str = r#"
[facts.customers]
files = "../data/customers.parquet"
customer = "who"
acquired_on = "won"
acquisition_cost = "spent"
channel = "channel"
attributes = { size = "size" }
[acquisition]
attributes = ["channel", "size"]
horizon = "90 days"
holdout_days = 60
"#;

fn pipeline(section: &str) -> Pipeline {
    pipeline_spending(section, 1)
}

/// So many times as much was spent on winning customers.
fn pipeline_spending(section: &str, times: i128) -> Pipeline {
    let pipeline = Pipeline::new().and(section);
    write(&pipeline.data("lines/all.parquet"), table(&history()));
    let who: Vec<i64> = (1..=300).collect();
    let days = who.iter().map(|who| START + i32::try_from(*who).unwrap());
    let channels = who.iter().map(|who| if who % 2 == 0 { "web" } else { "shop" });
    let sizes = who.iter().map(|who| ["small", "large", "large"][usize::try_from(*who % 3).unwrap()]);
    let spent =
        Decimal128Array::from_iter_values(who.iter().map(|who| times * i128::from(1_000 + 10 * (who % 7))));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("who", Arc::new(Int64Array::from(who.clone()))),
        ("won", Arc::new(Date32Array::from_iter_values(days))),
        ("spent", Arc::new(spent.with_precision_and_scale(10, 2).unwrap())),
        ("channel", Arc::new(channels.map(Some).collect::<StringArray>())),
        ("size", Arc::new(sizes.map(Some).collect::<StringArray>())),
    ];
    write(&pipeline.data("customers.parquet"), columns);
    pipeline
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} in {row:?}"))
}

#[test]
fn channels_that_bring_more_are_worth_more_at_the_door() {
    let published = pipeline(SECTION).publish(&[]);
    let rows = published.rows("newcomer_value");
    assert_eq!(rows.len(), 5, "the last line's customer has no channel: {rows:?}");
    let value = |cell: &str| number(rows.iter().find(|row| row["cell"] == cell).unwrap(), "expected_value");
    for size in ["small", "large"] {
        let [web, shop] =
            ["web", "shop"].map(|channel| value(&format!("channel = {channel}, size = {size}")));
        assert!(web > 1.3 * shop && web < 2.5 * shop, "{web} {shop}");
    }
    let holdout = published.rows("newcomer_holdout");
    let skill =
        |predictor: &str| number(holdout.iter().find(|row| row["predictor"] == predictor).unwrap(), "skill");
    assert!(skill("mean") == 0.0 && skill("cells") > 0.05, "{holdout:?}");
    // 276 came early enough for 90 days, of whom the last 60 days are held out.
    let observed: f64 = rows.iter().map(|row| number(row, "customers")).sum();
    let held_out: f64 = rows.iter().map(|row| number(row, "holdout_customers")).sum();
    let newcomers: f64 = rows.iter().map(|row| number(row, "newcomers")).sum();
    assert_eq!((observed, held_out, newcomers), (276.0, 60.0, 25.0));
}

#[test]
fn totals_are_sums_of_cohorts_and_curves_end_with_what_cohorts_contributed() {
    let published = pipeline(SECTION).publish(&[]);
    let (rows, totals) = (published.rows("acquisition"), published.rows("acquisition_total"));
    for column in ["customers", "buyers", "acquisition_cost", "contribution", "profit_before_acquisition"] {
        let all: f64 = rows.iter().map(|row| number(row, column)).sum();
        for total_by in ["all", "channel", "cohort_start"] {
            let parts = totals.iter().filter(|row| row["total_by"] == total_by);
            let sum: f64 = parts.map(|row| number(row, column)).sum();
            assert!((sum - all).abs() < 1e-6, "{column} by {total_by}: {sum} {all}");
        }
    }
    let curves = published.rows("acquisition_payback");
    for row in &rows {
        let is_of = |point: &&BTreeMap<String, String>| {
            point["channel"] == row["channel"] && point["cohort_start"] == row["cohort_start"]
        };
        let points: Vec<_> = curves.iter().filter(is_of).collect();
        assert_eq!(points.last().unwrap()["cumulative_contribution"], row["contribution"]);
        let covered = points.iter().find(|point| {
            point["is_complete"] == "true"
                && number(point, "cumulative_contribution") >= number(point, "cost")
        });
        let expected = covered.filter(|point| number(point, "cost") > 0.0);
        let expected = expected.map_or("null".to_owned(), |point| point["age_periods"].clone());
        assert_eq!(row["payback_periods"], expected, "{row:?}");
    }
}

/// The latest cohorts have not paid back; older ones of the channel say when they are expected to.
#[test]
fn payback_that_is_to_come_is_expected_from_older_cohorts() {
    let published = pipeline_spending(SECTION, 200).publish(&[]);
    let rows = published.rows("acquisition");
    let open: Vec<_> = rows.iter().filter(|row| row["payback"] == "not yet").collect();
    assert!(!open.is_empty(), "{rows:?}");
    for row in &rows {
        assert_eq!(row["expected_payback"] == "null", row["payback"] != "not yet", "{row:?}");
        assert_eq!(
            row["expected_payback_periods"] == "null",
            row["expected_payback"] != "expected",
            "{row:?}"
        );
    }
    let curves = published.rows("acquisition_payback");
    for row in open.iter().filter(|row| row["expected_payback"] == "expected") {
        let observed = curves.iter().filter(|point| {
            point["channel"] == row["channel"]
                && point["cohort_start"] == row["cohort_start"]
                && point["is_complete"] == "true"
        });
        assert!(number(row, "expected_payback_periods") >= observed.count() as f64, "{row:?}");
    }
}

#[test]
fn what_newcomers_are_worth_is_by_the_best_of_the_holdout() {
    let published = pipeline(SECTION).publish(&[]);
    let holdout = published.rows("newcomer_holdout");
    let error = |row: &BTreeMap<String, String>| number(row, "root_mean_squared_error");
    let least = holdout.iter().map(error).fold(f64::INFINITY, f64::min);
    let chosen: Vec<_> = holdout.iter().filter(|row| row["is_chosen"] == "true").collect();
    assert!(chosen.len() == 1 && error(chosen[0]) == least, "{holdout:?}");
    for row in published.rows("newcomer_value") {
        assert_eq!((&row["predictor"], &*row["chosen_by"]), (&chosen[0]["predictor"], "holdout"));
        if row["predictor"] == "main effects" {
            assert_eq!(row["expected_value"], row["main_effects_value"]);
        }
    }
}

#[test]
fn a_horizon_longer_than_the_history_is_said() {
    let pipeline = pipeline(&SECTION.replace("horizon = \"90 days\"", "horizon = \"3 years\""));
    pipeline.abacus(&["run"]).succeeds(&[
        "nothing is expected of newcomers",
        "history begins on 2024-01-01",
        "3 years",
    ]);
    let rows = pipeline.published().rows("newcomer_value");
    assert!(rows.iter().all(|row| row["expected_value"] == "null" && row["predictor"] == "null"));
    let long = SECTION.replace("holdout_days = 60", "holdout_days = 400");
    self::pipeline(&long).abacus(&["run"]).succeeds(&["is held against nothing", "acquisition.holdout_days"]);
}

#[test]
fn the_bytes_depend_on_no_threads() {
    let pipeline = pipeline(&format!("{SECTION}\n[clv]\nmodels = [\"bg_nbd\"]\n"));
    let first = pipeline.publish(&["--threads", "1"]).digests();
    assert!(first.keys().any(|file| file.starts_with("newcomer_value")), "{first:?}");
    assert_eq!(pipeline.publish(&["--threads", "3", "--republish"]).digests(), first);
    let published = pipeline.publish(&["--republish"]);
    let residual = |table: &str| -> f64 {
        let rows = published.rows(table);
        rows.iter()
            .filter(|row| row["residual_value"] != "null")
            .map(|row| number(row, "residual_value"))
            .sum()
    };
    assert!((residual("acquisition") - residual("customer_value")).abs() < 1e-6);
}

#[test]
fn without_a_customers_source_customers_come_with_their_first_purchase() {
    let pipeline = Pipeline::new().and("\n[acquisition]\n");
    write(&pipeline.data("lines/all.parquet"), table(&history()));
    let published = pipeline.publish(&[]);
    let rows = published.rows("acquisition");
    assert!(rows.iter().all(|row| row["channel"] == "(none)" && row["payback"] == "nothing spent"));
    assert_eq!(published.rows("newcomer_value").len(), 1);
    assert!(published.rows("newcomer_holdout").is_empty(), "a year is not over for anybody");
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    let unknown = SECTION.replace("[\"channel\", \"size\"]", "[\"chanel\"]");
    pipeline(&unknown)
        .abacus(&["check"])
        .fails(2, &["unknown attribute 'chanel'", "did you mean 'channel'?"]);
    let endless = SECTION.replace("90 days", "soon");
    pipeline(&endless).abacus(&["check"]).fails(2, &["'soon' is no duration", "12 months"]);
}

/// Halfway through the year those who are won later are no customers yet, and no row speaks of them.
#[test]
fn who_is_won_later_is_not_counted() {
    let published = pipeline(SECTION).publish(&["--as-of", "2024-07-01"]);
    let totals = published.rows("acquisition_total");
    let all = totals.iter().find(|row| row["total_by"] == "all").unwrap();
    // Customer n is won n days after the year began; one of five never buys.
    assert_eq!((all["customers"].as_str(), all["buyers"].as_str()), ("181", "145"));
    assert!(published.rows("acquisition").iter().all(|row| row["cohort_start"] != "null"));
    let prospects: f64 = published.rows("newcomer_value").iter().map(|row| number(row, "prospects")).sum();
    assert!((prospects - 119.0).abs() < 1e-9, "who is to come is a prospect: {prospects}");
}
