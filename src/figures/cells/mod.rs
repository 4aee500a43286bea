//! Cells of published tables: read, picked, and shown as a person reads them. Nothing here makes a new number of them.

mod cell;
mod numbers;
mod row;
mod rows;
mod shown;
mod tables;
mod unit;
mod value;

pub(super) use cell::Cell;
pub(super) use numbers::numbers;
pub(super) use row::Row;
pub(super) use rows::Rows;
pub(super) use shown::{compact, short_share};
pub(super) use tables::Tables;
