//! Events of one run: that it started, and how it ended.

use super::origins::Origins;
use super::sources::Source;
use crate::error::Error;
use crate::pipeline::{Definition, Stage};
use crate::publish::{PublishedTable, Release};
use crate::storage::Location;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

/// The namespace of files of this machine, whose names are absolute paths.
const FILES: &str = "file";

/// Namespace and name of a dataset: of an address its bucket, and what is below it.
pub(super) fn named(dataset: &str) -> (String, String) {
    match Location::of(Path::new(dataset)) {
        Some(at) => (at.root().display().to_string(), at.key),
        None => (FILES.to_owned(), dataset.to_owned()),
    }
}

/// A run as OpenLineage knows it.
pub struct Lineage {
    run_id: String,
    started: DateTime<Utc>,
    namespace: String,
    /// The pipeline's name.
    name: String,
    /// The facet of the run that started this one.
    parent: Option<Value>,
    /// None where the pipeline file cannot be read.
    definition: Option<Definition>,
}

impl Lineage {
    /// A run that starts now. `namespace` is that of its job. `parent` is who started it, as other programs take it from the
    /// variable `OPENLINEAGE_PARENT_ID`: namespace, job and run id, separated by `/`; another text is left aside.
    pub fn new(
        name: String,
        definition: Option<Definition>,
        namespace: Option<String>,
        parent: Option<&str>,
    ) -> Self {
        let started = Utc::now();
        Self {
            run_id: run_id(started),
            started,
            namespace: namespace.unwrap_or_else(|| "abacus".to_owned()),
            name,
            parent: parent.and_then(parent_facet),
            definition,
        }
    }

    /// The event with which the run starts.
    pub fn start(&self) -> Value {
        self.event("START", self.started, json!({}), self.inputs(&Value::Null), Vec::new())
    }

    /// The event of a run that ended well. `release` is what it published, if anything; `sources` are rows and files by
    /// source, as the run's result has them.
    pub fn complete(&self, stages: &[Stage], release: Option<&Release>, sources: &Value) -> Value {
        let outputs = match (&self.definition, release) {
            (Some(definition), Some(release)) => outputs(definition, stages, release),
            _ => Vec::new(),
        };
        self.event("COMPLETE", Utc::now(), json!({}), self.inputs(sources), outputs)
    }

    /// The event of a run that failed, and published nothing.
    pub fn fail(&self, error: &Error) -> Value {
        let message = json!({ "message": error.messages.join("\n"), "programmingLanguage": "RUST" });
        let facets = json!({ "errorMessage": facet("1-0-1", "ErrorMessageRunFacet", message) });
        self.event("FAIL", Utc::now(), facets, self.inputs(&Value::Null), Vec::new())
    }

    fn event(
        &self,
        kind: &str,
        at: DateTime<Utc>,
        mut facets: Value,
        inputs: Vec<Value>,
        outputs: Vec<Value>,
    ) -> Value {
        let engine = json!({ "version": env!("CARGO_PKG_VERSION"), "name": "abacus" });
        facets["processing_engine"] = facet("1-1-1", "ProcessingEngineRunFacet", engine);
        if let Some(parent) = &self.parent {
            facets["parent"] = parent.clone();
        }
        let job_type = json!({ "processingType": "BATCH", "integration": "ABACUS", "jobType": "JOB" });
        let mut job = json!({ "jobType": facet("2-0-4", "JobTypeJobFacet", job_type) });
        if let Some(about) = self.definition.as_ref().and_then(|definition| definition.about.as_ref()) {
            job["documentation"] =
                facet("1-1-0", "DocumentationJobFacet", json!({ "description": about.trim() }));
        }
        json!({
            "eventType": kind,
            "eventTime": at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "run": { "runId": self.run_id, "facets": facets },
            "job": { "namespace": self.namespace, "name": self.name, "facets": job },
            "inputs": inputs,
            "outputs": outputs,
            "producer": producer(),
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        })
    }

    /// Every dataset once, with the columns that the pipeline file names.
    fn inputs(&self, rows: &Value) -> Vec<Value> {
        let sources = self.definition.as_ref().map(Source::all).unwrap_or_default();
        let mut inputs: BTreeMap<&str, (Map<String, Value>, Value)> = BTreeMap::new();
        for source in &sources {
            let (columns, statistics) = match inputs.entry(&source.dataset) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert((Map::new(), statistics(&source.section, rows))),
            };
            for column in source.columns() {
                columns.insert(column.to_owned(), json!({ "name": column }));
            }
            if statistics.is_null() {
                *statistics = self::statistics(&source.section, rows);
            }
        }
        let inputs = inputs.into_iter().map(|(name, (columns, statistics))| {
            let fields: Vec<Value> = columns.into_iter().map(|(_, field)| field).collect();
            let mut input_facets = json!({});
            if !statistics.is_null() {
                input_facets["inputStatistics"] =
                    facet("1-0-0", "InputStatisticsInputDatasetFacet", statistics);
            }
            let (namespace, name) = named(name);
            json!({
                "namespace": namespace,
                "name": name,
                "facets": { "schema": facet("1-2-0", "SchemaDatasetFacet", json!({ "fields": fields })) },
                "inputFacets": input_facets,
            })
        });
        inputs.collect()
    }
}

/// Rows and files of a source, of those that the run lists.
fn statistics(section: &str, rows: &Value) -> Value {
    let (_, name) = section.split_once('.').unwrap_or_default();
    let name = name.strip_prefix("events.").unwrap_or(name);
    let found = rows.as_array().into_iter().flatten().find(|source| source["source"] == name);
    found.map_or(
        Value::Null,
        |source| json!({ "rowCount": source["rows"]["read"], "fileCount": source["files"] }),
    )
}

