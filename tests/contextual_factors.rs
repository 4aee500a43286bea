//! Contextual factors through the program: clocks that follow a calendar, see nothing of later purchases, are chosen by the
//! holdout and kept; what a changed calendar makes again; and what is wrong with one.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use abacus::units::Day;
use arrow::array::{ArrayRef, Date32Array, Float64Array};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use support::{Line, Pipeline, Published, buyers, table, those, write};

/// The year from 2024-01-01, whose first and last day have a purchase.
const DAYS: i64 = 366;
/// 2024-09-01.
const CALIBRATION: i64 = 244;

type Row = BTreeMap<String, String>;

/// Campaigns: three weeks in nine, and then all of the year's last quarter.
fn is_campaign(day: i64) -> bool {
    day % 63 < 21 || (274..DAYS).contains(&day)
}

fn day(since: i64) -> Day {
    Day(i32::try_from(19_723 + since).unwrap())
}

/// A row where something changes; until the day before `end`, in the last of which a campaign is planned.
fn calendar(end: i64) -> String {
    let mut text = "day;campaign;price\n".to_owned();
    for since in 0..end {
        if since == 0 || is_campaign(since) != is_campaign(since - 1) || since == end - 1 {
            let price = 100 + since % 7;
            text += &format!("{};{};{price},5\n", day(since), i32::from(is_campaign(since)));
        }
    }
    text
}

fn pipeline(lines: &[Line], clv: &str, factors: &str) -> Pipeline {
    let calibration = "calibration = \"2024-09-01\"\nhorizons = [\"90 days\"]";
    let source = "files = \"../data/calendar.csv\"\ndecimal_mark = \",\"";
    let factors = format!("[clv.contextual_factors]\n{source}\n{factors}\n");
    let pipeline = Pipeline::new().and(&format!("\n[clv]\n{calibration}\n{clv}\n\n{factors}"));
    write(&pipeline.data("lines/all.parquet"), table(lines));
    fs::write(pipeline.data("calendar.csv"), calendar(DAYS + 100)).unwrap();
    pipeline
}

const CAMPAIGN: &str = "columns = \"campaign\"";

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} in {row:?}"))
}

fn timing(published: &Published) -> serde_json::Value {
    published.release["run"]["clv"]["season"].clone()
}

fn warnings(published: &Published) -> String {
    published.release["run"]["warnings"].to_string()
}

#[test]
fn customers_are_valued_by_campaigns_where_they_foretell_more() {
    let published =
        pipeline(&buyers(400, [DAYS, 200], is_campaign), "model = \"pareto_nbd\"", CAMPAIGN).publish(&[]);
    let factors = timing(&published)["factors"].clone();
    assert_eq!((&factors["chosen"], &factors["why"]), (&true.into(), &"holdout".into()));
    let rows = published.rows("contextual_factor");
    let whole = those(&rows, &[("sample", "whole"), ("factor", "campaign"), ("season", "none")]);
    assert_eq!((rows.len(), whole.len()), (2, 1), "{rows:?}");
    let found = (number(whole[0], "rate_ratio"), number(whole[0], "coefficient_se"));
    assert!((1.7..2.3).contains(&found.0) && found.1 < 0.1, "{found:?}");
    assert_eq!((&*whole[0]["role"], &*whole[0]["days"], &*whole[0]["reason"]), ("chosen", "366", "null"));
    assert_eq!(whole[0]["known_until"], day(DAYS + 99).to_string());
    let backtest = published.rows("value_backtest");
    let total = |factors: &str| {
        let of = [("target", "purchases"), ("forecaster", "pareto_nbd"), ("factors", factors)];
        let rows = those(&backtest, &of);
        assert_eq!(rows.len(), 1, "{factors}");
        rows[0].clone()
    };
    let (none, campaign) = (total("none"), total("campaign"));
    assert!(number(&campaign, "rmse") < number(&none, "rmse"), "{none:?} {campaign:?}");
    assert!(number(&campaign, "bias").abs() < number(&none, "bias").abs(), "{none:?} {campaign:?}");
    assert!(
        backtest.iter().filter(|row| row["forecaster"] == "past_rate").all(|row| row["factors"] == "null")
    );
    // The next 90 days have fewer campaigns than the last ones, and more than none.
    let planned = |end: i64| {
        let history = pipeline(&buyers(400, [DAYS, 200], is_campaign), "model = \"pareto_nbd\"", CAMPAIGN);
        fs::write(history.data("calendar.csv"), calendar(end)).unwrap();
        let published = history.publish(&[]);
        let values = published.rows("customer_value");
        let sum = |column: &str| values.iter().map(|row| number(row, column)).sum::<f64>();
        (sum("expected_purchases_90_days"), warnings(&published))
    };
    let (known, silent) = planned(DAYS + 100);
    let (unknown, warned) = planned(DAYS);
    assert!(!silent.contains("horizons reach"), "{silent}");
    assert!(warned.contains("horizons reach until 2025-04-01: after 2024-12-31"), "{warned}");
    assert!(known < 0.95 * unknown, "{known} {unknown}");
}

