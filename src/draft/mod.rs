//! `abacus init`: a pipeline file drafted from a history's own columns, for a person to read through and change.

mod pipeline_text;
mod recognition;
mod role;

pub use pipeline_text::pipeline_text;
pub use recognition::{Roles, recognised};
pub use role::Role;

use crate::error::Result;
use crate::facts::{SourceColumn, source_columns};
use crate::pipeline;
use std::path::Path;

/// The columns of a history, and its rows; `pipeline` is where the file is going to be, from whose folder the pattern is
/// read.
///
/// # Errors
/// No file matches, or a file is no complete Parquet file.
pub fn history(pipeline: &Path, files: &str) -> Result<(Vec<SourceColumn>, u64)> {
    // A pipeline over constants, which is right whatever the columns are.
    let files = toml::Value::String(files.to_owned());
    let text = format!(
        "[facts]\nperiod = \"month\"\ncurrency = \"EUR\"\n[facts.transactions]\nfiles = {files}\n\
         customer = \"1\"\norder = \"1\"\nat = \"date '2000-01-01'\"\nrevenue = \"0\"\n"
    );
    source_columns(&pipeline::read_text(pipeline, &text)?)
}
