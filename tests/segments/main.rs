//! Segments from outside: scores that follow customers alone, rules that are told of, releases that are compared.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
#[path = "../support/mod.rs"]
mod support;

mod acquisition;
mod effects;
mod hierarchy;
mod needs;
mod oracle;
mod releases;

use support::{Line, Pipeline, Published, lines, table, write};

/// Treatments that never match, overlap, divide by zero.
const RULES: &str = r#"
[segments]
[[segments.treatment]]
name = "buyers"
when = "list_revenue > 20.00 or orders > 1"
[[segments.treatment]]
name = "nobody"
when = "customer_profit > 1000000"
[[segments.treatment]]
name = "large"
when = "list_revenue >= 25"
[[segments.treatment]]
name = "dear"
when = "discount / discount > 0.5 or r_score = 1"
"#;

/// Three customers with a line each: 25, 12.50 and 25.
fn three() -> Vec<Line> {
    let mut lines = vec![Line::new(1, 1, 3), Line::new(2, 2, 5), Line::new(3, 3, 9)];
    lines[1].quantity = 1;
    lines
}

fn pipeline(lines: &[Line], section: &str) -> Pipeline {
    let pipeline = Pipeline::new().and(section);
    write(&pipeline.data("lines/all.parquet"), table(lines));
    pipeline
}

/// One column of a table, row by row.
fn column(published: &Published, table: &str, column: &str) -> Vec<String> {
    published.rows(table).into_iter().map(|mut row| row.remove(column).unwrap()).collect()
}

#[test]
fn shuffled_lines_change_nothing() {
    let lines = lines(5, 2_000, 121);
    let expected = pipeline(&lines, "\n[segments]\n").publish(&["--threads", "2"]);
    let shuffled: Vec<Line> = lines.iter().rev().cloned().collect();
    for threads in ["1", "2", "7"] {
        let found = pipeline(&shuffled, "\n[segments]\n").publish(&["--threads", threads]);
        assert_eq!(found.digests(), expected.digests(), "{threads}");
    }
}

#[test]
fn ties_never_split_under_the_default_rule() {
    let published = pipeline(&lines(7, 2_000, 121), "\n[segments]\n").publish(&[]);
    let rows = published.rows("customer_segment");
    for (value, score) in [("recency_days", "r_score"), ("frequency", "f_score"), ("monetary", "m_score")] {
        let mut scores = std::collections::BTreeMap::new();
        for row in &rows {
            let known = scores.entry(&row[value]).or_insert(&row[score]);
            assert_eq!(*known, &row[score], "{value} {}", row[value]);
        }
    }
    assert!(rows.len() > 20, "{}", rows.len());
    assert!(rows.iter().all(|row| row["rfm_segment"] != "null"), "the ten segments cover the grid");
}

#[test]
fn bins_of_equal_size_are_an_option() {
    let published = pipeline(&lines(7, 2_000, 121), "\n[segments.rfm]\nmethod = \"rank\"\n").publish(&[]);
    let customers = column(&published, "rfm_cut_point", "customers");
    let sizes: Vec<i64> = customers.iter().map(|count| count.parse().unwrap()).collect();
    for bins in sizes.chunks(5) {
        assert!(bins.iter().max().unwrap() - bins.iter().min().unwrap() <= 1, "{bins:?}");
    }
}

#[test]
fn the_run_tells_of_rules_that_never_match_overlap_or_divide_by_zero() {
    let pipeline = pipeline(&three(), RULES);
    let outcome = pipeline.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let told: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    let place = |text: &str| told.iter().any(|line| line.contains("history.toml:") && line.contains(text));
    for text in [
        "treatment 'nobody' never matches",
        "treatment 'large' never comes first: earlier ones have all 2 customers it holds for ('buyers' 2)",
        "treatment 'dear' divides by 'discount', which is 0 for 3 customers",
    ] {
        assert!(place(text), "no '{text}' in {told:#?}");
    }
    let published = pipeline.published();
    let hits = column(&published, "treatment", "hits");
    assert_eq!(hits[..3], ["2", "0", "2"].map(str::to_owned));
    assert_eq!(column(&published, "customer_segment", "treatment")[..1], ["buyers".to_owned()]);
}