/// Tables under the link that shows the current release, so that a table has one name from release to release; the version is the
/// release.
fn outputs(definition: &Definition, stages: &[Stage], release: &Release) -> Vec<Value> {
    let sources = Source::all(definition);
    let origins = Origins::new(definition, &sources, stages);
    let out =
        std::path::absolute(&definition.publish.path).unwrap_or_else(|_| definition.publish.path.clone());
    let outputs = release.tables.iter().map(|(name, table)| {
        let mut facets = json!({
            "schema": facet("1-2-0", "SchemaDatasetFacet", schema(table)),
            "documentation": facet("1-1-0", "DocumentationDatasetFacet", json!({ "description": table.grain })),
            "version": facet("1-0-1", "DatasetVersionDatasetFacet", json!({ "datasetVersion": release.id })),
        });
        if let Some(lineage) = origins.facet(name, table) {
            facets["columnLineage"] = facet("1-2-0", "ColumnLineageDatasetFacet", lineage);
        }
        let statistics = json!({
            "rowCount": table.files.iter().map(|file| file.rows).sum::<u64>(),
            "size": table.files.iter().map(|file| file.bytes).sum::<u64>(),
            "fileCount": table.files.len(),
        });
        json!({
            "namespace": FILES,
            "name": out.join("current").join(name).display().to_string(),
            "facets": facets,
            "outputFacets": { "outputStatistics": facet("1-0-2", "OutputStatisticsOutputDatasetFacet", statistics) },
        })
    });
    outputs.collect()
}

fn schema(table: &PublishedTable) -> Value {
    let fields = table.columns.iter().map(|column| {
        let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
        json!({
            "name": column.name,
            "type": column.sql_type,
            "description": format!("{}{unit}", column.meaning),
        })
    });
    json!({ "fields": fields.collect::<Vec<_>>() })
}

/// A facet with what all of them have.
fn facet(version: &str, name: &str, content: Value) -> Value {
    let mut facet = json!({
        "_producer": producer(),
        "_schemaURL": format!("https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}"),
    });
    for (key, value) in content.as_object().into_iter().flatten() {
        facet[key] = value.clone();
    }
    facet
}

fn producer() -> String {
    format!("urn:abacus:{}", env!("CARGO_PKG_VERSION"))
}

fn parent_facet(parent: &str) -> Option<Value> {
    let (job, run_id) = parent.rsplit_once('/')?;
    let (namespace, name) = job.split_once('/')?;
    if !is_uuid(run_id) {
        return None;
    }
    let content = json!({ "run": { "runId": run_id }, "job": { "namespace": namespace, "name": name } });
    Some(facet("1-2-0", "ParentRunFacet", content))
}

/// 8, 4, 4, 4 and 12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A UUID of version 7 (RFC 9562): milliseconds, then chance, which the standard library has for its hash tables.
fn run_id(now: DateTime<Utc>) -> String {
    let chance = || RandomState::new().build_hasher().finish();
    let millis = now.timestamp_millis().cast_unsigned() & 0xffff_ffff_ffff;
    let (middle, last) = (chance() & 0x0fff, chance() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000);
    format!(
        "{:08x}-{:04x}-7{middle:03x}-{:04x}-{:012x}",
        millis >> 16,
        millis & 0xffff,
        last >> 48,
        last & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::STAGES;
    use std::path::Path;

    fn fields(value: &Value) -> Vec<String> {
        let fields = value.as_array().into_iter().flatten();
        let name = |field: &Value| {
            field["name"].as_str().and_then(|name| name.rsplit('/').next()).map(str::to_owned)
        };
        fields.map(|field| format!("{}.{}", name(field).unwrap(), field["field"].as_str().unwrap())).collect()
    }

    #[test]
    fn columns_come_from_those_that_expressions_and_the_network_name() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/retail.toml");
        let definition = crate::pipeline::read(&file).unwrap();
        let sources = Source::all(&definition);
        let origins = Origins::new(&definition, &sources, STAGES);
        let column = |name: &str| crate::publish::PublishedColumn {
            name: name.to_owned(),
            sql_type: "BIGINT".to_owned(),
            nullable: false,
            unit: String::new(),
            meaning: String::new(),
        };
        let names = ["customer_id", "net_revenue", "returned_units", "cost_support_call", "region", "rank"];
        let columns = names.map(column).to_vec();
        let table = PublishedTable { grain: String::new(), partition: None, columns, files: Vec::new() };
        let facet = origins.facet("customer", &table).unwrap();
        let of = |column: &str| fields(&facet["fields"][column]["inputFields"]);
        assert_eq!(of("customer_id"), ["customers.parquet.customer_id", "transactions.customer_id"]);
        assert_eq!(
            of("net_revenue"),
            ["transactions.discount", "transactions.quantity", "transactions.unit_price"]
        );
        assert_eq!(of("returned_units"), ["transactions.quantity"]);
        assert_eq!(of("region"), ["customers.parquet.region"]);
        assert_eq!(of("rank"), Vec::<String>::new());
        assert!(fields(&facet["dataset"]).contains(&"transactions.status".to_owned()));
        assert!(origins.facet("run", &table).is_none());
    }

    #[test]
    fn ids_are_of_version_7_and_parents_have_three_parts() {
        let (first, second) = (run_id(Utc::now()), run_id(Utc::now()));
        assert!(is_uuid(&first) && first != second && &first[14..15] == "7", "{first} {second}");
        assert!("89ab".contains(&first[19..20]), "{first}");
        let parent = format!("airflow/nightly.abacus/{first}");
        assert_eq!(parent_facet(&parent).unwrap()["job"]["name"], "nightly.abacus");
        assert!(parent_facet("nightly").is_none() && parent_facet("a/b/c").is_none());
    }
}
