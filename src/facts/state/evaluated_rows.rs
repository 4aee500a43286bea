//! What the columns of a row source are in the rows of one batch.

use super::rank_search::ranks;
use crate::error::Result;
use crate::facts::expr::{Bound, Checked, Fault, Fixed, Instants, KeyColumn, Rows};
use crate::facts::inputs::key_text::is_valid;
use crate::facts::inputs::row_source::Holds;
use crate::facts::schema::Customers;
use arrow::buffer::NullBuffer;

/// A batch's values of one column.
pub(super) enum Evaluated {
    /// With the rank of everybody whom the facts know.
    People(Checked<KeyColumn>, Vec<Option<u32>>),
    Names(Checked<KeyColumn>),
    Numbers(Fixed),
    Days(Instants),
}

impl Evaluated {
    /// Nobody has a rank where the customers are not known yet.
    ///
    /// # Errors
    /// Those of the expression.
    pub(super) fn of(
        bound: &Bound,
        holds: Holds,
        rows: &Rows<'_>,
        customers: Option<&Customers>,
    ) -> Result<Self> {
        Ok(match holds {
            Holds::Customer | Holds::Person => {
                let keys = bound.keys(rows)?;
                let ranks = customers.map_or_else(Vec::new, |known| ranks(&keys.value, rows.count(), known));
                Self::People(keys, ranks)
            }
            Holds::Name | Holds::Id => Self::Names(bound.keys(rows)?),
            Holds::Number(scale) => Self::Numbers(bound.fixed(rows, scale)?),
            Holds::At | Holds::Day => Self::Days(bound.instants(rows)?),
        })
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        let is_null = |nulls: &Option<NullBuffer>| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match self {
            Self::People(keys, _) | Self::Names(keys) => !is_valid(&keys.value, row),
            Self::Numbers(numbers) => is_null(&numbers.nulls),
            Self::Days(days) => is_null(&days.nulls),
        }
    }

    /// A number at its scale, or a day; none of another kind, of null and where the expression is at fault.
    pub(super) fn number(&self, row: usize) -> Option<i64> {
        let value = match self {
            Self::People(..) | Self::Names(_) => None,
            Self::Numbers(numbers) => Some(numbers.values[row]),
            Self::Days(days) => Some(days.days[row].into()),
        };
        value.filter(|_| !self.is_null(row))
    }

    pub(super) fn faults(&self) -> &[(u32, Fault)] {
        match self {
            Self::People(keys, _) | Self::Names(keys) => &keys.faults,
            Self::Numbers(numbers) => &numbers.faults,
            Self::Days(days) => &days.faults,
        }
    }
}
