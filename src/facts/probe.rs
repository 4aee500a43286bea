//! Trial decoding: one batch of the used columns of each file, so that `check` finds codecs, pages and types
//! that `run` would stumble over.

use super::input::InputFile;
use super::reading::Reading;
use super::scan::Task;
use super::source::Source;
use crate::error::{Faults, Result};
use std::collections::BTreeSet;

/// So many files are decoded one by one; of more, one of every layout.
const FEW_FILES: usize = 100;

/// Decodes a batch of every file of a source or, where they are many, of one of every distinct layout.
///
/// # Errors
/// Files whose first rows cannot be decoded.
pub(crate) fn probe(source: &Source) -> Result<()> {
    let mut faults = Faults::default();
    for file in worth_a_trial(&source.files, &source.columns) {
        faults.keep(probe_file(source, file));
    }
    faults.none()
}

fn probe_file(source: &Source, file: usize) -> Result<()> {
    let Some(row_group) = source.files[file].row_groups().position(|rows| rows > 0) else { return Ok(()) };
    let first = Reading::of(source, Task { source: 0, file, row_group }).batches()?.next();
    first.transpose().map(drop)
}

/// Every file, by index; of many, the first of those that have the same types, codecs and encodings.
pub(crate) fn worth_a_trial(files: &[InputFile], used: &[String]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let is_few = files.len() <= FEW_FILES;
    (0..files.len()).filter(|file| is_few || seen.insert(layout(&files[*file], used))).collect()
}

fn layout(file: &InputFile, used: &[String]) -> String {
    let mut layout = String::new();
    for field in file.schema().fields().iter().filter(|field| used.contains(field.name())) {
        layout += &format!("{} {};", field.name(), field.data_type());
    }
    let row_groups = file.metadata.metadata().row_groups().iter();
    for row_group in row_groups.filter(|row_group| row_group.num_rows() > 0).take(1) {
        for chunk in row_group.columns() {
            let encodings: Vec<_> = chunk.encodings().collect();
            layout += &format!("{} {encodings:?};", chunk.compression());
        }
    }
    layout
}
