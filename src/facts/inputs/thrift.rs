//! The footer of a Parquet file as it is written, in Thrift's compact protocol, walked once before the library reads it.
//!
//! The library asks for as much memory as the footer's lists and schema claim to need, and follows the schema by
//! recursion. One flipped bit makes a list of billions of a short one; so what is claimed must be there first.

use parquet::errors::Result as ParquetResult;
use parquet::file::reader::ChunkReader;

/// Groups within groups of a schema.
const DEEPEST_SCHEMA: usize = 100;

/// Structures within structures of the protocol; Parquet's own go down to eight or so.
const DEEPEST_VALUE: usize = 32;

/// Bytes after a footer: its length and the magic number.
const TAIL: u64 = 8;

/// Field of the file's metadata that lists the schema, and of an element of the schema that counts its children.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// Makes sure that a footer holds what it claims to hold. What is no footer at all is left to the library to tell.
///
/// # Errors
/// What is claimed and not there, or nests too deep.
pub(super) fn check_footer(file: &impl ChunkReader) -> Result<(), String> {
    match footer(file).map_err(|fault| fault.to_string())? {
        Some(footer) => check(&footer),
        None => Ok(()),
    }
}

fn footer(file: &impl ChunkReader) -> ParquetResult<Option<bytes::Bytes>> {
    let Some(end) = file.len().checked_sub(TAIL) else { return Ok(None) };
    let tail = file.get_bytes(end, 8)?;
    let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let Some(start) = end.checked_sub(length.into()).filter(|_| tail.ends_with(b"PAR1")) else {
        return Ok(None);
    };
    file.get_bytes(start, usize::try_from(length).unwrap_or(usize::MAX)).map(Some)
}

fn check(footer: &[u8]) -> Result<(), String> {
    let mut walk = Walk { rest: footer, children: Vec::new() };
    walk.structure(0, true)?;
    check_schema(&walk.children)
}

/// The elements of a schema are its tree in depth-first order, each with how many children follow.
fn check_schema(children: &[i64]) -> Result<(), String> {
    let mut open = vec![1]; // the root
    for children in children {
        while open.last() == Some(&0) {
            open.pop();
        }
        let Some(left) = open.last_mut() else {
            return Err("its schema has elements of no group".to_owned());
        };
        *left -= 1;
        if *children < 0 {
            return Err(format!("its schema claims a group of {children} columns"));
        }
        open.push(*children);
        if open.len() > DEEPEST_SCHEMA {
            return Err(format!("its schema nests more than {DEEPEST_SCHEMA} groups"));
        }
    }
    match open.iter().map(|left| i128::from(*left)).sum() {
        0_i128 => Ok(()),
        missing => Err(format!("its schema claims {missing} columns that are not there")),
    }
}

struct Walk<'f> {
    rest: &'f [u8],
    /// Of each element of the schema.
    children: Vec<i64>,
}

impl Walk<'_> {
    fn structure(&mut self, depth: usize, is_file: bool) -> Result<(), String> {
        let mut field = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            field = if head >> 4 == 0 { self.zigzag()? } else { field + i64::from(head >> 4) };
            match head & 0x0f {
                1 | 2 => {} // the head has the value of a flag
                9 if is_file && field == SCHEMA => self.schema()?,
                kind => self.value(kind, depth)?,
            }
        }
    }

    fn schema(&mut self) -> Result<(), String> {
        let (count, kind) = self.list_head()?;
        if kind != 12 {
            return Err("its schema is no list of elements".to_owned());
        }
        for _ in 0..count {
            let children = self.element()?;
            self.children.push(children);
        }
        Ok(())
    }

    /// An element of the schema; gives the number of its children.
    fn element(&mut self) -> Result<i64, String> {
        let (mut field, mut children) = (0, 0);
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(children);
            }
            field = if head >> 4 == 0 { self.zigzag()? } else { field + i64::from(head >> 4) };
            match head & 0x0f {
                1 | 2 => {}
                5 if field == CHILDREN => children = self.zigzag()?,
                kind => self.value(kind, 1)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        if depth > DEEPEST_VALUE {
            return Err(format!("it nests more than {DEEPEST_VALUE} structures"));
        }
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            9 | 10 => {
                let (count, kind) = self.list_head()?;
                (0..count).try_for_each(|_| self.value(kind, depth + 1))
            }
            11 => self.map(depth),
            12 => self.structure(depth + 1, false),
            13 => self.skip(16),
            _ => Err(format!("it has a value of the unknown type {kind}")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<(), String> {
        let count = self.varint()?;
        let kinds = if count == 0 { 0 } else { self.byte()? };
        for _ in 0..count {
            self.value(kinds >> 4, depth + 1)?;
            self.value(kinds & 0x0f, depth + 1)?;
        }
        Ok(())
    }

    /// How many values a list has, each of a byte at least, and of which type.
    fn list_head(&mut self) -> Result<(u64, u8), String> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        let bytes = self.rest.len();
        if count > bytes as u64 {
            return Err(format!("it claims a list of {count} values in {bytes} bytes"));
        }
        Ok((count, head & 0x0f))
    }

    fn byte(&mut self) -> Result<u8, String> {
        let (byte, rest) = self.rest.split_first().ok_or_else(ends_early)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        let bytes = usize::try_from(bytes).map_err(|_| ends_early())?;
        self.rest = self.rest.get(bytes..).ok_or_else(ends_early)?;
        Ok(())
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("it has a number of more than 64 bits".to_owned())
    }

    fn zigzag(&mut self) -> Result<i64, String> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}

fn ends_early() -> String {
    "it ends within a value".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray};
    use arrow::datatypes::Int64Type;
    use bytes::Bytes;
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    fn file() -> Bytes {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
        let columns: [(&str, ArrayRef); 3] = [
            ("key", Arc::new(Int64Array::from(vec![1, 2]))),
            ("text", Arc::new(StringArray::from(vec![Some("a"), None]))),
            ("lists", Arc::new(lists)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap().into()
    }

    #[test]
    fn a_whole_footer_is_accepted_and_none_that_is_cut_short() {
        check_footer(&file()).unwrap();
        let footer = footer(&file()).unwrap().unwrap();
        for end in 0..footer.len() {
            assert!(check(&footer[..end]).is_err(), "cut at {end} of {}", footer.len());
        }
        assert!(check_footer(&Bytes::from_static(b"no file")).is_ok(), "the library tells");
    }

    #[test]
    fn what_a_list_claims_must_be_there() {
        // Field 4, a list of a billion structures.
        let row_groups = [0x49, 0xfc, 0x80, 0x94, 0xeb, 0xdc, 0x03, 0x00];
        let fault = check(&row_groups).unwrap_err();
        assert_eq!(fault, "it claims a list of 1000000000 values in 1 bytes");
    }

    #[test]
    fn a_schema_holds_the_columns_that_it_claims() {
        for (children, fault) in [
            (vec![2, 0, 0], None),
            (vec![1, 1, 0], None),
            (vec![i64::from(i32::MAX), 0], Some("claims 2147483646 columns that are not there")),
            (vec![1, -3], Some("a group of -3 columns")),
            (vec![0, 0], Some("elements of no group")),
            (vec![1; 200], Some("nests more than 100 groups")),
        ] {
            let found = check_schema(&children).err();
            assert_eq!(found.is_some(), fault.is_some(), "{children:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(fault.unwrap_or_default()), "{children:?}");
        }
    }
}
