//! Coarsened recency and frequency: the cells in which complaints and customers without complaint are compared.

/// Most days since the last purchase of each band but the last.
const RECENCY_DAYS: [i32; 7] = [7, 14, 30, 60, 90, 180, 365];
/// Most purchases of each band but the last.
const PURCHASES: [u32; 5] = [1, 2, 4, 8, 16];

const BANDS: usize = PURCHASES.len() + 1;
/// How many cells there are.
pub(crate) const CELLS: usize = (RECENCY_DAYS.len() + 1) * BANDS;

/// A band of recency and one of purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell(usize);

impl Cell {
    /// Of a customer who bought on so many days, the last of them so many days ago.
    pub(crate) fn of(recency_days: i32, purchases: u32) -> Self {
        let recency = RECENCY_DAYS.partition_point(|most| *most < recency_days);
        Self(recency * BANDS + PURCHASES.partition_point(|most| *most < purchases))
    }

    /// The cell of the next band of recency and as many purchases.
    pub(crate) fn less_recent(self) -> Self {
        Self(self.0 + BANDS)
    }

    /// Its place among all.
    pub(crate) fn index(self) -> usize {
        self.0
    }

    /// The places of the cells of the same recency and any number of purchases.
    pub(crate) fn as_recent(self) -> std::ops::Range<usize> {
        let first = self.0 / BANDS * BANDS;
        first..first + BANDS
    }

    /// The last day of the band of recency that a customer is in, given the day of its last purchase; none of the last band.
    pub(crate) fn last_day(self, last_purchase: i32) -> Option<i32> {
        RECENCY_DAYS.get(self.0 / BANDS).map(|most| last_purchase + most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_cell_is_less_recent() {
        assert_eq!(Cell::of(1, 3).less_recent(), Cell::of(8, 3));
    }

    #[test]
    fn cells_are_bands_of_recency_and_purchases() {
        for (recency, purchases, cell) in
            [(1, 1, 0), (7, 1, 0), (8, 1, BANDS), (7, 2, 1), (7, 3, 2), (7, 17, 5), (366, 99, CELLS - 1)]
        {
            assert_eq!(Cell::of(recency, purchases), Cell(cell), "{recency} {purchases}");
        }
        assert_eq!(Cell::of(8, 3).as_recent(), BANDS..2 * BANDS);
        assert_eq!((Cell::of(8, 3).last_day(100), Cell::of(366, 3).last_day(100)), (Some(114), None));
    }
}
