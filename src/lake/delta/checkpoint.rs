//! Checkpoints: the actions that are left of all commits up to a version, as Parquet or JSON.

use super::action::{Action, Add, Metadata, Protocol, Sidecar, parse};
use crate::error::{Error, Kind, Result};
use crate::storage::read;
use arrow::array::{Array, ArrayRef, AsArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::Path;

/// The actions of a checkpoint's file.
///
/// # Errors
/// The file cannot be read or is no checkpoint.
pub(super) fn read_checkpoint(path: &Path) -> Result<Vec<Action>> {
    let bytes = read(path).map_err(|fault| Error::io(Kind::Input, path, &fault))?;
    let fault = |fault: String| {
        let way_out = "restore the file, or delete it if the commits before it are still there";
        Error::input(format!("{}: not a complete checkpoint: {fault}; {way_out}", path.display()))
    };
    if path.extension().is_some_and(|extension| extension == "json") {
        return parse(&bytes).map_err(fault);
    }
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|error| fault(error.to_string()))?;
    let schema = builder.parquet_schema();
    let wanted = |leaf: usize| {
        let parts = schema.column(leaf);
        let parts = parts.path().parts();
        WANTED.contains(&parts[0].as_str())
            && parts.get(1).is_none_or(|part| !IGNORED.contains(&part.as_str()))
    };
    let mask = ProjectionMask::leaves(schema, (0..schema.num_columns()).filter(|leaf| wanted(*leaf)));
    let reader = builder.with_projection(mask).build().map_err(|error| fault(error.to_string()))?;
    let mut actions = Vec::new();
    for batch in reader {
        actions_of(&batch.map_err(|error| fault(error.to_string()))?, &mut actions).map_err(fault)?;
    }
    Ok(actions)
}

const WANTED: [&str; 4] = ["add", "metaData", "protocol", "sidecar"];

/// Parts of an action that are large and of no use here.
const IGNORED: [&str; 4] = ["stats", "stats_parsed", "tags", "partitionValues_parsed"];

fn actions_of(batch: &RecordBatch, actions: &mut Vec<Action>) -> Result<(), String> {
    for kind in WANTED {
        let Some(column) = batch.column_by_name(kind).and_then(|column| column.as_struct_opt()) else {
            continue;
        };
        for row in (0..column.len()).filter(|row| column.is_valid(*row)) {
            let row = Row { of: column, row };
            actions.push(match kind {
                "add" => Action { add: Some(row.add()?), ..Action::default() },
                "metaData" => Action { meta_data: Some(row.metadata()?), ..Action::default() },
                "protocol" => Action { protocol: Some(row.protocol()?), ..Action::default() },
                _ => {
                    Action { sidecar: Some(Sidecar { path: row.needed_text("path")? }), ..Action::default() }
                }
            });
        }
    }
    Ok(())
}

/// One action of a checkpoint.
#[derive(Clone, Copy)]
struct Row<'s> {
    of: &'s StructArray,
    row: usize,
}

impl Row<'_> {
    fn add(self) -> Result<Add, String> {
        let vector = self.of.column_by_name("deletionVector");
        Ok(Add {
            path: self.needed_text("path")?,
            partition_values: self.map("partitionValues")?,
            size: u64::try_from(self.integer("size")?).map_err(|_| "'size' is negative")?,
            deletion_vector: vector.filter(|vector| vector.is_valid(self.row)).map(|_| serde::de::IgnoredAny),
        })
    }

    fn metadata(self) -> Result<Metadata, String> {
        Ok(Metadata {
            schema_string: self.needed_text("schemaString")?,
            partition_columns: self.texts("partitionColumns")?.unwrap_or_default(),
            configuration: self.map("configuration")?,
        })
    }

    fn protocol(self) -> Result<Protocol, String> {
        let version = u32::try_from(self.integer("minReaderVersion")?);
        Ok(Protocol {
            min_reader_version: version.map_err(|_| "'minReaderVersion' is negative")?,
            reader_features: self.texts("readerFeatures")?,
        })
    }

    fn column(self, name: &str) -> Option<ArrayRef> {
        let column = self.of.column_by_name(name)?;
        column.is_valid(self.row).then(|| column.slice(self.row, 1))
    }

    fn needed_text(self, name: &str) -> Result<String, String> {
        let column = self.column(name).ok_or_else(|| format!("'{name}' is missing"))?;
        let texts = texts_of(&column)?;
        Ok(texts.value(0).to_owned())
    }

    fn integer(self, name: &str) -> Result<i64, String> {
        let column = self.column(name).ok_or_else(|| format!("'{name}' is missing"))?;
        let wide = cast(&column, &DataType::Int64).map_err(|fault| fault.to_string())?;
        Ok(wide.as_primitive::<Int64Type>().value(0))
    }

    fn texts(self, name: &str) -> Result<Option<Vec<String>>, String> {
        let Some(column) = self.column(name) else { return Ok(None) };
        let list = column.as_list_opt::<i32>().ok_or_else(|| format!("'{name}' is no list"))?.value(0);
        let texts = texts_of(&list)?;
        Ok(Some(texts.iter().flatten().map(ToOwned::to_owned).collect()))
    }

    fn map(self, name: &str) -> Result<BTreeMap<String, Option<String>>, String> {
        let Some(column) = self.column(name) else { return Ok(BTreeMap::new()) };
        let map: &MapArray = column.as_map_opt().ok_or_else(|| format!("'{name}' is no map"))?;
        let entries = map.value(0);
        let (keys, values) = (texts_of(entries.column(0))?, texts_of(entries.column(1))?);
        let pairs = keys.iter().zip(values.iter());
        Ok(pairs.filter_map(|(key, value)| Some((key?.to_owned(), value.map(ToOwned::to_owned)))).collect())
    }
}

fn texts_of(column: &ArrayRef) -> Result<StringArray, String> {
    let texts = cast(column, &DataType::Utf8).map_err(|fault| fault.to_string())?;
    Ok(texts.as_string::<i32>().clone())
}
