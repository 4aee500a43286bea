//! A systematic sample of the customers who bought again, in key order, that never outgrows the memory.

/// Repeat purchases and their net revenue by customer: all customers or, of very many, every 2nd, 4th, …, so that they
/// never fill the memory.
#[derive(Debug)]
pub(crate) struct Repeaters {
    pub(crate) rows: Vec<(u32, i64)>,
    /// One customer in so many is kept.
    pub(crate) stride: u64,
    seen: u64,
}

/// Customers that are kept at most.
const REPEATERS: usize = 1 << 20;

impl Default for Repeaters {
    fn default() -> Self {
        Self { rows: Vec::new(), stride: 1, seen: 0 }
    }
}

impl Repeaters {
    /// Customers come in key order.
    pub(crate) fn push(&mut self, repeats: u32, revenue: i64) {
        if self.seen.is_multiple_of(self.stride) {
            if self.rows.len() == REPEATERS {
                self.thin_out();
            }
            // After thinning out, this customer may be between two that are kept.
            if self.seen.is_multiple_of(self.stride) {
                self.rows.push((repeats, revenue));
            }
        }
        self.seen += 1;
    }

    /// Adds the customers of another segment; of both, one in as many is kept.
    pub(crate) fn merge(&mut self, other: &Self) {
        while self.stride < other.stride {
            self.thin_out();
        }
        let step =
            usize::try_from(self.stride / other.stride).expect("strides double as rows fill the memory");
        self.rows.extend(other.rows.iter().step_by(step));
        self.seen += other.seen;
        while self.rows.len() > REPEATERS {
            self.thin_out();
        }
    }

    fn thin_out(&mut self) {
        let mut index = 0;
        self.rows.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.stride *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_repeaters_every_second_is_kept() {
        let mut repeaters = Repeaters::default();
        let customers = u32::try_from(REPEATERS * 3).unwrap();
        (0..customers).for_each(|customer| repeaters.push(customer, customer.into()));
        assert_eq!(repeaters.stride, 4);
        assert!(repeaters.rows.iter().zip((0..).step_by(4)).all(|(row, customer)| row.0 == customer));
        assert_eq!(repeaters.rows.len(), REPEATERS * 3 / 4);
    }
}
