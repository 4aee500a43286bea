//! `abacus check`.

use super::{pretty, progress};
use crate::error::Result;
use crate::facts::SourceView;
use crate::terminal::escaped;
use std::fmt::Write;
use std::path::Path;

pub(super) fn check(pipeline: &Path, json: bool, log_json: bool) -> Result<String> {
    let definition = crate::pipeline::read(pipeline)?;
    let sources = crate::stages::check(&definition)?;
    let warnings: Vec<&String> = sources.iter().flat_map(|source| &source.warnings).collect();
    for warning in &warnings {
        progress::tell_warning(log_json, warning);
    }
    if json {
        return Ok(pretty(
            &serde_json::json!({ "pipeline": definition.name, "sources": sources, "warnings": warnings }),
        ));
    }
    let mut text = format!("{}: no faults\n", pipeline.display());
    text.push_str(&sources_text(&sources));
    Ok(text)
}

/// One line per source, and one for the table and the folder columns of those that have any.
pub(super) fn sources_text(sources: &[SourceView]) -> String {
    let mut text = String::new();
    for source in sources {
        let SourceView { source: name, files, rows, table, folder_columns, .. } = source;
        writeln!(text, "  {name:<16} {files:>6} files  {rows:>14} rows").expect("a string takes text");
        if let Some(table) = table {
            writeln!(text, "    {}", escaped(table)).expect("a string takes text");
        }
        if !folder_columns.is_empty() {
            let columns: Vec<String> =
                folder_columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
            let columns = escaped(&columns.join(", "));
            writeln!(text, "    folder columns: {columns}").expect("a string takes text");
        }
    }
    text
}
