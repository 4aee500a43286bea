//! The key ranges a period's records are dealt to, so that each can be reduced within the processor's cache.

/// Ranges of keys, and a table that finds a key's range in a step or two.
#[derive(Debug)]
pub(crate) struct KeyRanges {
    /// First key of each range but the first, ascending.
    cuts: Vec<u64>,
    least: u64,
    shift: u32,
    /// How many cuts lie before each bucket of keys, and before the end.
    cuts_before: Vec<u16>,
}

/// Records a range should hold.
const RANGE_RECORDS: usize = 8_192;

/// The most ranges of a period: each is written to at a place of its own while a row group is read.
const MAX_RANGES: usize = 512;

const BUCKETS: u64 = 4_096;

impl KeyRanges {
    /// Cuts the keys of a period with some `records` rows into even ranges, by a sample of its keys.
    pub(crate) fn new(records: usize, sample: &[u64]) -> Self {
        let parts = (records / RANGE_RECORDS).clamp(4, MAX_RANGES).next_power_of_two();
        let mut sample = sample.to_vec();
        sample.sort_unstable();
        sample.dedup();
        let cut = |part: usize| sample.get(part * sample.len() / parts).copied();
        let mut cuts: Vec<u64> = (1..parts).filter_map(cut).collect();
        cuts.dedup();
        let (least, most) = (cuts.first().copied().unwrap_or(0), cuts.last().copied().unwrap_or(0));
        let span = most - least;
        let shift = (u64::BITS - span.leading_zeros()).saturating_sub(BUCKETS.ilog2());
        let before = |bucket: u64| {
            let first = least.checked_add(bucket << shift);
            let before = first.map_or(cuts.len(), |first| cuts.partition_point(|cut| *cut < first));
            u16::try_from(before).expect("few ranges")
        };
        let cuts_before =
            (0..=span >> shift).map(before).chain([u16::try_from(cuts.len()).expect("few ranges")]);
        Self { least, shift, cuts_before: cuts_before.collect(), cuts }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.cuts.len() + 1
    }

    /// The range of a key: how many cuts are at or below it.
    pub(crate) fn of(&self, key: u64) -> usize {
        let Some(above) = key.checked_sub(self.least) else { return 0 };
        let last = self.cuts_before.len() - 2;
        let bucket = usize::try_from(above >> self.shift).map_or(last, |bucket| bucket.min(last));
        let (from, until) =
            (usize::from(self.cuts_before[bucket]), usize::from(self.cuts_before[bucket + 1]));
        from + self.cuts[from..until].partition_point(|cut| *cut <= key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_key_finds_its_range(
            sample in prop::collection::vec(prop_oneof![0..50_u64, 1_u64 << 63..(1 << 63) + 9_000, any::<u64>()], 0..200),
            keys in prop::collection::vec(prop_oneof![0..60_u64, 1_u64 << 63..(1 << 63) + 9_000, any::<u64>(), Just(u64::MAX)], 1..200),
            records in 0..2_000_000_usize,
        ) {
            let ranges = KeyRanges::new(records, &sample);
            for key in keys.iter().chain(&sample) {
                prop_assert_eq!(ranges.of(*key), ranges.cuts.partition_point(|cut| cut <= key));
            }
            prop_assert!(ranges.len() <= MAX_RANGES);
        }
    }
}
