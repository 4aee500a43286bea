//! The comparison group of complaints: who never complained, matched exactly on recency and purchases.
//!
//! Who complains has mostly just bought, and who has just bought buys again more often than others, complaint or not. So
//! a complaint is held against customers without complaint who were as recent and had bought as often when its window
//! began: exact matching on coarsened variables, the mean difference weighted by the complaints' cells (D. E. Ho, K. Imai,
//! G. King, E. A. Stuart, "Matching as nonparametric preprocessing", Political Analysis 15 (2007), 199–236; S. M. Iacus,
//! G. King, G. Porro, "Causal inference without balance checking: coarsened exact matching", Political Analysis 20
//! (2012), 1–24).
//!
//! Customers without complaint are looked at on the first day of every period whose window the history holds. A cell in
//! which fewer than [`FEWEST`] such points lie is pooled with those of any number of purchases, then with all.

use super::cuts::{Cuts, Slice};
use std::collections::BTreeMap;

/// Most days since the last purchase of each band but the last.
const RECENCY_DAYS: [i32; 7] = [7, 14, 30, 60, 90, 180, 365];
/// Most purchases of each band but the last.
const PURCHASES: [u32; 5] = [1, 2, 4, 8, 16];

const BANDS: usize = PURCHASES.len() + 1;
const CELLS: usize = (RECENCY_DAYS.len() + 1) * BANDS;

/// With fewer points a cell tells little of itself.
const FEWEST: u64 = 20;

/// A band of recency and one of purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell(usize);

impl Cell {
    /// Of a customer who bought on so many days, the last of them so many days ago.
    pub(crate) fn of(recency_days: i32, purchases: u32) -> Self {
        let recency = RECENCY_DAYS.partition_point(|most| *most < recency_days);
        Self(recency * BANDS + PURCHASES.partition_point(|most| *most < purchases))
    }
}

/// Points of customers without complaint, and those followed by a purchase in the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Points {
    observed: u64,
    repurchased: u64,
}

/// A customer without complaint, up to some period.
#[derive(Debug, Clone, Copy)]
struct Seen {
    last: i32,
    purchases: u32,
    /// The first period at whose beginning the customer has not been looked at since.
    next: u32,
}

/// Counted points, by segment and cell.
#[derive(Debug)]
pub(crate) struct Baseline {
    /// First days of the periods whose window has ended by the as-of date, ascending.
    starts: Vec<i32>,
    window_days: i32,
    /// By rank: whether the customer never complained.
    is_silent: Vec<bool>,
    seen: Vec<Option<Seen>>,
    points: BTreeMap<Slice, [Points; CELLS]>,
    /// Customers without complaint and with a purchase, by segment.
    customers: BTreeMap<Slice, i64>,
}

impl Baseline {
    /// For windows of so many days; `starts` are the first days of all periods.
    pub(crate) fn new(starts: &[i32], window_days: i32, as_of: i32, is_silent: Vec<bool>) -> Self {
        let starts = starts.iter().copied().filter(|start| start + window_days <= as_of).collect();
        let seen = vec![None; is_silent.len()];
        Self { starts, window_days, is_silent, seen, points: BTreeMap::new(), customers: BTreeMap::new() }
    }

    /// Takes over a customer's purchase days of one period. Periods come in order.
    pub(crate) fn add(&mut self, cuts: &Cuts, rank: u32, [first, last]: [i32; 2], purchases: u32) {
        let place = rank as usize;
        if !self.is_silent[place] {
            return;
        }
        let until = self.starts.partition_point(|start| *start <= first);
        let before = self.seen[place];
        if let Some(seen) = before {
            self.look(cuts, rank, seen, until, Some(first));
        }
        let purchases = before.map_or(0, |seen| seen.purchases) + purchases;
        let next = u32::try_from(until).expect("a calendar has few periods");
        self.seen[place] = Some(Seen { last, purchases, next });
    }

