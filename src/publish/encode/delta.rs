//! Delta encoding (`DELTA_BINARY_PACKED`): steps from value to value, less the smallest of their block, bit-packed. Keys,
//! dates and amounts of like size become short, and nothing has to be looked up.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>; blocks of 256 steps in 4 miniblocks of 64, the sizes
//! in which the parquet crate writes 64-bit integers.

use super::bits::{self, LANES};
use super::physical::Physical;
use super::varint::{varint, zigzag};

const MINIBLOCKS: usize = 4;
const BLOCK: usize = MINIBLOCKS * LANES;

/// Appends the values of a page.
pub(super) fn encode<T: Physical>(values: &[T], out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint(MINIBLOCKS as u64, out);
    varint(values.len() as u64, out);
    let first = values.first().map_or(0, |value| value.wide());
    zigzag(first, out);
    let mut steps = Steps::default();
    for start in (0..values.len().saturating_sub(1)).step_by(BLOCK) {
        steps.between(&values[start..values.len().min(start + BLOCK + 1)]);
        steps.encode(out);
    }
}

/// Estimates the bytes of the values from blocks spread evenly over them, by the rows alone.
pub(super) fn estimate<T: Physical>(values: &[T]) -> usize {
    let blocks = values.len().saturating_sub(1).div_ceil(BLOCK);
    let stride = (blocks / SAMPLED_BLOCKS).max(1);
    let (mut sampled, mut bytes) = (0, 0);
    let mut steps = Steps::default();
    for block in (0..blocks).step_by(stride) {
        let start = block * BLOCK;
        steps.between(&values[start..values.len().min(start + BLOCK + 1)]);
        bytes += steps.bytes();
        sampled += 1;
    }
    (bytes * blocks).checked_div(sampled).unwrap_or(0)
}

/// At least so many blocks are looked at for an estimate, if there are.
const SAMPLED_BLOCKS: usize = 16;

/// The steps of one block, which has fewer than 256 of them only at the end of a page.
struct Steps<T> {
    steps: [T; BLOCK],
    count: usize,
    least: T,
}

impl<T: Physical> Default for Steps<T> {
    fn default() -> Self {
        Self { steps: [T::default(); BLOCK], count: 0, least: T::default() }
    }
}

impl<T: Physical> Steps<T> {
    /// Steps wrap around, as decoders do when they add them up.
    fn between(&mut self, values: &[T]) {
        self.count = values.len() - 1;
        for ((step, &before), &value) in self.steps.iter_mut().zip(values).zip(&values[1..]) {
            *step = value.less(before);
        }
        (self.least, _) = super::physical::range(&self.steps[..self.count]).expect("a block has steps");
    }

    fn encode(&self, out: &mut Vec<u8>) {
        zigzag(self.least.wide(), out);
        let widths = out.len();
        out.extend_from_slice(&[0; MINIBLOCKS]);
        for (index, steps) in self.steps[..self.count].chunks(LANES).enumerate() {
            let (excess, width) = self.excess(steps);
            out[widths + index] = u8::try_from(width).expect("64 bits at most");
            bits::pack(&excess, width, out);
        }
    }

    fn bytes(&self) -> usize {
        let steps = self.steps[..self.count].chunks(LANES);
        steps.map(|steps| self.excess(steps).1 as usize * LANES / 8).sum::<usize>() + 2 + MINIBLOCKS
    }

    /// The steps less the smallest, 0 where a last miniblock has none, and the bits they need.
    fn excess(&self, steps: &[T]) -> ([u64; LANES], u32) {
        let mut excess = [0; LANES];
        let mut union = 0;
        for (excess, step) in excess.iter_mut().zip(steps) {
            *excess = step.less(self.least).unsigned();
            union |= *excess;
        }
        (excess, bits::width(union))
    }
}
