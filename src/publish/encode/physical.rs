//! The physical types of whole numbers, INT32 and INT64: what an encoder has to know of them.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal64Type, Int64Type, TimestampMicrosecondType};
use parquet::file::statistics::{Statistics, ValueStatistics};

/// A whole number as Parquet stores it.
pub(super) trait Physical: Copy + Ord + Default {
    /// The values of an array, those of nulls included.
    fn of(array: &dyn Array) -> &[Self];
    /// The difference, which wraps around.
    fn less(self, other: Self) -> Self;
    /// The same bits without a sign.
    fn unsigned(self) -> u64;
    /// The same value, sign and all.
    fn wide(self) -> i64;
    /// The bytes of encoding PLAIN.
    fn plain(self) -> Vec<u8>;
    /// Statistics of a column chunk.
    fn statistics(range: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

macro_rules! physical {
    ($native:ty, $($kind:pat => $arrow:ty),*) => {
        impl Physical for $native {
            fn of(array: &dyn Array) -> &[Self] {
                match array.data_type() {
                    $($kind => array.as_primitive::<$arrow>().values(),)*
                    other => unreachable!("{other} is encoded elsewhere"),
                }
            }

            fn less(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            fn unsigned(self) -> u64 {
                self.cast_unsigned().into()
            }

            fn wide(self) -> i64 {
                self.into()
            }

            fn plain(self) -> Vec<u8> {
                self.to_le_bytes().into()
            }

            fn statistics(range: Option<(Self, Self)>, nulls: u64) -> Statistics {
                let (least, largest) = range.unzip();
                // Old readers take the deprecated pair of fields, which is right for signed numbers.
                let statistics = ValueStatistics::new(least, largest, None, Some(nulls), false);
                statistics.with_backwards_compatible_min_max(true).into()
            }
        }
    };
}

physical!(i32, DataType::Date32 => Date32Type);
physical!(
    i64,
    DataType::Int64 => Int64Type,
    DataType::Decimal64(..) => Decimal64Type,
    DataType::Timestamp(..) => TimestampMicrosecondType
);

/// Smallest and largest. Four of each are kept, so that no comparison waits for the one before it.
pub(super) fn range<T: Physical>(values: &[T]) -> Option<(T, T)> {
    let &first = values.first()?;
    let (mut least, mut largest) = ([first; 4], [first; 4]);
    let (fours, rest) = values.as_chunks::<4>();
    for four in fours {
        for lane in 0..4 {
            least[lane] = least[lane].min(four[lane]);
            largest[lane] = largest[lane].max(four[lane]);
        }
    }
    for &value in rest {
        least[0] = least[0].min(value);
        largest[0] = largest[0].max(value);
    }
    let [a, b, c, d] = least;
    let [e, f, g, h] = largest;
    Some((a.min(b).min(c.min(d)), e.max(f).max(g.max(h))))
}
