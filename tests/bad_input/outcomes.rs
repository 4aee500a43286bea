//! How commands end: exit codes, and one JSON value on stdout for every outcome with `--format json`.

use super::support::{Outcome, Pipeline, table, write};
use super::{sound, ten_customers};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// The program with these words and nothing else.
fn abacus(words: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
    Outcome::of(command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

/// Every command on a pipeline, with what it needs.
const COMMANDS: [&[&str]; 12] = [
    &["check"],
    &["plan"],
    &["run"],
    &["explain", "--customer", "1"],
    &["explain", "--change", "2024-01-01", "2024-02-01"],
    &["whatif", "--scenario", "dearer"],
    &["budget", "--scenario", "dearer"],
    &["schema"],
    &["releases", "list"],
    &["releases", "verify"],
    &["releases", "rollback"],
    &["releases", "vacuum", "--keep", "1"],
];

const SCENARIO: &str = "\n[scenario.dearer]\nabout = \"Higher prices.\"\nprices = 1.1\n";

/// Fails unless stdout is an error of this code, and stderr has its messages as text.
#[track_caller]
fn is_error(outcome: &Outcome, code: i32, kind: &str) {
    assert_eq!(outcome.code, Some(code), "{outcome:?}");
    let error = &outcome.json()["error"];
    assert_eq!((&error["kind"], &error["exit_code"]), (&kind.into(), &code.into()), "{outcome:?}");
    let messages = error["messages"].as_array().expect("messages");
    assert!(!messages.is_empty(), "{outcome:?}");
    for message in messages {
        assert!(outcome.stderr.contains(message.as_str().unwrap()), "{outcome:?}");
    }
}

#[test]
fn every_command_prints_json_when_it_works() {
    let pipeline = sound().and(SCENARIO);
    pipeline.publish(&[]);
    write(&pipeline.data("lines/b.parquet"), table(&ten_customers()[..1]));
    for words in COMMANDS {
        let outcome = pipeline.abacus(&[words, &["--format", "json"]].concat());
        assert_eq!(outcome.code, Some(0), "{words:?} {outcome:?}");
        let value = outcome.json();
        assert!(value.is_object() || value.is_array(), "{words:?} {value}");
        assert!(value.get("error").is_none(), "{words:?} {value}");
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("history");
    let synth = [
        "synth",
        out.to_str().unwrap(),
        "--lines",
        "50",
        "--customers",
        "5",
        "--months",
        "2",
        "--format",
        "json",
    ];
    assert!(abacus(&synth).json().is_object());
    assert!(abacus(&["schema", "--definition", "--format", "json"]).json().is_object());
}

#[test]
fn every_command_prints_its_faults_as_json_and_as_text() {
    for words in COMMANDS {
        let pipeline = sound().with("currency = \"EUR\"", "currency = \"euro\"");
        is_error(&pipeline.abacus(&[words, &["--format", "json"]].concat()), 2, "definition");
    }
    is_error(&abacus(&["run", "nowhere.toml", "--format=json"]), 2, "definition");
    is_error(&abacus(&["synth", "/proc/history", "--format=json"]), 4, "input");
}

#[test]
fn a_command_line_that_is_not_understood_is_a_fault_as_json_too() {
    for words in [
        &["run"][..],
        &["rnu", "x.toml"],
        &["run", "x.toml", "--as-of", "tomorrow"],
        &["explain", "x.toml"],
        &["check", "x.toml", "--threads", "0"],
    ] {
        let plain = abacus(words);
        assert_eq!((plain.code, plain.stdout.as_str()), (Some(2), ""), "{plain:?}");
        let outcome = abacus(&[words, &["--format", "json"]].concat());
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert_eq!(outcome.json()["error"]["kind"], "definition");
        assert!(outcome.stderr.starts_with("error: "), "{outcome:?}");
    }
    assert_eq!(abacus(&["--help"]).code, Some(0));
}

#[test]
fn what_needs_a_release_says_that_there_is_none_with_code_4() {
    let pipeline = sound().and(SCENARIO);
    for words in [
        &["explain", "--customer", "1"][..],
        &["whatif", "--scenario", "dearer"],
        &["schema"],
        &["releases", "verify"],
        &["releases", "rollback"],
    ] {
        let outcome = pipeline.abacus(&[words, &["--format", "json"]].concat());
        is_error(&outcome, 4, "input");
        assert!(outcome.stderr.contains("no release yet; make one with `abacus run`"), "{outcome:?}");
    }
    assert_eq!(pipeline.abacus(&["releases", "list"]).code, Some(0));
}

#[test]
fn a_folder_that_cannot_be_made_is_code_4() {
    // A file where a folder is needed; the last part is the mode of a folder that nobody may write.
    let pipeline = sound();
    fs::write(pipeline.out().parent().unwrap(), "in the way").unwrap();
    let outcome = pipeline.abacus(&["run", "--format", "json"]);
    is_error(&outcome, 4, "input");
    assert!(outcome.stderr.contains("a file lies where a folder is needed"), "{outcome:?}");
}

/// `/proc` refuses every new folder, that of the superuser too.
#[test]
fn a_folder_that_may_not_be_written_is_code_4() {
    let pipeline = sound().and("\n[publish]\npath = \"/proc/abacus/history\"\n");
    for command in ["check", "run"] {
        let outcome = pipeline.abacus(&[command, "--format", "json"]);
        is_error(&outcome, 4, "input");
        assert!(outcome.stderr.contains("cannot be"), "{outcome:?}");
    }
}

/// Rights bind all but the superuser, whom nothing keeps from writing: then the run works.
#[test]
fn a_folder_without_the_right_to_write_is_code_6() {
    let pipeline = sound();
    let out = pipeline.out().parent().unwrap().to_owned();
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o500)).unwrap();
    let may_write = fs::create_dir(out.join("probe")).is_ok();
    for command in ["check", "run"] {
        let outcome = pipeline.abacus(&[command, "--format", "json"]);
        if may_write {
            assert_eq!(outcome.code, Some(0), "{outcome:?}");
        } else {
            is_error(&outcome, 6, "permission");
            assert!(outcome.stderr.contains("give the right to write there"), "{outcome:?}");
        }
    }
}

#[test]
fn a_missed_check_and_a_warning_are_json_too() {
    let check = "\n[[expect]]\nname = \"customers\"\nsql = \"select count(*) from customer\"\nequals = 11\n";
    is_error(&sound().and(check).abacus(&["run", "--format", "json"]), 3, "check");
    let outcome =
        sound().and(check).and("severity = \"warn\"\n").abacus(&["run", "--format", "json", "--log", "json"]);
    let warning = outcome.json()["warnings"][0].as_str().unwrap().to_owned();
    assert!(warning.contains("'customers' expected 11, found 10"), "{warning}");
    let told = outcome.stderr.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let told: Vec<_> = told.filter(|event| event["event"] == "warning").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["message"], warning.as_str());
}

