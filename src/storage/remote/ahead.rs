//! Ranges that were asked for before whoever decodes them comes to them.

use crate::memory::Reservation;
use bytes::Bytes;
use std::io::{Error, Result};
use std::ops::Range;
use tokio::task::JoinHandle;

/// A request on its way, with the memory for what it brings.
#[derive(Debug)]
pub(super) struct Ahead {
    ranges: Vec<Range<u64>>,
    request: JoinHandle<Result<Vec<Bytes>>>,
    _reserved: Reservation,
}

impl Ahead {
    pub(super) fn new(
        ranges: Vec<Range<u64>>,
        request: JoinHandle<Result<Vec<Bytes>>>,
        reserved: Reservation,
    ) -> Self {
        Self { ranges, request, _reserved: reserved }
    }

    /// Whether exactly these ranges were asked for.
    pub(super) fn is_of(&self, ranges: &[Range<u64>]) -> bool {
        self.ranges == ranges
    }

    /// What it brings.
    pub(super) async fn bytes(self) -> Result<Vec<Bytes>> {
        self.request.await.map_err(Error::other)?
    }
}
