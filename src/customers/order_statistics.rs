//! Exact order statistics of values that pass by slice by slice: the k-th smallest, cut points of quantiles, top shares.
//!
//! Selection by multi-pass histograms (J. I. Munro, M. S. Paterson, "Selection and sorting with limited storage",
//! Theoretical Computer Science 12 (1980), 315–323). The first pass counts values by sign, length in bits and the
//! [`LEADING_BITS`] bits after the leading one, as HDR histograms do; later passes look only into the bins that hold a
//! place asked for. A bin of few values is collected and sorted, a bin of many is cut into equal parts and counted
//! again. So memory is fixed, whatever the number of values, and two passes are enough for a million values without
//! heavy ties; the worst case are nine, for 128 bits are narrowed by [`LINEAR_BITS`] bits at a time.
//!
//! Counts merge exactly: slices may be counted in parallel and merged in any order.
//!
//! ```text
//! let mut pass = Pass::first();
//! loop {
//!     pass.add(value) for each value, or pass.empty() per slice and pass.merge(slice)
//!     match search { None => Search::new(pass, |count| places), Some => search.narrow(pass) }
//!     pass = search.next_pass(), until there is none
//! }
//! ```
//!
//! The sum of the k largest values follows in one more pass from the smallest of them, see [`TopSum`].

use std::ops::RangeInclusive;

/// Bits after the leading one by which the first pass tells values apart: bins are at most 1/128 of their values wide.
const LEADING_BITS: u32 = 7;
/// Values of a bin that is collected at most: half a megabyte.
const MOST_COLLECTED: u64 = 1 << 15;
/// Bits by which a pass narrows a bin of more values.
const LINEAR_BITS: u32 = 14;

/// Bins of one sign: one for each value below 2^`LEADING_BITS`, then as many for each further length in bits.
const BINS_OF_SIGN: usize = (129 - LEADING_BITS as usize) << LEADING_BITS;

/// What one pass counts of the values. Merges exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    bins: Vec<Bin>,
}

/// Values of an interval, and how they are counted. Intervals ascend and are disjoint.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bin {
    /// All values, by leading bits: negative ones first.
    Leading(Vec<u64>),
    /// In parts of 2^`shift` values.
    Linear { interval: RangeInclusive<i128>, shift: u32, counts: Vec<u64> },
    /// As they are.
    Collected { interval: RangeInclusive<i128>, values: Vec<i128> },
}

impl Pass {
    /// Every value is counted.
    pub(crate) fn first() -> Self {
        Self { bins: vec![Bin::Leading(vec![0; 2 * BINS_OF_SIGN])] }
    }

    /// A pass like this one that has seen nothing: for one slice of the values.
    pub(crate) fn empty(&self) -> Self {
        Self { bins: self.bins.iter().map(Bin::empty).collect() }
    }

    /// Counts a value.
    pub(crate) fn add(&mut self, value: impl Into<i128>) {
        let value = value.into();
        let place = self.bins.partition_point(|bin| *bin.interval().end() < value);
        if let Some(bin) = self.bins.get_mut(place)
            && bin.interval().contains(&value)
        {
            bin.add(value);
        }
    }

    /// Adds what a pass like this one has seen of other values.
    pub(crate) fn merge(&mut self, other: Self) {
        assert_eq!(self.bins.len(), other.bins.len(), "passes of one search and one round");
        for (bin, other) in self.bins.iter_mut().zip(other.bins) {
            bin.merge(other);
        }
    }
}

impl Bin {
    /// How the values of an interval are counted next.
    fn of(interval: RangeInclusive<i128>, count: u64) -> Self {
        if count <= MOST_COLLECTED {
            return Self::Collected { interval, values: Vec::new() };
        }
        let bits = u128::BITS - interval.start().abs_diff(*interval.end()).leading_zeros();
        let shift = bits.saturating_sub(LINEAR_BITS);
        Self::Linear { interval, shift, counts: vec![0; 1 << (bits - shift)] }
    }

    fn empty(&self) -> Self {
        match self {
            Self::Leading(counts) => Self::Leading(vec![0; counts.len()]),
            Self::Linear { interval, shift, counts } => {
                Self::Linear { interval: interval.clone(), shift: *shift, counts: vec![0; counts.len()] }
            }
            Self::Collected { interval, .. } => {
                Self::Collected { interval: interval.clone(), values: Vec::new() }
            }
        }
    }

    fn interval(&self) -> RangeInclusive<i128> {
        match self {
            Self::Leading(_) => i128::MIN..=i128::MAX,
            Self::Linear { interval, .. } | Self::Collected { interval, .. } => interval.clone(),
        }
    }