#[test]
fn names_that_there_will_not_be_stop_check_and_run_before_they_read() {
    let query = |sql: &str| format!("\n[[expect]]\nname = \"total\"\nsql = \"{sql}\"\nat_least = 0\n");
    for (sql, text) in [
        ("select count(*) from custmer", ":29: 'total': unknown table 'custmer'; did you mean 'customer'?"),
        (
            "select sum(net_revenu) from customer",
            ":19: 'total': unknown column 'net_revenu'; did you mean 'net_revenue'?",
        ),
        (
            "select count(*) from customer c where k.lines > 0",
            ":46: 'total': unknown table 'k'; name a table of the query or its alias",
        ),
        ("select sum(zebra) from customer", "unknown column 'zebra'; it is no column of customer"),
        ("select sum(cost_pack) from customer", "unknown column 'cost_pack'; did you mean 'cost_pick'?"),
        (
            "select count(*) from lifecycle",
            "table 'lifecycle' comes with [lifecycle], which is off; add [lifecycle]",
        ),
        ("select count(*) from run", "table 'run' is written after the checks"),
    ] {
        let pipeline = sound().and(&query(sql));
        for command in ["check", "run"] {
            pipeline.abacus(&[command]).fails(2, &["history.toml:", text]);
        }
    }
    let right = "with best as (select customer_id as who, sum(net_revenue) as total from customer_period group by customer_id) \
                 select sum(b.total) + count(who) from best b";
    sound().and(&query(right)).publish(&[]);
    sound().and(&query("select sum(cost_pick) + sum(volume_pick) from customer")).publish(&[]);
}

/// A pipeline whose customers have an attribute of this name.
fn with_attribute(name: &str, more: &str) -> Pipeline {
    let customers = format!(
        "[facts.customers]\nfiles = \"../data/customers.parquet\"\ncustomer = \"customer_id\"\nattributes = {{ {name} = \"channel\" }}\n\n[[costing.resource]]"
    );
    let pipeline = sound().with("[[costing.resource]]", &customers).and(more);
    write(&pipeline.data("customers.parquet"), table(&ten_customers()[..10]));
    pipeline
}

#[test]
fn an_attribute_may_not_hide_a_column_of_a_table_it_stands_beside() {
    let all = "\n[lifecycle]\n[clv]\n[segments]\n";
    for (name, table, more) in [
        ("as_of", "customer", ""),
        ("as_of_date", "customer", ""),
        ("orders", "customer", ""),
        ("cost_pick", "customer", ""),
        ("volume_take_order", "customer", ""),
        ("state", "lifecycle", all),
        ("tier", "customer_segment", all),
        ("segment", "customer_value", all),
        ("expected_purchases_1_year", "customer_value", all),
    ] {
        let pipeline = with_attribute(name, more);
        let texts =
            ["history.toml:", &format!("attribute '{name}' has the name of"), table, &format!("own_{name}")];
        for command in ["check", "run"] {
            pipeline.abacus(&[command]).fails(2, &texts);
        }
    }
    // Where no table has it, the name is free.
    with_attribute("segment", "").publish(&[]);
    with_attribute("tariff", all).publish(&[]);
}
