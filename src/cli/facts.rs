//! `abacus facts`.

use super::{PipelineArg, pretty};
use crate::error::Result;
use crate::facts::{Engine, script};
use crate::units::Day;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct FactsArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    /// Whose SQL to print.
    #[arg(long, value_enum, value_name = "ENGINE")]
    sql: Engine,
    /// Leave out rows on this day or later (YYYY-MM-DD).
    #[arg(long, env = "ABACUS_AS_OF", value_name = "DAY")]
    as_of: Option<Day>,
}

pub(super) fn facts(args: &FactsArgs, json: bool) -> Result<String> {
    let definition = crate::pipeline::read(&args.pipeline.pipeline)?;
    let script = script(&definition, args.sql, args.as_of)?;
    Ok(if json { pretty(&script.json()) } else { script.to_string() })
}
