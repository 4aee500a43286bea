//! `abacus schema`.

use super::describe::dictionary;
use super::pretty;
use crate::error::{Error, Result};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The JSON Schema of pipeline files.
    #[arg(long)]
    definition: bool,
    /// The columns of the tables this pipeline last published.
    #[arg(conflicts_with = "definition")]
    pipeline: Option<PathBuf>,
}

pub(super) fn schema(args: &SchemaArgs) -> Result<String> {
    if args.definition {
        return Ok(pretty(&crate::pipeline::json_schema()));
    }
    let Some(pipeline) = &args.pipeline else {
        let way_out =
            "say --definition for the schema of pipeline files, or name a pipeline file for its tables";
        return Err(Error::definition(format!("nothing to print; {way_out}")));
    };
    let definition = crate::pipeline::read(pipeline)?;
    let home = crate::publish::Home::open(&definition.publish.path)?;
    let release = home.published()?;
    Ok(pretty(&dictionary(&release.tables.iter().collect::<Vec<_>>())))
}
