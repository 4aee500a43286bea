//! Rows of a `RowSource`, read whole against the customers of the facts, by the same row contract as all others. They are
//! accounted for with the rows of the facts, and what breaks the contract is quarantined with theirs.

use super::fact_set::FactSet;
use super::gathered_rows::GatheredRows;
use super::quarantine;
use super::record::FileAccount;
use super::row_contract::{Fate, RowContract};
use crate::error::Result;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::reading::{BATCH_ROWS, Reading};
use crate::facts::inputs::row_source::{BoundRows, RowSource, Values, bind_rows, check_keys};
use crate::facts::inputs::source_view::SourceView;
use crate::facts::schema::RowCounts;
use crate::pipeline::Definition;
use arrow::array::RecordBatch;
use rayon::prelude::*;

/// Row groups for each thread that are held before they are put together.
const ROW_GROUPS_AHEAD: usize = 2;

impl FactSet {
    /// Reads the used rows of a source, and adds it to the accounts and to the quarantine.
    ///
    /// # Errors
    /// As `check_rows`, a page that cannot be decoded, a customer key of another kind than the transactions'.
    pub fn read_rows(&mut self, definition: &Definition, source: &RowSource<'_>) -> Result<Vec<Values>> {
        let bound = self.bind_rows(definition, source)?;
        let expected: u64 = bound.files.iter().map(InputFile::rows).sum();
        let mut rows = GatheredRows::new(source, usize::try_from(expected).unwrap_or(0));
        self.read_row_groups(definition, source, &bound, Ok, |next| rows.append(next))?;
        Ok(rows.finish(self.customers.len()))
    }

    /// The same of a source that has many more rows than there are customers: what `part` makes of the used rows of each row group,
    /// in order. Names and strangers are numbered row group by row group.
    ///
    /// # Errors
    /// The same, and those of `part`.
    pub fn read_row_parts<P: Send>(
        &mut self,
        definition: &Definition,
        source: &RowSource<'_>,
        part: impl Fn(Vec<Values>) -> Result<P> + Sync,
    ) -> Result<Vec<P>> {
        let bound = self.bind_rows(definition, source)?;
        let customers = self.customers.len();
        let mut parts = Vec::new();
        let make = |rows: GatheredRows| part(rows.finish(customers));
        self.read_row_groups(definition, source, &bound, make, |next| parts.push(next))?;
        Ok(parts)
    }

    /// The source bound to its files, with what is to be said of them.
    fn bind_rows(&mut self, definition: &Definition, source: &RowSource<'_>) -> Result<BoundRows> {
        let bound = bind_rows(definition, source)?;
        check_keys(definition, source, &bound, self.customers.keys.key_type())?;
        let SourceView { table, warnings, .. } = SourceView::of(source.name, &bound.files, &bound.used);
        self.warnings.extend(warnings);
        self.tables.extend(table.map(|table| (source.name.to_owned(), table)));
        Ok(bound)
    }

    /// Makes something of the rows of each row group, on any thread, and takes what was made in order.
    fn read_row_groups<P: Send>(
        &mut self,
        definition: &Definition,
        source: &RowSource<'_>,
        bound: &BoundRows,
        make: impl Fn(GatheredRows) -> Result<P> + Sync,
        mut take: impl FnMut(P),
    ) -> Result<()> {
        let mut broken: Vec<Vec<QuarantinedRow>> = bound.files.iter().map(|_| Vec::new()).collect();
        let mut counts = vec![RowCounts::default(); bound.files.len()];
        for tasks in row_groups(&bound.files).chunks(ROW_GROUPS_AHEAD * rayon::current_num_threads()) {
            let read = tasks.par_iter().with_max_len(1).map(|(file, row_group)| {
                let read = RowGroupRows::read(self, source, bound, &bound.files[*file], *row_group)?;
                Ok((make(read.rows)?, read.counts, read.quarantined))
            });
            // In order: which fault is said does not depend on threads.
            for ((file, _), read) in tasks.iter().zip(read.collect::<Vec<Result<_>>>()) {
                let (made, of_group, quarantined) = read?;
                counts[*file].add(&of_group);
                broken[*file].extend(quarantined);
                take(made);
            }
        }
        for ((file, counts), broken) in bound.files.iter().zip(counts).zip(broken) {
            let path = &file.identity.path;
            self.record.files.push(FileAccount {
                source: source.name.to_owned(),
                file: file.identity.clone(),
                rules: definition.digest.clone(),
                counts,
                quarantine: quarantine::keep(&self.folder, source.name, path, broken)?,
                mistakes: Vec::new(),
            });
        }
        Ok(())
    }
}

/// File and row group of all rows.
fn row_groups(files: &[InputFile]) -> Vec<(usize, usize)> {
    let of_file = |(file, input): (usize, &InputFile)| {
        (0..input.row_groups().count()).map(move |row_group| (file, row_group))
    };
    files.iter().enumerate().flat_map(of_file).collect()
}

/// The rows of a row group, used or not.
struct RowGroupRows {
    rows: GatheredRows,
    counts: RowCounts,
    quarantined: Vec<QuarantinedRow>,
}

impl RowGroupRows {
    fn read(
        facts: &FactSet,
        source: &RowSource<'_>,
        bound: &BoundRows,
        file: &InputFile,
        row_group: usize,
    ) -> Result<Self> {
        let expected = file.row_groups().nth(row_group).and_then(|rows| usize::try_from(rows).ok());
        let rows = GatheredRows::new(source, expected.unwrap_or(0));
        let mut read = Self { rows, counts: RowCounts::default(), quarantined: Vec::new() };
        let reading = Reading {
            file,
            columns: &bound.used,
            row_group: Some(row_group),
            rows: None,
            batch_rows: BATCH_ROWS,
        };
        for batch in reading.batches()? {
            read.add(facts, source, bound, &batch?, row_group)?;
        }
        Ok(read)
    }

    fn add(
        &mut self,
        facts: &FactSet,
        source: &RowSource<'_>,
        bound: &BoundRows,
        batch: &RecordBatch,
        row_group: usize,
    ) -> Result<()> {
        let contract = RowContract { source, bound, customers: Some(&facts.customers), as_of: facts.as_of };
        let (evaluated, fates) = contract.evaluate(batch)?;
        let mut used = Vec::with_capacity(fates.len());
        for (row, fate) in fates.into_iter().enumerate() {
            let place = self.counts.read;
            self.counts.read += 1;
            match fate {
                Fate::Used => used.push(row),
                Fate::Excluded => self.counts.excluded += 1,
                Fate::AfterAsOf => self.counts.after_as_of += 1,
                Fate::Quarantined(reason) => {
                    self.counts.quarantined += 1;
                    self.quarantined.push(QuarantinedRow::new(batch, row, place, row_group, &reason)?);
                }
            }
        }
        self.counts.used += used.len() as u64;
        self.rows.add(source, &evaluated, &used, facts.as_of.0);
        Ok(())
    }
}
