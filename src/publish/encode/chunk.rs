//! A column chunk: the pages of one column in one row group, in the encoding that suits its values.

use super::column::{PageRows, Rows};
use super::dictionary::Dictionary;
use super::physical::Physical;
use super::{delta, dictionary, footer, header, hybrid, levels};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::schema::types::ColumnDescPtr;
use std::ops::Range;

/// Pages and what the footer says of them.
pub(super) struct Encoded {
    /// Headers and bodies in the order of the file.
    pub(super) pages: Vec<Bytes>,
    pub(super) close: ColumnCloseResult,
    /// Smallest and largest value, if there is one.
    pub(super) range: Option<(i64, i64)>,
}

/// Encodes a column chunk. The bytes follow from its rows alone.
pub(super) fn encode<T: Physical>(column: &ColumnDescPtr, rows: &Rows<'_, T>) -> Encoded {
    let pages = rows.pages();
    let range = pages.iter().filter_map(|page| page.range).reduce(union);
    let nullable = column.max_def_level() > 0;
    let mut body = Body::new(nullable, rows, range);
    let dictionary_bytes = body.dictionary_page();
    let data_bytes: Vec<usize> = pages.iter().map(|page| body.data_page(&rows.values, page)).collect();
    let encoding = body.encoding();
    let close =
        footer::close(column, &pages, range, &footer::Sizes { encoding, dictionary_bytes, data_bytes });
    let range = range.map(|(least, largest)| (least.wide(), largest.wide()));
    Encoded { pages: body.into_pages(), close, range }
}

fn union<T: Ord>(one: (T, T), other: (T, T)) -> (T, T) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// Pages encoded so far. Their bodies share one allocation; headers, which tell the sizes, come to them later.
struct Body<T> {
    nullable: bool,
    dictionary: Option<Dictionary<T>>,
    bytes: Vec<u8>,
    pages: Vec<(Vec<u8>, Range<usize>)>,
}

impl<T: Physical> Body<T> {
    fn new(nullable: bool, rows: &Rows<'_, T>, range: Option<(T, T)>) -> Self {
        let values = &*rows.values;
        let delta_bytes = delta::estimate(values);
        let dictionary = match range {
            Some((least, largest)) if least == largest => Some(Dictionary::of_one(least, values.len())),
            _ => Dictionary::build(values, dictionary::limit(values, delta_bytes)),
        };
        let value_bytes = dictionary.as_ref().map_or(delta_bytes, Dictionary::bytes);
        // A sixteenth more than estimated, for otherwise an estimate slightly too small copies everything.
        let bytes = Vec::with_capacity(value_bytes + value_bytes / 16 + values.len() / 8 + 4096);
        Self { nullable, dictionary, bytes, pages: Vec::new() }
    }

    fn encoding(&self) -> Encoding {
        match self.dictionary {
            Some(_) => Encoding::RLE_DICTIONARY,
            None => Encoding::DELTA_BINARY_PACKED,
        }
    }

    /// Appends the dictionary, if there is one, and tells its size.
    fn dictionary_page(&mut self) -> Option<usize> {
        let values = &self.dictionary.as_ref()?.values;
        for value in values {
            self.bytes.extend_from_slice(&value.plain());
        }
        let header = header::dictionary_page(self.bytes.len(), values.len());
        let bytes = header.len() + self.bytes.len();
        self.pages.push((header, 0..self.bytes.len()));
        Some(bytes)
    }

    /// Appends a page, and tells its size.
    fn data_page(&mut self, values: &[T], page: &PageRows<T>) -> usize {
        let start = self.bytes.len();
        if self.nullable {
            levels::encode(page.present.as_ref(), page.rows, &mut self.bytes);
        }
        match &self.dictionary {
            None => delta::encode(&values[page.values.clone()], &mut self.bytes),
            Some(dictionary) => {
                let width = dictionary.width();
                self.bytes.push(u8::try_from(width).expect("few bits"));
                hybrid::encode(&dictionary.indices[page.values.clone()], width, &mut self.bytes);
            }
        }
        let body = start..self.bytes.len();
        let header = header::data_page(body.len(), page.rows, self.encoding());
        let bytes = header.len() + body.len();
        self.pages.push((header, body));
        bytes
    }

    fn into_pages(self) -> Vec<Bytes> {
        let bytes = Bytes::from(self.bytes);
        let mut pages = Vec::with_capacity(2 * self.pages.len());
        for (header, body) in self.pages {
            pages.extend([Bytes::from(header), bytes.slice(body)]);
        }
        pages
    }
}
