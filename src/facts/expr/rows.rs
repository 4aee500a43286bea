//! The rows of a batch, whose columns are loaded once, and whose expressions are evaluated once, however many others
//! speak of them.

use super::column;
use super::node::{Kind, Node};
use super::outcome::Outcome;
use super::value::broken;
use crate::error::{Error, Result};
use arrow::array::RecordBatch;
use std::cell::{OnceCell, RefCell};

/// The rows of a batch, and what expressions have asked for so far: columns, and what others come to.
pub struct Rows<'b> {
    batch: &'b RecordBatch,
    loaded: Vec<OnceCell<Outcome>>,
    evaluated: RefCell<Vec<(Node, chrono_tz::Tz, Outcome)>>,
}

impl<'b> Rows<'b> {
    /// Those of a batch.
    pub fn of(batch: &'b RecordBatch) -> Self {
        Self { batch, loaded: vec![OnceCell::new(); batch.num_columns()], evaluated: RefCell::default() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.batch.num_rows()
    }

    /// A column, of the kind that expressions were bound to.
    pub(super) fn column(&self, name: &str, kind: Kind) -> Result<Outcome> {
        let Some((index, field)) = self.batch.schema_ref().column_with_name(name) else {
            return Err(Error::internal(format!("column '{name}' is missing from the batch")));
        };
        if column::kind_of(field).as_ref() != Ok(&kind) {
            let (data_type, expected) = (field.data_type(), kind.ty());
            return Err(Error::input(format!(
                "column '{name}' is {data_type}, expected {expected} as in the other files"
            )));
        }
        if let Some(value) = self.loaded[index].get() {
            return Ok(value.clone());
        }
        let value = column::load(self.batch.column(index), field).map_err(broken)?;
        Ok(self.loaded[index].get_or_init(|| value).clone())
    }

    /// What an expression gives; `evaluate` is asked the first time.
    pub(super) fn once(
        &self,
        node: &Node,
        zone: chrono_tz::Tz,
        evaluate: impl FnOnce() -> Result<Outcome>,
    ) -> Result<Outcome> {
        let is_same = |(known, of, _): &&(Node, chrono_tz::Tz, Outcome)| known == node && *of == zone;
        if let Some((_, _, value)) = self.evaluated.borrow().iter().find(is_same) {
            return Ok(value.clone());
        }
        let value = evaluate()?;
        self.evaluated.borrow_mut().push((node.clone(), zone, value.clone()));
        Ok(value)
    }
}
