//! Folders and links that cannot be read, tables of lake formats, columns of folders.

use super::support::{Line, Pipeline, table, write};
use super::{nothing_is_published, sound, ten_customers};
use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

const EVERYTHING: &str = "../data/**/*.parquet";

/// A pipeline over everything below `data`.
fn over_all() -> Pipeline {
    Pipeline::new().with("../data/lines/*.parquet", EVERYTHING)
}

fn put(pipeline: &Pipeline, name: &str, lines: &[Line]) {
    let path = pipeline.data(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    write(&path, table(lines));
}

/// Lines with a further column, one value for all.
fn put_with(pipeline: &Pipeline, name: &str, column: &'static str, value: &dyn Fn(usize) -> ArrayRef) {
    let path = pipeline.data(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lines = ten_customers();
    let mut columns = table(&lines);
    columns.push((column, value(lines.len())));
    write(&path, columns);
}

fn touch(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[track_caller]
fn both_fail(pipeline: &Pipeline, code: i32, texts: &[&str]) {
    pipeline.abacus(&["check"]).fails(code, texts);
    pipeline.abacus(&["run"]).fails(code, texts);
    nothing_is_published(pipeline);
}

#[test]
fn what_a_job_is_writing_is_not_read() {
    let pipeline = over_all();
    put(&pipeline, "lines/part-0.parquet", &ten_customers());
    for hidden in
        ["_temporary/0/task_1/part-1.parquet", ".spark-staging-1/day=2/part-1.parquet", "lines/_x.parquet"]
    {
        put(&pipeline, hidden, &ten_customers());
    }
    touch(&pipeline.data("lines/.part-0.parquet.crc"), "");
    touch(&pipeline.data("lines/_SUCCESS"), "");
    assert_eq!(pipeline.publish(&[]).counts(), [20, 20, 0, 0, 0]);
    let folder = pipeline.with(EVERYTHING, "../data");
    assert_eq!(folder.publish(&["--full"]).counts(), [20, 20, 0, 0, 0], "a folder stands for its files");
}

#[test]
fn a_folder_stands_for_all_its_files_and_a_foreign_one_is_named() {
    let pipeline = sound().with("../data/lines/*.parquet", "../data/lines");
    touch(&pipeline.data("lines/readme.txt"), "these are orders");
    both_fail(&pipeline, 4, &["lines/readme.txt"]);
}

#[test]
fn an_empty_file_is_named() {
    let pipeline = sound();
    touch(&pipeline.data("lines/b.parquet"), "");
    both_fail(&pipeline, 4, &["lines/b.parquet"]);
}

#[test]
fn links_that_lead_nowhere_or_back_are_named() {
    let pipeline = over_all();
    put(&pipeline, "lines/a.parquet", &ten_customers());
    symlink("/nowhere/archive.parquet", pipeline.data("lines/b.parquet")).unwrap();
    both_fail(&pipeline, 4, &["lines/b.parquet", "the link's target cannot be read"]);
    fs::remove_file(pipeline.data("lines/b.parquet")).unwrap();
    symlink(pipeline.data("lines"), pipeline.data("lines/again")).unwrap();
    both_fail(&pipeline, 4, &["lines/again", "a link back to the folder"]);
}

#[test]
fn a_file_that_two_paths_lead_to_is_not_counted_twice() {
    let pipeline = over_all();
    put(&pipeline, "2024-11/a.parquet", &ten_customers());
    symlink("2024-11", pipeline.data("latest")).unwrap();
    both_fail(&pipeline, 4, &["2024-11/a.parquet", "latest/a.parquet", "counted twice"]);
}

#[test]
fn a_folder_that_a_pattern_for_files_matches_is_named() {
    let pipeline = sound();
    put(&pipeline, "lines/2024-02.parquet/part-0.parquet", &ten_customers());
    both_fail(&pipeline, 4, &["lines/2024-02.parquet: is a folder", "lines/2024-02.parquet/**"]);
    let whole = pipeline.with("../data/lines/*.parquet", "../data/lines/**/*.parquet");
    assert_eq!(whole.publish(&[]).counts(), [40, 40, 0, 0, 0]);
}

/// The default folder of the releases lies beside the pipeline file, where a pattern over that folder meets it.
#[test]
fn releases_of_the_pipeline_are_no_source_of_it() {
    let pipeline = Pipeline::new().with("../data/lines/*.parquet", "**/*.parquet");
    write(&pipeline.file().with_file_name("lines.parquet"), table(&ten_customers()));
    let first = pipeline.publish(&[]);
    let again = pipeline.publish(&["--republish"]);
    assert_eq!((first.counts(), again.counts()), ([20, 20, 0, 0, 0], [20, 20, 0, 0, 0]));
}

#[test]
fn what_is_neither_file_nor_folder_is_named() {
    let pipeline = sound();
    let made = std::process::Command::new("mkfifo").arg(pipeline.data("lines/pipe.parquet")).status();
    assert!(made.unwrap().success());
    both_fail(&pipeline, 4, &["lines/pipe.parquet: is neither a file nor a folder"]);
}

#[test]
fn a_link_into_a_table_does_not_count_its_removed_files() {
    let pipeline = over_all();
    put(&pipeline, "../lake/r=a/part-0.parquet", &ten_customers());
    touch(&pipeline.data("../lake/_delta_log/00000000000000000000.json"), "{}");
    symlink(pipeline.data("../lake/r=a"), pipeline.data("r=a")).unwrap();
    both_fail(&pipeline, 4, &["lake: a Delta table among other files"]);
}

#[test]
fn folders_and_columns_are_one_whatever_their_capitals() {
    let pipeline = over_all();
    let regions = |rows: usize| Arc::new(StringArray::from(vec!["south"; rows])) as ArrayRef;
    put_with(&pipeline, "Region=north/a.parquet", "region", &regions);
    let by_region = pipeline.with("product_group = \"product_group\"", "product_group = \"region\"");
    let texts = ["column 'region' is 'south' in the file and 'north' in its path"];
    both_fail(&by_region, 4, &texts);
}

#[test]
fn a_ledger_is_found_as_the_history_is() {
    let ledger = "[[costing.resource]]\nname = \"rent\"\nledger = { files = \"../data/ledger/**\", account = \"1\" }\n";
    let pipeline = sound().and(ledger);
    touch(&pipeline.data("ledger/2024.csv"), "account,period,amount\n1,2024-01,5\n");
    touch(&pipeline.data("ledger/_staging/2024.csv"), "account,period,amount\n1,2024-01,7\n");
    assert_eq!(pipeline.abacus(&["run"]).code, Some(0));
    symlink("/nowhere/2023.csv", pipeline.data("ledger/2023.csv")).unwrap();
    pipeline.abacus(&["run"]).fails(4, &["ledger/2023.csv"]);
}

#[test]
fn the_folder_of_the_pipeline_is_no_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("a[b]*{c}");
    fs::create_dir_all(odd.join("pipelines")).unwrap();
    fs::create_dir_all(odd.join("data/lines")).unwrap();
    let pipeline = sound();
    fs::copy(pipeline.file(), odd.join("pipelines/history.toml")).unwrap();
    fs::copy(pipeline.data("lines/a.parquet"), odd.join("data/lines/a.parquet")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_abacus"));
    let run = command.arg("run").arg(odd.join("pipelines/history.toml")).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{run:?}");
}

#[test]
fn patterns_that_are_none_are_told_with_their_place() {
    for (pattern, told) in [
        ("../data/a**.parquet", "'**' stands for whole folders"),
        ("../data/*/../x.parquet", "'..' stands after '*'"),
        ("../data/[a.parquet", "unclosed character class"),
        ("ftp://host/*.parquet", "none of the stores that are known"),
    ] {
        let pipeline = sound().with("../data/lines/*.parquet", pattern);
        both_fail(&pipeline, 2, &["history.toml:8:", told]);
    }
}

#[test]
fn tables_of_other_formats_are_refused_with_the_export_that_helps() {
    for (mark, told, way_out) in [
        ("t/metadata/v3.metadata.json", "an Iceberg table", "iceberg_scan("),
        ("t/.hoodie/hoodie.properties", "a Hudi table", "format(\"hudi\")"),
        ("t/_delta_log/00000000000000000000.json", "a Delta table among other files", "a source of its own"),
    ] {
        let pipeline = over_all();
        put(&pipeline, "t/data/a.parquet", &ten_customers());
        touch(&pipeline.data(mark), "{}");
        both_fail(&pipeline, 4, &["data/t: ", told, way_out]);
        if !told.contains("Delta") {
            let inside = pipeline.with(EVERYTHING, "../data/t/data/*.parquet");
            both_fail(&inside, 4, &[told]);
        }
    }
    let pipeline = over_all();
    put(&pipeline, "main/orders/ducklake-0191f2.parquet", &ten_customers());
    both_fail(&pipeline, 4, &["a data file of a DuckLake"]);
}

#[test]
fn a_log_that_cannot_be_read_is_not_passed_over() {
    let pipeline = over_all();
    put(&pipeline, "t/a.parquet", &ten_customers());
    fs::create_dir_all(pipeline.data("t/_delta_log")).unwrap();
    symlink("/nowhere", pipeline.data("t/_delta_log/00000000000000000000.json")).unwrap();
    both_fail(&pipeline, 4, &["t/_delta_log/00000000000000000000.json"]);
}

#[test]
fn a_version_needs_a_table_that_has_some() {
    let pipeline = sound().with("where = ", "version = 3\nwhere = ");
    both_fail(&pipeline, 2, &["history.toml:8:", "'version' is given", "is no Delta table"]);
}

#[test]
fn a_folder_and_its_file_may_not_contradict_each_other() {
    let pipeline = over_all().with("product_group = \"product_group\"", "product_group = \"shop\"");
    let shops = |rows| Arc::new(Int64Array::from(vec![7; rows])) as ArrayRef;
    put_with(&pipeline, "shop=7/a.parquet", "shop", &shops);
    assert_eq!(pipeline.abacus(&["run"]).code, Some(0), "both say 7");
    put_with(&pipeline, "shop=8/b.parquet", "shop", &shops);
    pipeline
        .abacus(&["run"])
        .fails(4, &["shop=8/b.parquet", "column 'shop' is '7' in the file and '8' in its path"]);
}

#[test]
fn a_folder_that_is_named_twice_is_told() {
    let pipeline = over_all();
    put(&pipeline, "shop=7/shop=8/a.parquet", &ten_customers());
    both_fail(&pipeline, 4, &["column 'shop' two values, '7' and '8'"]);
}

#[test]
fn folder_columns_are_shown_with_their_types_and_doubts() {
    let pipeline = over_all();
    for (number, folder) in
        ["day=2024-01-31/shop=1", "day=2024-02-29/shop=2", "day=2024-02-29/shop=X1"].iter().enumerate()
    {
        let lines: Vec<Line> =
            (0..4).map(|order| Line::new(order, 10 * i64::try_from(number).unwrap() + order, 3)).collect();
        put(&pipeline, &format!("{folder}/a.parquet"), &lines);
    }
    for command in ["check", "plan"] {
        let said = pipeline.abacus(&[command]);
        assert!(said.stdout.contains("folder columns: day date, shop text"), "{said:?}");
        assert!(
            said.stderr
                .contains("warning: transactions: folder column 'shop' has the type text because of 'X1'"),
            "{said:?}"
        );
    }
    assert!(pipeline.abacus(&["run"]).stderr.contains("because of 'X1'"));
}

#[test]
fn another_type_of_all_keys_is_warned_of() {
    let pipeline = over_all().with("customer = \"customer_id\"", "customer = \"shop\"");
    put(&pipeline, "shop=1/a.parquet", &[Line::new(1, 1, 3)]);
    assert_eq!(pipeline.publish(&[]).rows("customer")[0]["customer_id"], "1");
    put(&pipeline, "shop=X/a.parquet", &[Line::new(1, 2, 63)]);
    let told =
        "the type of customer keys has changed since the last release: they were integers and are text now";
    for command in ["plan", "run"] {
        let said = pipeline.abacus(&[command]);
        assert!(said.code == Some(0) && said.stderr.contains(told), "{said:?}");
    }
    assert_eq!(pipeline.published().rows("customer").len(), 2);
}

#[test]
fn the_day_of_a_row_may_be_its_folder_alone() {
    let pipeline = over_all().with("at = \"ordered_at\"", "at = \"day\"");
    for (order, day) in [(1, "2024-01-31"), (2, "2024-02-29"), (3, "__HIVE_DEFAULT_PARTITION__")] {
        put(&pipeline, &format!("day={day}/a.parquet"), &[Line::new(1, order, 300)]);
    }
    let published = pipeline.publish(&[]);
    assert_eq!(published.counts(), [3, 2, 1, 0, 0], "a line without a day is quarantined");
    let plan = pipeline.abacus(&["plan"]);
    assert!(plan.stdout.contains("periods kept: 2"), "folders bound a file's periods: {plan:?}");
}

#[test]
fn days_of_folders_and_of_files_name_groups_alike() {
    let days = |rows| Arc::new(Date32Array::from(vec![19_753; rows])) as ArrayRef;
    let texts = |rows| Arc::new(StringArray::from(vec!["2024-01-31"; rows])) as ArrayRef;
    let of_file: [(&str, &dyn Fn(usize) -> ArrayRef); 2] = [("date", &days), ("text", &texts)];
    for (kind, values) in of_file {
        let pipeline = over_all().with("product_group = \"product_group\"", "product_group = \"day\"");
        put_with(&pipeline, "a.parquet", "day", values);
        assert_eq!(pipeline.publish(&[]).rows("product_group")[0]["product_group"], "2024-01-31", "{kind}");
    }
    let pipeline = over_all().with("product_group = \"product_group\"", "product_group = \"day\"");
    put(&pipeline, "day=2024-01-31/a.parquet", &ten_customers());
    assert_eq!(pipeline.publish(&[]).rows("product_group")[0]["product_group"], "2024-01-31");
}
