//! A column of integers in the narrowest type that holds them all: state is made, written and read at memory speed.

use arrow::array::{Array, ArrayRef, AsArray, Int8Array, Int16Array, Int32Array, Int64Array, NullArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{
    ArrowNativeType, ArrowPrimitiveType, DataType, Int8Type, Int16Type, Int32Type, Int64Type,
};
use std::ops::Range;
use std::sync::Arc;

/// Integers in the narrowest type that holds them all.
#[derive(Debug)]
pub(crate) enum Column {
    Bytes(Vec<i8>),
    Shorts(Vec<i16>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
}

/// Consecutive values of a column.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'c> {
    Bytes(&'c [i8]),
    Shorts(&'c [i16]),
    Ints(&'c [i32]),
    Longs(&'c [i64]),
}

impl Default for Column {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl From<&[i64]> for Column {
    fn from(values: &[i64]) -> Self {
        let span = values.iter().fold(0, |span, value| span | Self::span(*value));
        Self::with_span(span, values.iter().copied())
    }
}

impl From<Vec<i64>> for Column {
    fn from(values: Vec<i64>) -> Self {
        Self::from(&values[..])
    }
}

impl Column {
    /// Bits that a value needs beside its sign; those of a column are the bits of any of its values.
    #[inline(always)]
    pub(crate) fn span(value: i64) -> i64 {
        value ^ (value >> 63)
    }

    /// Some values whose bits are known.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the span is known, and a plain cast vectorises")]
    pub(crate) fn with_span(span: i64, values: impl Iterator<Item = i64>) -> Self {
        match span {
            ..0x80 => Self::Bytes(values.map(|value| value as i8).collect()),
            0x80..0x8000 => Self::Shorts(values.map(|value| value as i16).collect()),
            0x8000..0x8000_0000 => Self::Ints(values.map(|value| value as i32).collect()),
            _ => Self::Longs(values.collect()),
        }
    }

    /// Whether every value, times a power of ten up to the ninth, fits 64 bits.
    pub(crate) fn fits_times(&self, factor: i64) -> bool {
        match self {
            Self::Longs(values) => values.iter().all(|value| value.checked_mul(factor).is_some()),
            Self::Bytes(_) | Self::Shorts(_) | Self::Ints(_) => true,
        }
    }

    /// The sum of all values.
    pub(crate) fn total(&self) -> i128 {
        /// Of fewer than 2³² values.
        fn sum<T: Copy + Into<i64>>(values: &[T]) -> i128 {
            values.iter().map(|value| (*value).into()).sum::<i64>().into()
        }
        match self {
            Self::Bytes(values) => sum(values),
            Self::Shorts(values) => sum(values),
            Self::Ints(values) => sum(values),
            Self::Longs(values) => values.iter().copied().map(i128::from).sum(),
        }
    }

    /// The values as 64-bit integers.
    pub(crate) fn widened(&self) -> Vec<i64> {
        let mut values = Vec::with_capacity(self.len());
        self.all().append_to(&mut values, |value| value);
        values
    }

    /// The column alone, as narrow as its type.
    pub(crate) fn narrow(&self) -> ArrayRef {
        Part::joined(&[self.all()], self.all().type_width())
    }

    /// All values.
    pub(crate) fn all(&self) -> Part<'_> {
        self.part(0..self.len())
    }

    /// The values of these rows.
    pub(crate) fn part(&self, rows: Range<usize>) -> Part<'_> {
        match self {
            Self::Bytes(values) => Part::Bytes(&values[rows]),
            Self::Shorts(values) => Part::Shorts(&values[rows]),
            Self::Ints(values) => Part::Ints(&values[rows]),
            Self::Longs(values) => Part::Longs(&values[rows]),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Shorts(values) => values.len(),
            Self::Ints(values) => values.len(),
            Self::Longs(values) => values.len(),
        }
    }
}

impl Part<'_> {
    /// Several parts, one after another, in a type of so many bytes; wider values are cut off.
    #[expect(clippy::cast_possible_truncation, reason = "whoever chose the width looks after what is wider")]
    pub(crate) fn joined(parts: &[Self], width: usize) -> ArrayRef {
        match width {
            0 => Arc::new(NullArray::new(parts.iter().map(Self::len).sum())),
            1 => Arc::new(Int8Array::new(join(parts, |value| value as i8), None)),
            2 => Arc::new(Int16Array::new(join(parts, |value| value as i16), None)),
            4 => Arc::new(Int32Array::new(join(parts, |value| value as i32), None)),
            _ => Arc::new(Int64Array::new(join(parts, |value| value), None)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Shorts(values) => values.len(),
            Self::Ints(values) => values.len(),
            Self::Longs(values) => values.len(),
        }
    }

    /// Bytes that the widest of these values needs, which may be fewer than those of the type.
    pub(crate) fn width(&self) -> usize {
        fn span<T: Copy + Into<i64>>(values: &[T]) -> i64 {
            values.iter().fold(0, |span, value| span | Column::span((*value).into()))
        }
        let span = match self {
            Self::Bytes(_) => return 1,
            Self::Shorts(values) => span(values),
            Self::Ints(values) => span(values),
            Self::Longs(values) => span(values),
        };
        match span {
            ..0x80 => 1,
            0x80..0x8000 => 2,
            0x8000..0x8000_0000 => 4,
            _ => 8,
        }
    }

    /// How many values do not fit so many bytes.
    pub(crate) fn count_wider(&self, width: usize) -> usize {
        let mut count = Count::default();
        self.scan(width, &mut count);
        count.0
    }

    fn append_to<T>(&self, target: &mut Vec<T>, cast: impl Fn(i64) -> T) {
        match self {
            Self::Bytes(values) => target.extend(values.iter().map(|value| cast(i64::from(*value)))),
            Self::Shorts(values) => target.extend(values.iter().map(|value| cast(i64::from(*value)))),
            Self::Ints(values) => target.extend(values.iter().map(|value| cast(i64::from(*value)))),
            Self::Longs(values) => target.extend(values.iter().map(|value| cast(*value))),
        }
    }

    fn type_width(&self) -> usize {
        match self {
            Self::Bytes(_) => 1,
            Self::Shorts(_) => 2,
            Self::Ints(_) => 4,
            Self::Longs(_) => 8,
        }
    }

    /// Shows the values to a scan, and how to tell which of them do not fit so many bytes.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "that it truncates is what is asked")]
    pub(crate) fn scan(&self, width: usize, scan: &mut impl Scan) {
        match (self, width) {
            (Self::Bytes(values), 0) => scan.scan(values, |value| value != 0),
            (Self::Shorts(values), 0) => scan.scan(values, |value| value != 0),
            (Self::Shorts(values), 1) => scan.scan(values, |value| value != i16::from(value as i8)),
            (Self::Ints(values), 0) => scan.scan(values, |value| value != 0),
            (Self::Ints(values), 1) => scan.scan(values, |value| value != i32::from(value as i8)),
            (Self::Ints(values), 2) => scan.scan(values, |value| value != i32::from(value as i16)),
            (Self::Longs(values), 0) => scan.scan(values, |value| value != 0),
            (Self::Longs(values), 1) => scan.scan(values, |value| value != i64::from(value as i8)),
            (Self::Longs(values), 2) => scan.scan(values, |value| value != i64::from(value as i16)),
            (Self::Longs(values), 4) => scan.scan(values, |value| value != i64::from(value as i32)),
            _ => {} // they are no wider
        }
    }
}

fn join<T: ArrowNativeType>(parts: &[Part<'_>], cast: impl Fn(i64) -> T) -> ScalarBuffer<T> {
    let mut values = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| part.append_to(&mut values, &cast));
    values.into()
}

/// Looks for values that a narrower type does not hold.
pub(crate) trait Scan {
    /// Values of which some may not fit.
    fn scan<T: Copy + Into<i64>>(&mut self, values: &[T], is_wider: impl Fn(T) -> bool);
}

/// How many values do not fit.
#[derive(Default)]
struct Count(usize);

impl Scan for Count {
    #[inline(always)]
    fn scan<T: Copy + Into<i64>>(&mut self, values: &[T], is_wider: impl Fn(T) -> bool) {
        // Counted in one byte for a while, so that the loop takes many values at a time.
        let count = |values: &[T]| values.iter().map(|value| u8::from(is_wider(*value))).sum::<u8>();
        self.0 += values.chunks(128).map(|values| usize::from(count(values))).sum::<usize>();
    }
}

/// A narrowed column as 64-bit integers.
pub(crate) fn widen(array: &ArrayRef) -> Vec<i64> {
    let mut values = Vec::with_capacity(array.len());
    widen_into(array, &mut values);
    values
}

/// Appends a narrowed column as 64-bit integers.
pub(crate) fn widen_into(array: &ArrayRef, target: &mut Vec<i64>) {
    fn append<T: ArrowPrimitiveType>(array: &ArrayRef, target: &mut Vec<i64>)
    where
        i64: From<T::Native>,
    {
        target.extend(array.as_primitive::<T>().values().iter().map(|value| i64::from(*value)));
    }
    match array.data_type() {
        DataType::Null => target.resize(target.len() + array.len(), 0),
        DataType::Int8 => append::<Int8Type>(array, target),
        DataType::Int16 => append::<Int16Type>(array, target),
        DataType::Int32 => append::<Int32Type>(array, target),
        _ => target.extend_from_slice(array.as_primitive::<Int64Type>().values()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_keeps_every_value_in_the_narrowest_type() {
        let cases: [(&[i64], usize); 6] = [
            (&[], 1),
            (&[0, 127, -128], 1),
            (&[128, -5], 2),
            (&[i64::from(i16::MIN) - 1, 3], 4),
            (&[i64::from(i32::MAX), i64::from(i32::MIN), 200], 4),
            (&[1, i64::MAX, i64::MIN, 0, 70_000], 8),
        ];
        for (values, width) in cases {
            let narrow = Column::from(values).narrow();
            assert_eq!(widen(&narrow), values);
            assert_eq!(narrow.data_type().primitive_width(), Some(width));
        }
    }

    #[test]
    fn what_shall_be_finer_must_fit() {
        let most = i64::MAX / 10_000;
        for (values, fits) in
            [(&[][..], true), (&[i64::from(i32::MIN)], true), (&[1, most], true), (&[1, -most - 1], false)]
        {
            assert_eq!(Column::from(values).fits_times(10_000), fits);
        }
        assert!(Column::from(&[i64::from(i32::MIN)][..]).fits_times(1_000_000_000));
    }

    #[test]
    fn totals_are_exact_past_64_bits() {
        assert_eq!(Column::from(&[i64::MAX, i64::MAX, 1][..]).total(), 2 * i128::from(i64::MAX) + 1);
        assert_eq!(Column::from(&[-128, 127, 5][..]).total(), 4);
    }
}
