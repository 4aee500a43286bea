//! The rows of a file as its source has them: the columns asked for, under the source's names and in its types.

use super::contain::contain_each;
use super::input_file::InputFile;
use super::pages::Pages;
use super::source::Source;
use super::task::Task;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::widened;
use crate::memory::MemoryBudget;
use crate::storage::Object;
use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{DataType, FieldRef, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::metadata::ColumnChunkMetaData;
use std::ops::Range;
use std::sync::Arc;

/// What a reader reads of a file.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'f> {
    pub(crate) file: &'f InputFile,
    /// Columns of the source, by its names.
    pub(crate) columns: &'f [String],
    /// One row group, or all of them.
    pub(crate) row_group: Option<usize>,
    /// Rows of the row group, ascending; all of them if it is none.
    pub(crate) rows: Option<&'f [u64]>,
    /// Rows of a batch.
    pub(crate) batch_rows: usize,
}

impl<'f> Reading<'f> {
    /// A row group of a source that is scanned.
    pub(crate) fn of(source: &'f Source, task: Task) -> Self {
        let Task { file, row_group, .. } = task;
        let (file, columns) = (&source.files[file], &source.columns);
        Self { file, columns, row_group: Some(row_group), rows: None, batch_rows: BATCH_ROWS }
    }

    /// Some rows of the row group, ascending.
    pub(crate) fn only(self, rows: &'f [u64]) -> Self {
        Self { rows: Some(rows), ..self }
    }