    fn add(&mut self, value: i128) {
        match self {
            Self::Leading(counts) => counts[leading_bin(value)] += 1,
            Self::Linear { interval, shift, counts } => {
                let part = value.abs_diff(*interval.start()) >> *shift;
                counts[usize::try_from(part).expect("a part of the interval")] += 1;
            }
            Self::Collected { values, .. } => values.push(value),
        }
    }

    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Leading(counts), Self::Leading(more))
            | (Self::Linear { counts, .. }, Self::Linear { counts: more, .. }) => {
                counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
            }
            (Self::Collected { values, .. }, Self::Collected { values: more, .. }) => values.extend(more),
            _ => panic!("passes of one search and one round"),
        }
    }

    /// The interval of a part of this bin, by its number.
    fn part(&self, number: usize) -> RangeInclusive<i128> {
        match self {
            Self::Leading(_) => leading_interval(number),
            Self::Linear { interval, shift, .. } => {
                // The last part may reach beyond the interval; no value lies there.
                let start = interval.start().wrapping_add_unsigned((number as u128) << shift);
                let end = start.saturating_add_unsigned((1 << shift) - 1);
                start..=end.min(*interval.end())
            }
            Self::Collected { values, .. } => values[number]..=values[number],
        }
    }

    /// The part that holds the value at a place among those of the bin, the values before the part, and those in it.
    fn locate(&self, place: u64) -> (RangeInclusive<i128>, u64, u64) {
        match self {
            Self::Leading(counts) | Self::Linear { counts, .. } => {
                let mut before = 0;
                for (number, count) in counts.iter().enumerate() {
                    if place < before + count {
                        return (self.part(number), before, *count);
                    }
                    before += count;
                }
                panic!("a place among the values")
            }
            Self::Collected { .. } => {
                let number = usize::try_from(place).expect("few values are collected");
                (self.part(number), place, 1)
            }
        }
    }
}

/// The bin of a value in the first pass: bins ascend with values.
fn leading_bin(value: i128) -> usize {
    let magnitude = value.unsigned_abs();
    let length = u128::BITS - magnitude.leading_zeros();
    let shift = length.saturating_sub(LEADING_BITS + 1);
    // Below 2^(LEADING_BITS + 1) the shift is 0, and each value has a bin of its own.
    let leading = usize::try_from(magnitude >> shift).expect("the leading bits are few");
    let bin = ((shift as usize) << LEADING_BITS) + leading;
    match value < 0 {
        true => BINS_OF_SIGN - bin,
        false => BINS_OF_SIGN + bin,
    }
}

/// The values of a bin of the first pass.
fn leading_interval(bin: usize) -> RangeInclusive<i128> {
    let number = bin.abs_diff(BINS_OF_SIGN);
    let shift = (number >> LEADING_BITS).saturating_sub(1);
    let leading = (number - (shift << LEADING_BITS)) as u128;
    let (least, most) = (leading << shift, (leading << shift) + ((1 << shift) - 1));
    // The outermost bins reach beyond 128 bits, where no value lies.
    match bin < BINS_OF_SIGN {
        true => 0_i128.saturating_sub_unsigned(most)..=0_i128.saturating_sub_unsigned(least),
        false => 0_i128.saturating_add_unsigned(least)..=0_i128.saturating_add_unsigned(most),
    }
}

/// The search for the values at given places in ascending order, pass by pass.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    places: Vec<Sought>,
}

/// A value that is asked for.
#[derive(Debug, Clone)]
struct Sought {
    /// Its place among the values of its interval, from 0.
    place: u64,
    /// Where it lies, and how many values lie there.
    interval: RangeInclusive<i128>,
    values: u64,
}

impl Search {
    /// Begins with what a first pass counted: `places` gives the places asked for, from 0, by the number of values.
    /// Places beyond the last value are left out.
    pub(crate) fn new(first: Pass, places: impl FnOnce(u64) -> Vec<u64>) -> Self {
        let [Bin::Leading(counts)] = &first.bins[..] else { panic!("a search begins with a first pass") };
        let count = counts.iter().sum();
        let everything = |place| Sought { place, interval: i128::MIN..=i128::MAX, values: count };
        let places = places(count).into_iter().filter(|place| *place < count).map(everything).collect();
        let mut search = Self { places };
        search.narrow(first);
        search
    }

    /// The pass to be made over the same values; none once every value is found.
    pub(crate) fn next_pass(&self) -> Option<Pass> {
        let open = self.places.iter().filter(|sought| !sought.is_found());
        let mut bins: Vec<(RangeInclusive<i128>, u64)> =
            open.map(|sought| (sought.interval.clone(), sought.values)).collect();
        bins.sort_unstable_by_key(|(interval, _)| *interval.start());
        bins.dedup();
        let bins: Vec<Bin> = bins.into_iter().map(|(interval, values)| Bin::of(interval, values)).collect();
        (!bins.is_empty()).then_some(Pass { bins })
    }

    /// Takes over what the next pass counted.
    pub(crate) fn narrow(&mut self, mut pass: Pass) {
        for bin in &mut pass.bins {
            if let Bin::Collected { values, .. } = bin {
                values.sort_unstable();
            }
        }
        for sought in self.places.iter_mut().filter(|sought| !sought.is_found()) {
            let bin = pass.bins.iter().find(|bin| bin.interval() == sought.interval);
            let (interval, before, values) =
                bin.expect("the pass this search asked for").locate(sought.place);
            *sought = Sought { place: sought.place - before, interval, values };
        }
    }

