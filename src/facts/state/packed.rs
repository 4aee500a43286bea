//! How a column of integers is kept: in a type as narrow as nearly all of its values need, and the few others beside it.
//!
//! A column that is mostly 0, or has a few large customers among many small ones, then takes little more than what it says;
//! and less to write, to hash and to read is what makes state quick.

use crate::facts::kernel::column::{Column, Part, Scan, widen};
use arrow::array::ArrayRef;

/// A column as it is kept.
#[derive(Debug)]
pub(crate) struct Packed {
    /// A value for each row; what stands where a value does not fit says nothing. Of type null where nearly all are 0.
    pub(crate) narrow: ArrayRef,
    /// The rows whose values do not fit, as the steps between them, and those values.
    pub(crate) others: Option<[ArrayRef; 2]>,
}

impl Packed {
    /// Several columns, one after another. What results depends on the values alone, not on where they are cut.
    pub(crate) fn new(parts: &[Part<'_>]) -> Self {
        let width = cheapest_width(parts);
        let mut others = Others::default();
        for part in parts {
            part.scan(width, &mut others);
            others.first_row += part.len();
        }
        let Others { rows, values, .. } = others;
        let beside =
            |rows: Vec<i64>| [differences(rows.into_iter(), &mut 0).narrow(), Column::from(values).narrow()];
        let others = (!rows.is_empty()).then(|| beside(rows));
        Self { narrow: Part::joined(parts, width), others }
    }

    /// The values as 64-bit integers.
    pub(crate) fn unpacked(&self) -> Vec<i64> {
        let mut values = widen(&self.narrow);
        if let Some([steps, others]) = &self.others {
            rows_of(widen(steps)).zip(widen(others)).for_each(|(row, value)| values[row] = value);
        }
        values
    }
}

/// All bytes of the widest values, half of them, or none, whichever takes least.
fn cheapest_width(parts: &[Part<'_>]) -> usize {
    let rows: usize = parts.iter().map(Part::len).sum();
    let widest = parts.iter().map(Part::width).max().unwrap_or(0);
    // A value beside the others comes with its step, which mostly takes up to two bytes; and finding it takes time that is
    // worth about as much as most of a byte a row.
    let beside = widest + 2;
    let finding = rows - rows / 8;
    let (mut cheapest, mut least) = (widest, rows * widest);
    let not_zero: usize = parts.iter().map(|part| part.count_wider(0)).sum();
    let wide = match widest / 2 {
        0 => not_zero,
        half => parts.iter().map(|part| part.count_wider(half)).sum(),
    };
    for (width, others) in [(widest / 2, wide), (0, not_zero)] {
        let bytes = rows * width + if others > 0 { others * beside + finding } else { 0 };
        if bytes < least {
            (cheapest, least) = (width, bytes);
        }
    }
    cheapest
}

/// Which values do not fit.
#[derive(Default)]
struct Others {
    first_row: usize,
    rows: Vec<i64>,
    values: Vec<i64>,
}

impl Scan for Others {
    fn scan<T: Copy + Into<i64>>(&mut self, values: &[T], is_wider: impl Fn(T) -> bool) {
        for (first, values) in (self.first_row..).step_by(BLOCK).zip(values.chunks(BLOCK)) {
            if !values.iter().fold(false, |any, value| any | is_wider(*value)) {
                continue;
            }
            // Without a branch: which values do not fit cannot be foreseen.
            let (mut found, mut places) = (0, [0; BLOCK]);
            for (place, value) in values.iter().enumerate() {
                places[found % BLOCK] = place;
                found += usize::from(is_wider(*value));
            }
            let row = |place: &usize| i64::try_from(first + place).expect("rows fit 63 bits");
            self.rows.extend(places[..found].iter().map(row));
            self.values.extend(places[..found].iter().map(|place| values[*place].into()));
        }
    }
}

/// Values looked at together.
const BLOCK: usize = 64;

/// Integers as the differences between them, the first from the `last` before; what leaves 64 bits wraps around.
pub(crate) fn differences(values: impl Iterator<Item = i64>, last: &mut i64) -> Column {
    let mut span = 0;
    let difference = |value: i64| {
        let difference = value.wrapping_sub(std::mem::replace(last, value));
        span |= Column::span(difference);
        difference
    };
    let differences: Vec<i64> = values.map(difference).collect();
    Column::with_span(span, differences.into_iter())
}

/// The integers that differences lead to.
pub(crate) fn sums(mut differences: Vec<i64>, mut last: i64) -> Vec<i64> {
    for value in &mut differences {
        last = last.wrapping_add(*value);
        *value = last;
    }
    differences
}

/// Ascending rows that differences lead to.
pub(crate) fn rows_of(steps: Vec<i64>) -> impl Iterator<Item = usize> {
    sums(steps, 0).into_iter().map(|row| usize::try_from(row).expect("rows are not negative"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;
    use arrow::datatypes::DataType;
    use proptest::prelude::*;

    fn packed(values: &[i64]) -> Packed {
        Packed::new(&[Column::from(values).all()])
    }

    #[test]
    fn a_column_is_as_narrow_as_nearly_all_of_its_values() {
        let mut small: Vec<i64> = (0..1_000).map(|row| row % 100).collect();
        assert_eq!(packed(&small).narrow.data_type(), &DataType::Int8);
        assert!(packed(&small).others.is_none());
        (small[3], small[990]) = (-200, 20_000);
        let kept = packed(&small);
        assert_eq!(kept.narrow.data_type(), &DataType::Int8);
        let [steps, others] = kept.others.as_ref().unwrap();
        assert_eq!((widen(steps), widen(others)), (vec![3, 987], vec![-200, 20_000]));
        assert_eq!(kept.unpacked(), small);
        small[5] = i64::MIN;
        assert_eq!(packed(&small).narrow.data_type(), &DataType::Int32);
        assert_eq!(packed(&small).unpacked(), small);

        let mut sparse = vec![0; 1_000];
        sparse[999] = -1;
        assert_eq!(packed(&sparse).narrow.data_type(), &DataType::Null);
        assert_eq!(packed(&sparse).narrow.len(), 1_000);
        assert_eq!(packed(&sparse).unpacked(), sparse);
        let wide: Vec<i64> = (0..1_000).map(|row| row << 40).collect();
        assert_eq!(packed(&wide).narrow.data_type(), &DataType::Int64);
    }

    fn value() -> impl Strategy<Value = i64> {
        prop_oneof![
            8 => Just(0),
            4 => -128..128_i64,
            2 => -40_000..40_000_i64,
            1 => -3_000_000_000..3_000_000_000_i64,
            1 => any::<i64>(),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_packed_comes_back_and_cuts_leave_no_trace(
            values in prop::collection::vec(value(), 0..400),
            zeros in 0..3_000_usize,
            cut in 0..400_usize,
        ) {
            let mut values = values;
            values.extend(vec![0; zeros]);
            let (left, right) = values.split_at(cut.min(values.len()));
            let (left, right) = (Column::from(left), Column::from(right));
            let (whole, cut) = (packed(&values), Packed::new(&[left.all(), right.all()]));
            prop_assert_eq!(whole.unpacked(), &values[..]);
            prop_assert_eq!(&whole.narrow, &cut.narrow);
            prop_assert_eq!(whole.others, cut.others);
            prop_assert_eq!(sums(differences(values.iter().copied(), &mut 7).widened(), 7), values);
        }
    }
}
