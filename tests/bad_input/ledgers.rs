//! Ledgers as offices and programs write them: read to the cent, or refused with the line and the key that helps.

use super::support::{Outcome, Pipeline, write};
use super::{nothing_is_published, sound};
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use std::fs;
use std::sync::Arc;

/// A pipeline whose order desk is fed by account 6100 of this file, with further keys of its ledger.
fn with_ledger(name: &str, bytes: &[u8], keys: &str) -> Pipeline {
    let pipeline = sound();
    fs::write(pipeline.data(name), bytes).unwrap();
    let ledger = format!("ledger = {{ files = \"../data/{name}\", account = \"6100\"{keys} }}");
    pipeline.with("amount = 1_000.00", &ledger)
}

/// What the order desk had in January.
#[track_caller]
fn january(pipeline: &Pipeline) -> String {
    let rows = pipeline.publish(&[]).rows("balance");
    let is_it = |node: &str, period: &str| node == "order desk" && period.starts_with("2024-01");
    let row = rows.iter().find(|row| is_it(&row["node"], &row["period_start"]));
    row.expect("the desk has money in January")["input"].clone()
}

#[track_caller]
fn fails(pipeline: &Pipeline, texts: &[&str]) {
    let check: Outcome = pipeline.abacus(&["check"]);
    check.fails(4, texts);
    pipeline.abacus(&["run"]).fails(4, texts);
    nothing_is_published(pipeline);
}

#[test]
fn text_ledgers_are_read_as_offices_export_them() {
    for (name, text, keys, expected) in [
        ("l.csv", "period;account;amount\n2024-01-31;6100;1.100,50\n", "", "1100.5000"),
        ("l.csv", "\u{feff}period;account;amount\r\n2024-01-31;6100;\"1.100,50\"\r\n;;\r\n", "", "1100.5000"),
        ("l.csv", "sep=;\nperiod;account;amount\n2024-01-31;6100;100,50\n", "", "100.5000"),
        ("l.txt", "Period\tAccount\tAmount\n2024-01\t6100\t1,100.50\n", "", "1100.5000"),
        ("l", "period|account|amount\n2024-01-31|6100|(1'100.50)\n", "", "-1100.5000"),
        (
            "l.csv",
            "period,account,amount\n2024-01-31,6100,\"1,100.50\"\n2024-01-31,6100,\"1,100\"\n",
            "",
            "2200.5000",
        ),
        ("l.csv", "period,account,amount,note\n2024-01-31,6100,0.30000000000000004,\"a, b\"\n", "", "0.3000"),
        ("l.csv", "period,account,amount\n2024-01-31,6100,0.00005\n2024-01-31,6100,0.00005\n", "", "0.0002"),
        ("l.csv", "period;account;amount\n2024-01-31;6100;1.100\n", ", thousands_mark = \".\"", "1100.0000"),
        ("l.csv", "period;account;amount\n2024-01-31;6100;1.100\n", ", decimal_mark = \".\"", "1.1000"),
        (
            "l.csv",
            "Datum;Konto;Betrag\n31.01.2024;6100;1.100,50 €\n",
            ", period_column = \"datum\", account_column = \"Konto\", amount_column = \"Betrag\", date_format = \"%d.%m.%Y\"",
            "1100.5000",
        ),
    ] {
        let pipeline = with_ledger(name, text.as_bytes(), keys);
        assert_eq!(january(&pipeline), expected, "{text}");
    }
}

