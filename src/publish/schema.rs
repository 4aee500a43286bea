//! What a published table looks like.

use arrow::datatypes::{DataType, TimeUnit};
use std::borrow::Cow;

pub use super::sheet::Sheet;

/// One published table.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// Its folder and view name.
    pub name: &'static str,
    /// One row per what.
    pub grain: &'static str,
    /// Name of the partition key in the path (`period`, `as_of`), if it is partitioned.
    pub partition: Option<&'static str>,
    /// Columns in order.
    pub columns: Vec<Column>,
}

/// One column: everything the schema, the data dictionary and a report heading need.
#[derive(Debug, Clone)]
pub struct Column {
    /// Snake case.
    pub name: Cow<'static, str>,
    /// Its type and encoding.
    pub kind: ColumnKind,
    /// Whether it may be null.
    pub nullable: bool,
    /// `EUR`, `orders`, `days`, `1` (a share), or empty.
    pub unit: Cow<'static, str>,
    /// What it means, one sentence without full stop.
    pub meaning: Cow<'static, str>,
}

impl Column {
    /// A column that is never null.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: ColumnKind,
        unit: impl Into<Cow<'static, str>>,
        meaning: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { name: name.into(), kind, nullable: false, unit: unit.into(), meaning: meaning.into() }
    }

    /// The same column, nullable.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// Type of a published column, and with it the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Integer customer key. INT64; as all whole numbers in a dictionary or DELTA_BINARY_PACKED, whichever is smaller.
    IntKey,
    /// Text key or free text. UTF8, DELTA_LENGTH_BYTE_ARRAY.
    Text,
    /// Names from a short list. UTF8, dictionary.
    Name,
    /// A count or another integer. INT64.
    Integer,
    /// DECIMAL(18, scale), INT64.
    Money(u8),
    /// DECIMAL(38, scale): totals.
    Total(u8),
    /// DECIMAL(18, scale), INT64: driver volumes and units.
    Volume(u8),
    /// A ratio or rate shown rounded. DOUBLE, PLAIN, never NaN.
    Float,
    /// DATE, INT32.
    Date,
    /// TIMESTAMP, microseconds UTC, INT64.
    Timestamp,
    /// BOOLEAN.
    Bool,
}

impl ColumnKind {
    /// The Arrow type of the arrays handed to the writer.
    pub fn data_type(self) -> DataType {
        match self {
            Self::IntKey | Self::Integer => DataType::Int64,
            Self::Text | Self::Name => DataType::Utf8,
            Self::Money(scale) | Self::Volume(scale) => {
                DataType::Decimal64(18, i8::try_from(scale).expect("scales are at most 18"))
            }
            Self::Total(scale) => {
                DataType::Decimal128(38, i8::try_from(scale).expect("scales are at most 38"))
            }
            Self::Float => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Bool => DataType::Boolean,
        }
    }
}
