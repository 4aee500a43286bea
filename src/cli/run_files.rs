//! What a run leaves for schedulers and monitors: its result as one line of JSON, metrics as Prometheus reads text files, and
//! events of OpenLineage.

use super::lineage_file::LineageFile;
use super::{error_json, output, summary};
use crate::error::Result;
use crate::stages::Outcome;
use chrono::Utc;
use clap::Args;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct RunFiles {
    /// Write the result, or the error, to this file as one line of JSON, replaced as a whole.
    #[arg(long, env = "ABACUS_RESULT", value_name = "FILE")]
    result: Option<PathBuf>,
    /// Write metrics to this file for the textfile collector of Prometheus, replaced as a whole.
    #[arg(long, env = "ABACUS_METRICS", value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Append events of OpenLineage to this file, one line of JSON each: that the run started, and how it ended, with
    /// sources, tables and where columns come from. OPENLINEAGE_NAMESPACE and OPENLINEAGE_PARENT_ID are heeded.
    #[arg(long, env = "ABACUS_LINEAGE", value_name = "FILE")]
    lineage: Option<PathBuf>,
}

impl RunFiles {
    /// Says that the run starts, where that is asked for.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn start(&self, pipeline: &Path) -> Result<Option<LineageFile>> {
        self.lineage.as_ref().map(|path| LineageFile::start(path, pipeline)).transpose()
    }

    /// Writes the files that were asked for, whatever came of the run.
    ///
    /// # Errors
    /// A file that cannot be written; the release, if any, is out by then.
    pub(super) fn write(&self, pipeline: &Path, outcome: &Result<Outcome>) -> Result<()> {
        let value = match outcome {
            Ok(Outcome::Made(report)) => summary::json(report),
            Ok(Outcome::Unchanged { release, out, warnings }) => {
                summary::unchanged_json(release, out, warnings)
            }
            Err(error) => error_json(error),
        };
        if let Some(path) = &self.result {
            output::write(path, format!("{value}\n").as_bytes())?;
        }
        if let Some(path) = &self.metrics {
            let name = pipeline.file_stem().unwrap_or_default().to_string_lossy();
            output::write(path, metrics(&name, &value, Utc::now().timestamp()).as_bytes())?;
        }
        Ok(())
    }
}

/// The text exposition format: <https://prometheus.io/docs/instrumenting/exposition_formats/>. `now` in seconds since
/// 1970-01-01.
fn metrics(pipeline: &str, result: &Value, now: i64) -> String {
    let pipeline = label("pipeline", pipeline);
    let mut text = String::new();
    let error = &result["error"];
    let exit_code = error["exit_code"].as_i64().unwrap_or(0);
    gauge(
        &mut text,
        "run_timestamp_seconds",
        "When the last run ended",
        &[(pipeline.clone(), now.to_string())],
    );
    let code = [(pipeline.clone(), exit_code.to_string())];
    gauge(&mut text, "run_exit_code", "Its exit code; 0 is success", &code);
    if !error.is_null() {
        return text;
    }
    let is_unchanged = i64::from(result["unchanged"] == true);
    let unchanged = [(pipeline.clone(), is_unchanged.to_string())];
    gauge(&mut text, "run_unchanged", "1 where nothing had changed and nothing was published", &unchanged);
    let warnings = result["warnings"].as_array().map_or(0, Vec::len);
    gauge(&mut text, "run_warnings", "Warnings of the run", &[(pipeline.clone(), warnings.to_string())]);
    let labelled =
        |key: &str, name: &Value| format!("{pipeline},{}", label(key, name.as_str().unwrap_or_default()));
    let mut seconds = Vec::new();
    for timing in result["timings"].as_array().into_iter().flatten() {
        seconds.push((labelled("stage", &timing["stage"]), timing["seconds"].to_string()));
    }
    gauge(&mut text, "stage_seconds", "Wall seconds of each stage", &seconds);
    let mut rows = Vec::new();
    for source in result["sources"].as_array().into_iter().flatten() {
        for (fate, count) in source["rows"].as_object().into_iter().flatten() {
            let labels = format!("{},{}", labelled("source", &source["source"]), label("fate", fate));
            rows.push((labels, count.to_string()));
        }
    }
    gauge(&mut text, "rows", "Rows of each source by what became of them", &rows);
    let mut totals = Vec::new();
    for (name, total) in result["control_totals"].as_object().into_iter().flatten() {
        // Exact decimals are text in JSON; Prometheus has doubles.
        let total = total.as_str().map_or_else(|| total.to_string(), str::to_owned);
        if total.parse::<f64>().is_ok_and(f64::is_finite) {
            totals.push((format!("{pipeline},{}", label("total", name)), total));
        }
    }
    gauge(&mut text, "control_total", "Control totals of the release, as doubles", &totals);
    if let Some(bytes) = result["peak_memory_bytes"].as_u64() {
        gauge(
            &mut text,
            "peak_memory_bytes",
            "Largest resident set of the run",
            &[(pipeline, bytes.to_string())],
        );
    }
    text
}

/// A metric and its values by labels; nothing without a value.
fn gauge(text: &mut String, name: &str, help: &str, values: &[(String, String)]) {
    if values.is_empty() {
        return;
    }
    writeln!(text, "# HELP abacus_{name} {help}.\n# TYPE abacus_{name} gauge").expect("a string takes text");
    for (labels, value) in values {
        writeln!(text, "abacus_{name}{{{labels}}} {value}").expect("a string takes text");
    }
}

fn label(key: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{key}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use serde_json::json;

    #[test]
    fn metrics_of_a_run_and_of_a_failure() {
        let result = json!({
            "unchanged": false, "warnings": ["one"], "peak_memory_bytes": 7,
            "timings": [{ "stage": "facts", "seconds": 0.5 }],
            "sources": [{ "source": "a \"b\"\n", "files": 1, "rows": { "read": 3, "used": 2 } }],
            "control_totals": { "customers": 4, "customer_profit": "-12.3400", "none": null },
        });
        let text = metrics("retail", &result, 99);
        for line in [
            "abacus_run_timestamp_seconds{pipeline=\"retail\"} 99",
            "abacus_run_exit_code{pipeline=\"retail\"} 0",
            "abacus_run_warnings{pipeline=\"retail\"} 1",
            "abacus_stage_seconds{pipeline=\"retail\",stage=\"facts\"} 0.5",
            "abacus_rows{pipeline=\"retail\",source=\"a \\\"b\\\"\\n\",fate=\"used\"} 2",
            "abacus_control_total{pipeline=\"retail\",total=\"customer_profit\"} -12.3400",
            "abacus_peak_memory_bytes{pipeline=\"retail\"} 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(!text.contains("total=\"none\""));
        let text = metrics("retail", &error_json(&Error::input("no file")), 99);
        assert!(
            text.contains("abacus_run_exit_code{pipeline=\"retail\"} 4\n") && !text.contains("control_total")
        );
    }
}
