//! Page headers, in Thrift's compact protocol. Written here because the parquet crate writes headers only together with the
//! page, which would copy every page once more.

use super::varint::zigzag;
use parquet::basic::Encoding;

/// Header of a data page, version 1 and uncompressed: what every reader knows.
pub(super) fn data_page(bytes: usize, rows: usize, encoding: Encoding) -> Vec<u8> {
    let mut out = page(DATA_PAGE, bytes);
    out.push(field(2, STRUCT)); // 5: data_page_header
    integer(rows, &mut out); // 1: num_values
    integer(number(encoding), &mut out); // 2: encoding
    integer(number(Encoding::RLE), &mut out); // 3: definition_level_encoding
    integer(number(Encoding::RLE), &mut out); // 4: repetition_level_encoding
    out.extend_from_slice(&[STOP, STOP]);
    out
}

/// Header of a dictionary page.
pub(super) fn dictionary_page(bytes: usize, values: usize) -> Vec<u8> {
    let mut out = page(DICTIONARY_PAGE, bytes);
    out.push(field(4, STRUCT)); // 7: dictionary_page_header
    integer(values, &mut out); // 1: num_values
    integer(number(Encoding::PLAIN), &mut out); // 2: encoding
    out.extend_from_slice(&[STOP, STOP]);
    out
}

const DATA_PAGE: usize = 0;
const DICTIONARY_PAGE: usize = 2;

const I32: u8 = 5;
const STRUCT: u8 = 12;
const STOP: u8 = 0;

fn page(kind: usize, bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    integer(kind, &mut out); // 1: type
    integer(bytes, &mut out); // 2: uncompressed_page_size
    integer(bytes, &mut out); // 3: compressed_page_size
    out
}

/// Fields are numbered by their distance from the one before.
fn field(distance: u8, kind: u8) -> u8 {
    distance << 4 | kind
}

/// The next field, a 32-bit integer.
fn integer(value: usize, out: &mut Vec<u8>) {
    out.push(field(1, I32));
    zigzag(i64::from(i32::try_from(value).expect("a page is smaller than 2 GiB")), out);
}

fn number(encoding: Encoding) -> usize {
    match encoding {
        Encoding::PLAIN => 0,
        Encoding::RLE => 3,
        Encoding::DELTA_BINARY_PACKED => 5,
        Encoding::RLE_DICTIONARY => 8,
        other => unreachable!("{other} is not written here"),
    }
}
