//! Customer × day while a key range is reduced, where later rooms ask for the rhythm of customers.

use super::column::Column;
use super::reduced::{OrderEntry, SALE, by_row};

/// What some lines, or one order, add to a customer's day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DaySum {
    pub(crate) row: u32,
    /// Days since the period began.
    pub(crate) day: u32,
    pub(crate) orders: i64,
    pub(crate) net_revenue: i64,
    pub(crate) gross_margin: i64,
}

/// Rows of customer × day with a line, sorted by (row, day).
#[derive(Debug, Default)]
pub(crate) struct Days {
    pub(crate) rows: Vec<u32>,
    /// `DAY_COLUMNS`.
    pub(crate) columns: [Column; 4],
}

/// Columns of a day run beside the row.
pub(crate) const DAY_COLUMNS: [&str; 4] = ["day", "orders", "net_revenue", "gross_margin"];

/// The sums of one key range as they come: neighbours of one customer and day are one entry.
#[derive(Debug)]
pub(crate) struct DaySums {
    entries: Vec<DaySum>,
}

impl DaySums {
    /// Room for some orders, each of which makes two entries.
    pub(crate) fn with_capacity(orders: usize) -> Self {
        Self { entries: Vec::with_capacity(2 * orders) }
    }

    /// Adds a line; true if a sum left 64 bits.
    pub(crate) fn add(&mut self, line: DaySum) -> bool {
        match self.entries.last_mut() {
            Some(last) if last.row == line.row && last.day == line.day => last.add(&line),
            _ => {
                self.entries.push(line);
                false
            }
        }
    }

    /// The days of all rows, with their orders; true if a sum left 64 bits.
    ///
    /// `orders` are sorted by row, order and day, and `place` is where each row of a line ends up.
    pub(crate) fn finish(mut self, place: &[u32], orders: &[OrderEntry]) -> (Days, bool) {
        self.entries.iter_mut().for_each(|entry| entry.row = place[entry.row as usize]);
        let same = |a: &OrderEntry, b: &OrderEntry| (a.row, a.words, a.day) == (b.row, b.words, b.day);
        let sold = orders.chunk_by(same).filter(|lines| lines.iter().any(|entry| entry.bits & SALE != 0));
        self.entries.extend(sold.map(|lines| DaySum {
            row: lines[0].row,
            day: lines[0].day,
            orders: 1,
            ..DaySum::default()
        }));
        let (mut entries, starts) = by_row(&self.entries, |entry| entry.row, place.len());
        for pair in starts.windows(2).filter(|pair| pair[1] - pair[0] > 1) {
            entries[pair[0] as usize..pair[1] as usize].sort_unstable_by_key(|entry| entry.day);
        }
        let mut overflow = false;
        entries.dedup_by(|next, sum| {
            let is_same = (next.row, next.day) == (sum.row, sum.day);
            overflow |= is_same && sum.add(next);
            is_same
        });
        (Days::from(&entries[..]), overflow)
    }
}

impl DaySum {
    fn add(&mut self, other: &Self) -> bool {
        let (net_revenue, over) = self.net_revenue.overflowing_add(other.net_revenue);
        let (gross_margin, over_too) = self.gross_margin.overflowing_add(other.gross_margin);
        (self.net_revenue, self.gross_margin) = (net_revenue, gross_margin);
        self.orders += other.orders;
        over | over_too
    }
}

impl From<&[DaySum]> for Days {
    fn from(sums: &[DaySum]) -> Self {
        let column = |of: fn(&DaySum) -> i64| Column::from(sums.iter().map(of).collect::<Vec<_>>());
        Self {
            rows: sums.iter().map(|sum| sum.row).collect(),
            columns: [
                column(|sum| i64::from(sum.day)),
                column(|sum| sum.orders),
                column(|sum| sum.net_revenue),
                column(|sum| sum.gross_margin),
            ],
        }
    }
}
