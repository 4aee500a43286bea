//! A row group to read: the unit of work of a run, since a row group is what a reader can skip to.

/// One row group to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) source: usize,
    pub(crate) file: usize,
    pub(crate) row_group: usize,
}
