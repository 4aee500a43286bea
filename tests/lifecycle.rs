//! The customer base over time, of histories that leave little or nothing to say, and the same whatever the threads.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeMap;
use support::{Line, Pipeline, Published, lines, table, write};

const TABLES: [&str; 8] = [
    "lifecycle",
    "cohort",
    "survival",
    "survival_summary",
    "growth",
    "state_transition",
    "early_warning",
    "early_warning_holdout",
];

const LIFECYCLE: &str = "\n[lifecycle]\nas_of = [\"2024-02-15\"]\nchannels = [\"take order\"]\n";

fn pipeline(lines: &[Line]) -> Pipeline {
    let pipeline = Pipeline::new().and(LIFECYCLE);
    write(&pipeline.data("lines/all.parquet"), table(lines));
    pipeline
}

/// What is published of these purchases: a customer and a day of 2024 each.
fn published(purchases: &[(i64, i64)]) -> Published {
    let numbered = purchases.iter().zip(1..);
    let lines: Vec<Line> =
        numbered.map(|((customer, day), order)| Line::new(*customer, order, *day)).collect();
    let published = pipeline(&lines).publish(&[]);
    for name in TABLES {
        for row in published.rows(name) {
            let odd = row.iter().find(|(_, value)| ["NaN", "inf", "-inf"].contains(&value.as_str()));
            assert_eq!(odd, None, "{name}");
        }
    }
    published
}

/// The rows of the run's own as-of date.
fn profiles(published: &Published) -> Vec<BTreeMap<String, String>> {
    let mut rows = published.rows("lifecycle");
    let last = rows.iter().map(|row| row["as_of_date"].clone()).max().unwrap();
    rows.retain(|row| row["as_of_date"] == last);
    rows
}

#[test]
fn one_customer_who_buys_once_has_no_rhythm() {
    let published = published(&[(1, 10)]);
    let rows = profiles(&published);
    assert_eq!(rows.len(), 1);
    for (column, value) in [
        ("tenure_days", "0"),
        ("active_days", "1"),
        ("repeat_purchases", "0"),
        ("gap_mean_days", "null"),
        ("gap_sd_days", "null"),
        ("expected_gap_days", "null"),
        ("overdue_ratio", "null"),
        ("share_of_wallet", "null"),
        ("state", "new"),
        ("previous_state", "null"),
    ] {
        assert_eq!(rows[0][column], value, "{column}");
    }
    assert_eq!(published.rows("growth")[0]["inactivity_rate"], "null");
    assert_eq!(published.rows("survival_summary")[0]["median_days"], "null");
    let warnings = published.rows("early_warning");
    assert_eq!(
        (warnings.len(), &*warnings[0]["reason"], &*warnings[0]["rank_expected_loss"]),
        (1, "null", "1")
    );
    assert!(published.rows("early_warning_holdout").iter().all(|row| row["precision"] == "null"));
}

#[test]
fn nobody_repeats_so_the_declared_gap_decides() {
    let published = published(&[(1, 0), (2, 40), (3, 300), (4, 310)]);
    let states: Vec<String> =
        profiles(&published).into_iter().map(|mut row| row.remove("state").unwrap()).collect();
    assert_eq!(states, ["dormant", "dormant", "new", "new"]);
    // Days 0 and 40 of 2024 are followed by 180 days without purchase.
    let summary = &published.rows("survival_summary")[0];
    assert_eq!((summary["ended"].as_str(), summary["median_days"].as_str()), ("2", "180"));
}

#[test]
fn everybody_daily_is_expected_tomorrow() {
    let daily: Vec<(i64, i64)> =
        (0..4).flat_map(|customer| (0..60).map(move |day| (customer, day))).collect();
    let published = published(&daily);
    for row in profiles(&published) {
        let expected: f64 = row["expected_gap_days"].parse().unwrap();
        assert!((expected - 1.0).abs() < 1e-3, "{expected}");
        assert_eq!((row["gap_sd_days"].as_str(), row["state"].as_str()), ("0.0", "active"));
    }
}

#[test]
fn a_history_shorter_than_the_gap_ends_no_relationship() {
    let published = published(&[(1, 0), (1, 20), (2, 5), (2, 6), (3, 50)]);
    let summary = &published.rows("survival_summary")[0];
    assert_eq!((summary["ended"].as_str(), summary["censored"].as_str()), ("0", "3"));
    assert_eq!(summary["median_days"], "null");
    assert!(published.rows("survival").iter().all(|row| row["survival"] == "1.0"));
}

#[test]
fn a_customer_who_never_bought_has_no_row() {
    let mut only_returned = Line::new(2, 2, 20);
    only_returned.quantity = -1;
    let published = pipeline(&[Line::new(1, 1, 10), only_returned]).publish(&[]);
    assert_eq!(profiles(&published).len(), 1);
    assert_eq!(published.rows("growth").iter().map(|row| row["active"].clone()).collect::<Vec<_>>(), ["1"]);
}

#[test]
fn the_same_base_for_any_number_of_threads() {
    let lines = lines(5, 4_000, 400);
    let published = |threads: &str| pipeline(&lines).publish(&["--threads", threads]).digests();
    let expected = published("1");
    assert!(expected.keys().any(|file| file.starts_with("early_warning")), "{expected:?}");
    assert_eq!(published("2"), expected);
    assert_eq!(published("7"), expected);
}

#[test]
fn a_declared_date_says_what_a_run_of_that_date_says() {
    let lines = lines(9, 3_000, 200);
    let pipeline = pipeline(&lines);
    let now = pipeline.publish(&[]);
    let then = pipeline.publish(&["--as-of", "2024-02-15"]);
    let of = |published: &Published| {
        let mut rows = published.rows("lifecycle");
        rows.retain(|row| row["as_of_date"] == "2024-02-15");
        // Breadth is kept by period, contribution follows rates of whole periods; the cut period's differ.
        let left_out = ["product_groups", "channels", "contribution"];
        rows.iter_mut()
            .for_each(|row| row.retain(|name, _| !left_out.iter().any(|left| name.starts_with(left))));
        rows
    };
    assert!(of(&now).len() > 30);
    assert_eq!(of(&now), of(&then));
}

#[test]
fn an_attribute_that_nobody_gives_is_told() {
    let pipeline = pipeline(&[Line::new(1, 1, 10)]).with("channels = ", "by = [\"region\"]\nchannels = ");
    pipeline.abacus(&["run"]).fails(2, &["region"]);
}
