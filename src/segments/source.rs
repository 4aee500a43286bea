//! Published tables read back: the columns that are wanted, row groups in parallel.

use super::values::Values;
use crate::error::{Error, Result};
use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The files of one table.
pub(crate) struct Source {
    files: Vec<(PathBuf, ArrowReaderMetadata)>,
}

/// Customer keys in ascending order, each once.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    Ints(Vec<i64>),
    Texts(StringArray),
}

impl Source {
    /// Opens the files of a table, in the order of their rows.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn open(files: &[PathBuf]) -> Result<Self> {
        let open = |path: &PathBuf| {
            let file = File::open(path).map_err(|fault| failed(path, &fault))?;
            let metadata = ArrowReaderMetadata::load(&file, Default::default());
            Ok((path.clone(), metadata.map_err(|fault| failed(path, &fault))?))
        };
        Ok(Self { files: files.iter().map(open).collect::<Result<_>>()? })
    }

    /// Columns and types; none of a table without files.
    pub(crate) fn schema(&self) -> Option<&SchemaRef> {
        self.files.first().map(|(_, metadata)| metadata.schema())
    }

    /// Whether it has this column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.schema().is_some_and(|schema| schema.field_with_name(column).is_ok())
    }

    /// The columns, by name; those it does not have are left out.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn read(&self, columns: &[&str]) -> Result<BTreeMap<String, Values>> {
        let mut read = BTreeMap::new();
        for column in columns.iter().filter(|column| self.has(column)) {
            // One by one: a row group's arrays are narrowed at once, so that no wide column is held whole.
            let parts = self.arrays(column)?.into_par_iter();
            let parts: Option<Vec<Values>> = parts.map(|array| Values::from_array(&array)).collect();
            let values = parts.and_then(Values::joined);
            let values =
                values.ok_or_else(|| Error::internal(format!("column '{column}' of an unknown type")))?;
            read.insert((*column).to_owned(), values);
        }
        Ok(read)
    }

    /// The key column: these rows, or all.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn keys(&self, rows: Option<&[u32]>) -> Result<Keys> {
        let arrays = self.arrays("customer_id")?;
        let parts: Vec<&dyn arrow::array::Array> = arrays.iter().map(AsRef::as_ref).collect();
        let internal = |fault: arrow::error::ArrowError| Error::internal(fault.to_string());
        let mut joined = match parts.as_slice() {
            [] => return Ok(Keys::Ints(Vec::new())),
            parts => arrow::compute::concat(parts).map_err(internal)?,
        };
        drop(arrays);
        if let Some(rows) = rows {
            let rows = arrow::array::UInt32Array::from(rows.to_vec());
            joined = arrow::compute::take(&joined, &rows, None).map_err(internal)?;
        }
        Ok(match joined.data_type() {
            DataType::Int64 => Keys::Ints(joined.as_primitive::<Int64Type>().values().to_vec()),
            _ => Keys::Texts(joined.as_string::<i32>().clone()),
        })
    }

    /// One column, an array per row group; an empty one of a table without rows.
    fn arrays(&self, column: &str) -> Result<Vec<ArrayRef>> {
        let groups = self.row_groups();
        if let (true, Some(schema)) = (groups.is_empty(), self.schema()) {
            let field = schema.field_with_name(column).map_err(|fault| Error::internal(fault.to_string()))?;
            return Ok(vec![arrow::array::new_empty_array(field.data_type())]);
        }
        let arrays = groups.into_par_iter().map(|(file, group)| self.array(file, group, &[column]));
        arrays.map(|arrays| Ok(arrays?.remove(0))).collect()
    }

    /// (file, row group) in the order of the rows.
    pub(crate) fn row_groups(&self) -> Vec<(usize, usize)> {
        let of = |(file, (_, metadata)): (usize, &(PathBuf, ArrowReaderMetadata))| {
            (0..metadata.metadata().num_row_groups()).map(move |group| (file, group))
        };
        self.files.iter().enumerate().flat_map(of).collect()
    }

    /// Columns of one row group, in the order asked for.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn array(&self, file: usize, group: usize, columns: &[&str]) -> Result<Vec<ArrayRef>> {
        let (path, metadata) = &self.files[file];
        let rows = metadata.metadata().row_group(group).num_rows();
        let handle = File::open(path).map_err(|fault| failed(path, &fault))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle, metadata.clone());
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let reader = builder
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_batch_size(usize::try_from(rows).expect("rows fit"))
            .build();
        let batch = reader.map_err(|fault| failed(path, &fault))?.next().expect("a row group has rows");
        let batch = batch.map_err(|fault| failed(path, &fault))?;
        let named = |name: &&str| batch.column_by_name(name).expect("the column was asked for").clone();
        Ok(columns.iter().map(named).collect())
    }
}

fn failed(path: &Path, fault: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("{}: {fault}", path.display()))
}

impl Keys {
    pub(crate) fn len(&self) -> usize {
        match self {
            Keys::Ints(keys) => keys.len(),
            Keys::Texts(keys) => arrow::array::Array::len(keys),
        }
    }

    /// Where each key stands among the others; `ABSENT` where it does not. None when the keys are of another type.
    pub(crate) fn places_in(&self, others: &Keys) -> Option<Vec<u32>> {
        match (self, others) {
            (Keys::Ints(keys), Keys::Ints(others)) => {
                Some(merged(keys.len(), others.len(), |a, b| keys[a].cmp(&others[b])))
            }
            (Keys::Texts(keys), Keys::Texts(others)) => {
                let len = arrow::array::Array::len;
                Some(merged(len(keys), len(others), |a, b| keys.value(a).cmp(others.value(b))))
            }
            _ => (others.len() == 0).then(|| vec![super::values::ABSENT; self.len()]),
        }
    }

    /// The keys as an array, these rows.
    pub(crate) fn array(&self, rows: std::ops::Range<usize>) -> ArrayRef {
        match self {
            Keys::Ints(keys) => std::sync::Arc::new(arrow::array::Int64Array::from(keys[rows].to_vec())),
            Keys::Texts(keys) => std::sync::Arc::new(keys.slice(rows.start, rows.len())),
        }
    }
}

fn merged(keys: usize, others: usize, compare: impl Fn(usize, usize) -> std::cmp::Ordering) -> Vec<u32> {
    let mut other = 0;
    let mut place = |key: usize| {
        while other < others && compare(key, other).is_gt() {
            other += 1;
        }
        let found = other < others && compare(key, other).is_eq();
        if found { u32::try_from(other).expect("customers fit 32 bits") } else { super::values::ABSENT }
    };
    (0..keys).map(&mut place).collect()
}
