//! The hybrid of run lengths and bit packing (`RLE`): dictionary indices and definition levels. A run of equal values is
//! written once with its length, values in between are bit-packed in groups of eight.

use super::bits::{self, LANES};
use super::varint::varint;

/// Values of a bit-packed group.
pub(super) const GROUP: usize = 8;

/// A run that saves fewer bytes than this stays bit-packed: its own head, value and the head of the next values cost about
/// five, and runs take longer to read than packed values.
const WORTHWHILE_BYTES: usize = 8;

/// Appends indices of at most 16 bits.
pub(super) fn encode(indices: &[u16], width: u32, out: &mut Vec<u8>) {
    let (mut packed_to, mut at) = (0, 0);
    while let Some(group) = indices.get(at..at + GROUP) {
        if !is_flat(group, group[0]) {
            at += GROUP;
            continue;
        }
        let length = run_length(&indices[at..]);
        if length / GROUP * (width as usize) < WORTHWHILE_BYTES {
            at += length / GROUP * GROUP;
            continue;
        }
        pack(&indices[packed_to..at], width, out);
        repeat(indices[at], length, width, out);
        at += length;
        packed_to = at;
    }
    pack(&indices[packed_to..], width, out);
}

/// Whether all of a group are this value, without a branch for each.
pub(super) fn is_flat<T: Copy + PartialEq>(group: &[T], value: T) -> bool {
    group.iter().fold(true, |flat, &other| flat & (other == value))
}

/// How many values from the first on equal it.
fn run_length(indices: &[u16]) -> usize {
    let first = indices[0];
    let (groups, _) = indices.as_chunks::<GROUP>();
    let flat = groups.iter().take_while(|group| is_flat(*group, first)).count() * GROUP;
    flat + indices[flat..].iter().take_while(|&&index| index == first).count()
}

fn repeat(value: u16, length: usize, width: u32, out: &mut Vec<u8>) {
    varint((length as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// A bit-packed run; only the last of a page may fill its last group up, with zeros.
fn pack(indices: &[u16], width: u32, out: &mut Vec<u8>) {
    if indices.is_empty() {
        return;
    }
    varint((indices.len().div_ceil(GROUP) as u64) << 1 | 1, out);
    let (blocks, rest) = indices.as_chunks::<LANES>();
    for block in blocks {
        bits::pack(&block.map(u64::from), width, out);
    }
    for group in rest.chunks(GROUP) {
        pack_group(group, width, out);
    }
}

fn pack_group(group: &[u16], width: u32, out: &mut Vec<u8>) {
    let mut lanes = [0_u64; GROUP];
    for (lane, &index) in lanes.iter_mut().zip(group) {
        *lane = u64::from(index);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    // Four values of up to 16 bits are a word at most.
    let low = a | b << width | c << (2 * width) | d << (3 * width);
    let high = e | f << width | g << (2 * width) | h << (3 * width);
    let both = u128::from(low) | u128::from(high) << (4 * width);
    out.extend_from_slice(&both.to_le_bytes()[..width as usize]);
}
