//! Dictionary encoding (`RLE_DICTIONARY`): each distinct value once, and indices of few bits. Allocated costs are multiples
//! of a rate, so a column of them often has some dozens of values, while their differences have twenty bits.

use super::hybrid::{self, GROUP};
use super::physical::Physical;

/// Distinct values at most, so that the tables stay in the processor's nearest cache.
const LIMIT: usize = 4096;

/// Power of two; three quarters of the slots stay empty, so that most values are found where they are looked for.
const SLOT_BITS: u32 = 14;

/// The distinct values in order of appearance, and for every value its index.
pub(super) struct Dictionary<T> {
    pub(super) values: Vec<T>,
    pub(super) indices: Vec<u16>,
}

impl<T: Physical> Dictionary<T> {
    /// The dictionary, unless it has more than so many values or seems to get there: an amount that is new in every
    /// fourth row is no matter for a dictionary.
    pub(super) fn build(values: &[T], limit: usize) -> Option<Self> {
        if limit == 0 {
            return None;
        }
        let mut slots = vec![EMPTY; 1 << SLOT_BITS].into_boxed_slice();
        let slots: &mut [u16; 1 << SLOT_BITS] = (&mut *slots).try_into().expect("so many slots");
        let mut dictionary = Self { values: Vec::new(), indices: Vec::with_capacity(values.len()) };
        for (index, part) in values.chunks(CHECKED_ROWS).enumerate() {
            if dictionary.values.len() > FREE_VALUES + index * CHECKED_ROWS / 4 {
                return None;
            }
            dictionary.extend(part, slots, limit)?;
        }
        Some(dictionary)
    }

    fn extend(&mut self, values: &[T], slots: &mut [u16; 1 << SLOT_BITS], limit: usize) -> Option<()> {
        for &value in values {
            let mut slot = slot_of(value);
            let index = loop {
                let index = slots[slot];
                if self.values.get(usize::from(index)) == Some(&value) {
                    break index;
                }
                if index == EMPTY {
                    if self.values.len() == limit {
                        return None;
                    }
                    slots[slot] = u16::try_from(self.values.len()).expect("few values");
                    self.values.push(value);
                    break slots[slot];
                }
                slot = (slot + 1) % slots.len();
            };
            self.indices.push(index);
        }
        Some(())
    }

    /// The dictionary of a column that is the same in all rows.
    pub(super) fn of_one(value: T, count: usize) -> Self {
        Self { values: vec![value], indices: vec![0; count] }
    }

    /// Bytes of values and indices, runs left aside.
    pub(super) fn bytes(&self) -> usize {
        self.values.len() * size_of::<T>() + self.indices.len().div_ceil(GROUP) * self.width() as usize
    }

    /// Bits of an index. One value could do without, but not every reader.
    pub(super) fn width(&self) -> u32 {
        (usize::BITS - (self.values.len() - 1).leading_zeros()).max(1)
    }
}

const EMPTY: u16 = u16::MAX;

/// Rows between two looks at how the dictionary grows.
const CHECKED_ROWS: usize = 1024;

/// Distinct values that may come at once: a shuffled column shows most of its values before it repeats them.
const FREE_VALUES: usize = 1024;

/// Multiplicative hashing: the high bits of a product with an odd number near the golden ratio.
fn slot_of<T: Physical>(value: T) -> usize {
    (value.unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SLOT_BITS)) as usize
}

/// How many distinct values a dictionary may have to be an eighth smaller than so many bytes.
pub(super) fn limit<T: Physical>(values: &[T], other_bytes: usize) -> usize {
    let budget = other_bytes - other_bytes / 8;
    let (groups, uneven) = (values.len().div_ceil(GROUP), uneven_groups(values));
    let fitting = |width: usize| {
        // Between runs a few values cost the heads of both.
        let indices = (groups * width).min(uneven * (width + 4));
        let values = budget.saturating_sub(indices) / size_of::<T>();
        let values = values.min(1 << width);
        if values > 1 << (width - 1) { values } else { 0 }
    };
    (1..=LIMIT.ilog2() as usize).map(fitting).max().unwrap_or(0)
}

/// Estimates the groups that are not all of one value.
fn uneven_groups<T: Physical>(values: &[T]) -> usize {
    let (groups, _) = values.as_chunks::<GROUP>();
    let stride = (groups.len() / SAMPLED_GROUPS).max(1);
    let sampled = groups.len().div_ceil(stride);
    let uneven = groups.iter().step_by(stride).filter(|group| !hybrid::is_flat(*group, group[0])).count();
    (groups.len() * uneven).checked_div(sampled).unwrap_or(0) + 1
}

/// At least so many groups are looked at for an estimate, if there are.
const SAMPLED_GROUPS: usize = 512;
