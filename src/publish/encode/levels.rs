//! Definition levels of a flat nullable column: 1 where a value is, 0 where a null is. Arrow's validity bitmap is their
//! bit-packed form already, so only long runs are looked for.

use super::hybrid::GROUP;
use super::varint::varint;
use arrow::buffer::BooleanBuffer;

/// Bits of a word of the bitmap.
const WORD: usize = 64;

/// Words of one level that make a run of their own: fewer would save next to nothing.
const RUN_WORDS: usize = 2;

/// Appends the levels of so many rows as data pages of version 1 have them, after their length. All rows have a value
/// where nothing says which.
pub(super) fn encode(present: Option<&BooleanBuffer>, rows: usize, out: &mut Vec<u8>) {
    let place = out.len();
    out.extend_from_slice(&[0; 4]);
    match present {
        None => repeat(1, rows, out),
        Some(present) => encode_bits(present, out),
    }
    let length = u32::try_from(out.len() - place - 4).expect("levels of a page are short");
    out[place..place + 4].copy_from_slice(&length.to_le_bytes());
}

fn encode_bits(present: &BooleanBuffer, out: &mut Vec<u8>) {
    let chunks = present.bit_chunks();
    let words: Vec<u64> = chunks.iter().collect();
    let (mut packed_to, mut at) = (0, 0);
    while at < words.len() {
        let length = run_length(&words[at..]);
        if length >= RUN_WORDS {
            pack(&words[packed_to..at], &[], out);
            repeat((words[at] & 1) as u8, length * WORD, out);
            packed_to = at + length;
        }
        at += length.max(1);
    }
    let rest = chunks.remainder_bits().to_le_bytes();
    pack(&words[packed_to..], &rest[..chunks.remainder_len().div_ceil(GROUP)], out);
}

/// Words from the first on that have the same level in all bits.
fn run_length(words: &[u64]) -> usize {
    let first = words[0];
    if first != 0 && first != u64::MAX {
        return 0;
    }
    words.iter().take_while(|&&word| word == first).count()
}

fn repeat(level: u8, rows: usize, out: &mut Vec<u8>) {
    varint((rows as u64) << 1, out);
    out.push(level);
}

fn pack(words: &[u64], rest: &[u8], out: &mut Vec<u8>) {
    let groups = words.len() * WORD / GROUP + rest.len();
    if groups == 0 {
        return;
    }
    varint((groups as u64) << 1 | 1, out);
    for word in words {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(rest);
}
