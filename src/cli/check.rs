//! `abacus check`.

use super::pretty;
use crate::error::{Faults, Result};
use std::fmt::Write;
use std::path::Path;

pub(super) fn check(pipeline: &Path, json: bool) -> Result<String> {
    let definition = crate::pipeline::read(pipeline)?;
    let mut faults = Faults::default();
    let mut sources = faults.keep(crate::facts::check(&definition)).unwrap_or_default();
    sources.extend(faults.keep(crate::perception::check(&definition)).unwrap_or_default());
    faults.keep(crate::stages::check(&definition));
    faults.none()?;
    if json {
        let sources: Vec<_> = sources
            .iter()
            .map(|(name, files, rows)| serde_json::json!({ "source": name, "files": files, "rows": rows }))
            .collect();
        return Ok(pretty(&serde_json::json!({ "pipeline": definition.name, "sources": sources })));
    }
    let mut text = format!("{}: no faults\n", pipeline.display());
    for (name, files, rows) in sources {
        writeln!(text, "  {name:<16} {files:>6} files  {rows:>14} rows").expect("a string takes text");
    }
    Ok(text)
}