#[test]
fn a_clock_sees_nothing_of_the_purchases_it_is_held_against() {
    let lines = buyers(300, [DAYS, 200], is_campaign);
    let clocks = |lines: &[Line]| {
        let published = pipeline(lines, "", CAMPAIGN).publish(&[]);
        let rows = published.rows("contextual_factor");
        let of = |sample: &str| {
            let mut rows: Vec<Row> = those(&rows, &[("sample", sample)]).into_iter().cloned().collect();
            rows.iter_mut().for_each(|row| drop(row.remove("role")));
            rows
        };
        (of("calibration"), of("whole"))
    };
    let (before, whole) = clocks(&lines);
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
fn a_choice_of_factors_is_kept_until_it_is_made_again() {
    let history = pipeline(&buyers(300, [DAYS, 200], is_campaign), "", CAMPAIGN);
    let first = timing(&history.publish(&[]));
    assert_eq!((&first["factors"]["chosen"], &first["kept"]), (&true.into(), &false.into()));
    assert!(first["holdout_rmse"]["factors"].as_f64() < first["holdout_rmse"]["none"].as_f64());
    assert_eq!(timing(&history.publish(&["--republish"]))["kept"], true);
    assert_eq!(timing(&history.publish(&["--reselect"]))["kept"], false);
    let others = history.with(CAMPAIGN, "columns = [\"campaign\", \"price\"]");
    assert_eq!(timing(&others.publish(&[]))["kept"], false, "chosen among others");
}

#[test]
fn columns_that_tell_nothing_are_left_out_with_a_warning() {
    let history =
        pipeline(&buyers(200, [DAYS, 200], is_campaign), "", "columns = [\"open\", \"campaign\", \"again\"]");
    let text: String = calendar(DAYS)
        .lines()
        .enumerate()
        .map(|(line, text)| {
            let parts: Vec<&str> = text.split(';').collect();
            match line {
                0 => format!("{text};open;again\n"),
                _ => format!("{text};1;{}\n", if parts[1] == "1" { "3" } else { "5" }),
            }
        })
        .collect();
    fs::write(history.data("calendar.csv"), text).unwrap();
    let published = history.publish(&[]);
    let rows = published.rows("contextual_factor");
    let of = |factor: &str| those(&rows, &[("sample", "whole"), ("factor", factor)])[0].clone();
    assert!(of("open")["reason"].contains("the same value on all days"), "{:?}", of("open"));
    assert!(of("again")["reason"].contains("follows from the factors before it"), "{:?}", of("again"));
    assert_eq!((&*of("open")["coefficient"], &*of("campaign")["reason"]), ("null", "null"));
    for name in ["'open'", "'again'"] {
        assert!(warnings(&published).contains(&format!("of the contextual factor {name}: it is left out")));
    }
}

#[test]
fn without_factors_nothing_speaks_of_them() {
    let lines = buyers(100, [DAYS, 200], is_campaign);
    let history = Pipeline::new().and("\n[clv]\ncalibration = \"2024-09-01\"\n");
    write(&history.data("lines/all.parquet"), table(&lines));
    let published = history.publish(&[]);
    assert!(published.release["tables"].get("contextual_factor").is_none());
    assert_eq!(timing(&published).get("factors"), None);
    for (table, of) in [("value_model", "none"), ("value_backtest_week", "none")] {
        assert!(published.rows(table).iter().all(|row| [of, "null"].contains(&&*row["factors"])), "{table}");
    }
    let history = history
        .and("\n[[expect]]\nname = \"x\"\nsql = \"select count(*) from contextual_factor\"\nequals = 0\n");
    history.abacus(&["check"]).fails(2, &["it comes with [clv.contextual_factors]"]);
}

#[test]
fn clocks_do_not_depend_on_threads_or_memory_or_the_kind_of_file() {
    let lines = buyers(300, [DAYS, 200], is_campaign);
    let tables = |published: &Published| {
        ["contextual_factor", "purchase_season", "value_backtest", "value_model", "customer_value"]
            .map(|table| published.rows(table))
    };
    let of = |flags: &[&str]| {
        let columns = "columns = [\"campaign\", \"price\"]";
        tables(&pipeline(&lines, "season = \"auto\"", columns).publish(flags))
    };
    let one = of(&["--threads", "1"]);
    assert!(one == of(&["--threads", "2"]));
    assert!(one == of(&["--threads", "8", "--memory", "300MiB"]));
    let history = pipeline(&lines, "season = \"auto\"", "columns = [\"campaign\", \"price\"]");
    let rows: Vec<(i32, f64, f64)> = calendar(DAYS + 100)
        .lines()
        .skip(1)
        .map(|line| {
            let parts: Vec<&str> = line.split(';').collect();
            let day: Day = parts[0].parse().unwrap();
            (day.0, parts[1].parse().unwrap(), parts[2].replace(',', ".").parse().unwrap())
        })
        .collect();
    let days: ArrayRef = Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.0)));
    let campaign: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.1)));
    let price: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.2)));
    write(&history.data("calendar.parquet"), vec![("day", days), ("campaign", campaign), ("price", price)]);
    let history = history.with("calendar.csv", "calendar.parquet");
    assert!(one == tables(&history.publish(&[])), "Parquet");
}

