//! A case's golden files: which columns and rows of a published table matter, and what they must say.

use abacus::publish::Release;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::Path;

/// A published table as text, rows in published order.
pub(crate) struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(out: &Path, release: &Release, name: &str) -> Self {
        let table = release.tables.get(name).unwrap_or_else(|| panic!("there is no table '{name}'"));
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        let rows = table.files.iter().flat_map(|file| rows(&out.join(&file.path))).collect();
        Self { name: name.to_owned(), columns, rows }
    }

    fn column(&self, name: &str) -> usize {
        let index = self.columns.iter().position(|column| column == name);
        index.unwrap_or_else(|| {
            panic!("{} has no column '{name}', only {}", self.name, self.columns.join(", "))
        })
    }
}

/// Rows of a Parquet file as text; null is empty.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let batches = reader.expect("a published file can be read");
    batches.flat_map(|batch| texts(&batch.expect("a published file can be read"))).collect()
}

fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let columns: Vec<ArrayRef> = batch.columns().iter().map(with_offset).collect();
    let options = FormatOptions::default();
    let format = |column| ArrayFormatter::try_new(column, &options).expect("a type with a text form");
    let columns: Vec<ArrayFormatter<'_>> = columns.iter().map(|column| format(column.as_ref())).collect();
    let row = |row: usize| columns.iter().map(|column| column.value(row).to_string()).collect();
    (0..batch.num_rows()).map(row).collect()
}

/// The formatter knows time zones by offset only.
fn with_offset(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Timestamp(unit, Some(zone)) if zone.as_ref() == "UTC" => {
            let offset = DataType::Timestamp(*unit, Some("+00:00".into()));
            cast(column, &offset).expect("the same instants")
        }
        _ => column.clone(),
    }
}

/// A golden file.
pub(crate) struct Expected {
    /// Lines in front of the header, which start with `#`.
    notes: Vec<String>,
    columns: Vec<String>,
    rows: Vec<String>,
}

impl Expected {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = text.lines().map(str::to_owned).peekable();
        let notes = std::iter::from_fn(|| lines.next_if(|line| line.starts_with('#'))).collect();
        let header = lines.next().unwrap_or_else(|| panic!("{}: no header", path.display()));
        Self { notes, columns: header.split(',').map(str::to_owned).collect(), rows: lines.collect() }
    }

    /// What `# only COLUMN: VALUE | VALUE` says, for each such note.
    fn only(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let rules = self.notes.iter().filter_map(|note| note.strip_prefix("# only ")?.split_once(':'));
        rules.map(|(column, values)| (column, values.split('|').map(str::trim).collect()))
    }

    /// The rows and columns of the table that this file is about.
    pub(crate) fn select(&self, table: &Table) -> Vec<String> {
        let only: Vec<(usize, Vec<&str>)> =
            self.only().map(|(column, values)| (table.column(column), values)).collect();
        let columns: Vec<usize> = self.columns.iter().map(|column| table.column(column)).collect();
        let matters =
            |row: &&Vec<String>| only.iter().all(|(at, values)| values.contains(&row[*at].as_str()));
        let line =
            |row: &Vec<String>| columns.iter().map(|at| quoted(&row[*at])).collect::<Vec<_>>().join(",");
        table.rows.iter().filter(matters).map(line).collect()
    }

    /// This file with other rows.
    pub(crate) fn with_rows(&self, rows: &[String]) -> String {
        let header = [self.columns.join(",")];
        let lines = self.notes.iter().chain(&header).chain(rows);
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// The lines of both, where they differ.
    pub(crate) fn difference(&self, found: &[String]) -> Option<String> {
        if self.rows == found {
            return None;
        }
        let mut lines = vec![format!("  {}\n", self.columns.join(","))];
        for row in 0..self.rows.len().max(found.len()) {
            let (expected, found) = (self.rows.get(row), found.get(row));
            if expected == found {
                lines.extend(expected.map(|line| format!("  {line}\n")));
            } else {
                lines.extend(expected.map(|line| format!("- {line}\n")));
                lines.extend(found.map(|line| format!("+ {line}\n")));
            }
        }
        Some(lines.concat())
    }
}

/// A CSV cell; what published texts hold needs no escape beyond commas.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
