//! An object that is read in groups of ranges, such as the column chunks of its row groups: with the first byte of a group
//! all of it is fetched.
//!
//! Columns of one batch may lie in two row groups, whose readers go from one to the next each in its turn: two are held.

use super::object::Version;
use crate::storage::{Head, Object};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::Result;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A version of an object, read in groups.
#[derive(Debug)]
pub(super) struct Groups {
    version: Arc<Version>,
    groups: Vec<Vec<Range<u64>>>,
    held: Mutex<VecDeque<(usize, Vec<Bytes>)>>,
}

/// Groups in memory.
const HELD: usize = 2;

impl Groups {
    pub(super) fn new(version: Arc<Version>, groups: Vec<Vec<Range<u64>>>) -> Self {
        Self { version, groups, held: Mutex::default() }
    }

    /// What is there from a place to the end of its range; none outside of all groups.
    fn rest(&self, start: u64) -> Result<Option<Bytes>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let range_in = |group: usize| self.groups[group].iter().position(|range| range.contains(&start));
        let mut found = held.iter().find_map(|(group, bytes)| Some((*group, &bytes[range_in(*group)?])));
        if found.is_none() {
            let Some(group) = (0..self.groups.len()).find(|group| range_in(*group).is_some()) else {
                return Ok(None);
            };
            let bytes = self.version.fetch(&self.groups[group])?;
            held.truncate(HELD - 1);
            held.push_front((group, bytes));
            found = held.iter().find_map(|(group, bytes)| Some((*group, &bytes[range_in(*group)?])));
        }
        let rest = found.and_then(|(group, bytes)| {
            let first = self.groups[group][range_in(group)?].start;
            Some(bytes.slice(usize::try_from(start - first).ok()?..))
        });
        Ok(rest)
    }
}

impl Object for Groups {
    fn head(&self) -> Result<Head> {
        self.version.state()
    }

    fn read_range(&self, start: u64, length: usize) -> Result<Bytes> {
        match self.rest(start)? {
            Some(rest) if rest.len() >= length => Ok(rest.slice(..length)),
            _ => self.version.read(start, length),
        }
    }

    fn read_some(&self, start: u64, buffer: &mut [u8]) -> Result<usize> {
        let left = usize::try_from(self.version.state()?.size.saturating_sub(start)).unwrap_or(usize::MAX);
        let bytes = match self.rest(start)? {
            Some(rest) => rest.slice(..rest.len().min(buffer.len())),
            None => self.version.read(start, left.min(buffer.len()))?,
        };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}