#[test]
fn a_guess_is_said_with_the_keys_that_settle_it() {
    let text = "period;account;amount\n2024-01-31;6100;1.100,50\n";
    let said = ["warning: ", "separator = \";\", decimal_mark = \",\", thousands_mark = \".\", a guess"];
    let pipeline = with_ledger("l.csv", text.as_bytes(), "");
    for command in ["check", "plan", "run"] {
        let outcome = pipeline.abacus(&[command]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(said.iter().all(|text| outcome.stderr.contains(text)), "{outcome:?}");
    }
    let keys = ", separator = \";\", decimal_mark = \",\", thousands_mark = \".\"";
    let declared = with_ledger("l.csv", text.as_bytes(), keys).abacus(&["run"]);
    assert!(declared.code == Some(0) && !declared.stderr.contains("guess"), "{declared:?}");
}

#[test]
fn a_point_before_three_digits_everywhere_is_a_guess_too() {
    let text =
        "period,account,amount\n2024-01-31,6100,1.234\n2024-01-31,6100,12.500\n2024-01-31,6100,3.000\n";
    let pipeline = with_ledger("l.csv", text.as_bytes(), "");
    let said = ["l.csv: read with decimal_mark = \".\", a guess", "'1.234' reads as two numbers"];
    for command in ["check", "plan", "run"] {
        pipeline.abacus(&[command]).succeeds(&said);
    }
    assert_eq!(january(&pipeline), "16.7340");
    for (more, keys, expected) in [
        ("2024-01-31,6100,0.5\n", "", "17.2340"),
        ("", ", decimal_mark = \".\"", "16.7340"),
        ("", ", thousands_mark = \".\"", "16734.0000"),
    ] {
        let settled = with_ledger("l.csv", [text, more].concat().as_bytes(), keys);
        assert!(!settled.abacus(&["check"]).stderr.contains("guess"), "{more}{keys}");
        assert_eq!(january(&settled), expected, "{more}{keys}");
    }
}

#[test]
fn what_a_text_ledger_leaves_open_is_refused_with_the_way_out() {
    let head = "period,account,amount\n2024-01-31,6100,1\n";
    let line = |text: &str| format!("{head}{text}\n").into_bytes();
    for (bytes, texts) in [
        (
            line("2024-01-31,6100,\"1,100\""),
            ["l.csv:3: ", "'1,100' reads as two numbers", "decimal_mark = \".\""],
        ),
        (line("2024-01-31,6100,12 %"), ["l.csv:3: ", "'12 %' is not a number", "decimal mark '.'"]),
        (line("2024-01-31,6100,5 USD"), ["l.csv:3: ", "'5 USD' is not a number", "decimal mark '.'"]),
        (
            line("2024-01-31,6100,1.100,50"),
            ["l.csv:3: ", "4 fields where the head has 3", "another separator"],
        ),
        (line("2024-01-31,6100,"), ["l.csv:3: ", "nothing in the column 'amount'", ""]),
        (line("2024-01-31,,5"), ["l.csv:3: ", "nothing in the column 'account'", ""]),
        (line("2024-01-31garbage,6100,5"), ["l.csv:3: ", "'2024-01-31garbage' is not a date", "date_format"]),
        (line("01/02/2024,6100,5"), ["l.csv:3: ", "%d/%m/%Y", "%m/%d/%Y"]),
        (
            b"period;account;amount\n2024-01-31;6100;1.100\n".to_vec(),
            ["l.csv:2: ", "'1.100' reads as two numbers", "decimal_mark"],
        ),
        (
            b"perod,account,amount\n2024-01-31,6100,1\n".to_vec(),
            ["no column 'period'", "found perod, account, amount", "did you mean 'perod'?"],
        ),
        (
            b"when,account,amount\n2024-01-31,6100,1\n".to_vec(),
            ["no column 'period'", "found when, account", "period_column"],
        ),
        (
            b"Period,PERIOD,account,amount\n2024-01-31,,6100,1\n".to_vec(),
            ["2 columns are named 'period'", "rename", ""],
        ),
        (
            line("2024-01-31,6100,5 \u{20ac}")
                .iter()
                .map(|byte| if *byte > 127 { 0x80 } else { *byte })
                .collect(),
            ["l.csv:3: ", "is not UTF-8", "iconv -f WINDOWS-1252"],
        ),
        (b"\xff\xfep\0e\0r\0i\0o\0d\0".to_vec(), ["l.csv: is text in UTF-16", "iconv -f UTF-16", ""]),
        (
            b"PK\x03\x04\x14\0\x06\0[Content_Types].xml".to_vec(),
            ["l.csv: is an Excel workbook", "duckdb -c \"copy (from read_xlsx('", ""],
        ),
        (b"\x1f\x8b\x08\0".to_vec(), ["l.csv: is compressed by gzip", "gunzip -k", ""]),
        (Vec::new(), ["l.csv: is empty", "expected a head and rows", ""]),
    ] {
        fails(&with_ledger("l.csv", &bytes, ""), &texts);
    }
}

#[test]
fn two_ways_to_read_one_ledger_are_an_error() {
    let second = "ledger = { files = \"../data/l.csv\", account = \"6200\", separator = \";\" }";
    let text = "period;account;amount\n2024-01-31;6100;1\n2024-01-31;6200;1\n";
    let pipeline = with_ledger("l.csv", text.as_bytes(), "").with("amount = 777.77", second);
    pipeline
        .abacus(&["check"])
        .fails(2, &["history.toml:", "is also read at", "write the same keys in both"]);
}

#[test]
fn a_date_format_by_which_no_day_reads_back_is_an_error() {
    for format in ["%d.%m", "%Q", "%H:%M"] {
        let pipeline =
            with_ledger("l.csv", b"period,account,amount\n", &format!(", date_format = \"{format}\""));
        pipeline.abacus(&["check"]).fails(2, &["history.toml:", "'date_format' is", "no day reads back"]);
    }
}

/// A Parquet ledger of these columns.
fn parquet(period: ArrayRef, account: ArrayRef, amount: ArrayRef) -> Pipeline {
    let pipeline = with_ledger("l.parquet", b"", "");
    write(&pipeline.data("l.parquet"), vec![("period", period), ("account", account), ("amount", amount)]);
    pipeline
}

#[test]
fn parquet_ledgers_follow_the_rules_of_transactions() {
    let days = || Arc::new(Date32Array::from(vec![19_723, 19_723])) as ArrayRef;
    let accounts = || Arc::new(StringArray::from(vec!["6100", "6100"])) as ArrayRef;
    // pandas 2 writes 0.1 + 0.2 as 0.30000000000000004, which transactions round to the money scale once per row.
    let floats = Arc::new(Float64Array::from(vec![0.1 + 0.2, 1234.1 + 0.2]));
    assert_eq!(january(&parquet(days(), accounts(), floats.clone())), "1234.6000");
    let fine = Decimal128Array::from(vec![100_005, -100_005]).with_precision_and_scale(20, 6).unwrap();
    let fine: ArrayRef = Arc::new(fine);
    assert_eq!(january(&parquet(days(), accounts(), fine)), "0.0000");
    let ints = Arc::new(Int64Array::from(vec![6100, 6100]));
    assert_eq!(january(&parquet(days(), ints, floats.clone())), "1234.6000");
    // Numbers beside nulls are floats in pandas.
    let whole = Arc::new(Float64Array::from(vec![6100.0, 6100.0]));
    assert_eq!(january(&parquet(days(), whole, floats.clone())), "1234.6000");
    let texts = Arc::new(StringArray::from(vec!["2024-01-31 23:59:59", "2024-01"]));
    assert_eq!(january(&parquet(texts, accounts(), floats.clone())), "1234.6000");
    let amounts = Arc::new(StringArray::from(vec!["1.100,50", "2,5"]));
    assert_eq!(january(&parquet(days(), accounts(), amounts)), "1103.0000");
    // 23:30 on the last of December in UTC is the first of January in Berlin.
    let instants = vec![1_704_065_400_000_000; 2];
    let zoned = Arc::new(TimestampMicrosecondArray::from(instants).with_timezone("UTC"));
    let zoned = parquet(zoned, accounts(), floats);
    let berlin = zoned.with("currency = \"EUR\"", "currency = \"EUR\"\ntimezone = \"Europe/Berlin\"");
    assert_eq!(january(&berlin), "1234.6000");
}

#[test]
fn a_ledger_with_two_columns_of_one_name_is_refused() {
    let pipeline = parquet(days(), accounts(), Arc::new(Int64Array::from(vec![100])));
    let (path, amounts) = (pipeline.data("l.parquet"), || Arc::new(Int64Array::from(vec![100])) as ArrayRef);
    let columns = [("period", days()), ("account", accounts()), ("amount", amounts()), ("amount", amounts())];
    let fields = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    fails(&pipeline, &["l.parquet: two columns are called 'amount'"]);
}

#[test]
fn a_text_ledger_and_its_folder_may_not_contradict_each_other() {
    let pipeline = sound();
    let pipeline = pipeline
        .with("amount = 1_000.00", "ledger = { files = \"../data/books/**/*.csv\", account = \"6100\" }");
    let folder = pipeline.data("books/period=2024-01-31");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("l.csv"), "account,amount,period\n6100,5,2024-02-29\n").unwrap();
    let texts = ["l.csv:2: column 'period' is '2024-02-29' in the file and '2024-01-31' in its path"];
    fails(&pipeline, &texts);
    fs::write(folder.join("l.csv"), "account,amount,period\n6100,5,2024-01-31\n").unwrap();
    assert_eq!(january(&pipeline), "5.0000");
    let named = "ORCAMENTO,account,amount,period\nx,6100,7,2024-01-31\n";
    fs::write(folder.join("l.csv"), named).unwrap();
    assert_eq!(january(&pipeline), "7.0000");
}

