//! One value per row, or one for all rows; and the loops over them.

use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;

/// One value per row, or the same for all.
#[derive(Debug, Clone)]
pub(super) enum Values<T: ArrowNativeType> {
    Each(ScalarBuffer<T>),
    All(T),
}

/// Values and which of them are null.
#[derive(Debug, Clone)]
pub(super) struct Vector<T: ArrowNativeType> {
    pub(super) values: Values<T>,
    pub(super) nulls: Option<NullBuffer>,
}

impl<T: ArrowNativeType> Values<T> {
    pub(super) fn map<U: ArrowNativeType>(&self, f: impl Fn(T) -> U) -> Values<U> {
        match self {
            Values::Each(values) => Values::Each(values.iter().map(|&x| f(x)).collect::<Vec<_>>().into()),
            Values::All(x) => Values::All(f(*x)),
        }
    }

    pub(super) fn zip<U: ArrowNativeType, V: ArrowNativeType>(
        &self,
        other: &Values<U>,
        f: impl Fn(T, U) -> V,
    ) -> Values<V> {
        match (self, other) {
            (Values::Each(left), Values::Each(right)) => {
                Values::Each(left.iter().zip(right.iter()).map(|(&x, &y)| f(x, y)).collect::<Vec<_>>().into())
            }
            (Values::Each(left), Values::All(y)) => {
                Values::Each(left.iter().map(|&x| f(x, *y)).collect::<Vec<_>>().into())
            }
            (Values::All(x), Values::Each(right)) => {
                Values::Each(right.iter().map(|&y| f(*x, y)).collect::<Vec<_>>().into())
            }
            (Values::All(x), Values::All(y)) => Values::All(f(*x, *y)),
        }
    }

    /// Bit by bit, `f` of both sides.
    pub(super) fn test<U: ArrowNativeType>(
        &self,
        other: &Values<U>,
        rows: usize,
        f: impl Fn(T, U) -> bool,
    ) -> BooleanBuffer {
        match (self, other) {
            (Values::Each(left), Values::Each(right)) => {
                let (left, right) = (&left[..rows], &right[..rows]);
                BooleanBuffer::collect_bool(rows, |row| f(left[row], right[row]))
            }
            (Values::Each(left), Values::All(y)) => bits(&left[..rows], |x| f(x, *y)),
            (Values::All(x), Values::Each(right)) => bits(&right[..rows], |y| f(*x, y)),
            (Values::All(x), Values::All(y)) => all(f(*x, *y), rows),
        }
    }

    /// The value of a row.
    pub(super) fn at(&self, row: usize) -> T {
        match self {
            Values::Each(values) => values[row],
            Values::All(x) => *x,
        }
    }

    /// One value per row.
    pub(super) fn spread(self, rows: usize) -> ScalarBuffer<T> {
        match self {
            Values::Each(values) => values,
            Values::All(x) => vec![x; rows].into(),
        }
    }

    /// `yes` where the mask is set, else `no`.
    pub(super) fn select(mask: &BooleanBuffer, yes: &Self, no: &Self) -> Self {
        let (yes_fill, no_fill) = (yes.fill(), no.fill());
        let mut out = Vec::with_capacity(mask.len());
        for (bits, from) in mask.bit_chunks().iter_padded().zip((0..mask.len()).step_by(BLOCK)) {
            let to = mask.len().min(from + BLOCK);
            let (yes, no) = (yes.block(from, to, &yes_fill), no.block(from, to, &no_fill));
            out.extend(
                yes.iter()
                    .zip(no)
                    .enumerate()
                    .map(|(bit, (&x, &y))| if bits >> bit & 1 == 1 { x } else { y }),
            );
        }
        Values::Each(out.into())
    }

    fn fill(&self) -> [T; BLOCK] {
        match self {
            Values::Each(_) => [T::default(); BLOCK],
            Values::All(x) => [*x; BLOCK],
        }
    }

    fn block<'a>(&'a self, from: usize, to: usize, fill: &'a [T; BLOCK]) -> &'a [T] {
        match self {
            Values::Each(values) => &values[from..to],
            Values::All(_) => &fill[..to - from],
        }
    }
}

