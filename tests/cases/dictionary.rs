//! The list of published columns in `src/published` against what runs publish: every case, and the shipped pipelines.

use super::{CASES, Silent, folder, input};
use abacus::pipeline::Definition;
use abacus::publish::Release;
use abacus::published::Tables;
use abacus::stages::{self, RunOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Columns by table, in the order published, with their types.
type Found = BTreeMap<String, Vec<(String, String)>>;

/// `BLESS=1` rewrites the list.
#[test]
fn the_list_has_every_column_that_runs_publish_and_no_other() {
    let mut found = Found::new();
    let mut differences = Vec::new();
    for pipeline in every_pipeline() {
        let (_place, path) = pipeline;
        let report = stages::publish(&path, RunOptions::default(), Arc::new(Silent));
        let report = report.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let report = report.made().expect("the first run has something to do");
        let release = report.release.expect("no dry run");
        differences.extend(
            unforeseen(&report.definition, &release).map(|what| format!("{}: {what}", path.display())),
        );
        add(&mut found, &report.definition, &release);
    }
    let list: String = found
        .iter()
        .flat_map(|(table, columns)| {
            columns.iter().map(move |(column, kind)| format!("{table}\t{column}\t{kind}\n"))
        })
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/published/columns.tsv");
    if std::env::var_os("BLESS").is_some() {
        // What the program foresees is the list that it was built with, so that only the next build can be held to this one.
        fs::write(&path, &list).expect("the list is writable");
        return;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(fs::read_to_string(&path).expect("the list"), list, "BLESS=1 rewrites it");
}

/// Where the tables and columns of a release differ from those that were known before the run.
fn unforeseen(definition: &Definition, release: &Release) -> impl Iterator<Item = String> {
    let known = Tables::of(definition);
    let customers = definition.facts.customers.iter();
    let attributes: BTreeSet<&String> = customers.flat_map(|customers| customers.attributes.keys()).collect();
    let mut differences = Vec::new();
    for (name, table) in &release.tables {
        let published: BTreeSet<&String> = table.columns.iter().map(|column| &column.name).collect();
        let mut foreseen: BTreeSet<&String> = known.columns(name).unwrap_or_default().iter().collect();
        if is_of_customers(name) {
            foreseen.extend(&attributes);
        }
        differences.extend(foreseen.difference(&published).map(|column| format!("{name} has no {column}")));
        differences.extend(published.difference(&foreseen).map(|column| format!("{name} has {column} too")));
        differences.extend(known.unmade(name).map(|why| format!("{name} is made, although {why}")));
    }
    let is_on = |table: &str| {
        stages::STAGES.iter().any(|stage| stage.makes.contains(&table) && (stage.enabled)(definition))
    };
    let missing = known.names().filter(|name| is_on(name) && !release.tables.contains_key(*name));
    differences.extend(
        missing.filter(|name| known.unmade(name).is_none()).map(|name| format!("there is no {name}")),
    );
    differences.into_iter()
}

/// Every case and shipped pipeline, laid out in a temporary folder of its own.
fn every_pipeline() -> Vec<(tempfile::TempDir, PathBuf)> {
    let place = || tempfile::tempdir().expect("a temporary folder");
    let of_case = |name: &&str| {
        let place = place();
        let pipeline = input::lay_out(&folder().join(name), &place.path().join(name));
        (place, pipeline)
    };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = |(name, old, new): (&str, &str, &str)| {
        let place = place();
        let pipeline = place.path().join("pipelines").join(name);
        fs::create_dir(place.path().join("pipelines")).expect("a writable folder");
        let text = fs::read_to_string(repository.join("pipelines").join(name)).expect("a shipped pipeline");
        fs::write(&pipeline, text.replace(old, new)).expect("a writable folder");
        std::os::unix::fs::symlink(repository.join("sample_data"), place.path().join("sample_data"))
            .expect("a link");
        (place, pipeline)
    };
    let long = "[publish]\ncustomer_activity = true\n";
    let names = [
        ("retail.toml", "", ""),
        ("network.toml", "", ""),
        ("time_driven.toml", "[publish]", long),
        ("prices.toml", "", ""),
        ("group.toml", "", ""),
    ];
    CASES.iter().map(of_case).chain(names.map(shipped)).collect()
}

/// Adds the columns of a release but those that follow from names of its pipeline file.
fn add(found: &mut Found, definition: &Definition, release: &Release) {
    let listed = Tables::listed();
    let own = Tables::of(definition);
    let customers = definition.facts.customers.iter();
    let attributes: BTreeSet<&str> =
        customers.flat_map(|customers| customers.attributes.keys().map(String::as_str)).collect();
    for (name, table) in &release.tables {
        let columns = found.entry(name.clone()).or_default();
        let fixed = listed.columns(name).unwrap_or_default();
        let all = own.columns(name).unwrap_or_default();
        for published in &table.columns {
            let column = &published.name;
            let declared = !fixed.contains(column) && all.contains(column);
            let is_attribute = is_of_customers(name) && attributes.contains(column.as_str());
            if !declared && !is_attribute && columns.iter().all(|(known, _)| known != column) {
                columns.push((column.clone(), kind(column, &published.sql_type)));
            }
        }
    }
}

/// Whether a table has the attributes of customers.
fn is_of_customers(table: &str) -> bool {
    ["customer", "dim_customer"].contains(&table)
}

/// The type as the list has it: keys are of either kind, and scales are those of the default.
fn kind(column: &str, sql_type: &str) -> String {
    match sql_type.split_once(',') {
        _ if ["customer_id", "customer_key", "best_member", "worst_member"].contains(&column) => {
            "KEY".to_owned()
        }
        _ if column == "order_id" => "ORDER".to_owned(),
        Some((decimal, _)) => format!("{decimal},4)"),
        None => sql_type.to_owned(),
    }
}
