//! A release as sources of dbt: `sources.yml` for dbt-duckdb, which reads the files where they are.
//!
//! <https://docs.getdbt.com/reference/source-properties>; `external_location` is of dbt-duckdb.

use crate::publish::{PublishedTable, Release};
use std::fmt::Write;
use std::path::Path;

/// The text of the file. All tables are of this release, whatever is published while dbt reads.
pub(super) fn dbt_sources(
    pipeline: &str,
    out: &Path,
    release: &Release,
    tables: &[(&String, &PublishedTable)],
) -> String {
    // dbt runs in a folder of its own.
    let out = out.canonicalize().unwrap_or_else(|_| out.to_owned());
    let folder = out.join("releases").join(&release.id);
    let mut text = format!(
        "# Release {}; `abacus describe PIPELINE --dbt` writes it anew after each run.\nversion: 2\nsources:\n  - name: {}\n    \
         tables:\n",
        release.id,
        quoted(pipeline)
    );
    for (name, table) in tables {
        let files = folder.join(name).join("**/*.parquet").display().to_string().replace('\'', "''");
        let location = format!("read_parquet('{files}', hive_partitioning = {})", table.partition.is_some());
        let description = format!("One row per {}", table.grain);
        write!(
            text,
            "      - name: {name}\n        description: {}\n        config:\n          meta:\n            external_location: {}\n        \
             columns:\n",
            quoted(&description),
            quoted(&location)
        )
        .expect("a string takes text");
        for column in &table.columns {
            let unit = if column.unit.is_empty() { String::new() } else { format!(" [{}]", column.unit) };
            let meaning = quoted(&format!("{}{unit}", column.meaning));
            let (name, sql_type) = (quoted(&column.name), quoted(&column.sql_type));
            write!(
                text,
                "          - name: {name}\n            data_type: {sql_type}\n            description: {meaning}\n"
            )
            .expect("a string takes text");
            if !column.nullable {
                text.push_str("            data_tests: [not_null]\n");
            }
        }
    }
    text
}

/// A string of YAML, which has those of JSON among its own.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