#[test]
fn mistakes_of_rules_are_told_before_anything_is_read() {
    let rules = r#"
[segments]
[[segments.treatment]]
name = "a"
when = "custmer_profit > 1"
[[segments.treatment]]
name = "b"
when = "residual_value > 1"
[[segments.treatment]]
name = "c"
when = "tier > 5"
[[segments.treatment]]
name = "d"
when = "orders + 1"
[segments.pyramid]
measure = "tier"
"#;
    let pipeline = pipeline(&three(), rules);
    for command in ["check", "run"] {
        pipeline.abacus(&[command]).fails(
            2,
            &[
                ":9: unknown measure 'custmer_profit' in a rule; did you mean 'customer_profit'?",
                ":9: measure 'residual_value' comes with [clv], which is off",
                ":9: 'tier > 5' sets text beside a number",
                ":9: a rule is true or false",
                "'tier' is no number",
            ],
        );
    }
}

#[test]
fn money_compares_exactly_in_rules() {
    let rules = r#"
[segments]
[[segments.treatment]]
name = "exact"
when = "list_revenue = 12.50 and list_revenue * 2 = 25 and list_revenue - 12.4999 = 0.0001"
"#;
    let published = pipeline(&three(), rules).publish(&[]);
    assert_eq!(column(&published, "customer_segment", "treatment"), ["null", "exact", "null"]);
}

#[test]
fn a_budget_is_spread_to_equal_marginal_return_to_the_cent() {
    let section = r#"
[segments]
budget = 1_000.01
budget_by = "size_class"
[segments.response.large]
scale = 20
elasticity = 0.5
[segments.response.small]
scale = 10
elasticity = 0.5
"#;
    let published = pipeline(&three(), section).publish(&[]);
    let rows = published.rows("segment_summary");
    let of = |name: &str| {
        let named = |row: &&std::collections::BTreeMap<String, String>| row["segment"] == name;
        rows.iter().filter(|row| row["segment_by"] == "size_class").find(named).unwrap().clone()
    };
    let (large, small) = (of("large"), of("small"));
    let budget = |row: &std::collections::BTreeMap<String, String>| row["budget"].parse::<f64>().unwrap();
    assert!((budget(&large) + budget(&small) - 1_000.01).abs() < 1e-9, "{large:?} {small:?}");
    assert!((budget(&large) - 800.01).abs() < 0.011, "four times the other: {large:?}");
}

#[test]
fn a_treatment_keeps_its_declared_budget_and_the_others_share_the_rest() {
    let section = r#"
[segments]
budget = 1_000.01
[[segments.treatment]]
name = "first"
when = "customer_id = 1"
budget = 600.005
[[segments.treatment]]
name = "second"
when = "customer_id = 2"
[[segments.treatment]]
name = "third"
when = "customer_id = 3"
budget = 70
[segments.response.first]
scale = 20
elasticity = 0.5
[segments.response.second]
scale = 10
elasticity = 0.5
"#;
    let published = pipeline(&three(), section).publish(&[]);
    assert_eq!(
        column(&published, "treatment", "budget"),
        ["600.0050", "400.0000", "70.0000", "null"],
        "the half cent that is left is not spread"
    );
    let rows = published.rows("segment_summary");
    let returns =
        rows.iter().filter(|row| row["segment_by"] == "treatment").map(|row| row["expected_return"].as_str());
    assert_eq!(returns.collect::<Vec<_>>(), ["489.9000", "200.0000", "null"], "20 √600.005 and 10 √400");
}

