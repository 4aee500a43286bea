//! DuckDB views of one release.

use super::release::{PublishedTable, Release};
use std::fmt::Write;
use std::path::Path;

/// One view per table with an explicit list of files, with the data dictionary as comments. Paths are absolute: DuckDB
/// takes relative ones from where it is called, and a script cannot learn where it lies. After the out folder was moved,
/// the next command that opens it writes the views anew.
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
    writeln!(text)?;
    writeln!(text, "create or replace view {} as\nselect {}", quoted(name), columns.join(", "))?;
    let files: Vec<String> =
        table.files.iter().map(|file| literal(&out.join(&file.path).display().to_string())).collect();
    writeln!(text, "from read_parquet([\n    {}", files.join(",\n    "))?;
    writeln!(text, "], hive_partitioning = {});", table.partition.is_some())?;
    writeln!(text, "comment on view {} is {};", quoted(name), literal(&table.comment()))?;
    for column in &table.columns {
        let (column, comment) = (quoted(&column.name), literal(&column.comment()));
        writeln!(text, "comment on column {}.{column} is {comment};", quoted(name))?;
    }
    Ok(())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