    /// Every batch, in the order of the file.
    ///
    /// # Errors
    /// A file that cannot be opened; of a batch, damage or rows that contradict the footer, with file, row group and column.
    pub(crate) fn batches(self) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<'f>> {
        let object = self.object()?;
        let object = object.in_groups(&|| self.column_chunks()).unwrap_or(object);
        let mut rows = 0;
        let mut batches = contain_each(self.reader(&object)?);
        let mut is_done = false;
        Ok(std::iter::from_fn(move || {
            if is_done {
                return None;
            }
            let batch = match batches.next() {
                Some(Ok(batch)) => {
                    rows += batch.num_rows() as u64;
                    self.as_in_source(batch)
                }
                Some(Err(fault)) => Err(self.damage(&object, &fault)),
                None => {
                    is_done = true;
                    return self.unchanged(&object).and_then(|()| self.check_rows(rows)).err().map(Err);
                }
            };
            is_done |= batch.is_err();
            Some(batch)
        }))
    }

    fn object(self) -> Result<Arc<dyn Object>> {
        self.file.held.object().map_err(|fault| Error::io(Kind::Input, &self.file.path, &fault))
    }

    /// Rows are of one file, the one whose footer was read, if it still is that after they were read.
    fn unchanged(self, object: &Arc<dyn Object>) -> Result<()> {
        self.file.held.check(&**object).map_err(|fault| Error::io(Kind::Input, &self.file.path, &fault))
    }

    fn builder(self, object: &Arc<dyn Object>) -> ParquetRecordBatchReaderBuilder<Pages> {
        let pages = Pages::of(Arc::clone(object));
        ParquetRecordBatchReaderBuilder::new_with_metadata(pages, self.file.metadata.clone())
    }

    /// The columns as the file has them.
    fn mask(self) -> ProjectionMask {
        let roots = self.columns.iter().filter_map(|name| self.file.root_of(self.file.stored_name(name)?));
        ProjectionMask::roots(self.file.metadata.parquet_schema(), roots)
    }

    fn row_groups(self) -> Range<usize> {
        match self.row_group {
            Some(row_group) => row_group..row_group + 1,
            None => 0..self.file.metadata.metadata().num_row_groups(),
        }
    }

    /// Where the columns lie, by row group; a claim past the end of the file is left to the reader to refuse.
    fn column_chunks(self) -> Vec<Vec<Range<u64>>> {
        let (mask, size) = (self.mask(), self.file.held.head().size);
        let chunks = |row_group: usize| {
            let columns = self.file.metadata.metadata().row_group(row_group).columns().iter().enumerate();
            let asked = columns.filter(|(leaf, _)| mask.leaf_included(*leaf));
            let range = |(_, column): (usize, &ColumnChunkMetaData)| {
                let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
                let (start, length) =
                    (u64::try_from(start).ok()?, u64::try_from(column.compressed_size()).ok()?);
                Some(start..start.checked_add(length).filter(|end| *end <= size && length > 0)?)
            };
            asked.filter_map(range).collect()
        };
        self.row_groups().map(chunks).collect()
    }

    /// Asks for the columns before whoever decodes them comes to them.
    pub(crate) fn fetch_ahead(self, budget: &MemoryBudget) {
        self.file.held.fetch_ahead(&|| self.column_chunks(), budget);
    }

    fn reader(self, object: &Arc<dyn Object>) -> Result<ParquetRecordBatchReader> {
        let mut builder = self.builder(object).with_projection(self.mask()).with_batch_size(self.batch_rows);
        if let Some(row_group) = self.row_group {
            builder = builder.with_row_groups(vec![row_group]);
        }
        if let Some(rows) = self.rows {
            builder = builder.with_row_selection(selection(rows));
        }
        builder.build().map_err(|fault| self.damage(object, &fault.to_string()))
    }

    /// A batch with the columns of the file's path, and with the source's names and types.
    fn as_in_source(self, batch: RecordBatch) -> Result<RecordBatch> {
        let broken = |fault: arrow::error::ArrowError| Error::internal(fault.to_string());
        let batch = self.file.complete(batch)?;
        if !self.columns.iter().any(|name| self.file.differing.contains_key(name)) {
            return Ok(batch);
        }
        let schema = batch.schema();
        let mut fields: Vec<FieldRef> = Vec::with_capacity(self.columns.len());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for name in self.columns {
            let field = self.file.schema.field_with_name(name).map_err(broken)?;
            let stored = self.file.stored_name(name).and_then(|stored| schema.column_with_name(stored));
            let (field, column) = match stored {
                None => (field.clone(), new_null_array(field.data_type(), batch.num_rows())),
                Some((place, stored)) => {
                    let column = self.widened(name, batch.column(place), field.data_type())?;
                    (stored.clone().with_name(name).with_data_type(column.data_type().clone()), column)
                }
            };
            fields.push(Arc::new(field.with_nullable(true)));
            columns.push(column);
        }
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows).map_err(broken)
    }

    fn widened(self, name: &str, column: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
        widened(column, to)
            .map_err(|fault| Error::input(format!("{}: column '{name}' {fault}", self.place())))
    }

    /// File and row group, as far as they are known.
    fn place(self) -> String {
        let row_group = self.row_group.map_or(String::new(), |row_group| format!(": row group {row_group}"));
        format!("{}{row_group}", self.file.path.display())
    }

    fn check_rows(self, found: u64) -> Result<()> {
        let expected = match self.row_group {
            _ if self.rows.is_some() => self.rows.map_or(0, |rows| rows.len() as u64),
            Some(row_group) => self.file.row_groups().nth(row_group).unwrap_or(0),
            None => self.file.rows(),
        };
        if found == expected {
            return Ok(());
        }
        Err(Error::input(format!(
            "{}: the pages hold {found} rows, and the footer claims {expected}; write the file again or take it out of the \
             pattern",
            self.place()
        )))
    }

    /// The error of a reader, with the first row group and column that cannot be read on its own.
    fn damage(self, object: &Arc<dyn Object>, fault: &str) -> Error {
        if let Err(changed) = self.unchanged(object) {
            return changed;
        }
        let places = self
            .row_groups()
            .flat_map(|row_group| self.columns.iter().map(move |column| (row_group, column)));
        let damaged = places.into_iter().find_map(|(row_group, column)| {
            let columns = std::slice::from_ref(column);
            let alone = Self { columns, row_group: Some(row_group), ..self };
            Some((alone, alone.first_fault(object)?))
        });
        let (place, fault) = match &damaged {
            Some((alone, fault)) => {
                (format!("{} column '{}'", alone.place(), alone.columns[0]), fault.as_str())
            }
            None => (self.place(), fault),
        };
        Error::input(format!(
            "{place} cannot be decoded: {fault}; write the file again or take it out of the pattern"
        ))
    }

    /// What is wrong with a single column; its own errors end the search, so that it does not call itself.
    fn first_fault(self, object: &Arc<dyn Object>) -> Option<String> {
        let builder = self.builder(object);
        let root = self.file.root_of(self.file.stored_name(&self.columns[0])?)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), [root]);
        match builder.with_projection(mask).with_row_groups(vec![self.row_group?]).build() {
            Ok(reader) => contain_each(reader).find_map(|batch| batch.err()),
            Err(fault) => Some(fault.to_string()),
        }
    }
}

/// Rows of a row group, ascending, as ranges to skip and to read.
fn selection(rows: &[u64]) -> RowSelection {
    let at = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
    let mut selectors = Vec::new();
    let mut next = 0;
    for row in rows.iter().copied().map(at) {
        selectors.extend([RowSelector::skip(row - next), RowSelector::select(1)]);
        next = row + 1;
    }
    RowSelection::from(selectors)
}

/// Rows decoded at a time: a batch of ten columns stays in the second-level cache.
pub(crate) const BATCH_ROWS: usize = 16_384;

/// The rows of a file, with the columns that are named.
pub(crate) fn batches<'f>(
    file: &'f InputFile,
    columns: &'f [String],
) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<'f>> {
    Reading { file, columns, row_group: None, rows: None, batch_rows: 65_536 }.batches()
}
