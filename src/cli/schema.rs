//! `abacus schema`.

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
    let table = |(name, table): (&String, &crate::publish::PublishedTable)| {
        let columns = serde_json::to_value(&table.columns).expect("columns are JSON");
        (
            name.clone(),
            serde_json::json!({ "grain": table.grain, "partition": table.partition, "columns": columns }),
        )
    };
    Ok(pretty(&serde_json::Value::Object(release.tables.iter().map(table).collect())))
}
