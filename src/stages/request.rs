//! The facts that a run would make, asked of another engine.

use super::before::Before;
use super::plan::gather_options;
use super::run_options::RunOptions;
use crate::error::Result;
use crate::facts::{self, Engine, Script};
use crate::pipeline;
use crate::publish::Home;
use std::path::Path;

/// The statements of the periods that a run would make now, over the files it would read for them.
///
/// # Errors
/// Faults of the pipeline file or its sources; expressions and columns the engine cannot treat exactly.
pub fn request(path: &Path, engine: Engine, options: &RunOptions) -> Result<Script> {
    let definition = pipeline::read(path)?;
    let home = Home::open(&definition.publish.path)?;
    let before = Before::read(&definition, &home, options)?;
    facts::script_of_run(&definition, engine, &gather_options(&home, &before, options))
}
