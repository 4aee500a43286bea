//! `abacus describe`: the data dictionary of what a pipeline last published.

use super::dbt_sources::dbt_sources;
use super::{output, pretty, tmdl};
use crate::error::{Error, Result};
use crate::pipeline::{self, did_you_mean};
use crate::publish::{Home, PublishedTable, Release};
use crate::report::grouped;
use crate::terminal::escaped;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct DescribeArgs {
    /// Pipeline file, for example pipelines/retail.toml.
    pipeline: PathBuf,
    /// Tables to describe, with their columns; default: a list of all tables.
    tables: Vec<String>,
    /// As Markdown, every table with its columns unless some are named.
    #[arg(long)]
    markdown: bool,
    /// As sources.yml of dbt-duckdb, every table unless some are named.
    #[arg(long, conflicts_with = "markdown")]
    dbt: bool,
    /// Write a semantic model of Power BI, in TMDL, into this folder: every table unless some are named, with types, formats,
    /// meanings and relationships. Files of the same names are replaced; measures of yours belong in a table of their own.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["markdown", "dbt"])]
    tmdl: Option<PathBuf>,
}

/// Where a person looks first, as far as the pipeline publishes it.
const FIRST: [(&str, &str); 11] = [
    ("customer", "what each customer brought and cost, with rank and class"),
    ("customer_period", "the same by period"),
    ("whale_summary", "how much of the profit comes from how few"),
    ("price_waterfall", "what is left of list prices in the pocket, and what takes the rest"),
    ("cost_flow", "where every amount went"),
    ("plan_result", "budget against actual, with the variances between them"),
    ("customer_value", "what customers are still going to bring"),
    ("early_warning", "whom to call first, and why"),
    ("customer_group", "what parents, households and other groups of customers are worth"),
    ("customer_segment", "scores, tier and what to do with whom"),
    ("relations", "how BI tools join facts and dimensions"),
];

pub(super) fn describe(args: &DescribeArgs, json: bool) -> Result<String> {
    let definition = pipeline::read(&args.pipeline)?;
    let release = Home::open(&definition.publish.path)?.published()?;
    let named = args.tables.iter().map(|name| Ok((name, table_of(&release, name)?)));
    let mut tables: Vec<(&String, &PublishedTable)> = named.collect::<Result<_>>()?;
    let is_list = tables.is_empty();
    if is_list {
        tables = release.tables.iter().collect();
    }
    if let Some(folder) = &args.tmdl {
        output::check_output(&definition, folder)?;
        let out = &definition.publish.path;
        let joins = tmdl::write(folder, &definition.name, out, &release, &tables)?;
        let (place, tables) = (folder.display(), tables.len());
        return Ok(match json {
            true => pretty(&json!({ "model": folder, "tables": tables, "relationships": joins })),
            false => format!("model        {place}, {tables} tables, {joins} relationships\n"),
        });
    }
    Ok(match args {
        _ if json => pretty(&dictionary(&tables)),
        DescribeArgs { markdown: true, .. } => markdown(&release, &tables),
        DescribeArgs { dbt: true, .. } => {
            dbt_sources(&definition.name, &definition.publish.path, &release, &tables)
        }
        _ if is_list => list(&release, &tables),
        _ => text(&tables),
    })
}

fn table_of<'r>(release: &'r Release, name: &str) -> Result<&'r PublishedTable> {
    release.tables.get(name).ok_or_else(|| {
        let way_out = did_you_mean(name, release.tables.keys().map(String::as_str), || {
            "`abacus describe` without a table lists them".to_owned()
        });
        Error::definition(format!("release {} has no table '{name}'; {way_out}", release.id))
    })
}

fn rows(table: &PublishedTable) -> u64 {
    table.files.iter().map(|file| file.rows).sum()
}

/// Tables with their columns, by name.
pub(super) fn dictionary(tables: &[(&String, &PublishedTable)]) -> Value {
    let mut dictionary = serde_json::Map::new();
    for (name, table) in tables {
        let columns = serde_json::to_value(&table.columns).expect("columns are JSON");
        let entry = json!({
            "grain": table.grain, "partition": table.partition, "rows": rows(table), "columns": columns
        });
        dictionary.insert((*name).clone(), entry);
    }
    Value::Object(dictionary)
}

fn list(release: &Release, tables: &[(&String, &PublishedTable)]) -> String {
    let mut text = format!("release {}\n\nwhere to look first\n", release.id);
    for (name, why) in FIRST.iter().filter(|(name, _)| release.tables.contains_key(*name)) {
        writeln!(text, "  {name:<22} {why}").expect("a string takes text");
    }
    writeln!(text, "\nall tables{:>26}  one row per", "rows").expect("a string takes text");
    for (name, table) in tables {
        let rows = grouped(rows(table).into());
        writeln!(text, "  {name:<22} {rows:>11}  {}", table.grain).expect("a string takes text");
    }
    text.push_str("\n`abacus describe PIPELINE TABLE` says what its columns mean, --markdown what all do\n");
    text
}

fn text(tables: &[(&String, &PublishedTable)]) -> String {
    let mut text = String::new();
    for (name, table) in tables {
        let partition =
            table.partition.as_ref().map_or(String::new(), |key| format!(", partitioned by {key}"));
        let rows = grouped(rows(table).into());
        writeln!(text, "{name}: one row per {}, {rows} in all{partition}", table.grain)
            .expect("a string takes text");
        let wide = table.columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
        for column in &table.columns {
            let unit = if column.unit.is_empty() { String::new() } else { format!(" [{}]", column.unit) };
            let (name, sql_type, meaning) =
                (escaped(&column.name), &column.sql_type, escaped(&column.meaning));
            writeln!(text, "  {name:<wide$}  {sql_type:<14} {meaning}{}", escaped(&unit))
                .expect("a string takes text");
        }
        text.push('\n');
    }
    text
}

fn markdown(release: &Release, tables: &[(&String, &PublishedTable)]) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut text = format!("# Tables of release {}\n", release.id);
    for (name, table) in tables {
        writeln!(text, "\n## {name}\n\nOne row per {}.\n", cell(&table.grain)).expect("a string takes text");
        text.push_str("| column | type | unit | nullable | meaning |\n|---|---|---|---|---|\n");
        for column in &table.columns {
            let nullable = if column.nullable { "yes" } else { "" };
            let [name, unit, meaning] = [&column.name, &column.unit, &column.meaning].map(|text| cell(text));
            writeln!(text, "| `{name}` | {} | {unit} | {nullable} | {meaning} |", column.sql_type)
                .expect("a string takes text");
        }
    }
    text
}
