//! Contracts: renewals and ends that are known, from the source to the published tables.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use arrow::array::{Date32Array, Decimal128Array, Int64Array, StringArray};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::{Dice, Line, Pipeline, Published, table, those, write};

const SECTION: &str = r#"
[contracts]
files = "../data/contracts.parquet"
customer = "who"
contract = "contract"
started_on = "started_on"
ended_on = "ended_on"
term_months = "months"
price = "price"
cost = "0.25 * price"
plan = "plan"
"#;

const CLV: &str = "[clv]\nhorizons = [\"1 year\", \"3 years\"]\n";

/// A row of the source.
#[derive(Debug, Clone)]
struct Span {
    who: i64,
    contract: i64,
    months: i64,
    /// Days since 1970-01-01.
    started: i32,
    ended: Option<i32>,
    cents: i128,
    plan: &'static str,
}

fn day(text: &str) -> i32 {
    let date: chrono::NaiveDate = text.parse().unwrap();
    i32::try_from((date - chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days()).unwrap()
}

/// The day so many months later.
fn after(started: i32, months: u32) -> i32 {
    let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let date = epoch + chrono::Days::new(u64::try_from(started).unwrap()) + chrono::Months::new(months);
    i32::try_from((date - epoch).num_days()).unwrap()
}

/// Everybody who has a contract buys once, on 1 January 2024; the history goes on until 30 June.
fn pipeline(spans: &[Span], section: &str) -> Pipeline {
    let pipeline = Pipeline::new().and(CLV).and(section);
    let customers: std::collections::BTreeSet<i64> = spans.iter().map(|span| span.who).collect();
    let mut lines: Vec<Line> = customers.iter().map(|who| Line::new(*who, *who, 0)).collect();
    lines.push(Line::new(1_000_000, 1_000_000, 181));
    write(&pipeline.data("lines/all.parquet"), table(&lines));
    write_contracts(&pipeline, spans);
    pipeline
}

fn write_contracts(pipeline: &Pipeline, spans: &[Span]) {
    let whole = |of: fn(&Span) -> i64| Arc::new(Int64Array::from_iter_values(spans.iter().map(of)));
    let prices = Decimal128Array::from_iter_values(spans.iter().map(|span| span.cents));
    write(
        &pipeline.data("contracts.parquet"),
        vec![
            ("who", whole(|span| span.who)),
            ("contract", whole(|span| span.contract)),
            ("months", whole(|span| span.months)),
            ("started_on", Arc::new(Date32Array::from_iter_values(spans.iter().map(|span| span.started)))),
            ("ended_on", Arc::new(spans.iter().map(|span| span.ended).collect::<Date32Array>())),
            ("price", Arc::new(prices.with_precision_and_scale(10, 2).unwrap())),
            ("plan", Arc::new(spans.iter().map(|span| Some(span.plan)).collect::<StringArray>())),
        ],
    );
}

/// Survivors of 1000 customers after 0 to 12 renewals: Fader & Hardie (2007), table 1.
const HIGH_END: [i64; 13] = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394];
const REGULAR: [i64; 13] = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173];

/// Contracts by the year from 2 May 2017 on, renewed seven times by May 2024; who is lost leaves at the end of a year.
fn fader_hardie() -> Vec<Span> {
    let mut spans = Vec::new();
    for (plan, first, survivors) in [("high end", 0, HIGH_END), ("regular", 1_000, REGULAR)] {
        for who in 1..=1000 {
            let lost = (1..=7).find(|renewal| survivors[*renewal] < who);
            let ended = lost.map(|renewal| day(&format!("{}-05-02", 2017 + renewal)));
            let started = day("2017-05-02");
            spans.push(Span {
                who: first + who,
                contract: who,
                months: 12,
                started,
                ended,
                cents: 10_000,
                plan,
            });
        }
    }
    spans
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is {} in {row:?}", row[column]))
}

