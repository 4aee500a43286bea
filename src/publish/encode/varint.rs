//! Variable-length integers (LEB128), as headers of pages, blocks and runs have them.

/// Appends seven bits a byte, the low ones first.
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(low_byte(value) | 0x80);
        value >>= 7;
    }
    out.push(low_byte(value));
}

/// Appends a signed integer so that those near 0 are short.
pub(super) fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint(((value << 1) ^ (value >> 63)).cast_unsigned(), out);
}

fn low_byte(value: u64) -> u8 {
    value.to_le_bytes()[0]
}
