//! Bottom-k sample by hash: who has the smallest hashes, in one pass and whatever the order, so that clustering takes the
//! same time for a thousand respondents and for a million.

/// Most respondents that are clustered. Shares of 0.5 are then known within 1.4 percentage points at 95 %.
pub(super) const MOST: usize = 5_000;

/// The shares of some respondents.
#[derive(Debug, Default)]
pub(super) struct Sample {
    rows: Vec<(u64, u32, Vec<f64>)>,
    /// How many there were to choose from.
    pub(super) respondents: u64,
}

impl Sample {
    pub(super) fn add(&mut self, hash: u64, rank: u32, shares: Vec<f64>) {
        self.respondents += 1;
        self.rows.push((hash, rank, shares));
        if self.rows.len() >= 2 * MOST {
            self.shrink();
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.respondents += other.respondents;
        self.rows.extend(other.rows);
        if self.rows.len() >= 2 * MOST {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        if self.rows.len() > MOST {
            self.rows.select_nth_unstable_by_key(MOST, |(hash, rank, _)| (*hash, *rank));
            self.rows.truncate(MOST);
        }
    }

    /// Shares in the order of customers.
    pub(super) fn finish(mut self) -> Vec<Vec<f64>> {
        self.shrink();
        self.rows.sort_unstable_by_key(|(_, rank, _)| *rank);
        self.rows.into_iter().map(|(_, _, shares)| shares).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_same_in_whatever_parts_respondents_come() {
        let count = u32::try_from(3 * MOST).unwrap();
        let sample = |parts: u32| {
            let mut sample = Sample::default();
            for part in (0..parts).rev() {
                let mut own = Sample::default();
                for rank in (0..count).filter(|rank| rank % parts == part) {
                    own.add(u64::from(rank.wrapping_mul(2_654_435_761)), rank, vec![f64::from(rank)]);
                }
                sample.append(own);
            }
            assert_eq!(sample.respondents, u64::from(count));
            sample.finish()
        };
        let one = sample(1);
        assert!(one.len() == MOST && one.is_sorted_by(|a, b| a[0] < b[0]));
        assert_eq!([sample(2), sample(7)], [one.clone(), one]);
    }
}
