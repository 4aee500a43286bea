//! What `release.json` and each release's `manifest.json` say.

use super::schema::{Column, ColumnKind, TableSpec};
use crate::error::{Error, Kind, Result};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Raised when a reader of the old format would misunderstand the new one.
pub(super) const FORMAT: u32 = 1;

/// One complete, immutable set of tables.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Release {
    /// Version of this document's format.
    pub format: u32,
    /// BLAKE3 of this document with this field empty; releases made before it was introduced have none.
    #[serde(default)]
    pub digest: String,
    /// Sorts by time of creation.
    #[serde(rename = "release")]
    pub id: String,
    /// The release that was current when this one was made.
    pub previous: Option<String>,
    /// By name.
    pub tables: BTreeMap<String, PublishedTable>,
    /// By table, the version of its Delta log that shows this release; empty where no logs are kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub delta: BTreeMap<String, u64>,
    /// What the run says about itself: identity, inputs, timings, control totals. The paths under its key
    /// `state`, relative to the state folder, are the files that this release keeps alive.
    pub run: serde_json::Value,
    /// Whether `release.json` names it.
    #[serde(skip)]
    pub current: bool,
    /// Why no vacuum removes it, in a person's words.
    #[serde(skip)]
    pub tag: Option<String>,
}

/// One table of a release, with its data dictionary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedTable {
    /// One row per what.
    pub grain: String,
    /// Name of the partition key in the path.
    pub partition: Option<String>,
    /// In order.
    pub columns: Vec<PublishedColumn>,
    /// Sorted by path.
    pub files: Vec<PublishedFile>,
}

/// One entry of the data dictionary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedColumn {
    /// Snake case.
    pub name: String,
    /// As SQL names it.
    #[serde(rename = "type")]
    pub sql_type: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// `EUR`, `orders`, `days`, `1` (a share), or empty.
    pub unit: String,
    /// What it means.
    pub meaning: String,
}

/// One Parquet file of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedFile {
    /// Relative to the out folder, with `/`.
    pub path: String,
    /// Value of the partition key.
    pub partition: Option<String>,
    /// Rows it holds.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// Digest of its bytes, as `b3sum` prints it.
    pub blake3: String,
    /// Digest of everything its bytes follow from, if it may be taken over by a later release.
    pub recipe: Option<String>,
}

impl Release {
    /// Rows of a table; 0 if the release does not have it.
    pub fn rows(&self, table: &str) -> u64 {
        self.files(table).iter().map(|file| file.rows).sum()
    }

    /// Files of a table, sorted by path; none if the release does not have it.
    pub fn files(&self, table: &str) -> &[PublishedFile] {
        self.tables.get(table).map_or(&[], |table| &table.files)
    }

    pub(super) fn all_files(&self) -> Vec<&PublishedFile> {
        self.tables.values().flat_map(|table| &table.files).collect()
    }

    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        let way_out = "restore it with `abacus releases rollback <id>`";
        let damaged = |found: String| Error::input(format!("{}: {found}; {way_out}", path.display()));
        let release: Self = serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if release.format != FORMAT {
            let found = format!("format {}, this abacus reads format {FORMAT}", release.format);
            return Err(damaged(found));
        }
        if !release.digest.is_empty() && digest_of(text, &release.digest) != release.digest {
            return Err(damaged("its bytes are not those that were written".to_owned()));
        }
        Ok(release)
    }

    /// The document with its digest.
    pub(super) fn to_json(&self) -> Vec<u8> {
        assert!(self.digest.is_empty(), "the digest is of a document without it");
        let mut text = serde_json::to_string_pretty(self).expect("a release is plain JSON");
        text.push('\n');
        let digest = blake3::hash(text.as_bytes()).to_string();
        text.replacen(&digest_field(""), &digest_field(&digest), 1).into_bytes()
    }
}

/// The digest of a document, whose own one is taken out. It is taken of the bytes as they are: written again from what
/// was read, a float may have other digits.
fn digest_of(text: &[u8], own: &str) -> String {
    let text = String::from_utf8_lossy(text);
    blake3::hash(text.replacen(&digest_field(own), &digest_field(""), 1).as_bytes()).to_string()
}

/// The field comes before all others that are named like it.
fn digest_field(digest: &str) -> String {
    format!("\"digest\": \"{digest}\"")
}

