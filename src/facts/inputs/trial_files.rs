//! Files worth a trial read: every file or, of many, one of every distinct layout.

use super::input_file::InputFile;
use std::collections::BTreeSet;

/// So many files are tried one by one; of more, one of every layout.
const FEW_FILES: usize = 100;

/// Every file, by index; of many, the first of those that have the same types, codecs and encodings.
pub(crate) fn worth_a_trial(files: &[InputFile], used: &[String]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let is_few = files.len() <= FEW_FILES;
    (0..files.len()).filter(|file| is_few || seen.insert(layout(&files[*file], used))).collect()
}

pub(crate) fn layout(file: &InputFile, used: &[String]) -> String {
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
