//! Delta tables, after the Delta transaction log protocol: a log of JSON commits and Parquet checkpoints says which
//! files are live in which version, and what their partition values are.
//!
//! What a file's rows alone do not say is refused: deletion vectors, column mapping, reader features unknown here.

mod action;
mod checkpoint;
mod log;
mod schema;
mod snapshot;

pub(crate) use snapshot::{LiveFile, PartitionValue, Table, open};
