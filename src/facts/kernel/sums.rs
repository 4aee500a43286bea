//! Sums and numbers that tell when they leave their range.

/// Adds a value; notes when the sum leaves 64 bits.
#[inline(always)]
pub(crate) fn add(sum: &mut i64, value: i64, overflow: &mut bool) {
    let (total, carried) = sum.overflowing_add(value);
    *sum = total;
    *overflow |= carried;
}

/// Adds column by column; true if a sum left 64 bits.
pub(crate) fn add_all<const COLUMNS: usize>(sums: &mut [i64; COLUMNS], values: &[i64; COLUMNS]) -> bool {
    let mut carried = 0;
    for (sum, value) in sums.iter_mut().zip(values) {
        let total = sum.wrapping_add(*value);
        // Negative where both signs differ from the total's.
        carried |= (*sum ^ total) & (value ^ total);
        *sum = total;
    }
    carried < 0
}

/// A number of rows, cells or words of a key range.
pub(crate) fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("a key range holds fewer than 2³² rows")
}
