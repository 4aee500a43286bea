//! Queries run over tables without rows, so that `check` finds functions and types that do not fit.

use super::rows;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, ExpectDef};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use polars::prelude::DataFrame;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs every query over empty tables; `schema` gives the columns of a table by its name.
///
/// # Errors
/// Queries that cannot run whatever the rows, each with its place.
pub fn try_queries(definition: &Definition, schema: &dyn Fn(&str) -> Option<SchemaRef>) -> Result<()> {
    if definition.expect.is_empty() {
        return Ok(());
    }
    let temporary = std::env::temp_dir();
    let folder = tempfile::tempdir().map_err(|fault| Error::output(&temporary, &fault))?;
    let mut messages = Vec::new();
    for expect in &definition.expect {
        if let Some(fault) = fault_of(expect, folder.path(), schema)? {
            let place = definition.place(expect.at);
            messages.push(format!("{place}: '{}': {fault}; correct its 'sql'", expect.name));
        }
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Definition, messages }) }
}

fn fault_of(
    expect: &ExpectDef,
    folder: &Path,
    schema: &dyn Fn(&str) -> Option<SchemaRef>,
) -> Result<Option<String>> {
    let path = |table: &str| folder.join(format!("{table}.parquet"));
    for table in &expect.names.tables {
        if let Some(schema) = schema(&table.name)
            && !path(&table.name).exists()
        {
            write_empty(&path(&table.name), &schema)?;
        }
    }
    let files = |table: &str| -> Vec<PathBuf> {
        let is_asked = expect.names.tables.iter().any(|asked| asked.name == table);
        Some(path(table)).filter(|path| is_asked && path.exists()).into_iter().collect()
    };
    Ok(match rows(&expect.sql, &files)? {
        Ok(frame) => unsuitable(&frame),
        Err(fault) => Some(fault),
    })
}

/// What keeps the result from being one number. How many rows it has shows only with rows.
fn unsuitable(frame: &DataFrame) -> Option<String> {
    match frame.columns() {
        [only] if only.dtype().is_string() => Some("the query yields text, expected one number".to_owned()),
        [_] => None,
        columns => Some(format!("the query yields {} columns, expected one number", columns.len())),
    }
}

fn write_empty(path: &Path, schema: &SchemaRef) -> Result<()> {
    let fault = |fault: &dyn std::fmt::Display| Error::internal(format!("{}: {fault}", path.display()));
    let file = File::create(path).map_err(|error| Error::output(path, &error))?;
    let mut writer = ArrowWriter::try_new(file, Arc::clone(schema), None).map_err(|error| fault(&error))?;
    writer.write(&RecordBatch::new_empty(Arc::clone(schema))).map_err(|error| fault(&error))?;
    writer.close().map(drop).map_err(|error| fault(&error))
}
