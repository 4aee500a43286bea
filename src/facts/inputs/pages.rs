//! A Parquet file read at places: one system call for a page's header and one for its data, where the reader of files
//! that comes with the library takes eight and reads headers through a large buffer.

use crate::storage::Object;
use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{BufReader, Read};
use std::sync::Arc;

/// An open file.
#[derive(Debug, Clone)]
pub(crate) struct Pages(Arc<dyn Object>);

/// The rest of a file from a place on.
#[derive(Debug)]
pub(crate) struct Rest {
    file: Arc<dyn Object>,
    place: u64,
}

/// As long as headers of pages mostly are, statistics included.
const HEADER: usize = 512;

impl Pages {
    pub(crate) fn of(file: Arc<dyn Object>) -> Self {
        Self(file)
    }
}

impl Length for Pages {
    fn len(&self) -> u64 {
        self.0.head().map_or(0, |head| head.size)
    }
}

impl ChunkReader for Pages {
    type T = BufReader<Rest>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::with_capacity(HEADER, Rest { file: Arc::clone(&self.0), place: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        Ok(self.0.read_range(start, length)?)
    }
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_some(self.place, buffer)?;
        self.place += read as u64;
        Ok(read)
    }
}
