//! A case's input: small CSV files with types in their header, laid out as the Parquet files a pipeline reads.

use abacus::units::{Day, Decimal};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use parquet::arrow::ArrowWriter;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Copies a case to `place` with each `in/NAME.csv` as `in/NAME.parquet`; returns its pipeline file.
///
/// A CSV file without types in its header is a ledger, and stays as it is.
pub(crate) fn lay_out(case: &Path, place: &Path) -> PathBuf {
    let input = place.join("in");
    fs::create_dir_all(&input).expect("a writable temporary folder");
    for file in super::files(&case.join("in")) {
        let text = fs::read_to_string(&file).expect("a readable input");
        if text.lines().next().is_some_and(|header| header.contains(':')) {
            write(&parse(&file, &text), &input.join(super::stem(&file)).with_extension("parquet"));
        } else {
            fs::write(input.join(file.file_name().expect("a file name")), text).expect("a writable file");
        }
    }
    let pipeline = place.join("pipeline.toml");
    fs::copy(case.join("pipeline.toml"), &pipeline).expect("the case has a pipeline.toml");
    pipeline
}

fn write(batch: &RecordBatch, path: &Path) {
    let file = File::create(path).expect("a writable file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a schema Parquet knows");
    writer.write(batch).expect("the batch is written");
    writer.close().expect("the footer is written");
}

fn parse(file: &Path, text: &str) -> RecordBatch {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let read = reader
        .headers()
        .cloned()
        .and_then(|header| Ok((header, reader.records().collect::<Result<_, _>>()?)));
    let (header, rows): (csv::StringRecord, Vec<csv::StringRecord>) =
        read.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let columns = header.iter().enumerate().map(|(index, column)| {
        let (name, kind) =
            column.split_once(':').unwrap_or_else(|| panic!("{}: no type: {column}", file.display()));
        let cells: Vec<Option<&str>> =
            rows.iter().map(|row| Some(&row[index]).filter(|cell| !cell.is_empty())).collect();
        (name, array(kind, &cells), true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

/// Cells of one type; an empty cell is null.
fn array(kind: &str, cells: &[Option<&str>]) -> ArrayRef {
    match kind {
        "int" => Arc::new(values(cells, |cell| cell.parse().ok()).into_iter().collect::<Int64Array>()),
        "text" => Arc::new(cells.iter().collect::<StringArray>()),
        "bool" => Arc::new(values(cells, |cell| cell.parse().ok()).into_iter().collect::<BooleanArray>()),
        "date" => {
            let days = values(cells, |cell| cell.parse::<Day>().ok().map(|day| day.0));
            Arc::new(days.into_iter().collect::<Date32Array>())
        }
        _ => Arc::new(decimals(kind, cells)),
    }
}

/// `decimal(2)`: 18 digits, 2 of them after the point.
fn decimals(kind: &str, cells: &[Option<&str>]) -> Decimal128Array {
    let digits = kind.strip_prefix("decimal(").and_then(|rest| rest.strip_suffix(')'));
    let scale = digits.and_then(|digits| digits.parse::<u8>().ok());
    let scale = scale
        .unwrap_or_else(|| panic!("unknown type '{kind}', expected int, text, bool, date or decimal(N)"));
    let mantissas = values(cells, |cell| cell.parse::<Decimal>().ok()?.at_scale(scale));
    let decimals = mantissas.into_iter().collect::<Decimal128Array>();
    decimals.with_precision_and_scale(18, i8::try_from(scale).expect("few digits")).expect("few digits")
}

fn values<T>(cells: &[Option<&str>], parse: impl Fn(&str) -> Option<T>) -> Vec<Option<T>> {
    let value = |cell: &str| parse(cell).unwrap_or_else(|| panic!("'{cell}' is not of its column's type"));
    cells.iter().map(|cell| cell.map(value)).collect()
}