/// Rows per word of a mask.
const BLOCK: usize = 64;

impl<T: ArrowNativeType> Vector<T> {
    pub(super) fn null(rows: usize) -> Self {
        Self { values: Values::All(T::default()), nulls: Some(NullBuffer::new_null(rows)) }
    }

    pub(super) fn constant(value: T) -> Self {
        Self { values: Values::All(value), nulls: None }
    }

    pub(super) fn map<U: ArrowNativeType>(&self, f: impl Fn(T) -> U) -> Vector<U> {
        Vector { values: self.values.map(f), nulls: self.nulls.clone() }
    }

    pub(super) fn zip<U: ArrowNativeType, V: ArrowNativeType>(
        &self,
        other: &Vector<U>,
        f: impl Fn(T, U) -> V,
    ) -> Vector<V> {
        let nulls = NullBuffer::union(self.nulls.as_ref(), other.nulls.as_ref());
        Vector { values: self.values.zip(&other.values, f), nulls }
    }

    /// The value of a row, unless it is null.
    pub(super) fn at(&self, row: usize) -> Option<T> {
        let is_valid = self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        is_valid.then(|| self.values.at(row))
    }

    pub(super) fn select(mask: &BooleanBuffer, yes: &Self, no: &Self) -> Self {
        Self {
            values: Values::select(mask, &yes.values, &no.values),
            nulls: select_nulls(mask, yes.nulls.as_ref(), no.nulls.as_ref()),
        }
    }
}

/// Bit by bit, whether a value passes.
///
/// The answers of a block are bytes first, which is a loop that vectorises, and then bits, eight by one multiplication.
pub(super) fn bits<T: Copy>(values: &[T], passes: impl Fn(T) -> bool) -> BooleanBuffer {
    /// Brings the lowest bit of each of eight bytes into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let word = |answers: [u8; BLOCK]| {
        let eights = answers.as_chunks::<8>().0.iter();
        let bytes = eights.map(|eight| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56);
        (0..).step_by(8).zip(bytes).fold(0, |word, (shift, byte)| word | byte << shift)
    };
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    let mut words: Vec<u64> = Vec::with_capacity(blocks.len() + 1);
    words.extend(blocks.iter().map(|block| word(block.map(|value| u8::from(passes(value))))));
    let mut answers = [0; BLOCK];
    answers.iter_mut().zip(rest).for_each(|(answer, value)| *answer = u8::from(passes(*value)));
    words.push(word(answers));
    BooleanBuffer::new(words.into(), 0, values.len())
}

/// Bits that are all alike.
pub(super) fn all(bit: bool, rows: usize) -> BooleanBuffer {
    if bit { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) }
}

/// Which rows are null after a selection.
pub(super) fn select_nulls(
    mask: &BooleanBuffer,
    yes: Option<&NullBuffer>,
    no: Option<&NullBuffer>,
) -> Option<NullBuffer> {
    let valid = match (yes, no) {
        (None, None) => return None,
        (Some(yes), None) => &!mask | yes.inner(),
        (None, Some(no)) => mask | no.inner(),
        (Some(yes), Some(no)) => &(mask & yes.inner()) | &(&!mask & no.inner()),
    };
    some_nulls(NullBuffer::new(valid))
}

/// Nulls, if there are any.
pub(super) fn some_nulls(nulls: NullBuffer) -> Option<NullBuffer> {
    (nulls.null_count() > 0).then_some(nulls)
}

/// The values with 0 in every null row.
pub(super) fn zero_nulls<T: ArrowNativeType>(
    values: ScalarBuffer<T>,
    nulls: Option<&NullBuffer>,
) -> ScalarBuffer<T> {
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return values };
    let mut zeroed = values.to_vec();
    (!nulls.inner()).set_indices().for_each(|row| zeroed[row] = T::default());
    zeroed.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_stands_where_its_value_does() {
        for rows in [0, 1, 7, 63, 64, 65, 127, 128, 300] {
            let values: Vec<i32> = (0..rows).map(|row| row * row % 11).collect();
            let expected: BooleanBuffer = values.iter().map(|value| *value < 4).collect();
            assert_eq!(bits(&values, |value| value < 4), expected, "{rows} rows");
        }
    }
}
