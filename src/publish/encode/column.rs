//! The rows of a column chunk: values without gaps, where the nulls are, and the cut into pages.

use super::physical::{Physical, range};
use arrow::array::{Array, ArrayRef, BooleanBufferBuilder};
use arrow::buffer::BooleanBuffer;
use std::borrow::Cow;
use std::ops::Range;

/// Rows of a page: 256 KiB of plain 64-bit values, which stay in cache while they are encoded. All columns are cut at
/// the same rows, so a reader that skips pages by one column skips the same rows of the others.
pub(super) const PAGE_ROWS: usize = 32_768;

/// One column in one row group.
pub(super) struct Rows<'r, T: Physical> {
    rows: usize,
    /// Of the rows that are not null. Borrowed where there is nothing to close up.
    pub(super) values: Cow<'r, [T]>,
    /// Which rows have a value; absent if all have.
    present: Option<BooleanBuffer>,
}

/// The rows of one page.
pub(super) struct PageRows<T> {
    pub(super) rows: usize,
    /// Places among the values of the column chunk.
    pub(super) values: Range<usize>,
    /// Which rows have a value; absent if all have.
    pub(super) present: Option<BooleanBuffer>,
    /// Smallest and largest value, if there is one.
    pub(super) range: Option<(T, T)>,
}

impl<T> PageRows<T> {
    pub(super) fn nulls(&self) -> usize {
        self.rows - self.values.len()
    }
}

impl<'r, T: Physical> Rows<'r, T> {
    pub(super) fn gather(pieces: &'r [ArrayRef]) -> Self {
        let rows = pieces.iter().map(|piece| piece.len()).sum();
        let nulls: usize = pieces.iter().map(|piece| piece.null_count()).sum();
        let values = match pieces {
            [piece] if nulls == 0 => Cow::Borrowed(T::of(piece)),
            _ => Cow::Owned(without_gaps(pieces, rows - nulls)),
        };
        Self { rows, values, present: (nulls > 0).then(|| present(pieces, rows)) }
    }

    pub(super) fn pages(&self) -> Vec<PageRows<T>> {
        let mut pages = Vec::with_capacity(self.rows.div_ceil(PAGE_ROWS));
        let mut from = 0;
        for start in (0..self.rows).step_by(PAGE_ROWS) {
            let rows = PAGE_ROWS.min(self.rows - start);
            let present = self.present.as_ref().map(|present| present.slice(start, rows));
            let count = present.as_ref().map_or(rows, BooleanBuffer::count_set_bits);
            let values = from..from + count;
            let range = range(&self.values[values.clone()]);
            pages.push(PageRows { rows, values, present: present.filter(|_| count < rows), range });
            from += count;
        }
        pages
    }
}

fn without_gaps<T: Physical>(pieces: &[ArrayRef], count: usize) -> Vec<T> {
    let mut dense = Vec::with_capacity(count);
    for piece in pieces {
        let values = T::of(piece);
        match piece.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => dense.extend_from_slice(values),
            Some(nulls) => dense.extend(nulls.valid_indices().map(|row| values[row])),
        }
    }
    dense
}

fn present(pieces: &[ArrayRef], rows: usize) -> BooleanBuffer {
    let mut present = BooleanBufferBuilder::new(rows);
    for piece in pieces {
        match piece.nulls() {
            None => present.append_n(piece.len(), true),
            Some(nulls) => present.append_buffer(nulls.inner()),
        }
    }
    present.finish()
}