    /// The values, in the order their places were asked for.
    pub(crate) fn values(&self) -> Vec<i128> {
        assert!(self.places.iter().all(Sought::is_found), "every pass is made");
        self.places.iter().map(|sought| *sought.interval.start()).collect()
    }
}

impl Sought {
    fn is_found(&self) -> bool {
        self.interval.start() == self.interval.end()
    }
}

/// The sum of the k largest values, given the smallest of them: k times it, and what others are above it. Ties need
/// no order. Merges exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopSum {
    smallest: i128,
    above: i128,
}

#[cfg_attr(not(test), expect(dead_code, reason = "for top shares of the rooms that follow"))]
impl TopSum {
    /// `smallest` is the k-th largest value.
    pub(crate) fn new(smallest: i128) -> Self {
        Self { smallest, above: 0 }
    }

    /// Counts a value.
    pub(crate) fn add(&mut self, value: impl Into<i128>) {
        self.above += (value.into() - self.smallest).max(0);
    }

    /// Adds what was seen of other values.
    pub(crate) fn merge(&mut self, other: Self) {
        assert_eq!(self.smallest, other.smallest, "sums of one search");
        self.above += other.above;
    }

    /// The sum of the `k` largest values.
    pub(crate) fn sum(&self, k: u64) -> i128 {
        self.above + i128::from(k) * self.smallest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Selects in slices of 7 values; gives the values and the number of passes.
    fn select(values: &[i128], places: &[u64]) -> (Vec<i128>, usize) {
        let count = |pass: &Pass| {
            let mut all = pass.empty();
            for slice in values.chunks(7) {
                let mut counted = pass.empty();
                slice.iter().for_each(|value| counted.add(*value));
                all.merge(counted);
            }
            all
        };
        let mut search = Search::new(count(&Pass::first()), |_| places.to_vec());
        let mut passes = 1;
        while let Some(pass) = search.next_pass() {
            search.narrow(count(&pass));
            passes += 1;
        }
        (search.values(), passes)
    }

    fn check(values: &[i128]) {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let places: Vec<u64> = (0..values.len() as u64).rev().collect();
        let expected: Vec<i128> = sorted.iter().rev().copied().collect();
        assert_eq!(select(values, &places).0, expected);
    }

    fn any_value() -> impl Strategy<Value = i128> {
        let magnitude = (any::<i128>(), 0_u32..127).prop_map(|(value, shift)| value >> shift);
        prop_oneof![magnitude, Just(0), Just(i128::MIN), Just(i128::MAX), -300_i128..300]
    }

    proptest! {
        #[test]
        fn every_place_holds_what_sorting_puts_there(values in prop::collection::vec(any_value(), 0..200)) {
            check(&values);
        }

        #[test]
        fn bins_ascend_and_hold_their_values(value in any_value(), other in any_value()) {
            prop_assert!(leading_interval(leading_bin(value)).contains(&value));
            if value < other {
                prop_assert!(leading_bin(value) <= leading_bin(other));
            }
        }

        #[test]
        fn the_top_sum_is_that_of_the_sorted_values(
            values in prop::collection::vec(-1000_i64..1000, 1..100), k in 1_usize..100,
        ) {
            let k = k.min(values.len());
            let mut sorted = values.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let mut top = TopSum::new(sorted[k - 1].into());
            let mut rest = top;
            let (some, others) = values.split_at(values.len() / 2);
            some.iter().for_each(|value| top.add(*value));
            others.iter().for_each(|value| rest.add(*value));
            top.merge(rest);
            prop_assert_eq!(top.sum(k as u64), sorted[..k].iter().map(|value| i128::from(*value)).sum::<i128>());
        }
    }

    #[test]
    fn more_values_than_are_collected_are_narrowed() {
        // Ever more values of one bin: 100 apart, then all equal.
        let many = i128::from(MOST_COLLECTED) * 2;
        let spread: Vec<i128> = (0..many).map(|value| (1 << 60) + value * 100).collect();
        let (found, passes) = select(&spread, &[0, 7, 50_000]);
        assert_eq!(found, [1 << 60, (1 << 60) + 700, (1 << 60) + 5_000_000]);
        assert!(passes <= 6, "{passes} passes");
        let equal = vec![123_456_789; spread.len()];
        assert_eq!(select(&equal, &[1]).0, [123_456_789]);
    }

    #[test]
    fn money_of_a_million_customers_takes_two_passes() {
        let values: Vec<i128> = (0..1_000_000_i128).map(|rank| rank * 7919 % 1_000_003 * 1009).collect();
        let (found, passes) = select(&values, &[800_000]);
        let mut sorted = values;
        sorted.sort_unstable();
        assert_eq!((found[0], passes), (sorted[800_000], 2));
    }

    #[test]
    fn places_beyond_the_values_are_left_out() {
        assert_eq!(select(&[5], &[0, 1]).0, [5]);
        assert!(select(&[], &[0]).0.is_empty());
    }
}