fn days() -> ArrayRef {
    Arc::new(Date32Array::from(vec![19_753]))
}

fn accounts() -> ArrayRef {
    Arc::new(StringArray::from(vec!["6100"]))
}

#[test]
fn a_bad_row_of_a_parquet_ledger_is_named() {
    let days = || Arc::new(Date32Array::from(vec![Some(19_723), Some(19_723)])) as ArrayRef;
    let accounts = || Arc::new(StringArray::from(vec!["6100", "6100"])) as ArrayRef;
    let amounts = || Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef;
    let no_day = Arc::new(Date32Array::from(vec![Some(19_723), None]));
    fails(&parquet(no_day, accounts(), amounts()), &["l.parquet: row 2: nothing in the column 'period'"]);
    let far = Arc::new(Date32Array::from(vec![19_723, 200_000]));
    fails(
        &parquet(far, accounts(), amounts()),
        &["l.parquet: row 2: the date is unusable: date out of range"],
    );
    let nan = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
    fails(&parquet(days(), accounts(), nan), &["l.parquet: row 2: the amount is unusable: not finite"]);
    let none = Arc::new(StringArray::from(vec![Some("6100"), None]));
    fails(&parquet(days(), none, amounts()), &["l.parquet: row 2: nothing in the column 'account'"]);
    let compact = Arc::new(Int64Array::from(vec![20_240_131, 20_240_131]));
    fails(&parquet(compact, accounts(), amounts()), &["l.parquet: row 1: ", "date_format = \"%Y%m%d\""]);
    let texts = Arc::new(StringArray::from(vec!["2024-01-31", "2024-01-31x"]));
    fails(&parquet(texts, accounts(), amounts()), &["l.parquet: row 2: '2024-01-31x' is not a date"]);
}
