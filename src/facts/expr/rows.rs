//! The rows of a batch, whose columns are loaded once, and whose conditions are tested once, however many expressions
//! speak of them.

use super::column;
use super::eval::{Value, broken};
use super::node::{Kind, Node};
use crate::error::{Error, Result};
use arrow::array::{BooleanArray, RecordBatch};
use std::cell::{OnceCell, RefCell};

/// The rows of a batch, and what expressions have asked for so far: columns, and which conditions hold.
pub struct Rows<'b> {
    batch: &'b RecordBatch,
    loaded: Vec<OnceCell<Value>>,
    tested: RefCell<Vec<(Node, chrono_tz::Tz, BooleanArray)>>,
}

impl<'b> Rows<'b> {
    /// Those of a batch.
    pub fn of(batch: &'b RecordBatch) -> Self {
        Self { batch, loaded: vec![OnceCell::new(); batch.num_columns()], tested: RefCell::default() }
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

    /// Where a condition holds, by `test` if that was not asked before.
    pub(super) fn condition(
        &self,
        node: &Node,
        zone: chrono_tz::Tz,
        test: impl FnOnce() -> Result<BooleanArray>,
    ) -> Result<BooleanArray> {
        let is_same = |(known, of, _): &&(Node, chrono_tz::Tz, BooleanArray)| known == node && *of == zone;
        if let Some((_, _, truths)) = self.tested.borrow().iter().find(is_same) {
            return Ok(truths.clone());
        }
        let truths = test()?;
        self.tested.borrow_mut().push((node.clone(), zone, truths.clone()));
        Ok(truths)
    }
}
