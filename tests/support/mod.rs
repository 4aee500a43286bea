//! A small pipeline in a folder of its own, the program run on it as a user does, and what it published.

mod footer;
mod history;
mod pipeline;

pub(crate) use footer::{claiming_rows, with_row_groups, with_statistics};
pub(crate) use history::{Columns, Dice, Line, Written, buyers, lines, replace, table, write, write_with};
pub(crate) use pipeline::{Outcome, Pipeline, Published, rows_of, those};