    /// Looks at everybody up to the last period.
    pub(crate) fn finish(mut self, cuts: &Cuts) -> Self {
        for (rank, seen) in (0_u32..).zip(std::mem::take(&mut self.seen)) {
            if let Some(seen) = seen {
                for slice in cuts.segments(rank) {
                    *self.customers.entry(slice).or_default() += 1;
                }
                self.look(cuts, rank, seen, self.starts.len(), None);
            }
        }
        self
    }

    /// Counts the points of a customer at the beginnings of the periods up to `until`, whose next purchase is known.
    fn look(&mut self, cuts: &Cuts, rank: u32, seen: Seen, until: usize, next_purchase: Option<i32>) {
        let starts = &self.starts[(seen.next as usize).min(until)..until];
        if starts.is_empty() {
            return;
        }
        for slice in cuts.segments(rank) {
            let points = self.points.entry(slice).or_insert([Points::default(); CELLS]);
            for start in starts {
                let points = &mut points[Cell::of(start - seen.last, seen.purchases).0];
                points.observed += 1;
                points.repurchased +=
                    u64::from(next_purchase.is_some_and(|day| day < start + self.window_days));
            }
        }
    }

    /// Customers with a purchase who never complained, by segment.
    pub(crate) fn customers(&self) -> impl Iterator<Item = (Slice, i64)> {
        self.customers.iter().map(|(slice, customers)| (*slice, *customers))
    }

    /// The share of customers without complaint in a cell, or in the cells it is pooled with, who bought within the window.
    pub(crate) fn rate(&self, slice: Slice, cell: Cell) -> Option<f64> {
        let points = self.points.get(&slice)?;
        let band = cell.0 / BANDS * BANDS;
        let pools = [&points[cell.0..=cell.0], &points[band..band + BANDS], &points[..]];
        let pooled = pools.map(|cells| {
            cells.iter().fold(Points::default(), |sum, cell| Points {
                observed: sum.observed + cell.observed,
                repurchased: sum.repurchased + cell.repurchased,
            })
        });
        let large = pooled.iter().find(|points| points.observed >= FEWEST).or(pooled.last())?;
        #[expect(clippy::cast_precision_loss, reason = "2^53 points are more than there are")]
        (large.observed > 0).then(|| large.repurchased as f64 / large.observed as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_bands_of_recency_and_purchases() {
        for (recency, purchases, cell) in
            [(1, 1, 0), (7, 1, 0), (8, 1, BANDS), (7, 2, 1), (7, 3, 2), (7, 17, 5), (366, 99, CELLS - 1)]
        {
            assert_eq!(Cell::of(recency, purchases), Cell(cell), "{recency} {purchases}");
        }
    }

    #[test]
    fn points_lie_at_the_beginning_of_periods_until_the_window_has_no_end() {
        // Periods begin on 0, 30, 60, 90; windows of 30 days end by 90 for the first three.
        let cuts = Cuts::for_test();
        let mut baseline = Baseline::new(&[0, 30, 60, 90], 30, 90, vec![true, true, false]);
        baseline.add(&cuts, 0, [5, 28], 2);
        baseline.add(&cuts, 1, [10, 10], 1);
        baseline.add(&cuts, 2, [10, 10], 1);
        baseline.add(&cuts, 0, [40, 40], 1);
        let baseline = baseline.finish(&cuts);
        let points = &baseline.points[&Slice::ALL];
        let of = |recency, purchases| points[Cell::of(recency, purchases).0];
        assert_eq!(of(2, 2), Points { observed: 1, repurchased: 1 }, "customer 0 on day 30 buys on 40");
        assert_eq!(of(20, 3), Points { observed: 1, repurchased: 0 }, "and on 60 no more");
        assert_eq!(of(20, 1), Points { observed: 1, repurchased: 0 }, "customer 1 on 30");
        assert_eq!(of(50, 1), Points { observed: 1, repurchased: 0 }, "and on 60");
        assert_eq!(points.iter().map(|points| points.observed).sum::<u64>(), 4);
        let few = baseline.rate(Slice::ALL, Cell::of(2, 2));
        assert_eq!(few, Some(0.25), "few points are pooled: 1 of all 4");
    }
}
