//! Budget against actual: what a plan may not say, what it may leave out, and that variances add up whatever the network.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{Line, Outcome, Pipeline, Published, table, write};

const RESOURCES: &str = "
[plan.resources]
files = \"../data/resources.csv\"
practical_minutes_column = \"minutes\"
";
const ACTIVITIES: &str = "
[plan.activities]
files = \"../data/activities.csv\"
";
const SALES: &str = "
[plan.sales]
files = \"../data/sales.csv\"
";

/// Two customers who buy tools, and these planning files by name.
fn pipeline(more: &str, files: &[(&str, &str)]) -> Pipeline {
    let pipeline = Pipeline::new().and(more);
    write(&pipeline.data("lines/all.parquet"), table(&[Line::new(1, 1, 5), Line::new(2, 2, 10)]));
    for (name, text) in files {
        fs::write(pipeline.data(name), text).unwrap();
    }
    pipeline
}

/// The month of the lines.
fn month(pipeline: &Pipeline) -> String {
    pipeline.publish(&[]).rows("activity_period")[0]["period_start"].clone()
}

fn rows<'p>(published: &'p [BTreeMap<String, String>], name: &str) -> Vec<&'p BTreeMap<String, String>> {
    published.iter().filter(|row| row.values().any(|value| value == name)).collect()
}

#[test]
fn every_name_that_the_pipeline_does_not_know_is_reported_and_nothing_is_published() {
    let files = [
        (
            "resources.csv",
            "resource,period,cost,minutes\norder dsk,2024-01,5,\nwarehouse,2024-01,5,\n4711,2024-01,5,\n",
        ),
        ("activities.csv", "activity,period,volume\npik,2024-01,5\n"),
        ("sales.csv", "product_group,period,units,list_revenue\ntoys,2024-01,5,5\n"),
    ];
    let pipeline = pipeline(&[RESOURCES, ACTIVITIES, SALES].concat(), &files);
    let expected = [
        "../data/resources.csv: 'order dsk' is no resource, nor an account of a ledger; did you mean 'order desk'?",
        "../data/resources.csv: '4711' is no resource, nor an account of a ledger; known are 'order desk', 'warehouse'",
        "../data/activities.csv: 'pik' is no activity; did you mean 'pick'?",
    ];
    pipeline.abacus(&["check"]).fails(2, &expected);
    let group = "../data/sales.csv: 'toys' is no product group; did you mean 'tools'?";
    pipeline.abacus(&["run"]).fails(2, &[&expected[..], &[group]].concat());
    assert!(!pipeline.out().join("release.json").exists());
}

#[test]
fn minutes_of_what_has_no_capacity_and_volumes_of_what_has_no_driver_are_mistakes() {
    let undriven =
        "\n[[costing.activity]]\nname = \"sweep\"\nlevel = \"facility\"\nfrom = { warehouse = 0.1 }\n";
    let files = [("activities.csv", "activity,period,volume\nsweep,2024-01,5\n")];
    let wrong = pipeline(&[undriven, ACTIVITIES, "cost_column = \"volume\"\n"].concat(), &files);
    wrong.abacus(&["check"]).fails(2, &["activity 'sweep' has no driver, so it has no volume to plan"]);
    let plain = pipeline("", &[]);
    let month = month(&plain);
    for (row, why) in [("warehouse,{},5,10", "it has no capacity"), ("order desk,{},5,0", "are above 0")] {
        let text = format!("resource,period,cost,minutes\n{}\n", row.replace("{}", &month));
        pipeline(RESOURCES, &[("resources.csv", &text)])
            .abacus(&["run"])
            .fails(2, &["minutes are planned of resource", why]);
    }
    let text = format!("activity,period,volume\npick,{month},-1\n");
    let wrong = pipeline(&[ACTIVITIES, "cost_column = \"volume\"\n"].concat(), &[("activities.csv", &text)]);
    wrong
        .abacus(&["run"])
        .fails(2, &["a volume of -1 is planned of activity 'pick' in", "expected a number from 0"]);
    let files = [("resources.csv", "resource,period,kost\nwarehouse,2024-01,5\n")];
    let wrong = pipeline(RESOURCES, &files);
    wrong
        .abacus(&["check"])
        .fails(4, &["no column 'cost'; found resource, period, kost; did you mean 'kost'?"]);
}

#[test]
fn periods_that_are_not_planned_are_left_out_and_later_ones_wait() {
    let files = [("resources.csv", "resource,period,cost,minutes\nwarehouse,2031-05,500,\n")];
    let published = pipeline(RESOURCES, &files).publish(&[]);
    for name in ["plan_resource", "plan_activity", "plan_result"] {
        assert!(published.rows(name).is_empty(), "{name}");
    }
}

