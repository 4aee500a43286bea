//! A Parquet file read at places: one system call for a page's header and one for its data, where the reader of files
//! that comes with the library takes eight and reads headers through a large buffer.

use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, Length};
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// An open file.
#[derive(Debug, Clone)]
pub(crate) struct Pages(Arc<File>);

/// The rest of a file from a place on.
#[derive(Debug)]
pub(crate) struct Rest {
    file: Arc<File>,
    place: u64,
}

/// As long as headers of pages mostly are, statistics included.
const HEADER: usize = 512;

impl Pages {
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        File::open(path).map(|file| Self(Arc::new(file)))
    }
}

impl Length for Pages {
    fn len(&self) -> u64 {
        self.0.metadata().map_or(0, |metadata| metadata.len())
    }
}

impl ChunkReader for Pages {
    type T = BufReader<Rest>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::with_capacity(HEADER, Rest { file: Arc::clone(&self.0), place: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let place = start + bytes.len() as u64;
            match pread(&*self.0, spare_capacity(&mut bytes), place) {
                Ok(0) => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(fault) => return Err(std::io::Error::from(fault).into()),
            }
        }
        bytes.truncate(length);
        Ok(bytes.into())
    }
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}
