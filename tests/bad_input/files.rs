//! Files that are not there, not whole, or not alike.

use super::support::{Line, Pipeline, Written, lines, replace, table, write, write_with};
use super::{nothing_is_published, sound, ten_customers};
use arrow::array::{ArrayRef, Float64Array, Int32Array, StringArray};
use parquet::basic::{Compression, ZstdLevel};
use std::fs;
use std::sync::Arc;

/// Runs and checks both commands: `check` where it can see the fault, `run` always.
#[track_caller]
fn check_and_run_fail(pipeline: &Pipeline, code: i32, texts: &[&str]) {
    pipeline.abacus(&["check"]).fails(code, texts);
    run_fails(pipeline, code, texts);
}

#[track_caller]
fn run_fails(pipeline: &Pipeline, code: i32, texts: &[&str]) {
    pipeline.abacus(&["run"]).fails(code, texts);
    nothing_is_published(pipeline);
}

#[test]
fn a_missing_file_is_named_with_the_place_it_was_looked_for() {
    let pipeline = sound().with("../data/lines/*.parquet", "../data/orders.parquet");
    let looked = format!("looked at {}", pipeline.data("orders.parquet").display());
    let way_out = "paths are relative to the pipeline file's folder";
    check_and_run_fail(
        &pipeline,
        4,
        &["history.toml:8:", "'../data/orders.parquet' does not exist", &looked, way_out],
    );
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error() {
    // Hidden files and those that begin with an underscore are left alone, as every engine does.
    let pipeline = Pipeline::new();
    for name in ["lines/_a.parquet", "lines/.b.parquet"] {
        write(&pipeline.data(name), table(&ten_customers()));
    }
    check_and_run_fail(&pipeline, 4, &["history.toml:8:", "'../data/lines/*.parquet' matches no file"]);
}

#[test]
fn a_column_that_no_file_has_is_named_with_the_nearest_one() {
    let pipeline = sound().with("at = \"ordered_at\"", "at = \"orderd_at\"");
    check_and_run_fail(
        &pipeline,
        2,
        &["history.toml:13:", "'orderd_at'", "did you mean 'ordered_at'?", "lines/a.parquet"],
    );
}

#[test]
fn a_driver_that_speaks_of_an_unknown_column_is_named() {
    let pipeline = sound().with("where channel = 'phone'", "where chanel = 'phone'");
    check_and_run_fail(
        &pipeline,
        2,
        &["history.toml:", "'chanel'", "did you mean 'channel'?", "lines/a.parquet"],
    );
}

#[test]
fn a_column_of_the_wrong_type_is_told_with_both_types() {
    for (key, column, found, expected) in [
        ("at", "channel", "text", "a date or timestamp"),
        ("cost", "channel", "text", "a number"),
        ("quantity", "channel", "text", "a number"),
        ("where", "quantity", "an integer", "a condition"),
    ] {
        let pipeline = sound();
        let text = fs::read_to_string(pipeline.file()).unwrap();
        let old = text.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap().to_owned();
        let pipeline = pipeline.with(&old, &format!("{key} = \"{column}\""));
        let message = format!("'{key}' is {found}");
        let expected = format!("expected {expected}");
        let way_out = if found == "text" { "; write cast(channel as " } else { "; write quantity <> 0" };
        check_and_run_fail(&pipeline, 2, &["history.toml:", &message, &expected, "lines/a.parquet", way_out]);
    }
}

#[test]
fn files_that_drift_apart_are_named_both() {
    let pipeline = sound();
    let b = ten_customers();
    let price = Arc::new(Float64Array::from(vec![1.5; b.len()])) as ArrayRef;
    write(&pipeline.data("lines/b.parquet"), replace(table(&b), "unit_price", price));
    let (a, b) = (pipeline.data("lines/a.parquet"), pipeline.data("lines/b.parquet"));
    let [a, b] = [a, b].map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    let types = "column 'unit_price' is Float64 here and Decimal";
    let way_out = "rewrite one of the files so that both agree";
    check_and_run_fail(&pipeline, 4, &[&a, &b, types, way_out]);
}

#[test]
fn a_column_that_a_later_file_lacks_is_named_with_both_files() {
    let pipeline = sound();
    let mut columns = table(&ten_customers());
    columns.retain(|(name, _)| *name != "channel");
    write(&pipeline.data("lines/b.parquet"), columns);
    let message = "column 'channel' is missing here and present in ";
    check_and_run_fail(&pipeline, 4, &["lines/b.parquet", message, "lines/a.parquet"]);
}

#[test]
fn columns_that_nobody_uses_may_come_and_go() {
    let pipeline = sound();
    let lines: Vec<Line> =
        ten_customers().into_iter().map(|line| Line { order: line.order + 100, ..line }).collect();
    let note = Arc::new(StringArray::from(vec!["x"; lines.len()])) as ArrayRef;
    let mut columns = replace(table(&lines), "line_no", note.clone());
    columns.insert(3, ("note", note));
    write(&pipeline.data("lines/b.parquet"), columns);
    assert_eq!(pipeline.publish(&[]).counts(), [40, 40, 0, 0, 0]);
}

#[test]
fn keys_of_two_kinds_are_an_error() {
    let pipeline = sound().with(
        "[[costing.resource]]",
        "[facts.events.call]\nfiles = \"../data/calls.parquet\"\ncustomer = \"channel\"\nat = \"ordered_at\"\n\n[[costing.resource]]",
    );
    write(&pipeline.data("calls.parquet"), table(&ten_customers()));
    check_and_run_fail(&pipeline, 2, &["'transactions'", "'call'", "both must be integers or both text"]);
}

#[test]
fn a_truncated_file_is_named_wherever_it_was_cut() {
    let pipeline = sound();
    let whole = fs::read(pipeline.data("lines/a.parquet")).unwrap();
    for length in [0, 3, 4, 11, whole.len() / 3, whole.len() - 9, whole.len() - 1] {
        fs::write(pipeline.data("lines/b.parquet"), &whole[..length]).unwrap();
        let way_out = "write the file again or take it out of the pattern";
        check_and_run_fail(&pipeline, 4, &["lines/b.parquet: not a complete Parquet file: ", way_out]);
    }
    fs::write(pipeline.data("lines/b.parquet"), b"customer_id,order_id\n1,2\n").unwrap();
    let way_out = "convert it: duckdb -c \"copy (from read_csv('";
    check_and_run_fail(&pipeline, 4, &["lines/b.parquet: is text such as CSV, expected Parquet; ", way_out]);
}

/// Where each column chunk's bytes lie, by column, in a file of one row group.
fn chunks(path: &std::path::Path) -> Vec<(String, usize, usize)> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let row_group = reader.metadata().row_group(0);
    let at = |number: u64| usize::try_from(number).unwrap();
    let chunk = |chunk: &parquet::file::metadata::ColumnChunkMetaData| {
        let (start, length) = chunk.byte_range();
        (chunk.column_path().string(), at(start), at(start + length))
    };
    row_group.columns().iter().map(chunk).collect()
}