#[test]
fn a_plan_of_activities_alone_has_no_resources_and_no_result() {
    let plain = pipeline("", &[]);
    let month = month(&plain);
    let text = format!("activity,period,volume,eur\npick,{month},4,100\nkeep account,{month},,30\n");
    let published = pipeline(&[ACTIVITIES, "cost_column = \"eur\"\n"].concat(), &[("activities.csv", &text)])
        .publish(&[]);
    let activities = published.rows("plan_activity");
    let pick = rows(&activities, "pick")[0];
    let flexible = format!("{:.4}", 25.0 * pick["volume"].parse::<f64>().unwrap());
    assert_eq!(
        (&*pick["planned"], &pick["flexible_budget"], &*pick["planned_rate"]),
        ("100.0000", &flexible, "25.0")
    );
    let keep = rows(&activities, "keep account")[0];
    assert_eq!((&*keep["flexible_budget"], &*keep["reason"]), ("30.0000", "no planned volume"));
    let order = rows(&activities, "take order")[0];
    assert_eq!((&*order["planned"], &*order["reason"]), ("0.0000", "not planned"));
    assert!(published.release["tables"].get("plan_resource").is_none());
    assert!(rows(&published.rows("plan_result"), "ledger result").is_empty());
}

#[test]
fn threads_and_memory_change_no_byte() {
    let plain = pipeline("", &[]);
    let month = month(&plain);
    let resources = format!(
        "resource,period,cost,minutes\norder desk,{month},1000.01,1999\nwarehouse,{month},777.7777,\n"
    );
    let activities =
        format!("activity,period,volume\ntake order,{month},7.5\npick,{month},3\nkeep account,{month},7\n");
    let files = [("resources.csv", &*resources), ("activities.csv", &*activities)];
    let digests = |flags: &[&str]| {
        let published = pipeline(&[RESOURCES, ACTIVITIES].concat(), &files).publish(flags);
        ["plan_resource", "plan_activity", "plan_result"].map(|table| {
            assert!(!published.rows(table).is_empty());
            published.release["tables"][table]["files"][0]["blake3"].clone()
        })
    };
    let found = digests(&["--threads", "1"]);
    assert_eq!(found, digests(&["--threads", "3", "--memory", "64MiB"]));
}

/// Sums of money in smallest units.
fn sum<'r>(rows: impl IntoIterator<Item = &'r BTreeMap<String, String>>, column: &str) -> i128 {
    rows.into_iter().map(|row| row[column].replace('.', "").parse::<i128>().unwrap()).sum()
}

/// Services that serve each other, standard rates, fallback and imputed rates: the shipped pipelines, planned by the year before.
#[test]
fn variances_add_up_in_every_network() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["network", "time_driven", "retail"] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("pipelines")).unwrap();
        std::os::unix::fs::symlink(root.join("sample_data"), folder.path().join("sample_data")).unwrap();
        let text = fs::read_to_string(root.join("pipelines").join(name).with_extension("toml")).unwrap();
        let (text, later) = text.split_once("\n[plan]").unwrap_or((&text, ""));
        let later = later
            .split_once("\n[lifecycle]")
            .map(|(_, later)| format!("\n[lifecycle]{later}"))
            .unwrap_or_default();
        let plan = "\n[plan]\nscenario = \"third\"\n\n[scenario.third]\ngrowth = \"1.3333333\"\nprices = \"0.98765\"\n";
        let file = folder.path().join("pipelines/planned.toml");
        fs::write(&file, format!("{text}{later}{plan}")).unwrap();
        let mut run = Command::new(env!("CARGO_BIN_EXE_abacus"));
        let outcome = Outcome::of(run.arg("run").arg(&file).args(["--only", "plan"]));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let out = folder.path().join("out").join(name);
        let published = Published::read(&out).unwrap();
        let parts = ["volume_variance", "efficiency_variance", "capacity_variance", "rate_variance"];
        for table in ["plan_activity", "plan_resource", "plan_sales", "plan_result"] {
            let rows = published.rows(table);
            assert!(rows.len() >= 12, "{name}: {table}");
            for row in &rows {
                let one = [row];
                let variance = sum(one, "actual") - sum(one, "planned");
                assert_eq!(
                    variance,
                    parts.iter().map(|part| sum(one, part)).sum::<i128>(),
                    "{name}: {row:?}"
                );
                assert_eq!(sum(one, "flexible_budget"), sum(one, "planned") + sum(one, "volume_variance"));
                assert_eq!(sum(one, "difference"), 0);
            }
        }
        let ledger = published.rows("reconciliation");
        let result = published.rows("plan_result");
        for last in result.iter().filter(|row| row["line"] == "ledger result") {
            let is_it = |row: &&BTreeMap<String, String>| {
                row["line"] == "ledger result" && row["period_start"] == last["period_start"]
            };
            assert_eq!(Some(&last["actual"]), ledger.iter().find(is_it).map(|row| &row["amount"]), "{name}");
            let lines = || {
                result
                    .iter()
                    .filter(|row| row["period_start"] == last["period_start"] && row["is_level"] == "false")
            };
            assert_eq!(sum(lines(), "planned"), sum([last], "planned"), "{name}");
        }
    }
}