#[test]
fn golden_how_to_project_customer_retention() {
    let published = pipeline(&fader_hardie(), SECTION).publish(&[]);
    let models = published.rows("contract_model");
    let renewals = published.rows("contract_renewal");
    for (plan, survivors, parameters, log_likelihood) in
        [("high end", HIGH_END, [0.668, 3.806], -1611.158), ("regular", REGULAR, [0.704, 1.182], -1680.265)]
    {
        for (parameter, expected) in ["alpha", "beta"].into_iter().zip(parameters) {
            let of = [("plan", plan), ("model", "shifted_beta_geometric"), ("parameter", parameter)];
            let row = those(&models, &of)[0];
            assert!((number(row, "estimate") - expected).abs() < 5e-4, "{row:?}");
            assert!((number(row, "log_likelihood") - log_likelihood).abs() < 5e-3, "{row:?}");
        }
        for (renewal, survivors) in survivors.into_iter().enumerate() {
            let row = those(&renewals, &[("plan", plan), ("renewal", &renewal.to_string())])[0];
            let share = f64::from(i32::try_from(survivors).unwrap()) / 1000.0;
            let forecast = number(row, "shifted_beta_geometric_survival");
            assert!((forecast - share).abs() < 0.02, "{renewal}: {forecast} {share}");
            if renewal <= 7 {
                assert!((number(row, "survival") - share).abs() < 1e-12, "{row:?}");
            } else {
                assert_eq!((&*row["survival"], &*row["due"]), ("null", "null"), "it is not observed");
                // The paper's figure 1: regressions and constant churn miss what comes.
                assert!((number(row, "geometric_survival") - share).abs() > 0.05, "{row:?}");
            }
        }
    }
}

/// The residual value of Fader & Hardie (2010), to the as-of date, and what closes.
#[test]
fn contracts_add_up_to_customers_plans_and_terms() {
    let declared = SECTION.to_owned() + "model = \"shifted_beta_geometric\"\n";
    let published = pipeline(&fader_hardie(), &declared).publish(&[]);
    let contracts = published.rows("contract");
    let running = those(&contracts, &[("plan", "regular"), ("status", "running")]);
    assert_eq!(running.len(), 241);
    let row = running[0];
    assert_eq!((&*row["renewals"], &*row["next_renewal_on"]), ("7", "2025-05-02"));
    let (alpha, beta) = (0.704_077_3, 1.182_043);
    let retention = |renewal: f64| (beta + renewal - 1.0) / (alpha + beta + renewal - 1.0);
    assert!((number(row, "renewal_probability") - retention(8.0)).abs() < 1e-6);
    let (mut alive, mut terms) = (1.0, 0.0);
    for ahead in 0..2_000 {
        alive *= retention(8.0 + f64::from(ahead));
        terms += alive / 1.1_f64.powi(ahead);
    }
    // From 1 July 2024 to 2 May 2025.
    terms *= 1.1_f64.powf(-305.0 / 365.25);
    assert!((number(row, "discounted_terms") - terms).abs() < 1e-5, "{row:?} {terms}");
    assert!((number(row, "residual_value") - 75.0 * terms).abs() < 1e-3);
    assert!(
        (number(row, "value_within_1_year") - 75.0 * retention(8.0) * 1.1_f64.powf(-305.0 / 365.25)).abs()
            < 1e-3
    );
    let summary = published.rows("contract_summary");
    for column in ["residual_value", "value_within_1_year", "value_within_3_years"] {
        let sum =
            |rows: Vec<&BTreeMap<String, String>>| rows.iter().map(|row| mantissa(row, column)).sum::<i128>();
        let all = sum(those(&summary, &[("plan", "all")]));
        assert!(all > 0);
        assert_eq!(sum(contracts.iter().collect()), all);
        let of_customers = published.rows("customer_contract");
        let of_customers = of_customers.iter().map(|row| mantissa(row, &format!("contract_{column}")));
        assert_eq!(of_customers.sum::<i128>(), all);
        assert_eq!(
            sum(those(&summary, &[("plan", "high end")])) + sum(those(&summary, &[("plan", "regular")])),
            all
        );
    }
}

/// Money to its last digit.
fn mantissa(row: &BTreeMap<String, String>, column: &str) -> i128 {
    row[column].replace('.', "").parse().unwrap()
}

