//! The floor: decoding the columns that the pipeline's expressions speak of, and encoding what it publishes.

use super::Result;
use abacus::pipeline::{Definition, Files, Scalar};
use abacus::publish::schema::{Column, ColumnKind, TableSpec};
use abacus::publish::{Home, PublishedFile, PublishedTable, Release, Staging, WriteOptions};
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;
use std::fs::File;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use walkdir::WalkDir;

/// Rows decoded at a time, as many as the scan takes.
const BATCH_ROWS: usize = 16_384;

/// One file to decode, and what of it.
pub(super) struct Input {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    columns: Vec<String>,
}

impl Input {
    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).expect("rows are counted")
    }
}

/// Rows of the Parquet files in a folder.
pub(super) fn rows_below(folder: &Path) -> Result<u64> {
    Ok(open_all(folder, &[])?.iter().map(Input::rows).sum())
}

/// The files of lines, events and customers. The ledger and the products are too small to count.
pub(super) fn open_inputs(definition: &Definition) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for (files, columns) in needed(definition) {
        inputs.extend(open_all(&files.root, &columns)?);
    }
    Ok(inputs)
}

/// Per source the columns its expressions speak of.
fn needed(definition: &Definition) -> Vec<(&Files, Vec<String>)> {
    let facts = &definition.facts;
    let sale = &facts.transactions;
    let optional = [
        &sale.filter,
        &sale.line,
        &sale.product_group,
        &sale.quantity,
        &sale.is_return,
        &sale.discount,
        &sale.cost,
        &sale.currency,
    ];
    let required = [&sale.customer, &sale.order, &sale.at, &sale.revenue];
    let scalars = required.into_iter().chain(optional.into_iter().flatten());
    let mut needed = vec![(&sale.files, columns_of(scalars, definition, None))];
    for (index, events) in facts.events.iter().enumerate() {
        let scalars = [&events.customer, &events.at].into_iter().chain(&events.filter);
        needed.push((&events.files, columns_of(scalars, definition, Some(index))));
    }
    if let Some(master) = &facts.customers {
        let scalars = std::iter::once(&master.customer).chain(&master.acquired_on);
        let scalars = scalars.chain(&master.acquisition_cost).chain(master.attributes.values());
        needed.push((&master.files, scalars.flat_map(names_in).collect()));
    }
    needed
}

/// Roles of a driver, such as `order`, stay among the names: the reader passes over what is no column.
fn columns_of<'d>(
    scalars: impl Iterator<Item = &'d Scalar>,
    definition: &'d Definition,
    source: Option<usize>,
) -> Vec<String> {
    let drivers = definition.driver_parts().filter(|part| part.on == source);
    let terms = drivers.flat_map(|part| &part.sql.driver.terms);
    let of_drivers = terms.flat_map(|(_, aggregate)| aggregate.columns()).map(str::to_owned);
    scalars.flat_map(names_in).chain(of_drivers).collect()
}

fn names_in(scalar: &Scalar) -> Vec<String> {
    scalar.expr.columns().into_iter().map(str::to_owned).collect()
}

/// A Parquet file, or those below a folder.
fn open_all(root: &Path, columns: &[String]) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_none_or(|extension| extension != "parquet") {
            continue;
        }
        let metadata = ArrowReaderMetadata::load(&File::open(&path)?, ArrowReaderOptions::new())?;
        let fields = metadata.schema().fields().iter().map(|field| hinted(&metadata, field));
        let metadata = with_fields(&metadata, fields.collect())?;
        inputs.push(Input { path, metadata, columns: columns.to_vec() });
    }
    if inputs.is_empty() { Err(format!("{}: no such file", root.display()).into()) } else { Ok(inputs) }
}

fn with_fields(metadata: &ArrowReaderMetadata, fields: Vec<Field>) -> Result<ArrowReaderMetadata> {
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata.schema().metadata().clone()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    Ok(ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)?)
}

/// The cheapest type a column can be decoded to, as the scan asks for it.
fn hinted(metadata: &ArrowReaderMetadata, field: &Field) -> Field {
    let hint = match field.data_type() {
        DataType::Decimal128(digits, scale) if *digits <= 18 => DataType::Decimal64(*digits, *scale),
        DataType::Utf8 if has_dictionary(metadata, field.name()) => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        other => other.clone(),
    };
    field.clone().with_data_type(hint)
}

/// Whether every chunk of a column begins with a dictionary.
fn has_dictionary(metadata: &ArrowReaderMetadata, name: &str) -> bool {
    let row_groups = metadata.metadata().row_groups().iter();
    let mut chunks = row_groups.flat_map(|row_group| row_group.columns());
    chunks.all(|chunk| chunk.column_path().string() != name || chunk.dictionary_page_offset().is_some())
}

