//! How many digits an exact number has in the type an engine holds it in: both engines know decimals of 38 digits.

use arrow::datatypes::DataType;

/// Digits of an engine's exact number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits {
    /// In all; no value of the column has more.
    pub(super) all: u8,
    /// Of these, after the point.
    pub(super) scale: u8,
    /// Whether the engine's type is one of integers rather than decimals.
    pub(super) is_integer: bool,
}

/// The most digits both engines hold.
pub(super) const MOST: u8 = 38;

/// The most digits DuckDB holds in 64 bits; results of two such numbers it keeps there, and fails past them.
pub(super) const NARROW: u8 = 18;

impl Digits {
    /// Of a type of exact numbers.
    pub(crate) fn of_type(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Int8 | DataType::UInt8 => Self::integer(3),
            DataType::Int16 | DataType::UInt16 => Self::integer(5),
            DataType::Int32 | DataType::UInt32 => Self::integer(10),
            DataType::Int64 => Self::integer(19),
            DataType::UInt64 => Self::integer(20),
            DataType::Decimal32(all, scale)
            | DataType::Decimal64(all, scale)
            | DataType::Decimal128(all, scale)
            | DataType::Decimal256(all, scale) => {
                let scale = u8::try_from(*scale).ok()?;
                Self::decimal((*all).max(scale), scale)
            }
            DataType::Dictionary(_, values) => return Self::of_type(values),
            _ => return None,
        })
    }

    pub(crate) fn integer(all: u8) -> Self {
        Self { all, scale: 0, is_integer: true }
    }

    pub(crate) fn decimal(all: u8, scale: u8) -> Self {
        Self { all: all.max(1), scale, is_integer: false }
    }

    /// Digits before the point.
    pub(super) fn whole(self) -> u8 {
        self.all - self.scale
    }

    /// Of a sum or difference; more than 38 where the engine may have to give up.
    pub(super) fn sum(self, other: Self) -> Self {
        let both = self.common(other);
        Self::decimal(both.all + 1, both.scale)
    }

    /// Of a product.
    pub(super) fn product(self, other: Self) -> Self {
        Self::decimal(self.all + other.all, self.scale + other.scale)
    }

    /// The least that holds both.
    pub(crate) fn common(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        let all = self.whole().max(other.whole()) + scale;
        Self { all, scale, is_integer: self.is_integer && other.is_integer }
    }

    /// Its type; at most 38 digits, past which the engine fails rather than rounds.
    pub(super) fn ty(self) -> String {
        format!("DECIMAL({}, {})", self.all.min(MOST), self.scale)
    }
}