/// Between 0 and 1.
fn uniform(dice: &mut Dice) -> f64 {
    f64::from(u32::try_from(dice.below(1 << 30)).unwrap()) / f64::from(1 << 30)
}

/// Churn that differs between contracts: renewals after the calibration date are foretold best by the model that knows of it.
#[test]
fn the_holdout_prefers_the_model_that_made_the_data() {
    let mut dice = Dice(5);
    let mut spans = Vec::new();
    for who in 1..=6_000 {
        // Beta(1, 8) over contracts, by its inverse.
        let chance = 1.0 - uniform(&mut dice).powf(1.0 / 8.0);
        let started = day("2022-01-10") + i32::try_from(dice.below(700)).unwrap();
        let lost = (1..60).find(|_| uniform(&mut dice) < chance);
        let ended = lost.map(|renewal| after(started, renewal)).filter(|ended| *ended < day("2024-06-30"));
        spans.push(Span { who, contract: who, months: 1, started, ended, cents: 999, plan: "one" });
    }
    let published = pipeline(&spans, &(SECTION.to_owned() + "calibration = \"2023-09-01\"\n")).publish(&[]);
    let tests = published.rows("contract_backtest");
    let of = |model: &str| those(&tests, &[("plan", "all"), ("model", model)])[0].clone();
    let [hazards, geometric, sbg] = ["hazards", "geometric", "shifted_beta_geometric"].map(of);
    assert!(number(&sbg, "log_score") > number(&geometric, "log_score"));
    assert!(number(&hazards, "log_score") > number(&geometric, "log_score"));
    assert!(number(&sbg, "error").abs() < 0.1 && number(&geometric, "error") > 0.2, "{sbg:?} {geometric:?}");
    let summary = published.rows("contract_summary");
    let chosen = &those(&summary, &[("plan", "all")])[0];
    assert_eq!(chosen["chosen_by"], "holdout");
    assert_ne!(chosen["model"], "geometric");
}

/// Contracts of many customers, of all kinds, with prices that change.
fn many() -> Vec<Span> {
    let mut dice = Dice(11);
    let mut spans = Vec::new();
    for who in 1..=3_000 {
        for contract in 0..1 + dice.below(2) {
            let started = day("2022-06-01") + i32::try_from(dice.below(700)).unwrap();
            let length = i32::try_from(dice.below(900)).unwrap();
            let ended = Some(started + length).filter(|_| length < 500);
            let months = [1, 1, 3, 12][usize::try_from(dice.below(4)).unwrap()];
            let plan = ["a", "b"][usize::try_from(dice.below(2)).unwrap()];
            let cents = 500 + i128::from(dice.below(5_000));
            let span = Span { who, contract, months, started, ended, cents, plan };
            match dice.below(3) {
                0 if length > 60 => {
                    spans.push(Span { ended: Some(started + 50), ..span.clone() });
                    spans.push(Span {
                        started: started + 50,
                        cents: cents + i128::from(dice.below(200)) - 100,
                        ..span
                    });
                }
                _ => spans.push(span),
            }
        }
    }
    spans
}

#[test]
fn the_bytes_depend_on_neither_threads_nor_memory_nor_the_order_of_rows() {
    let mut spans = many();
    let pipeline = pipeline(&spans, SECTION);
    let first = pipeline.publish(&["--threads", "1"]).digests();
    assert_eq!(first.keys().filter(|file| file.starts_with("contract")).count(), 6, "{first:?}");
    assert_eq!(pipeline.publish(&["--threads", "3", "--memory", "400MiB", "--republish"]).digests(), first);
    spans.reverse();
    write_contracts(&pipeline, &spans);
    let others = |digests: BTreeMap<String, String>| {
        let of_contracts = digests.into_iter().filter(|(file, _)| file.contains("contract"));
        of_contracts.collect::<Vec<_>>()
    };
    assert_eq!(others(pipeline.publish(&["--full"]).digests()), others(first));
}

