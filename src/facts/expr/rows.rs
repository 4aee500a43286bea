//! The rows of a batch, whose columns are loaded once, however many expressions speak of them.

use super::column;
use super::eval::{Value, broken};
use super::node::Kind;
use crate::error::{Error, Result};
use arrow::array::RecordBatch;
use std::cell::OnceCell;

/// The rows of a batch, and the columns that expressions have asked for so far.
pub struct Rows<'b> {
    batch: &'b RecordBatch,
    loaded: Vec<OnceCell<Value>>,
}

impl<'b> Rows<'b> {
    /// Those of a batch.
    pub fn of(batch: &'b RecordBatch) -> Self {
        Self { batch, loaded: vec![OnceCell::new(); batch.num_columns()] }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.batch.num_rows()
    }

    /// A column, of the kind that expressions were bound to.
    pub(super) fn column(&self, name: &str, kind: Kind) -> Result<Value> {
        let Some((index, field)) = self.batch.schema_ref().column_with_name(name) else {
            return Err(Error::internal(format!("column '{name}' is missing from the batch")));
        };
        if column::kind_of(field.data_type()).as_ref() != Ok(&kind) {
            let (data_type, expected) = (field.data_type(), kind.ty());
            return Err(Error::input(format!(
                "column '{name}' is {data_type}, expected {expected} as in the other files"
            )));
        }
        if let Some(value) = self.loaded[index].get() {
            return Ok(value.clone());
        }
        let value = column::load(self.batch.column(index)).map_err(broken)?;
        Ok(self.loaded[index].get_or_init(|| value).clone())
    }
}