/// The release that a damaged document names.
pub(super) fn id_in(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let (id, _) = text.split_once("\"release\": \"")?.1.split_once('"')?;
    is_id(id).then(|| id.to_owned())
}

/// Whether a name is that of a release.
pub(super) fn is_id(name: &str) -> bool {
    micros_of(name).is_some()
}

impl PublishedTable {
    /// One row per what, as readers show it beside a table.
    pub(super) fn comment(&self) -> String {
        match self.grain.strip_prefix("one row") {
            Some(_) => self.grain.clone(),
            None => format!("one row per {}", self.grain),
        }
    }

    pub(super) fn describe(spec: &TableSpec) -> Self {
        let columns = spec.columns.iter().map(PublishedColumn::describe).collect();
        let partition = spec.partition.map(str::to_owned);
        Self { grain: spec.grain.to_owned(), partition, columns, files: Vec::new() }
    }
}

impl PublishedColumn {
    /// Meaning and unit, as readers show them beside a column.
    pub(super) fn comment(&self) -> String {
        match self.unit.as_str() {
            "" => self.meaning.clone(),
            unit => format!("{} ({unit})", self.meaning),
        }
    }

    fn describe(column: &Column) -> Self {
        Self {
            name: column.name.to_string(),
            sql_type: sql_type(column.kind),
            nullable: column.nullable,
            unit: column.unit.to_string(),
            meaning: column.meaning.to_string(),
        }
    }
}

fn sql_type(kind: ColumnKind) -> String {
    match kind {
        ColumnKind::IntKey | ColumnKind::Integer => "BIGINT".to_owned(),
        ColumnKind::Text | ColumnKind::Name => "VARCHAR".to_owned(),
        ColumnKind::Money(scale) | ColumnKind::Volume(scale) => {
            format!("DECIMAL(18,{scale})")
        }
        ColumnKind::Total(scale) => format!("DECIMAL(38,{scale})"),
        ColumnKind::Float => "DOUBLE".to_owned(),
        ColumnKind::Date => "DATE".to_owned(),
        ColumnKind::Timestamp => "TIMESTAMP WITH TIME ZONE".to_owned(),
        ColumnKind::Bool => "BOOLEAN".to_owned(),
    }
}

/// An id later than all `existing` ones, even when the clock went back: the second, and in hexadecimal the
/// microseconds within it.
pub(super) fn next_id(existing: &[String], now: DateTime<Utc>) -> String {
    let newest = existing.iter().filter_map(|id| micros_of(id)).max().unwrap_or(i64::MIN);
    let micros = now.timestamp_micros().max(newest.saturating_add(1));
    let at = DateTime::from_timestamp_micros(micros).expect("the clock is within the calendar");
    format!("{}-{:06x}", at.format(SECOND), at.timestamp_subsec_micros())
}

const SECOND: &str = "%Y%m%dT%H%M%SZ";

fn micros_of(id: &str) -> Option<i64> {
    let (second, micros) = id.split_once('-')?;
    let second = NaiveDateTime::parse_from_str(second, SECOND).ok()?;
    let micros = i64::from_str_radix(micros, 16).ok().filter(|micros| (0..1_000_000).contains(micros))?;
    Some(second.and_utc().timestamp_micros() + micros)
}

/// A release that is not there.
pub(super) fn unknown(out: &Path, id: &str, known: &[Release]) -> Error {
    let known: Vec<&str> = known.iter().map(|release| release.id.as_str()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Error::new(Kind::Definition, format!("{}: no release '{id}'; there are: {known}", out.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: &str, micros: i64) -> DateTime<Utc> {
        let second = NaiveDateTime::parse_from_str(second, SECOND).unwrap().and_utc();
        second + chrono::TimeDelta::microseconds(micros)
    }

    #[test]
    fn an_id_shows_the_second_and_sorts_by_time() {
        let first = next_id(&[], at("20260131T010203Z", 15));
        let second = next_id(std::slice::from_ref(&first), at("20260131T010203Z", 999_999));
        assert_eq!(first, "20260131T010203Z-00000f");
        assert_eq!(second, "20260131T010203Z-0f423f");
    }

    #[test]
    fn an_id_is_later_than_all_others_even_when_the_clock_went_back() {
        let newest = "20260131T010203Z-0f423f".to_owned();
        let id = next_id(&[newest, "stray folder".to_owned()], at("20250101T000000Z", 0));
        assert_eq!(id, "20260131T010204Z-000000");
    }
}
