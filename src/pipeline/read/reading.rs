//! One reading of a pipeline file: its text, and the faults found so far.

use crate::pipeline::Position;
use std::cell::RefCell;
use std::path::Path;

/// A file being read.
pub(super) struct Reading<'s> {
    pub(super) path: &'s Path,
    pub(super) text: &'s str,
    /// (byte offset, message). Interior, so that readers of sections stay plain functions of a table.
    faults: RefCell<Vec<(usize, String)>>,
    /// Byte offset of each line, as every value of a file may be asked for its place.
    lines: Vec<usize>,
}

impl<'s> Reading<'s> {
    pub(super) fn new(path: &'s Path, text: &'s str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let lines = std::iter::once(0).chain(after_newlines).collect();
        Self { path, text, faults: RefCell::default(), lines }
    }

    /// The folder that relative paths in the file start from.
    pub(super) fn folder(&self) -> &'s Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Notes a fault at a byte offset of the file.
    pub(super) fn fault(&self, offset: usize, message: impl Into<String>) {
        self.faults.borrow_mut().push((offset, message.into()));
    }

    /// How many faults have been noted so far.
    pub(super) fn faults(&self) -> usize {
        self.faults.borrow().len()
    }

    /// Forgets the faults noted so far that a syntax error may have caused: those on its line, and, as keys lose
    /// their table with it, all after a broken header.
    pub(super) fn forget_doubtful(&self, syntax_errors: &[usize]) {
        let line_of = |offset: usize| self.position(offset).line;
        let is_header = |line: u32| {
            self.text.lines().nth(line as usize - 1).is_some_and(|text| text.trim().starts_with('['))
        };
        let broken: Vec<u32> = syntax_errors.iter().map(|offset| line_of(*offset)).collect();
        let lost_from = broken.iter().copied().filter(|line| is_header(*line)).min().unwrap_or(u32::MAX);
        self.faults.borrow_mut().retain(|(offset, _)| {
            let line = line_of(*offset);
            line < lost_from && !broken.contains(&line)
        });
    }

    /// All faults as messages, in the order of the file.
    pub(super) fn into_faults(self) -> Vec<String> {
        let mut faults = self.faults.take();
        faults.sort_by_key(|(offset, _)| *offset);
        // A value that is read twice is reported once.
        faults.dedup();
        let message = |(offset, message)| {
            let Position { line, column } = self.position(offset);
            format!("{}:{line}:{column}: {message}", self.path.display())
        };
        faults.into_iter().map(message).collect()
    }

    /// Line and column of a byte offset. An offset past the end stands for the end.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = (0..=offset.min(self.text.len()))
            .rev()
            .find(|offset| self.text.is_char_boundary(*offset))
            .expect("offset 0 is a boundary");
        let line = self.lines.partition_point(|start| *start <= offset);
        let before = &self.text[self.lines[line - 1]..offset];
        let number = |count: usize| u32::try_from(count).expect("a pipeline file is shorter than 4 GiB");
        Position { line: number(line), column: number(before.chars().count() + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_newlines() {
        let reading = Reading::new(Path::new("p.toml"), "ä = 1\r\nöö = 2");
        for (offset, line, column) in [(0, 1, 1), (2, 1, 2), (1, 1, 1), (8, 2, 1), (12, 2, 3), (99, 2, 7)] {
            assert_eq!(reading.position(offset), Position { line, column }, "offset {offset}");
        }
    }
}