#[test]
fn a_corrupt_page_is_named_or_reads_as_rows_but_nothing_crashes() {
    let pipeline = Pipeline::new();
    let path = pipeline.data("lines/a.parquet");
    write(&path, table(&lines(1, 400, 60)));
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for (column, start, end) in chunks(&path) {
        for (from, to, flip) in
            [(start, start + 24, 0xff), (start, start + 3, 0x5a), ((start + end) / 2, end, 0xff)]
        {
            let mut spoilt = whole.clone();
            spoilt[from..to.min(end)].iter_mut().for_each(|byte| *byte ^= flip);
            fs::write(&path, spoilt).unwrap();
            let outcome = pipeline.abacus(&["run", "--full"]);
            match outcome.code {
                // Plausible values, or rows that quarantine takes.
                Some(0) => assert_eq!(pipeline.published().counts()[0], 400, "{column}"),
                // Values so absurd that a sum overflows, or none of the rows is left.
                Some(3) => {}
                _ => {
                    refused += 1;
                    // A date that the statistics exclude is told as that.
                    outcome.fails(
                        4,
                        &[
                            "lines/a.parquet: row group 0",
                            &format!("column '{column}'"),
                            "write the file again",
                        ],
                    );
                }
            }
            assert!(!outcome.stderr.contains("panicked"), "{column}: {outcome:?}");
        }
    }
    assert!(refused > 5, "{refused} corrupt pages were refused");
}

#[test]
fn damage_anywhere_is_told_without_a_crash() {
    let pipeline = Pipeline::new();
    let path = pipeline.data("lines/a.parquet");
    let zstd = Compression::ZSTD(ZstdLevel::default());
    write_with(
        &path,
        table(&lines(1, 400, 60)),
        Written { row_group_rows: 150, compression: zstd, ..Written::default() },
    );
    let whole = fs::read(&path).unwrap();
    let mut at = 4;
    for case in 0..60_usize {
        // Steps without common measure with the file's length meet pages and footer alike.
        at = 4 + (at + 7_919) % (whole.len() - 20);
        let mut spoilt = whole.clone();
        let length = [1, 3, 16][case % 3];
        spoilt[at..at + length].iter_mut().for_each(|byte| *byte ^= [0x01, 0x80, 0xff][case / 3 % 3]);
        fs::write(&path, spoilt).unwrap();
        let outcome = pipeline.abacus(&["run", "--full"]);
        let what = format!("{length} bytes at {at} of {}: {outcome:?}", whole.len());
        match outcome.code {
            Some(0) => {}
            Some(2..=4) => assert!(outcome.stderr.contains("error: "), "{what}"),
            _ => panic!("{what}"),
        }
        assert!(!outcome.stderr.contains("panicked"), "{what}");
    }
}

