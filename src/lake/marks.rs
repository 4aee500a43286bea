//! The marks by which a folder is known as the root of a lake table.

use crate::error::{Error, Result};
use crate::storage::{Pattern, canonical, store_of, with_ancestors};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A format of lake tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Delta,
    Iceberg,
    Hudi,
}

/// The format of the table whose root this folder is.
///
/// # Errors
/// The folder of a log cannot be read: without it removed files would count.
pub(crate) fn format_of(folder: &Path) -> Result<Option<Format>> {
    if holds(&folder.join("_delta_log"), "[0-9]*", is_delta_log)? {
        return Ok(Some(Format::Delta));
    }
    // Many folders are called so, and not all may be read; one in the way of a walk is named by the walk.
    if holds(&folder.join("metadata"), "*.metadata.json*", |_| true).unwrap_or(false) {
        return Ok(Some(Format::Iceberg));
    }
    let is_hudi = holds(&folder.join(".hoodie"), "hoodie.properties*", |name| name == "hoodie.properties")?;
    Ok(is_hudi.then_some(Format::Hudi))
}

fn holds(folder: &Path, pattern: &str, is_mark: impl Fn(&str) -> bool) -> Result<bool> {
    let (_, pattern) = Pattern::split(pattern).expect("marks are patterns");
    let found = store_of(folder).list(folder, &pattern)?;
    Ok(found.iter().any(|path| path.file_name().and_then(OsStr::to_str).is_some_and(&is_mark)))
}

/// A commit or a checkpoint of a log: twenty digits and what they are.
fn is_delta_log(name: &str) -> bool {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    digits == 20 && (name.ends_with(".json") || name[digits..].starts_with(".checkpoint"))
}

/// Refuses files of tables that cannot be read by pattern: those of Iceberg, Hudi and DuckLake, and of Delta tables
/// below the folder that the pattern begins with.
///
/// # Errors
/// Names the table and the way out.
pub(crate) fn refuse_foreign(root: &Path, paths: &[PathBuf]) -> Result<()> {
    if let Some(path) = paths.iter().find(|path| path.file_name().is_some_and(is_of_ducklake)) {
        return Err(Error::input(format!(
            "{}: a data file of a DuckLake, whose catalogue alone knows which files are rows of the table; export the \
             table in DuckDB: copy (from lake.TABLE) to 'table.parquet'; and give that file",
            path.display()
        )));
    }
    let parents: BTreeSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    // Links may lead into a table from outside.
    let targets: BTreeSet<PathBuf> = parents.iter().filter_map(|folder| canonical(folder).ok()).collect();
    let above = canonical(root).unwrap_or_default();
    let mut folders: BTreeSet<&Path> = with_ancestors(&above).skip(1).collect();
    for folder in parents {
        folders.extend(with_ancestors(folder).take_while(|folder| folder.starts_with(root)));
    }
    for target in targets.iter().filter(|target| !target.starts_with(&above)) {
        folders.extend(with_ancestors(target));
    }
    folders.into_iter().try_for_each(|folder| match format_of(folder)? {
        None => Ok(()),
        Some(format) => Err(refusal(format, folder)),
    })
}

fn is_of_ducklake(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("ducklake-") && name.ends_with(".parquet"))
}

/// Why the files of a table cannot be taken as they lie.
fn refusal(format: Format, folder: &Path) -> Error {
    let folder = folder.display();
    Error::input(match format {
        Format::Delta => format!(
            "{folder}: a Delta table among other files; by pattern its removed files would count too; give it a \
             source of its own, files = \"{folder}\", or move it out of the pattern"
        ),
        Format::Iceberg => format!(
            "{folder}: an Iceberg table, which is not read; by pattern its removed files would count too; export the \
             snapshot you mean, for example in DuckDB: copy (from iceberg_scan('{folder}')) to 'table.parquet', or in \
             Spark: spark.table(\"NAME\").write.parquet(\"export\"); and give the export"
        ),
        Format::Hudi => format!(
            "{folder}: a Hudi table, which is not read; by pattern its older file slices would count too; export the \
             table, for example in Spark: spark.read.format(\"hudi\").load(\"{folder}\").write.parquet(\"export\"); and \
             give the export"
        ),
    })
}
