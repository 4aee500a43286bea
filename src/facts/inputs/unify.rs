//! Schema drift: one schema for all files of a source, each column under one name and in the widest of its types.
//!
//! Expressions are bound once, to this schema. A file whose columns differ from it is converted batch by batch as it is
//! read; other files cost nothing.

use super::input_file::InputFile;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::{are_read_alike, wider};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A column of the source: where each file that has it keeps it.
struct SourceColumn {
    /// As the first file spells it.
    name: String,
    /// By file, the field.
    found: Vec<(usize, FieldRef)>,
    /// A file that has two columns of the name.
    twice: Option<usize>,
}

/// Gives all files the one schema. Files without rows have no say in it, unless no file has rows.
pub(crate) fn unify(files: &mut [InputFile]) {
    let has_rows = files.iter().any(|file| file.rows() > 0);
    let counts = |file: &InputFile| !has_rows || file.rows() > 0;
    let apart = spelled_apart(files.iter().filter(|file| counts(file)));
    let columns = columns_of(files, counts, &apart);
    let mut drift = BTreeMap::new();
    let mut fields = Vec::with_capacity(columns.len());
    for column in &columns {
        let field = widest(files, column).unwrap_or_else(|message| {
            drift.insert(column.name.clone(), message);
            Arc::clone(&column.found[0].1)
        });
        fields.push(Arc::new(Field::clone(&field).with_name(&column.name).with_nullable(true)));
    }
    let (schema, drift) = (Arc::new(Schema::new(fields)), Arc::new(drift));
    for file in files {
        let own = std::mem::replace(&mut file.schema, Arc::clone(&schema));
        let own: HashMap<String, &FieldRef> =
            own.fields().iter().map(|field| (key_of(field.name(), &apart), field)).collect();
        for field in schema.fields() {
            let stored = own.get(&key_of(field.name(), &apart));
            let is_alike = stored.is_some_and(|stored| {
                stored.name() == field.name() && are_read_alike(stored.data_type(), field.data_type())
            });
            if !is_alike {
                file.differing.insert(field.name().clone(), stored.map(|stored| stored.name().clone()));
            }
        }
        file.drift = Arc::clone(&drift);
    }
}

/// Names, in lower case, of which one file has several spellings: only there do capitals tell columns apart.
fn spelled_apart<'f>(files: impl Iterator<Item = &'f InputFile>) -> HashSet<String> {
    let mut apart = HashSet::new();
    for file in files {
        let mut spelled: HashMap<String, &str> = HashMap::new();
        for field in file.schema.fields() {
            let name = field.name().to_lowercase();
            if *spelled.entry(name.clone()).or_insert(field.name()) != field.name() {
                apart.insert(name);
            }
        }
    }
    apart
}

/// What columns of one name have in common.
fn key_of(name: &str, apart: &HashSet<String>) -> String {
    let lower = name.to_lowercase();
    if apart.contains(&lower) { name.to_owned() } else { lower }
}

fn columns_of(
    files: &[InputFile],
    counts: impl Fn(&InputFile) -> bool,
    apart: &HashSet<String>,
) -> Vec<SourceColumn> {
    let mut columns: Vec<SourceColumn> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (index, file) in files.iter().enumerate().filter(|(_, file)| counts(file)) {
        for field in file.schema.fields() {
            let place = *places.entry(key_of(field.name(), apart)).or_insert_with(|| {
                columns.push(SourceColumn { name: field.name().clone(), found: Vec::new(), twice: None });
                columns.len() - 1
            });
            let column = &mut columns[place];
            if column.found.last().is_some_and(|(last, _)| *last == index) {
                column.twice.get_or_insert(index);
                continue;
            }
            column.found.push((index, Arc::clone(field)));
        }
    }
    columns
}

/// The field whose type holds the column in every file.
fn widest(files: &[InputFile], column: &SourceColumn) -> std::result::Result<FieldRef, String> {
    if let Some(file) = column.twice {
        return Err(format!(
            "{}: two columns are called '{}'; rename one of them where the file is written",
            files[file].path.display(),
            column.name
        ));
    }
    let all = column.found.iter();
    let (first, second) = match widest_of(all.clone()) {
        Ok(field) => return Ok(field),
        Err(clash) => clash,
    };
    // A tool that writes a month without a value in the column often gives it a type of its own choice.
    let holds_values = |(file, field): &&(usize, FieldRef)| !files[*file].claims_only_nulls(field.name());
    let with_values: Vec<&(usize, FieldRef)> = all.filter(holds_values).collect();
    if with_values.is_empty() {
        return Ok(Arc::clone(&first.1));
    }
    widest_of(with_values.into_iter()).map_err(|_| {
        format!(
            "{}: column '{}' is {} here and {} in {}, and neither holds the other; rewrite one of the files so that both \
             agree",
            files[second.0].path.display(),
            column.name,
            held_as(second.1.data_type()),
            held_as(first.1.data_type()),
            files[first.0].path.display()
        )
    })
}

type Clash<'c> = (&'c (usize, FieldRef), &'c (usize, FieldRef));

fn widest_of<'c>(
    mut found: impl Iterator<Item = &'c (usize, FieldRef)>,
) -> std::result::Result<FieldRef, Clash<'c>> {
    let mut widest = found.next().expect("a column is in some file");
    for next in found {
        match wider(widest.1.data_type(), next.1.data_type()) {
            Some(data_type) if std::ptr::eq(data_type, next.1.data_type()) => widest = next,
            Some(_) => {}
            None => return Err((widest, next)),
        }
    }
    Ok(Arc::clone(&widest.1))
}

/// The type of the values, however a file encodes them.
fn held_as(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => held_as(values),
        other => other,
    }
}

/// Checks the columns that are used, of all files of a source, by what their footers say.
///
/// # Errors
/// Names both files of every column that drifted apart, and every column that cannot be read.
pub(crate) fn check_columns(files: &[InputFile], used: &[String]) -> Result<()> {
    let Some(first) = files.first() else { return Ok(()) };
    let mut messages: Vec<String> = used.iter().filter_map(|name| first.drift.get(name)).cloned().collect();
    if messages.is_empty() {
        let faults = files.iter().flat_map(|file| used.iter().filter_map(|name| file.faults_of(name)));
        messages.extend(faults);
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Input, messages }) }
}