#[test]
fn corrupt_master_data_and_ledgers_are_named() {
    let customers = "[facts.customers]\nfiles = \"../data/customers.parquet\"\ncustomer = \"customer_id\"\nattributes = { channel = \"channel\" }\n\n[[costing.resource]]";
    let pipeline = sound()
        .with("[[costing.resource]]", customers)
        .with("amount = 777.77", "ledger = { files = \"../data/ledger.parquet\", account = \"tools\", account_column = \"product_group\", period_column = \"ordered_at\", amount_column = \"unit_price\" }");
    let names = ["customers.parquet", "ledger.parquet"];
    for name in names {
        let lines: Vec<Line> =
            (0..300).map(|customer| Line::new(customer, customer, customer % 60)).collect();
        write(&pipeline.data(name), table(&lines));
    }
    pipeline.publish(&[]);
    let before = fs::read(pipeline.out().join("release.json")).unwrap();
    for name in names {
        let path = pipeline.data(name);
        let whole = fs::read(&path).unwrap();
        let mut spoilt = whole.clone();
        for (_, start, end) in chunks(&path) {
            spoilt[start..end].iter_mut().for_each(|byte| *byte ^= 0xff);
        }
        fs::write(&path, &spoilt).unwrap();
        pipeline.abacus(&["run"]).fails(4, &[name]);
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        pipeline.abacus(&["run"]).fails(4, &[name]);
        fs::remove_file(&path).unwrap();
        pipeline.abacus(&["run"]).fails(4, &[name]);
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(fs::read(pipeline.out().join("release.json")).unwrap(), before);
    pipeline.publish(&[]);
}

#[test]
fn a_history_of_zero_rows_is_an_error() {
    let pipeline = Pipeline::new();
    write(&pipeline.data("lines/a.parquet"), table(&[]));
    run_fails(&pipeline, 3, &["no row of the transactions is left to work on: of 0 rows"]);
}

#[test]
fn a_file_of_zero_rows_among_others_changes_nothing() {
    let pipeline = sound();
    let expected = pipeline.publish(&[]).digests();
    write(&pipeline.data("lines/empty.parquet"), table(&[]));
    assert_eq!(pipeline.publish(&[]).digests(), expected);
    assert_eq!(pipeline.abacus(&["plan", "--format", "json"]).json()["rows"], 0);
}

#[test]
fn a_history_of_excluded_rows_is_an_error() {
    let pipeline = sound().with("status <> 'test'", "status = 'test'");
    run_fails(
        &pipeline,
        3,
        &["no row of the transactions is left to work on: of 20 rows 20 are excluded by 'where'"],
    );
}

#[test]
fn every_fault_of_every_source_is_told_at_once() {
    let pipeline = sound()
        .with("at = \"ordered_at\"", "at = \"orderd_at\"")
        .with("quantity = \"quantity\"", "quantity = \"quantty\"")
        .with("where channel = 'phone'", "where chanel = 'phone'");
    check_and_run_fail(&pipeline, 2, &["'orderd_at'", "'quantty'", "'chanel'"]);
}

#[test]
fn files_of_other_formats_are_named_with_the_line_that_converts_them() {
    for (bytes, what, way_out) in [
        (
            &b"PK\x03\x04\x14\0\x06\0[Content_Types].xml"[..],
            "an Excel workbook",
            "duckdb -c \"copy (from read_xlsx('",
        ),
        (b"\x1f\x8b\x08\0", "compressed by gzip", "gunzip -k "),
        (b"ORC\x08", "ORC", "pyarrow.orc"),
        (b"Obj\x01\x02", "Avro", "read_avro('"),
        (b"ARROW1\0\0", "an Arrow (Feather) file", "pyarrow.feather"),
        (b"{\"a\": 1}\n", "JSON", "read_json('"),
    ] {
        let pipeline = sound();
        fs::write(pipeline.data("lines/b.parquet"), bytes).unwrap();
        let message = format!("lines/b.parquet: is {what}, expected Parquet; ");
        check_and_run_fail(
            &pipeline,
            4,
            &[&message, way_out, "b.converted.parquet"][..2 + usize::from(what != "compressed by gzip")],
        );
    }
}

#[test]
fn products_keyed_otherwise_than_in_the_history_are_an_error() {
    let products = "[facts.products]\nfiles = \"../data/products.parquet\"\nproduct = \"sku\"\ngroup = \"kind\"\n\n[[costing.resource]]";
    let pipeline = sound()
        .with("product_group = \"product_group\"", "product = \"channel\"")
        .with("[[costing.resource]]", products);
    let (skus, kinds) = (Int32Array::from(vec![1]), StringArray::from(vec!["x"]));
    let columns: Vec<(&str, ArrayRef)> = vec![("sku", Arc::new(skus)), ("kind", Arc::new(kinds))];
    write(&pipeline.data("products.parquet"), columns);
    let texts = [
        "history.toml:",
        "product is an integer in ",
        "products.parquet and text in the transactions",
        "lines/a.parquet",
    ];
    check_and_run_fail(&pipeline, 2, &texts);
}