/// Decodes the needed columns and lets go of them; row groups in parallel.
pub(super) fn decode(inputs: &[Input]) -> Result<()> {
    let row_groups_of = |input| (0..Input::row_groups(input)).map(move |row_group| (input, row_group));
    let row_groups: Vec<(&Input, usize)> = inputs.iter().flat_map(row_groups_of).collect();
    row_groups.into_par_iter().with_max_len(1).try_for_each(|(input, row_group)| input.decode(row_group))
}

impl Input {
    fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn decode(&self, row_group: usize) -> Result<()> {
        let file = File::open(&self.path)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let columns = self.columns.iter().map(String::as_str);
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
        let builder = builder.with_projection(mask).with_row_groups(vec![row_group]);
        for batch in builder.with_batch_size(BATCH_ROWS).build()? {
            black_box(batch?);
        }
        Ok(())
    }
}

/// Seconds to write a release's tables once more, and their rows. Reading a file back is off the clock, file by file,
/// so that memory holds one at a time; the commit is too, for it waits for the disk.
///
/// # Panics
/// When a file does not come out byte for byte as it was published: its seconds would mean nothing.
pub(super) fn encode(definition: &Definition, release: Release, copy: &Path) -> Result<(f64, u64)> {
    // The names of a table to be written live as long as the program.
    let release: &'static Release = Box::leak(Box::new(release));
    let home = Home::open(copy)?;
    let _lock = home.lock()?;
    let row_group_rows = definition.publish.row_group_rows;
    let staging =
        home.begin(WriteOptions { encoding: definition.publish.encoding, row_group_rows, delta: false })?;
    let mut seconds = 0.0;
    for (name, table) in &release.tables {
        for file in &table.files {
            let path = definition.publish.path.join(&file.path);
            let (spec, batches) = read_back(name, table, &path, row_group_rows)?;
            let start = Instant::now();
            write(&staging, &spec, file, batches)?;
            seconds += start.elapsed().as_secs_f64();
        }
    }
    let copied = staging.commit(serde_json::json!({}))?;
    for name in release.tables.keys() {
        assert_eq!(digests(release, name), digests(&copied, name), "{name}: written as other bytes");
    }
    Ok((seconds, release.tables.keys().map(|name| release.rows(name)).sum()))
}

fn write(
    staging: &Staging,
    spec: &TableSpec,
    file: &PublishedFile,
    batches: Vec<Vec<ArrayRef>>,
) -> Result<()> {
    let mut writer = staging.table(spec, file.partition.as_deref())?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok(writer.finish()?)
}

fn digests<'r>(release: &'r Release, table: &str) -> Vec<&'r str> {
    release.files(table).iter().map(|file| file.blake3.as_str()).collect()
}

/// A published file as the arrays it was written from, one batch per row group.
fn read_back(
    name: &'static str,
    table: &'static PublishedTable,
    path: &Path,
    row_group_rows: usize,
) -> Result<(TableSpec, Vec<Vec<ArrayRef>>)> {
    let file = File::open(path)?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    let column = |(field, listed): (&Arc<Field>, &'static abacus::publish::PublishedColumn)| Column {
        name: listed.name.as_str().into(),
        kind: kind_of(field.data_type(), has_dictionary(&metadata, &listed.name)),
        nullable: listed.nullable,
        unit: listed.unit.as_str().into(),
        meaning: listed.meaning.as_str().into(),
    };
    let columns: Vec<Column> = metadata.schema().fields().iter().zip(&table.columns).map(column).collect();
    let field = |column: &Column| Field::new(&*column.name, column.kind.data_type(), column.nullable);
    let metadata = with_fields(&metadata, columns.iter().map(field).collect())?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let batches = reader.with_batch_size(row_group_rows).build()?;
    let batches = batches.map(|batch| Ok(batch?.columns().to_vec())).collect::<Result<_>>()?;
    let partition = table.partition.as_deref();
    Ok((TableSpec { name, grain: &table.grain, partition, columns }, batches))
}

/// The kind a column was written as, or one with the same encodings.
fn kind_of(data_type: &DataType, has_dictionary: bool) -> ColumnKind {
    let scale = |scale: i8| u8::try_from(scale).expect("published scales are not negative");
    match data_type {
        DataType::Int64 => ColumnKind::Integer,
        DataType::Utf8 if has_dictionary => ColumnKind::Name,
        DataType::Utf8 => ColumnKind::Text,
        DataType::Decimal128(38, digits) => ColumnKind::Total(scale(*digits)),
        DataType::Decimal128(_, digits) => ColumnKind::Money(scale(*digits)),
        DataType::Float64 => ColumnKind::Float,
        DataType::Date32 => ColumnKind::Date,
        DataType::Timestamp(..) => ColumnKind::Timestamp,
        DataType::Boolean => ColumnKind::Bool,
        other => unreachable!("nothing is published as {other}"),
    }
}
