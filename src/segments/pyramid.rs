//! The pyramid's measure: what customers are ranked by.

use super::base::{Base, BaseSlice};
use super::values::Data;
use crate::error::{Error, Result};
use crate::pipeline::{Definition, PyramidDef};
use arrow::datatypes::DataType;

/// What customers are ranked by.
pub(crate) struct Pyramid<'r> {
    definition: &'r PyramidDef,
    /// Digits after the point; none of a count.
    pub(crate) scale: Option<u8>,
}

impl<'r> Pyramid<'r> {
    /// # Errors
    /// A measure that this run does not have, or that is no number.
    pub(crate) fn new(definition: &'r Definition, pyramid: &'r PyramidDef, base: &Base) -> Result<Self> {
        let scale = match base.data_type(&pyramid.measure.name) {
            Some(DataType::Int64) => None,
            Some(DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)) => {
                Some(u8::try_from(scale).expect("digits after the point"))
            }
            _ => {
                let (place, name) = (definition.place(pyramid.measure.at), &pyramid.measure.name);
                let message =
                    format!("{place}: this run has no count or money '{name}' to rank customers by");
                return Err(Error::definition(message));
            }
        };
        Ok(Self { definition: pyramid, scale })
    }

    /// Its column.
    pub(crate) fn measure(&self) -> &'r str {
        &self.definition.measure.name
    }

    /// The measure of each customer of a slice, the lowest there is where it is null.
    ///
    /// # Errors
    /// A column of another type.
    pub(crate) fn values(&self, slice: &BaseSlice<'_>) -> Result<Vec<i64>> {
        let values = slice.column(self.measure())?;
        let Some(values) = values.filter(|values| matches!(values.data, Data::Fixed(..))) else {
            return Err(Error::internal(format!("'{}' is no count or money", self.measure())));
        };
        Ok((0..values.len()).map(|row| values.fixed_at(row).unwrap_or(i64::MIN)).collect())
    }
}
