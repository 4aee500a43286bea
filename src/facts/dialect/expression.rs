//! One expression as SQL, for whoever holds it against its evaluation.

use super::digits::Digits;
use super::engine::Engine;
use super::roles::RoleSql;
use super::writer::Writer;
use crate::facts::expr::Bound;
use arrow::datatypes::Schema;
use chrono_tz::Tz;

/// What is asked of an expression, as the facts ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// A number at this scale, rounded once.
    Fixed(u8),
    /// An integer of 64 bits or a text.
    Key,
    /// A condition; null counts as false.
    Truth,
}

/// An expression that was bound to columns of this schema, as `(value, fault)`: SQL for its value, null where it is null or
/// has none, and for the reason why a row has none, if that can be.
///
/// # Errors
/// What the engine cannot do exactly, with the way out.
pub fn expression_sql(
    bound: &Bound,
    schema: &Schema,
    engine: Engine,
    zone: Tz,
    asks: Asks,
) -> Result<(String, Option<String>), String> {
    let digits = schema.fields().iter();
    let digits = digits.filter_map(|field| Some((field.name().clone(), Digits::of_type(field.data_type())?)));
    let digits = digits.collect();
    let writer = Writer { engine, zone, digits: &digits };
    let RoleSql { value, fault } = match asks {
        Asks::Fixed(scale) => writer.fixed(bound, scale, 0)?,
        Asks::Key => writer.key(bound)?,
        Asks::Truth => writer.truth(bound)?,
    };
    Ok((value, fault))
}
