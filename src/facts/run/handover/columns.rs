//! Columns of a grain as the types that engines write, turned into the integers and words that kept state has.

use crate::error::{Error, Result};
use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::record::{key_word, text_words};
use crate::facts::schema::NO_INSTANT;
use crate::pipeline::KeyType;
use crate::units::Day;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType,
};
use std::sync::Arc;

/// A named column of a batch.
pub(super) struct GrainColumn<'b> {
    grain: &'b str,
    name: &'b str,
    array: ArrayRef,
}

const MICROS_OF_DAY: i64 = 86_400_000_000;

/// The column of this name.
///
/// # Errors
/// A batch without it.
pub(super) fn column<'b>(grain: &'b str, batch: &RecordBatch, name: &'b str) -> Result<GrainColumn<'b>> {
    match batch.column_by_name(name) {
        Some(array) => Ok(GrainColumn { grain, name, array: array.clone() }),
        None => Err(Error::input(format!(
            "grain {grain}: no column '{name}'; it was not made by the statements of its request, so run the job again"
        ))),
    }
}

impl GrainColumn<'_> {
    fn wrong(&self, expected: &str) -> Error {
        Error::input(format!(
            "grain {}: column '{}' is {}, expected {expected}; it was not made by the statements of its request, so run the job \
             again",
            self.grain,
            self.name,
            self.array.data_type()
        ))
    }

    fn no_nulls(&self) -> Result<()> {
        match self.array.null_count() {
            0 => Ok(()),
            nulls => Err(Error::input(format!(
                "grain {}: column '{}' has {nulls} nulls, where none may be; run the job again, on a new request",
                self.grain, self.name
            ))),
        }
    }

    /// Counts.
    pub(super) fn counts(&self) -> Result<Vec<i64>> {
        self.no_nulls()?;
        match self.array.data_type() {
            DataType::Int64 => Ok(self.array.as_primitive::<Int64Type>().values().to_vec()),
            _ => Err(self.wrong("BIGINT")),
        }
    }

    /// Counts, null where there is nothing to count.
    pub(super) fn counts_or_null(&self) -> Result<Vec<Option<i64>>> {
        match self.array.data_type() {
            DataType::Int64 => Ok(self.array.as_primitive::<Int64Type>().iter().collect()),
            _ => Err(self.wrong("BIGINT")),
        }
    }

    /// Fixed-point numbers of so many digits after the point.
    pub(super) fn fixed(&self, scale: u8) -> Result<Vec<i128>> {
        self.no_nulls()?;
        match self.array.data_type() {
            DataType::Decimal32(_, found)
            | DataType::Decimal64(_, found)
            | DataType::Decimal128(_, found)
                if i16::from(*found) == i16::from(scale) =>
            {
                let wide = cast(&self.array, &DataType::Decimal128(38, *found));
                let wide = wide.map_err(|_| self.wrong("DECIMAL"))?;
                Ok(wide.as_primitive::<Decimal128Type>().values().to_vec())
            }
            _ => Err(self.wrong(&format!("DECIMAL of {scale} digits after the point"))),
        }
    }

    /// The same, each of at most 64 bits.
    pub(super) fn fixed_small(&self, scale: u8) -> Result<Vec<i64>> {
        let small =
            |value: i128| i64::try_from(value).map_err(|_| self.wrong("DECIMAL of at most 18 digits"));
        self.fixed(scale)?.into_iter().map(small).collect()
    }

    /// Days.
    pub(super) fn days(&self) -> Result<Vec<Day>> {
        self.no_nulls()?;
        match self.array.data_type() {
            DataType::Date32 => {
                Ok(self.array.as_primitive::<Date32Type>().values().iter().copied().map(Day).collect())
            }
            _ => Err(self.wrong("DATE")),
        }
    }

    /// Microseconds since 1970-01-01 of instants, or of wall time; `NO_INSTANT` where there is none.
    pub(super) fn moments(&self) -> Result<Vec<i64>> {
        let known = |value: Option<i64>| value.unwrap_or(NO_INSTANT);
        Ok(match self.array.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                self.array.as_primitive::<TimestampMicrosecondType>().iter().map(known).collect()
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                let micros = |value: Option<i64>| known(value.map(|value| value * 1000));
                self.array.as_primitive::<TimestampMillisecondType>().iter().map(micros).collect()
            }
            DataType::Date32 => {
                let micros = |day: Option<i32>| known(day.map(|day| i64::from(day) * MICROS_OF_DAY));
                self.array.as_primitive::<Date32Type>().iter().map(micros).collect()
            }
            _ => return Err(self.wrong("TIMESTAMP or DATE")),
        })
    }

    fn texts(&self) -> Result<StringArray> {
        match self.array.data_type() {
            DataType::Utf8 => Ok(self.array.as_string::<i32>().clone()),
            DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                let texts = cast(&self.array, &DataType::Utf8).map_err(|_| self.wrong("VARCHAR"))?;
                Ok(texts.as_string::<i32>().clone())
            }
            _ => Err(self.wrong("VARCHAR")),
        }
    }

    /// Texts without nulls.
    pub(super) fn names(&self) -> Result<StringArray> {
        self.no_nulls()?;
        self.texts()
    }

    /// Texts, null where there is none.
    pub(super) fn names_or_null(&self) -> Result<StringArray> {
        self.texts()
    }

    /// Numbers of names.
    pub(super) fn numbers(&self, names: &Interner) -> Result<Vec<u32>> {
        let texts = self.names()?;
        Ok(texts.iter().flatten().map(|text| names.intern(text)).collect())
    }

    /// Keys as two words each, as records have them.
    pub(super) fn words(&self) -> Result<Vec<[u64; 2]>> {
        self.no_nulls()?;
        match self.array.data_type() {
            DataType::Int64 => Ok(self
                .array
                .as_primitive::<Int64Type>()
                .values()
                .iter()
                .map(|key| [key_word(*key), 0])
                .collect()),
            _ => Ok(self.texts()?.iter().map(|text| text.map_or([0; 2], text_words)).collect()),
        }
    }

    /// Keys of customers; null for the unidentified cost object.
    pub(super) fn keys(&self, key_type: KeyType) -> Result<ArrayRef> {
        match (key_type, self.array.data_type()) {
            (KeyType::Int, DataType::Int64) => Ok(self.array.clone()),
            (KeyType::Int, _) => Err(self.wrong("BIGINT")),
            (KeyType::Text, _) => Ok(Arc::new(self.texts()?)),
        }
    }
}
