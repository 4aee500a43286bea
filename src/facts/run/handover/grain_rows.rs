//! A grain of one period, joined to blocks of customers: both are in the order of customers, so it is read once, forward.

use super::columns::column;
use super::customers::Customers;
use super::grain_files::batches;
use super::manifest::Manifest;
use crate::error::{Error, Result};
use crate::pipeline::KeyType;
use arrow::array::RecordBatch;
use std::cmp::Ordering;

/// Collects the columns of a grain other than the customer.
pub(super) trait Values {
    /// Adds the values of these batch rows to those so far.
    fn append(&mut self, batch: &RecordBatch, rows: std::ops::Range<usize>) -> Result<()>;
}

/// The rows of a grain that are not yet joined.
pub(super) struct GrainRows<'m> {
    grain: &'static str,
    period: &'m str,
    key_type: KeyType,
    batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send + 'm>,
    current: Option<(RecordBatch, Customers)>,
    next: usize,
}

impl<'m> GrainRows<'m> {
    pub(super) fn open(
        manifest: &'m Manifest,
        grain: &'static str,
        period: &'m str,
        key_type: KeyType,
    ) -> Self {
        let batches = Box::new(batches(manifest, grain, Some(period)));
        Self { grain, period, key_type, batches, current: None, next: 0 }
    }

    /// Takes the rows of a block's customers, in order; gives the place of each row's customer in the block.
    ///
    /// # Errors
    /// A damaged file, rows out of order, a customer whom the block skips.
    pub(super) fn take(&mut self, block: &Customers, values: &mut impl Values) -> Result<Vec<u32>> {
        let mut places = Vec::new();
        let mut place = 0;
        while self.fill()? {
            let Some((batch, customers)) = &self.current else { break };
            let first = self.next;
            while self.next < customers.len() {
                let order = customers.compare(self.next, block, place);
                if order == Ordering::Greater {
                    place += 1;
                    if place == block.len() {
                        break;
                    }
                    continue;
                }
                if order == Ordering::Less {
                    return Err(self.stray(customers, self.next));
                }
                places.push(u32::try_from(place).expect("a block has few customers"));
                self.next += 1;
            }
            values.append(batch, first..self.next)?;
            if place == block.len() {
                break;
            }
        }
        Ok(places)
    }

    /// Holds that no row is left after the last block.
    ///
    /// # Errors
    /// A row whose customer no block had.
    pub(super) fn finish(mut self) -> Result<()> {
        match (self.fill()?, &self.current) {
            (true, Some((_, customers))) => Err(self.stray(customers, self.next)),
            _ => Ok(()),
        }
    }

    /// Makes sure that there is a next row; false at the end.
    fn fill(&mut self) -> Result<bool> {
        loop {
            if self.current.as_ref().is_some_and(|(_, customers)| self.next < customers.len()) {
                return Ok(true);
            }
            let Some(batch) = self.batches.next().transpose()? else {
                self.current = None;
                return Ok(false);
            };
            let keys = column(self.grain, &batch, "customer")?.keys(self.key_type)?;
            let customers = Customers::of(&keys, self.key_type);
            self.next = 0;
            self.current = Some((batch, customers));
        }
    }

    fn stray(&self, customers: &Customers, row: usize) -> Error {
        Error::input(format!(
            "grain {} of the period of {}: {} has no row in customer_period, or the rows are not in the order of customers; the \
             grains are not of one job, so write a new request and run its job",
            self.grain,
            self.period,
            customers.shown(row)
        ))
    }
}