#[test]
fn a_changed_calendar_makes_what_follows_from_it_again() {
    let history =
        pipeline(&buyers(100, [DAYS, 200], is_campaign), "", CAMPAIGN).and("\n[lifecycle]\n\n[segments]\n");
    history.publish(&[]);
    let made = || -> BTreeSet<String> {
        let plan = history.abacus(&["plan", "--format", "json"]).json();
        let stages = plan["stages"].as_array().unwrap().iter();
        let made = stages.filter(|stage| stage["kept"] == false);
        made.map(|stage| stage["stage"].as_str().unwrap().to_owned()).collect()
    };
    let plan = history.abacus(&["plan", "--format", "json"]).json();
    let sources: Vec<&str> =
        plan["sources"].as_array().unwrap().iter().map(|of| of["source"].as_str().unwrap()).collect();
    assert!(sources.iter().any(|source| source.contains("calendar.csv")), "{sources:?}");
    fs::write(history.data("calendar.csv"), calendar(DAYS + 90)).unwrap();
    // Segments start from the release before, so they and what takes theirs are always made.
    let expected = ["clv", "lifecycle", "segments", "star"].map(str::to_owned);
    assert_eq!(made(), BTreeSet::from(expected));
    let again = history.publish(&[]);
    let fresh = history.publish(&["--full"]);
    for table in ["contextual_factor", "customer_value", "value_backtest", "lifecycle"] {
        assert_eq!(again.rows(table), fresh.rows(table), "{table}");
    }
}

#[test]
fn what_is_wrong_with_a_calendar_is_said_with_its_place() {
    let lines = buyers(20, [DAYS, 200], is_campaign);
    let fails = |calendar: &str, factors: &str, command: &str, found: &[&str]| {
        let history = pipeline(&lines, "", factors);
        fs::write(history.data("calendar.csv"), calendar).unwrap();
        history.abacus(&[command]).fails(4, found);
    };
    for command in ["check", "run"] {
        let twice = "day,campaign\n2024-01-01,0\n2024-02-01,1\n2024-02-01,0\n";
        let found =
            ["calendar.csv:4: there is a row of 2024-02-01 already", "calendar.csv:3; keep one of them"];
        fails(twice, CAMPAIGN, command, &found);
        let missing = "day,campaign\n2024-01-01,0\n2024-02-01,\n";
        fails(missing, CAMPAIGN, command, &["calendar.csv:3", "nothing in the column 'campaign'"]);
        let text = "day,campaign\n2024-01-01,0\n2024-02-01,NaN\n";
        fails(text, CAMPAIGN, command, &["calendar.csv:3", "campaign 'NaN' is not a number"]);
        let unknown = "day,campaign\n2024-01-01,0\n";
        fails(
            unknown,
            "columns = \"campain\"",
            command,
            &["no column 'campain'", "did you mean 'campaign'?"],
        );
        fails("day,campaign\n", CAMPAIGN, command, &["there is no row"]);
    }
    let late = "day,campaign\n2024-01-02,0\n2024-02-01,1\n";
    fails(late, CAMPAIGN, "run", &["the first row is of 2024-01-02, and the history begins on 2024-01-01"]);
}
