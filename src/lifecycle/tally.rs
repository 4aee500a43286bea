//! Customers and those of them who lapsed.

/// Counts that add up over slices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) customers: u64,
    pub(crate) lapsed: u64,
    /// Days of all that lapsed from the date to the end of the relationship.
    pub(crate) lead_days: u64,
}

impl Tally {
    /// Counts a customer, with its lead time if it lapsed.
    pub(crate) fn add(&mut self, lapsed: Option<u32>) {
        self.customers += 1;
        self.lapsed += u64::from(lapsed.is_some());
        self.lead_days += u64::from(lapsed.unwrap_or(0));
    }

    /// The customers of both.
    pub(crate) fn merge(self, other: Self) -> Self {
        Self {
            customers: self.customers + other.customers,
            lapsed: self.lapsed + other.lapsed,
            lead_days: self.lead_days + other.lead_days,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_add_up() {
        let mut tally = Tally::default();
        [Some(10), None, Some(30)].into_iter().for_each(|lapsed| tally.add(lapsed));
        assert_eq!(tally, Tally { customers: 3, lapsed: 2, lead_days: 40 });
        assert_eq!(tally.merge(tally), Tally { customers: 6, lapsed: 4, lead_days: 80 });
    }
}