#[test]
fn every_measure_of_a_customer_may_stand_in_a_rule() {
    let root = env!("CARGO_MANIFEST_DIR");
    let sample = std::fs::read_to_string(format!("{root}/pipelines/retail.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("retail.toml");
    let text = sample.replace("../sample_data", &format!("{root}/sample_data")).replace("../out", "out");
    std::fs::write(&file, &text).unwrap();
    let abacus = |command: &str| {
        let mut abacus = std::process::Command::new(env!("CARGO_BIN_EXE_abacus"));
        let outcome = support::Outcome::of(abacus.arg(command).arg(&file));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        outcome
    };
    abacus("run");
    let published = Published::read(&folder.path().join("out/retail")).unwrap();
    let tables = [
        "customer",
        "customer_segment",
        "lifecycle",
        "customer_value",
        "early_warning",
        "customer_voice",
        "customer_contract",
        "customer_points",
    ];
    let columns = tables.into_iter().flat_map(|table| {
        let columns = published.release["tables"][table]["columns"].as_array().unwrap().iter();
        columns.map(|column| column["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    // What the rules themselves decide, and why a score changed, are no measures.
    let decided = ["score_change", "treatment", "attitude", "next_action"];
    let columns = columns.filter(|column| !decided.contains(&column.as_str()));
    let columns: std::collections::BTreeSet<String> = columns.collect();
    let nothing: Vec<String> = columns.iter().map(|column| format!("{column} is null")).collect();
    let rule = nothing.join(" or ").replace("'", "''");
    let more = format!("\n[[segments.treatment]]\nname = \"all\"\nwhen = \"{rule}\"\n");
    std::fs::write(&file, text + &more).unwrap();
    abacus("check");
    abacus("run");
}

/// What customers said, what is likely to be lost with them, and the calendar.
#[test]
fn a_treatment_sees_warnings_complaints_and_the_day() {
    let root = env!("CARGO_MANIFEST_DIR");
    let sample = std::fs::read_to_string(format!("{root}/pipelines/retail.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("retail.toml");
    let rule = "contracts is null and expected_loss > 50 and open_complaints > 0 and month(as_of_date) = 1 and \
                extract(year from first_order_at) <= 2024 and (satisfaction <> 'delighted' or satisfaction is null)";
    let treatment = format!("[[segments.treatment]]\nname = \"call\"\nwhen = \"{rule}\"\n");
    let first = sample.find("[[segments.treatment]]").unwrap();
    let text = format!("{}{treatment}{}", &sample[..first], &sample[first..]);
    let text = text.replace("../sample_data", &format!("{root}/sample_data")).replace("../out", "out");
    std::fs::write(&file, &text).unwrap();
    let mut abacus = std::process::Command::new(env!("CARGO_BIN_EXE_abacus"));
    let outcome = support::Outcome::of(abacus.arg("run").arg(&file));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let published = Published::read(&folder.path().join("out/retail")).unwrap();
    let number = |row: &std::collections::BTreeMap<String, String>, column: &str| {
        row[column].parse::<f64>().unwrap_or(0.0)
    };
    let mut expected: Vec<String> = Vec::new();
    let complained: std::collections::BTreeSet<String> = published
        .rows("customer_voice")
        .into_iter()
        .filter(|row| number(row, "open_complaints") > 0.0 && row["satisfaction"] != "delighted")
        .map(|row| row["customer_id"].clone())
        .collect();
    let subscribers: std::collections::BTreeSet<String> =
        published.rows("customer_contract").into_iter().map(|row| row["customer_id"].clone()).collect();
    for row in published.rows("early_warning") {
        let has_contract = subscribers.contains(&row["customer_id"]);
        if !has_contract && number(&row, "expected_loss") > 50.0 && complained.contains(&row["customer_id"]) {
            expected.push(row["customer_id"].clone());
        }
    }
    let treated = published.rows("customer_segment").into_iter().filter(|row| row["treatment"] == "call");
    let treated: Vec<String> = treated.map(|row| row["customer_id"].clone()).collect();
    assert!(!expected.is_empty());
    assert_eq!(treated, expected);
    std::fs::write(&file, text.replace("month(as_of_date)", "month(expected_loss)")).unwrap();
    let mut abacus = std::process::Command::new(env!("CARGO_BIN_EXE_abacus"));
    let outcome = support::Outcome::of(abacus.arg("check").arg(&file));
    outcome.fails(2, &["'expected_loss' is a number, parts are of dates"]);
}
