//! A row counted over a whole file, as row group and row in it: readers count rows, and people look them up by row group.

/// The row group of a row counted over the whole file, and the row in it.
pub(crate) fn row_in_group(mut row: u64, rows_of_groups: impl Iterator<Item = u64>) -> (usize, u64) {
    let mut group = 0;
    for rows in rows_of_groups {
        if row < rows {
            break;
        }
        row -= rows;
        group += 1;
    }
    (group, row)
}
