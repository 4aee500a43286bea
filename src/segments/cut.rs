//! Cut points of scores, exact.
//!
//! Quantiles are of type 7 (R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", The American
//! Statistician 50, 1996): at h = (n − 1)·q between the sorted values, kept as a fraction.

use crate::customers::bins::Bins;
use crate::customers::selection::{Order, ScratchColumn};
use crate::error::Result;

/// A cut point: `numerator / denominator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) numerator: i128,
    /// Above 0.
    pub(crate) denominator: i64,
}

impl Cut {
    /// A whole number.
    pub(crate) fn whole(value: i64) -> Self {
        Self { numerator: value.into(), denominator: 1 }
    }

    /// The highest integer that is not above the cut point: integers are above the one where they are above the other.
    pub(crate) fn floor(self) -> i64 {
        let floor = self.numerator.div_euclid(self.denominator.into());
        i64::try_from(floor).expect("a cut point lies among the values")
    }

    /// As shown, for values with so many digits after the point.
    pub(crate) fn shown(self, scale: u8) -> f64 {
        let unit = crate::units::pow10(scale) as f64;
        self.numerator as f64 / (self.denominator as f64 * unit)
    }
}

/// The places in ascending order of the values that the quantile `part / whole` of so many lies between.
fn around(count: u64, part: u64, whole: u64) -> [u64; 2] {
    let last = count.saturating_sub(1);
    let below = last * part / whole;
    [below, (below + 1).min(last)]
}

/// The quantile `part / whole` of so many values, between the two around it.
fn quantile(count: u64, part: u64, whole: u64, [low, high]: [i64; 2]) -> Cut {
    let rest = count.saturating_sub(1) * part % whole;
    let numerator = i128::from(low) * i128::from(whole - rest) + i128::from(high) * i128::from(rest);
    Cut { numerator, denominator: i64::try_from(whole).expect("few bins") }
}

/// The cut points of so many bins of the values, ascending; none of no values.
///
/// # Errors
/// A disk that fails.
pub(crate) fn quantiles(values: ScratchColumn<'_>, bins: usize) -> Result<Vec<Cut>> {
    let bins = u64::try_from(bins).expect("few bins");
    let mut values_there = 0;
    let found = values.select(Order::Ascending, |count| {
        values_there = count;
        (1..bins).flat_map(|part| around(count, part, bins)).collect()
    })?;
    let cut = |(part, between): (u64, &[Option<i64>])| {
        Some(quantile(values_there, part, bins, [between[0]?, between[1]?]))
    };
    Ok((1..bins).zip(found.chunks(2)).filter_map(cut).collect())
}

/// 1 + the cut points below each value; with `reversed`, bins − them.
pub(crate) fn scores(values: &[i64], cuts: &[Cut], reversed: bool) -> Vec<u8> {
    let floors: Vec<i64> = cuts.iter().map(|cut| cut.floor()).collect();
    values.iter().map(|value| score(*value, &floors, reversed)).collect()
}

/// The score of one value, by the floors of the cut points.
pub(crate) fn score(value: i64, floors: &[i64], reversed: bool) -> u8 {
    let below = floors.iter().filter(|floor| value > **floor).count();
    let score = if reversed { floors.len() + 1 - below } else { 1 + below };
    u8::try_from(score).expect("at most 10 bins")
}

/// Bins of equal size over the values in ascending order, ties by index: as SQL's `ntile` does, the first bins hold one
/// more where the values do not divide evenly. With `reversed` the values count from the highest.
///
/// # Errors
/// A disk that fails.
pub(crate) fn equal_bins(
    values: ScratchColumn<'_>,
    customers: usize,
    bins: usize,
    reversed: bool,
) -> Result<Bins> {
    let order = if reversed { Order::Descending } else { Order::Ascending };
    let (size, larger) = (customers / bins, customers % bins);
    let ends: Vec<u64> = (1..=bins).map(|bin| (bin * size + bin.min(larger)) as u64).collect();
    Bins::new(values, order, &ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::memory::Memory;
    use crate::memory::Scratch;

    /// Does something with values in slices of three.
    fn with_column<T>(values: &[i64], of: impl FnOnce(ScratchColumn<'_>) -> Result<T>) -> T {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(values.len().div_ceil(3), &Memory::of_machine(folder.path()));
        for (slice, values) in values.chunks(3).enumerate() {
            scratch.keep(slice, [values]).unwrap();
        }
        of(ScratchColumn { scratch: &scratch, column: 0 }).unwrap()
    }

    fn cuts(values: &[i64], bins: usize) -> Vec<Cut> {
        with_column(values, |column| quantiles(column, bins))
    }

    fn rank_scores(values: &[i64], bins: usize, reversed: bool) -> Vec<u16> {
        let ranking = with_column(values, |column| equal_bins(column, values.len(), bins, reversed));
        let slices = values.chunks(3).enumerate();
        slices.flat_map(|(slice, values)| ranking.place(slice, values)).map(|bin| bin + 1).collect()
    }

    #[test]
    fn quantiles_are_of_type_7_and_exact() {
        let shown: Vec<f64> = cuts(&[4, 1, 3, 2], 5).iter().map(|cut| cut.shown(0)).collect();
        assert_eq!(shown, [1.6, 2.2, 2.8, 3.4]);
        assert_eq!(cuts(&[], 5), []);
        assert_eq!(cuts(&[7], 5)[0].floor(), 7);
        assert_eq!(cuts(&[-3, -2], 2)[0].floor(), -3);
        assert_eq!(cuts(&[i64::MIN, i64::MAX], 3)[0].denominator, 3);
    }

    #[test]
    fn equal_values_have_equal_scores() {
        let values = [1, 1, 1, 1, 1, 1, 2, 2, 3, 9];
        let cuts = cuts(&values, 5);
        assert_eq!(scores(&values, &cuts, false), [1, 1, 1, 1, 1, 1, 4, 4, 5, 5]);
        assert_eq!(scores(&values, &cuts, true), [5, 5, 5, 5, 5, 5, 2, 2, 1, 1]);
    }

    #[test]
    fn a_value_at_the_cut_point_is_not_above_it() {
        let cuts = [Cut { numerator: 10, denominator: 2 }, Cut { numerator: 11, denominator: 2 }];
        assert_eq!(scores(&[5, 6], &cuts, false), [1, 3]);
        assert_eq!(scores(&[-5, -6], &[Cut { numerator: -11, denominator: 2 }], false), [2, 1]);
    }

    #[test]
    fn bins_of_equal_size_split_ties_by_key() {
        assert_eq!(rank_scores(&[1, 1, 1, 1, 1, 2, 3], 3, false), [1, 1, 1, 2, 2, 3, 3]);
        assert_eq!(rank_scores(&[1, 1, 1, 9], 2, true), [1, 2, 2, 1]);
        assert_eq!(rank_scores(&[5, 4], 5, false), [2, 1]);
    }
}
