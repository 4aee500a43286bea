//! Cut points of scores, exact.
//!
//! Quantiles are of type 7 (R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", The American
//! Statistician 50, 1996): at h = (n − 1)·q between the sorted values, kept as a fraction.

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

/// The quantile `part / whole` of ascending values; none of no values.
pub(crate) fn quantile(ascending: &[i64], part: usize, whole: usize) -> Option<Cut> {
    let last = ascending.len().checked_sub(1)?;
    let (below, rest) = (last * part / whole, last * part % whole);
    let wide = |count: usize| i128::try_from(count).expect("a count fits");
    let (low, high) = (ascending[below], ascending[(below + 1).min(last)]);
    let numerator = i128::from(low) * wide(whole - rest) + i128::from(high) * wide(rest);
    Some(Cut { numerator, denominator: i64::try_from(whole).expect("few bins") })
}

/// The cut points of so many bins of the values, ascending; none of no values.
pub(crate) fn quantiles(mut values: Vec<i64>, bins: usize) -> Vec<Cut> {
    use rayon::slice::ParallelSliceMut;
    values.par_sort_unstable();
    (1..bins).filter_map(|part| quantile(&values, part, bins)).collect()
}

/// 1 + the cut points below each value; with `reversed`, bins − them.
pub(crate) fn scores(values: &[i64], cuts: &[Cut], reversed: bool) -> Vec<u8> {
    use rayon::prelude::*;
    let floors: Vec<i64> = cuts.iter().map(|cut| cut.floor()).collect();
    values.par_iter().map(|value| score(*value, &floors, reversed)).collect()
}

/// The score of one value, by the floors of the cut points.
pub(crate) fn score(value: i64, floors: &[i64], reversed: bool) -> u8 {
    let below = floors.iter().filter(|floor| value > **floor).count();
    let score = if reversed { floors.len() + 1 - below } else { 1 + below };
    u8::try_from(score).expect("at most 10 bins")
}

/// Bins of equal size over the values in ascending order, ties by index: as SQL's `ntile` does, the first bins hold one
/// more where the values do not divide evenly. With `reversed` the values count from the highest.
pub(crate) fn rank_scores(values: &[i64], bins: usize, reversed: bool) -> Vec<u8> {
    use rayon::slice::ParallelSliceMut;
    let mut order: Vec<u32> = (0..u32::try_from(values.len()).expect("customers fit 32 bits")).collect();
    if reversed {
        order.par_sort_unstable_by_key(|row| (std::cmp::Reverse(values[*row as usize]), *row));
    } else {
        order.par_sort_unstable_by_key(|row| (values[*row as usize], *row));
    }
    let (size, larger) = (values.len() / bins, values.len() % bins);
    let mut scores = vec![0; values.len()];
    for (place, row) in order.into_iter().enumerate() {
        let in_larger = larger * (size + 1);
        let bin = if place < in_larger { place / (size + 1) } else { larger + (place - in_larger) / size };
        scores[row as usize] = u8::try_from(bin + 1).expect("at most 10 bins");
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_type_7_and_exact() {
        let cuts = quantiles(vec![4, 1, 3, 2], 5);
        let shown: Vec<f64> = cuts.iter().map(|cut| cut.shown(0)).collect();
        assert_eq!(shown, [1.6, 2.2, 2.8, 3.4]);
        assert_eq!(quantiles(vec![], 5), []);
        assert_eq!(quantile(&[7], 1, 5).unwrap().floor(), 7);
        assert_eq!(quantile(&[-3, -2], 1, 2).unwrap().floor(), -3);
        let far = quantile(&[i64::MIN, i64::MAX], 1, 3).unwrap();
        assert_eq!(far.denominator, 3);
    }

    #[test]
    fn equal_values_have_equal_scores() {
        let values = [1, 1, 1, 1, 1, 1, 2, 2, 3, 9];
        let cuts = quantiles(values.to_vec(), 5);
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
