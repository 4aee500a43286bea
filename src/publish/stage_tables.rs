//! The tables of a release in the making as one stage sees them: it writes those that its contract says it makes, and
//! reads those it takes.

use super::schema::TableSpec;
use super::staging::Staging;
use super::table::TableWriter;
use crate::error::Result;
use crate::pipeline::Stage;
use crate::units::Day;
use arrow::array::ArrayRef;
use std::path::PathBuf;

/// A stage's view of a staged release. What the contract does not name is a fault of the program, and stops it.
#[derive(Clone, Copy)]
pub struct StageTables<'s> {
    staging: &'s Staging,
    stage: &'static Stage,
    /// Its tables are in the release already: it is run for what it hands on.
    is_taken_over: bool,
}

/// A partition of a table that an earlier stage made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenPartition {
    /// Its value of the partition key.
    pub key: String,
    /// Its file.
    pub path: PathBuf,
    /// BLAKE3 of the file.
    pub digest: String,
}

impl<'s> StageTables<'s> {
    pub(super) fn new(staging: &'s Staging, stage: &'static Stage, is_taken_over: bool) -> Self {
        Self { staging, stage, is_taken_over }
    }

    fn check_makes(&self, table: &str) {
        let Stage { name, makes, .. } = self.stage;
        assert!(
            makes.contains(&table),
            "stage '{name}' makes table '{table}', which its contract does not name"
        );
    }

    /// Begins a table, or one partition of it. Each is written once.
    ///
    /// # Errors
    /// A file that cannot be made.
    pub fn table(&self, spec: &TableSpec, partition: Option<&str>) -> Result<TableWriter> {
        self.check_makes(spec.name);
        if self.is_taken_over {
            return Ok(TableWriter::passing_by());
        }
        self.staging.table(spec, partition)
    }

    /// Writes a small table in one go.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn put(&self, spec: &TableSpec, partition: Option<&str>, columns: Vec<ArrayRef>) -> Result<()> {
        let mut writer = self.table(spec, partition)?;
        writer.write(columns)?;
        writer.finish()
    }

    /// Takes a table or partition over from the current release, if it was written there with the same recipe,
    /// columns and options. Returns whether it was.
    ///
    /// # Errors
    /// A file that cannot be linked.
    pub fn reuse(&self, spec: &TableSpec, partition: Option<&str>, recipe: &str) -> Result<bool> {
        self.check_makes(spec.name);
        Ok(self.is_taken_over || self.staging.reuse(spec, partition, recipe)?)
    }

    /// Whether the release in the making has a table so far that the stage may read.
    pub fn is_there(&self, table: &str) -> bool {
        self.stage.may_read(table) && !self.staging.written(table).is_empty()
    }

    /// Files of a table that are finished so far, in path order; none of a table that this pipeline does not make.
    pub fn written(&self, table: &str) -> Vec<PathBuf> {
        self.check_reads(table);
        self.staging.written(table)
    }

    /// Those of one as-of date, of a table that has a partition for each; all files of any other.
    pub fn written_as_of(&self, table: &str, as_of: Day) -> Vec<PathBuf> {
        let partitions = self.partitions(table);
        if partitions.is_empty() {
            return self.written(table);
        }
        let date = as_of.to_string();
        partitions.into_iter().filter(|of| of.key == date).map(|of| of.path).collect()
    }

    /// The same, partition by partition, with the digests of what they hold.
    pub fn partitions(&self, table: &str) -> Vec<WrittenPartition> {
        self.check_reads(table);
        self.staging.partitions(table)
    }

    fn check_reads(&self, table: &str) {
        let name = self.stage.name;
        assert!(
            self.stage.may_read(table),
            "stage '{name}' reads table '{table}', which its contract does not name"
        );
    }
}