#[test]
fn recurring_revenue_closes_month_by_month() {
    let published = pipeline(&many(), SECTION).publish(&[]);
    let movement = published.rows("contract_movement");
    let months =
        movement.iter().map(|row| row["period_start"].clone()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(months.len(), 6);
    for row in &movement {
        let of = |column: &str| mantissa(row, column);
        let moved =
            of("opening_price") + of("new_price") + of("expansion") - of("contraction") - of("ended_price");
        assert_eq!(moved, of("closing_price"), "{row:?}");
        assert!(of("contraction") >= 0 && of("expansion") >= 0);
    }
    let sum = |rows: &[&BTreeMap<String, String>], column: &str| -> i128 {
        rows.iter().map(|row| mantissa(row, column)).sum()
    };
    let last = those(&movement, &[("period_start", "2024-06-01")]);
    let summary = published.rows("contract_summary");
    let all = those(&summary, &[("plan", "all")]);
    assert_eq!(sum(&last, "closing_price"), sum(&all, "price"));
    assert_eq!(sum(&last, "closing_contracts"), sum(&all, "running"));
    let contracts = published.rows("contract");
    assert_eq!(sum(&those(&contracts, &[("status", "running")]), "price"), sum(&all, "price"));
}

#[test]
fn rows_that_cannot_be_are_quarantined_and_overlaps_are_said() {
    let right = Span {
        who: 1,
        contract: 1,
        months: 1,
        started: day("2024-01-10"),
        ended: None,
        cents: 100,
        plan: "a",
    };
    let spans = [
        right.clone(),
        Span { who: 2, ended: Some(day("2024-01-09")), ..right.clone() },
        Span { who: 3, months: 0, ..right.clone() },
        Span { who: 4, started: day("2024-08-01"), ..right.clone() },
        Span { who: 5, ended: Some(day("2024-04-10")), ..right.clone() },
        Span { who: 5, started: day("2024-03-10"), ..right.clone() },
    ];
    let pipeline = pipeline(&spans, SECTION);
    let outcome = pipeline.abacus(&["run"]);
    outcome.succeeds(&["contracts: 1 rows overlap the next row of their contract"]);
    let published = pipeline.published();
    let reasons: Vec<String> = published.rows("quarantine").iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(
        reasons,
        [
            "ended_on 2024-01-09 is before started_on 2024-01-10",
            "term_months is 0, expected a whole number from 1 to 1200"
        ]
    );
    let contracts = published.rows("contract");
    let who: Vec<&str> = contracts.iter().map(|row| row["customer_id"].as_str()).collect();
    assert_eq!(who, ["1", "5"], "4 begins after the as-of date");
    assert_eq!((&*contracts[1]["started_on"], &*contracts[1]["ended_on"]), ("2024-01-10", "null"));
}

/// What is kept is the model, not its parameters; --reselect chooses again.
#[test]
fn the_model_that_a_holdout_chose_is_kept_until_reselect() {
    let pipeline = pipeline(&fader_hardie(), &(SECTION.to_owned() + "calibration = \"2022-01-01\"\n"));
    let of = |published: &Published| {
        let rows = published.rows("contract_summary");
        let row = those(&rows, &[("plan", "regular")])[0];
        (row["model"].clone(), row["chosen_by"].clone())
    };
    let kept = |published: &Published| {
        let groups = published.release["run"]["contracts"]["groups"].as_array().unwrap().clone();
        groups.iter().find(|group| group["plan"] == "regular").unwrap()["kept"].clone()
    };
    let first = pipeline.publish(&[]);
    assert_eq!(of(&first), ("shifted_beta_geometric".to_owned(), "holdout".to_owned()));
    // Many leave late: the holdout would choose another model.
    let survivors = [1000, 600, 560, 520, 490, 460, 370, 296];
    let mut spans = fader_hardie();
    for span in spans.iter_mut().filter(|span| span.plan == "regular") {
        let lost = (1..=7).find(|renewal| survivors[*renewal] < span.contract);
        span.ended = lost.map(|renewal| day(&format!("{}-05-02", 2017 + renewal)));
    }
    write_contracts(&pipeline, &spans);
    let second = pipeline.publish(&[]);
    assert_eq!((kept(&first), kept(&second)), (false.into(), true.into()));
    assert_eq!(of(&second).0, of(&first).0, "it is kept");
    let third = pipeline.publish(&["--reselect"]);
    assert_eq!(kept(&third), false);
    let tests = third.rows("contract_backtest");
    let best = those(&tests, &[("plan", "regular"), ("is_best", "true")])[0];
    assert_eq!(of(&third).0, best["model"]);
    assert_ne!(of(&third).0, of(&first).0);
}

/// Contracts of which only those are known that ran when observation began.
#[test]
fn ends_that_are_missing_are_said_and_observed_from_takes_them_into_account() {
    let mut dice = Dice(8);
    let mut spans = Vec::new();
    for who in 1..=3_000 {
        let started = day("2020-06-01") + i32::try_from(dice.below(1_300)).unwrap();
        let lost = (1..80).find(|_| uniform(&mut dice) < 0.06);
        let ended = lost.map(|renewal| after(started, renewal));
        if ended.is_none_or(|ended| ended >= day("2023-07-01")) {
            let ended = ended.filter(|ended| *ended < day("2024-06-30"));
            spans.push(Span { who, contract: who, months: 1, started, ended, cents: 999, plan: "one" });
        }
    }
    let churn = |section: &str, says: &[&str]| {
        let pipeline = pipeline(&spans, section);
        pipeline.abacus(&["run"]).succeeds(says);
        let models = pipeline.published().rows("contract_model");
        let row = those(&models, &[("plan", "all"), ("model", "geometric")])[0].clone();
        (number(&row, "estimate"), number(&row, "standard_error"))
    };
    let (naive, _) = churn(SECTION, &["none ended before 2023-07-01", "set contracts.observed_from"]);
    assert!(naive < 0.04, "{naive}");
    let (found, error) = churn(&(SECTION.to_owned() + "observed_from = \"2023-07-01\"\n"), &[]);
    assert!((found - 0.06).abs() < 3.0 * error && error < 0.003, "{found} {error}");
}

#[test]
fn a_wrong_section_is_refused() {
    let spans = &fader_hardie()[..3];
    let fails = |old: &str, new: &str, texts: &[&str]| {
        pipeline(spans, &SECTION.replace(old, new)).abacus(&["check"]).fails(2, texts);
    };
    fails("\"plan\"", "\"plans\"", &["plans", "did you mean 'plan'"]);
    fails("price = \"price\"", "", &["missing key 'price' in [contracts]"]);
    fails("plan = \"plan\"", "model = \"sbg\"", &["'sbg'", "'shifted_beta_geometric'"]);
    fails("plan = \"plan\"", "calibration = \"soon\"", &["soon", "day"]);
    fails("started_on = \"started_on\"", "started_on = \"months\"", &["'started_on'", "a date or timestamp"]);
    fails("plan = \"plan\"", "observed_from = \"soon\"", &["soon", "day"]);
    pipeline(spans, SECTION).abacus(&["check"]).succeeds(&[]);
}

/// Who never bought is a customer with a contract too, where another source names them.
#[test]
fn without_a_lifetime_section_contracts_are_valued_for_ever() {
    let pipeline = pipeline(&fader_hardie(), SECTION).with(CLV, "");
    let published: Published = pipeline.publish(&[]);
    let row = &published.rows("contract_summary")[0];
    assert!(number(row, "residual_value") > 0.0 && !row.contains_key("value_within_1_year"));
}

/// A calibration date with nothing before or after it holds no model against anything, and the run says so.
#[test]
fn a_calibration_outside_the_contracts_is_reported() {
    let span = Span {
        who: 1,
        contract: 1,
        months: 1,
        started: day("2024-01-10"),
        ended: None,
        cents: 999,
        plan: "one",
    };
    for calibration in ["1990-01-01", "2030-01-01"] {
        let section = format!("{SECTION}calibration = \"{calibration}\"\n");
        pipeline(std::slice::from_ref(&span), &section).abacus(&["run"]).succeeds(&[
            "contracts.calibration",
            calibration,
            "contracts are known from 2024-01-10 until",
        ]);
    }
}
