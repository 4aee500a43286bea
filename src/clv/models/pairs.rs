//! The pairs (x, T) and (x, t_x) that occur, and which of them each distinct history joins.
//!
//! Times are whole days, so there are far fewer pairs than histories, and every special function of every model here
//! depends on one pair alone. What remains per history is one exponential.

use super::Counts;
use std::ops::Range;

/// Histories handled in one piece; sums are taken piece by piece in order, whatever the threads.
const CHUNK: usize = 1 << 14;

/// Counted histories, taken apart.
#[derive(Debug)]
pub(super) struct Pairs {
    /// (x, T).
    pub(super) ages: Side,
    /// (x, t_x).
    pub(super) lasts: Side,
    /// As the counts' rows: which pairs, how many customers.
    pub(super) rows: Vec<Row>,
    pub(super) chunks: Vec<Chunk>,
}

/// Distinct pairs of a number of purchases and a time.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Ascending by (x, time).
    pub(super) pairs: Vec<(u32, u32)>,
    /// For each x that occurs, ascending, where its pairs stand.
    pub(super) by_purchases: Vec<(u32, Range<usize>)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) age: u32,
    pub(super) last: u32,
    pub(super) customers: f64,
}

/// Rows of one x and the pairs they reach.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) rows: Range<usize>,
    pub(super) ages: Range<usize>,
    pub(super) lasts: Range<usize>,
}

impl Pairs {
    pub(super) fn new(counts: &Counts) -> Self {
        let (mut ages, mut lasts) = (Side::default(), Side::default());
        let (mut rows, mut chunks) = (Vec::with_capacity(counts.rows().len()), Vec::new());
        for (purchases, range) in counts.by_purchases() {
            let group = &counts.rows()[range.clone()];
            let age_slots = ages.push(purchases, group.iter().map(|row| row.age_days));
            let last_slots = lasts.push(purchases, group.iter().map(|row| row.last_purchase_days));
            rows.extend(group.iter().map(|row| Row {
                age: age_slots[row.age_days as usize],
                last: last_slots[row.last_purchase_days as usize],
                customers: row.customers as f64,
            }));
            chunks.extend(range.clone().step_by(CHUNK).map(|start| start..range.end.min(start + CHUNK)));
        }
        let chunks = chunks.into_iter().map(|range| Chunk::of(&rows, range)).collect();
        Self { ages, lasts, rows, chunks }
    }

    /// Time since the last purchase.
    pub(super) fn idle(&self, row: &Row) -> u32 {
        self.ages.pairs[row.age as usize].1 - self.lasts.pairs[row.last as usize].1
    }
}

impl Side {
    /// Adds the pairs of one x, greater than those before; returns where each time stands.
    fn push(&mut self, purchases: u32, times: impl Iterator<Item = u32> + Clone) -> Vec<u32> {
        let latest = times.clone().max().unwrap_or(0);
        let mut slots = vec![u32::MAX; latest as usize + 1];
        times.for_each(|time| slots[time as usize] = 0);
        let start = self.pairs.len();
        for (time, slot) in (0..=latest).zip(&mut slots).filter(|(_, slot)| **slot == 0) {
            *slot = u32::try_from(self.pairs.len()).expect("fewer than 2^32 pairs");
            self.pairs.push((purchases, time));
        }
        self.by_purchases.push((purchases, start..self.pairs.len()));
        slots
    }

    /// For each time that occurs, ascending, where its pairs stand.
    pub(super) fn by_time(&self) -> Vec<(u32, Vec<usize>)> {
        let mut slots: Vec<_> = (0..self.pairs.len()).collect();
        slots.sort_unstable_by_key(|&slot| (self.pairs[slot].1, slot));
        let same_time = slots.chunk_by(|&left, &right| self.pairs[left].1 == self.pairs[right].1);
        same_time.map(|slots| (self.pairs[slots[0]].1, slots.to_vec())).collect()
    }
}

impl Chunk {
    fn of(rows: &[Row], range: Range<usize>) -> Self {
        let reach = |pick: fn(&Row) -> u32| {
            let slots = || rows[range.clone()].iter().map(|row| pick(row) as usize);
            slots().min().unwrap_or(0)..slots().max().map_or(0, |most| most + 1)
        };
        Self { ages: reach(|row| row.age), lasts: reach(|row| row.last), rows: range.clone() }
    }
}
