//! Rows far from all others in time, and bounds of the history.

use super::support::{Line, Outcome, Pipeline, Written, table, write, write_with};
use super::{nothing_is_published, ten_customers};

/// Days from 2024-01-01 to 2099-12-31, and to 1970-01-01: what typing and empty dates make.
const IN_2099: i64 = 27_758;
const IN_1970: i64 = -19_723;

/// Three hundred lines of half a year, then one line of another day.
fn with_a_stray(day: i64, statistics: bool) -> Pipeline {
    let mut lines: Vec<Line> = (0..300).map(|order| Line::new(order % 20, order, order % 180)).collect();
    lines.push(Line::new(1, 900, day));
    let pipeline = Pipeline::new();
    let how = Written { row_group_rows: 64, statistics, ..Written::default() };
    write_with(&pipeline.data("lines/a.parquet"), table(&lines), how);
    pipeline
}

#[test]
fn a_stray_day_stops_the_run_and_names_its_row_with_and_without_statistics() {
    for statistics in [true, false] {
        let place = "lines/a.parquet row group 4 row 44";
        let pipeline = with_a_stray(IN_2099, statistics);
        let texts = [
            "1 row of 301",
            "2099-12-31",
            place,
            "905 empty months after",
            "latest = \"2024-06-30\"",
            "latest = \"2099-12-31\"",
        ];
        pipeline.abacus(&["run"]).fails(3, &texts);
        nothing_is_published(&pipeline);
        let pipeline = with_a_stray(IN_1970, statistics);
        let texts = [
            "1 row of 301",
            "1970-01-01",
            place,
            "647 empty months before",
            "earliest = \"2024-01-01\"",
            "earliest = \"1970-01-01\"",
        ];
        pipeline.abacus(&["run"]).fails(3, &texts);
        nothing_is_published(&pipeline);
    }
}

#[test]
fn both_ends_are_told_at_once() {
    let pipeline = with_a_stray(IN_2099, true);
    write(&pipeline.data("lines/b.parquet"), table(&[Line::new(3, 901, IN_1970)]));
    let texts = ["2099-12-31", "lines/a.parquet", "1970-01-01", "lines/b.parquet row group 0 row 0"];
    pipeline.abacus(&["run"]).fails(3, &texts);
}

#[test]
fn rows_beyond_the_bounds_are_quarantined_with_the_reason_and_stretch_nothing() {
    for statistics in [true, false] {
        let bounded = |day| {
            with_a_stray(day, statistics).with(
                "currency = \"EUR\"",
                "currency = \"EUR\"\nearliest = \"2024-01-01\"\nlatest = \"2024-06-30\"",
            )
        };
        for (day, reason) in [
            (IN_2099, "at: 2099-12-31 is after 'latest', 2024-06-30"),
            (IN_1970, "at: 1970-01-01 is before 'earliest', 2024-01-01"),
        ] {
            let published = bounded(day).publish(&[]);
            assert_eq!(published.counts(), [301, 300, 1, 0, 0]);
            assert_eq!(published.rows("quarantine")[0]["reason"], reason);
            let periods = published.rows("balance").iter().map(|row| row["period_start"].clone()).max();
            assert_eq!(periods.as_deref(), Some("2024-06-01"));
            assert_eq!(published.release["run"]["as_of"], "2024-06-29");
        }
        // The bounds are days that rows may have.
        let pipeline = Pipeline::new().with(
            "currency = \"EUR\"",
            "currency = \"EUR\"\nearliest = \"2024-01-01\"\nlatest = \"2024-02-01\"",
        );
        write(&pipeline.data("lines/a.parquet"), table(&ten_customers()));
        assert_eq!(pipeline.publish(&[]).counts(), [20, 20, 0, 0, 0]);
    }
}

#[test]
fn a_bound_beyond_a_stray_lets_it_in_and_an_as_of_day_before_it_leaves_it_out() {
    let pipeline =
        with_a_stray(IN_2099, true).with("currency = \"EUR\"", "currency = \"EUR\"\nlatest = \"2099-12-31\"");
    assert_eq!(pipeline.publish(&[]).counts(), [301, 301, 0, 0, 0]);
    let pipeline = with_a_stray(IN_2099, true);
    assert_eq!(pipeline.publish(&["--as-of", "2024-07-01"]).counts(), [301, 300, 0, 0, 1]);
}

#[test]
fn a_kept_history_is_bounded_the_same_and_read_again_when_the_bounds_move() {
    let pipeline =
        with_a_stray(IN_2099, true).with("currency = \"EUR\"", "currency = \"EUR\"\nlatest = \"2024-06-30\"");
    let first = pipeline.publish(&[]).digests();
    let plan = |pipeline: &Pipeline| pipeline.abacus(&["plan", "--format", "json"]).json()["rows"].clone();
    assert_eq!(plan(&pipeline), 0);
    assert_eq!(pipeline.publish(&[]).digests(), first);
    let pipeline = pipeline.with("latest = \"2024-06-30\"", "latest = \"2024-05-31\"");
    assert_eq!(plan(&pipeline), 301);
    let counts = pipeline.publish(&[]).counts();
    assert_eq!((counts[0], counts[1] + counts[2]), (301, 301));
    let unbounded: Outcome = pipeline.with("latest = \"2024-05-31\"", "").abacus(&["run"]);
    unbounded.fails(3, &["2099-12-31"]);
}

#[test]
fn bounds_that_are_no_days_or_reversed_are_told_with_their_place() {
    for (bounds, text) in [
        (
            "latest = \"31.12.2024\"",
            "history.toml:6:10: 'latest' is '31.12.2024', expected a day from 1900-01-01 to 2199-12-31",
        ),
        (
            "latest = 2024-12-31",
            "'latest' is a date without quotes, expected a day in quotes such as '2024-07-01'",
        ),
        (
            "earliest = \"2024-02-01\"\nlatest = \"2024-01-31\"",
            "'latest' is 2024-01-31, before 'earliest' of 2024-02-01",
        ),
    ] {
        let pipeline = Pipeline::new().with("currency = \"EUR\"", &format!("currency = \"EUR\"\n{bounds}"));
        write(&pipeline.data("lines/a.parquet"), table(&ten_customers()));
        pipeline.abacus(&["check"]).fails(2, &[text]);
    }
}
