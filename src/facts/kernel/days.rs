//! Customer × day while a key range is reduced, where later rooms ask for the rhythm of customers.

use super::column::Column;
use super::sums::add;

/// What some lines, or one order, add to a customer's day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DaySum {
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

/// The days of the customer at hand, and of all before it.
#[derive(Debug, Default)]
pub(crate) struct DaySums {
    open: Vec<DaySum>,
    rows: Vec<u32>,
    days: Vec<DaySum>,
}

impl DaySums {
    pub(crate) fn add(&mut self, sum: DaySum) {
        self.open.push(sum);
    }

    /// Ends a customer; true if a sum left 64 bits.
    pub(crate) fn close(&mut self, row: u32) -> bool {
        self.open.sort_unstable_by_key(|sum| sum.day);
        let mut overflow = false;
        for same in self.open.chunk_by(|a, b| a.day == b.day) {
            let mut day = same[0];
            same[1..].iter().for_each(|sum| day.add(sum, &mut overflow));
            self.rows.push(row);
            self.days.push(day);
        }
        self.open.clear();
        overflow
    }

    pub(crate) fn finish(self) -> Days {
        let column = |of: fn(&DaySum) -> i64| Column::from(self.days.iter().map(of).collect::<Vec<_>>());
        let columns = [
            column(|sum| i64::from(sum.day)),
            column(|sum| sum.orders),
            column(|sum| sum.net_revenue),
            column(|sum| sum.gross_margin),
        ];
        Days { rows: self.rows, columns }
    }
}

impl DaySum {
    fn add(&mut self, other: &Self, overflow: &mut bool) {
        self.orders += other.orders;
        add(&mut self.net_revenue, other.net_revenue, overflow);
        add(&mut self.gross_margin, other.gross_margin, overflow);
    }
}
