//! Scratch columns: integers kept for a while, packed slice by slice, and spilled past the memory budget.

use super::{Memory, MemoryBudget, Reservation, Spilled};
use crate::error::Result;
use std::sync::OnceLock;

/// Integer columns of every slice. A slice is written once, by whichever thread made it, and read as often as needed.
#[derive(Debug)]
pub(crate) struct Scratch {
    memory: Memory,
    slices: Vec<OnceLock<Vec<Column>>>,
}

/// A column of a slice: little-endian integers of the fewest bytes that hold them all.
#[derive(Debug)]
struct Column {
    width: usize,
    rows: usize,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    Held(Vec<u8>, #[expect(dead_code, reason = "held as long as the bytes")] Reservation),
    Spilled(Spilled),
}

impl Scratch {
    /// For so many slices.
    pub(crate) fn new(slices: usize, memory: &Memory) -> Self {
        Self { memory: memory.clone(), slices: (0..slices).map(|_| OnceLock::new()).collect() }
    }

    /// How many slices there are.
    pub(crate) fn slices(&self) -> usize {
        self.slices.len()
    }

    /// What it reserves from.
    pub(crate) fn budget(&self) -> &MemoryBudget {
        &self.memory.budget
    }

    /// Keeps the columns of a slice; they need not be of one length.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn keep<'c>(&self, slice: usize, columns: impl IntoIterator<Item = &'c [i64]>) -> Result<()> {
        let columns = columns.into_iter().map(|column| self.pack(column)).collect::<Result<_>>()?;
        assert!(self.slices[slice].set(columns).is_ok(), "a slice is kept once");
        Ok(())
    }

    fn pack(&self, values: &[i64]) -> Result<Column> {
        let width = width_of(values);
        let bytes = packed(values, width);
        let bytes = match self.memory.budget.reserve_waiting(bytes.len() as u64) {
            Some(reservation) => Bytes::Held(bytes, reservation),
            None => Bytes::Spilled(self.memory.spill.write(&bytes)?),
        };
        Ok(Column { width, rows: values.len(), bytes })
    }

    /// A column of a slice, as it was kept.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn column(&self, slice: usize, column: usize) -> Result<Vec<i64>> {
        let columns = self.slices[slice].get().expect("a slice is kept before it is read");
        let Column { width, rows, bytes } = &columns[column];
        match bytes {
            Bytes::Held(bytes, _) => Ok(unpacked(bytes, *width, *rows)),
            Bytes::Spilled(spilled) => Ok(unpacked(&spilled.read()?, *width, *rows)),
        }
    }
}

/// Bytes that the widest value needs: 0 where all are 0.
fn width_of(values: &[i64]) -> usize {
    // The bits beside the sign of any value, so that one pass without a branch suffices.
    let (bits, any) =
        values.iter().fold((0, 0), |(bits, any), value| (bits | (value ^ (value >> 63)), any | value));
    match bits {
        0 if any == 0 => 0,
        ..0x80 => 1,
        0x80..0x8000 => 2,
        0x8000..0x8000_0000 => 4,
        _ => 8,
    }
}

fn packed(values: &[i64], width: usize) -> Vec<u8> {
    fn cut<const WIDTH: usize>(values: &[i64]) -> Vec<u8> {
        let mut bytes = vec![0; values.len() * WIDTH];
        for (target, value) in bytes.as_chunks_mut::<WIDTH>().0.iter_mut().zip(values) {
            target.copy_from_slice(&value.to_le_bytes()[..WIDTH]);
        }
        bytes
    }
    match width {
        0 => Vec::new(),
        1 => cut::<1>(values),
        2 => cut::<2>(values),
        4 => cut::<4>(values),
        _ => cut::<8>(values),
    }
}

fn unpacked(bytes: &[u8], width: usize, rows: usize) -> Vec<i64> {
    match width {
        0 => vec![0; rows],
        1 => bytes.iter().map(|byte| i64::from(byte.cast_signed())).collect(),
        2 => bytes.as_chunks().0.iter().map(|bytes| i64::from(i16::from_le_bytes(*bytes))).collect(),
        4 => bytes.as_chunks().0.iter().map(|bytes| i64::from(i32::from_le_bytes(*bytes))).collect(),
        _ => bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryBudget, SpillFile};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn value() -> impl Strategy<Value = i64> {
        prop_oneof![Just(0), -128..128_i64, -40_000..40_000_i64, Just(i64::from(i32::MIN)), any::<i64>()]
    }

    proptest! {
        #[test]
        fn columns_come_back_from_memory_and_from_disk(
            columns in prop::collection::vec(prop::collection::vec(value(), 0..50), 0..5),
            is_unlimited: bool,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let budget = if is_unlimited { MemoryBudget::unlimited() } else { MemoryBudget::of(0) };
            let spill = Arc::new(SpillFile::new(folder.path()));
            let memory = Memory { allocator: None, budget, spill };
            let scratch = Scratch::new(2, &memory);
            scratch.keep(1, columns.iter().map(Vec::as_slice)).unwrap();
            for (number, column) in columns.iter().enumerate() {
                prop_assert_eq!(&scratch.column(1, number).unwrap(), column);
            }
            prop_assert!(!is_unlimited || memory.spill.written() == 0);
        }
    }

    #[test]
    fn widths_end_where_a_type_ends() {
        let cases: [(&[i64], usize); 7] = [
            (&[], 0),
            (&[0, 0], 0),
            (&[-1], 1),
            (&[127, -128], 1),
            (&[128], 2),
            (&[i64::from(i16::MIN) - 1], 4),
            (&[i64::from(i32::MAX) + 1], 8),
        ];
        for (values, width) in cases {
            assert_eq!(width_of(values), width, "{values:?}");
        }
    }
}
