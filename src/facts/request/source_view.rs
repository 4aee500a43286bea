//! The view that reads the files of a source: exactly the files a run would read, each column as abacus found it.

use super::columns::stored;
use super::statement::Statement;
use crate::facts::dialect::Engine;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::source::Source;
use std::collections::BTreeSet;
use std::path::Path;

/// Files that say the same of every column.
struct Alike<'f> {
    select: String,
    files: Vec<&'f InputFile>,
}

/// The view of a source's columns over these of its files, with the file and the row number each row has.
///
/// # Errors
/// Columns that the engine does not read as abacus does.
pub(super) fn source_view(
    engine: Engine,
    source: &Source,
    files: &BTreeSet<usize>,
) -> Result<Statement, String> {
    let mut groups: Vec<Alike<'_>> = Vec::new();
    for file in files.iter().map(|index| &source.files[*index]) {
        let columns = source.columns.iter().map(|name| {
            let (text, alias) = (stored(engine, file, name)?, engine.quoted(name));
            Ok(if text == alias { text } else { format!("{text} AS {alias}") })
        });
        let select = columns.collect::<Result<Vec<String>, String>>()?.join(",\n  ");
        match groups.iter_mut().find(|group| group.select == select) {
            Some(group) => group.files.push(file),
            None => groups.push(Alike { select, files: vec![file] }),
        }
    }
    let queries: Vec<String> = groups.iter().flat_map(|group| read(engine, group)).collect();
    let about = "The columns of its files that the pipeline uses, and the place of each row.";
    Ok(Statement::step(format!("{}_read", source.name), about, queries.join("\nUNION ALL\n")))
}

/// DuckDB reads a list of files at once. A table of Spark SQL is one path, and with it goes no pattern.
fn read(engine: Engine, group: &Alike<'_>) -> Vec<String> {
    let select = if group.select.is_empty() { String::new() } else { format!("{},\n  ", group.select) };
    match engine {
        Engine::DuckDb => {
            let files: Vec<String> =
                group.files.iter().map(|file| engine.text(&whole_path(&file.path))).collect();
            let files = files.join(",\n  ");
            vec![format!(
                "SELECT {select}filename AS _file, file_row_number AS _row\nFROM read_parquet([\n  {files}\n], filename = \
                 true, file_row_number = true, hive_partitioning = false)"
            )]
        }
        Engine::Spark => {
            let one = |file: &&InputFile| {
                let path = whole_path(&file.path);
                format!(
                    "SELECT {select}{} AS _file, _metadata.row_index AS _row\nFROM parquet.{}",
                    engine.text(&path),
                    engine.quoted(&literal_path(&path))
                )
            };
            group.files.iter().map(one).collect()
        }
    }
}

/// The whole path: an engine is started in another folder.
pub(super) fn whole_path(path: &Path) -> String {
    crate::storage::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// A path in which no character is special to Hadoop's patterns.
fn literal_path(path: &str) -> String {
    let mut literal = String::new();
    for character in path.chars() {
        if matches!(character, '{' | '}' | '[' | ']' | '*' | '?' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal
}
