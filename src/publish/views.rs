//! DuckDB views of one release.

use super::release::{PublishedTable, Release};
use std::fmt::Write;
use std::path::Path;

/// One view per table with an explicit list of files. Paths are absolute, so that the views work from any
/// folder and stay valid when they are stored in a database; after the out folder was moved, the next commit
/// or rollback writes them anew.
pub(super) fn sql(out: &Path, release: &Release) -> String {
    let mut text = format!("-- release {}; abacus replaces this file with each release\n", release.id);
    for (name, table) in &release.tables {
        view(&mut text, out, name, table).expect("text can be appended to");
    }
    super::star_views::append(&mut text, release).expect("text can be appended to");
    text
}

fn view(text: &mut String, out: &Path, name: &str, table: &PublishedTable) -> std::fmt::Result {
    let columns = table.columns.iter().map(|column| column.name.as_str());
    let columns: Vec<String> = table.partition.as_deref().into_iter().chain(columns).map(quoted).collect();
    writeln!(text, "\n-- {}", table.grain)?;
    writeln!(text, "create or replace view {} as\nselect {}", quoted(name), columns.join(", "))?;
    let files: Vec<String> = table.files.iter().map(|file| literal(&out.join(&file.path))).collect();
    writeln!(text, "from read_parquet([\n    {}", files.join(",\n    "))?;
    writeln!(text, "], hive_partitioning = {});", table.partition.is_some())
}

fn literal(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
