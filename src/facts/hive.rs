//! Columns that stand in a file's path, `…/year=2024/part-0.parquet`: constant over the file.

use super::input::InputFile;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use std::path::Path;
use std::sync::Arc;

/// A column that stands in a file's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathColumn {
    name: String,
    value: PathValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathValue {
    Int(i64),
    Text(String),
}

/// The path columns of one source's files. A column is an integer if it is one in every file; a column of the file
/// itself hides one of the path.
pub(crate) fn path_columns(files: &mut [InputFile]) {
    let mut found: Vec<Vec<(String, String)>> = files.iter().map(|file| pairs(&file.path)).collect();
    let is_int = |name: &str| {
        let mut values = found.iter().flatten().filter(|(key, _)| key == name);
        values.all(|(_, value)| value.parse::<i64>().is_ok())
    };
    let names: Vec<String> = found.iter().flatten().map(|(name, _)| name.clone()).collect();
    let ints: Vec<String> = names.into_iter().filter(|name| is_int(name)).collect();
    for (file, pairs) in files.iter_mut().zip(&mut found) {
        pairs.retain(|(name, _)| file.schema.field_with_name(name).is_err());
        let column = |(name, value): (String, String)| {
            let int = value.parse().ok().filter(|_| ints.contains(&name));
            PathColumn { name, value: int.map_or(PathValue::Text(value), PathValue::Int) }
        };
        file.path_columns = pairs.drain(..).map(column).collect();
        let fields = file.schema.fields().iter().cloned();
        let fields = fields.chain(file.path_columns.iter().map(|column| Arc::new(column.field())));
        file.schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    }
}

fn pairs(path: &Path) -> Vec<(String, String)> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let pair = |folder: std::path::Component<'_>| {
        let (name, value) = folder.as_os_str().to_str()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    folders.filter_map(pair).filter(|(name, value)| !name.is_empty() && !value.is_empty()).collect()
}

impl PathColumn {
    fn field(&self) -> Field {
        let data_type = match self.value {
            PathValue::Int(_) => DataType::Int64,
            PathValue::Text(_) => DataType::Utf8,
        };
        Field::new(&self.name, data_type, false)
    }

    fn array(&self, rows: usize) -> ArrayRef {
        match &self.value {
            PathValue::Int(value) => Arc::new(Int64Array::from_value(*value, rows)),
            PathValue::Text(value) => {
                Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows)))
            }
        }
    }
}

impl InputFile {
    /// A batch of the file with its path columns.
    pub(crate) fn complete(&self, batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
        if self.path_columns.is_empty() {
            return Ok(batch);
        }
        let rows = batch.num_rows();
        let fields = batch.schema().fields().iter().cloned().collect::<Vec<_>>();
        let fields =
            fields.into_iter().chain(self.path_columns.iter().map(|column| Arc::new(column.field())));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns = batch.columns().iter().cloned();
        let columns = columns.chain(self.path_columns.iter().map(|column| column.array(rows))).collect();
        RecordBatch::try_new_with_options(
            schema,
            columns,
            &RecordBatchOptions::new().with_row_count(Some(rows)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_from_folders_not_from_the_file_name() {
        let found = pairs(Path::new("data/year=2024/region=north east/a=b.parquet"));
        let expected = [("year", "2024"), ("region", "north east")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
