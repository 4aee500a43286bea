//! A release as a semantic model of Power BI, in TMDL, the text format of its tables, columns and relationships.
//!
//! <https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview>. A refresh reads `release.json` and the files that it lists, so
//! that it gets whatever release is current by then; tables of one refresh are of two releases if a run commits between.

mod column;
mod relationships;
mod words;

use super::output;
use crate::error::{Error, Kind, Result};
use crate::publish::{PublishedTable, Release};
use column::column;
use relationships::relationships;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use words::{described, literal, name};

/// One row per customer, with or without period or product group: sums over rows of these tables mean something.
const ADDITIVE: [&str; 3] = ["customer", "customer_period", "customer_product"];

/// Writes `definition.pbism` and the folder `definition`, which Power BI Desktop and Tabular Editor open. How many relationships it
/// has.
///
/// # Errors
/// A folder that cannot be made or written.
pub(super) fn write(
    folder: &Path,
    pipeline: &str,
    out: &Path,
    release: &Release,
    tables: &[(&String, &PublishedTable)],
) -> Result<usize> {
    let out = out.canonicalize().unwrap_or_else(|_| out.to_owned());
    let relations = relationships(tables);
    let joins = relations.matches("relationship ").count();
    let mut files = vec![
        (PathBuf::from("definition.pbism"), PBISM.to_owned()),
        (
            "definition/database.tmdl".into(),
            format!("database {}\n\tcompatibilityLevel: 1600\n", name(pipeline)),
        ),
        ("definition/model.tmdl".into(), model(tables)),
        ("definition/expressions.tmdl".into(), expressions(&out)),
        ("definition/relationships.tmdl".into(), relations),
    ];
    let currency = release.run["currency"].as_str().unwrap_or_default();
    for (table, published) in tables {
        let path = Path::new("definition/tables").join(format!("{table}.tmdl"));
        files.push((path, table_text(table, published, currency)));
    }
    let tables_folder = folder.join("definition/tables");
    let failed = |fault| Error::io(Kind::Input, &tables_folder, &fault);
    std::fs::create_dir_all(&tables_folder).map_err(failed)?;
    remove_unpublished(&tables_folder, &files)?;
    for (path, text) in &files {
        output::write(&folder.join(path), text.as_bytes())?;
    }
    Ok(joins)
}

/// Files that this wrote of tables that are no longer published. Tables of the user's own, such as of measures, stay.
fn remove_unpublished(folder: &Path, files: &[(PathBuf, String)]) -> Result<()> {
    let failed = |fault| Error::io(Kind::Input, folder, &fault);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_published = files.iter().any(|(file, _)| file.file_name() == path.file_name());
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let reads = format!("ReadTable({})", literal(&stem));
        // What cannot be read as text is none of ours.
        let is_ours = || std::fs::read_to_string(&path).is_ok_and(|text| text.contains(&reads));
        if !is_published && is_ours() {
            std::fs::remove_file(&path).map_err(|fault| Error::io(Kind::Input, &path, &fault))?;
        }
    }
    Ok(())
}

const PBISM: &str = "{\n  \"version\": \"4.2\",\n  \"settings\": {}\n}\n";

fn model(tables: &[(&String, &PublishedTable)]) -> String {
    // Without the annotation Power BI makes a hidden table for every date, beside dim_date.
    let mut text = "model Model\n\tculture: en-US\n\tdefaultPowerBIDataSourceVersion: powerBI_V3\n\tsourceQueryCulture: en-US\n\n\
                    \tannotation __PBI_TimeIntelligenceEnabled = 0\n\n"
        .to_owned();
    for (table, _) in tables {
        writeln!(text, "ref table {}", name(table)).expect("a string takes text");
    }
    text
}

/// The folder of releases as a parameter, and the function that reads a table from it.
fn expressions(out: &Path) -> String {
    let out = literal(&out.display().to_string());
    format!(
        "/// Folder of the releases.\n\
         expression Out = {out} meta [IsParameterQuery=true, Type=\"Text\", IsParameterQueryRequired=true]\n\n\
         /// A table of the release that is current, from exactly the files that it lists.\n\
         expression ReadTable =\n\
         \t\tlet\n\
         \t\t\tslash = if Text.Contains(Out, \"\\\") then \"\\\" else \"/\",\n\
         \t\t\topen = (path as text) => File.Contents(Out & slash & Text.Replace(path, \"/\", slash)),\n\
         \t\t\tread = (name as text) as table =>\n\
         \t\t\t\tlet\n\
         \t\t\t\t\trelease = Json.Document(open(\"release.json\")),\n\
         \t\t\t\t\tfiles = Record.Field(release[tables], name)[files]\n\
         \t\t\t\tin\n\
         \t\t\t\t\tTable.Combine(List.Transform(files, each Parquet.Document(open([path]))))\n\
         \t\tin\n\
         \t\t\tread\n"
    )
}

fn table_text(table: &str, published: &PublishedTable, currency: &str) -> String {
    let mut text =
        described("", &format!("One row per {}.", published.grain.trim_start_matches("one row per ")));
    writeln!(text, "table {}", name(table)).expect("a string takes text");
    for one in &published.columns {
        text.push('\n');
        text.push_str(&column(one, currency, ADDITIVE.contains(&table)));
    }
    let types: Vec<String> = published
        .columns
        .iter()
        .map(|column| {
            format!("{{{}, {}}}", literal(&column.name), column::power_query_type(&column.sql_type))
        })
        .collect();
    let (table, named) = (literal(table), name(table));
    write!(
        text,
        "\n\tpartition {named} = m\n\t\tmode: import\n\t\tsource =\n\
         \t\t\t\tlet\n\
         \t\t\t\t\tfiles = ReadTable({table}),\n\
         \t\t\t\t\ttypes = {{\n\t\t\t\t\t\t{}\n\t\t\t\t\t}},\n\
         \t\t\t\t\tchosen = Table.SelectColumns(files, List.Transform(types, each _{{0}}))\n\
         \t\t\t\tin\n\
         \t\t\t\t\tTable.TransformColumnTypes(chosen, types)\n",
        types.join(",\n\t\t\t\t\t\t")
    )
    .expect("a string takes text");
    text
}
