//! A table as of one version: the log replayed.

use super::action::{Action, Add, Metadata, Protocol, parse};
use super::checkpoint::read_checkpoint;
use super::log::{Segment, segment};
use super::schema::{columns, partition_value};
use crate::error::{Error, Kind, Result};
use crate::storage::{read, store_of};
use arrow::array::ArrayRef;
use arrow::datatypes::Field;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A table as of one version.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) version: u64,
    /// Columns of a plain type, without partition columns.
    pub(crate) columns: Vec<Field>,
    /// Sorted by path.
    pub(crate) files: Vec<LiveFile>,
}

/// A file whose rows are the table's.
#[derive(Debug)]
pub(crate) struct LiveFile {
    /// Below the table's root.
    pub(crate) path: PathBuf,
    pub(crate) partition_values: Vec<PartitionValue>,
}

/// The value that a file's rows have in a partition column.
#[derive(Debug)]
pub(crate) struct PartitionValue {
    pub(crate) column: String,
    /// As the log has it.
    pub(crate) text: Option<String>,
    /// An array of one row.
    pub(crate) value: ArrayRef,
}

/// What is left of all actions up to a version.
#[derive(Default)]
struct Replay {
    protocol: Option<Protocol>,
    metadata: Option<Metadata>,
    /// By path, decoded: writers differ in which characters they encode.
    live: BTreeMap<String, Add>,
}

/// Opens a table as of a version, or its newest.
///
/// # Errors
/// A log that is not whole, a table that needs more than its files' rows, a live file that is gone or has another size.
pub(crate) fn open(root: &Path, version: Option<u64>) -> Result<Table> {
    let segment = segment(root, version)?;
    let replay = Replay::of(root, &segment)?;
    let of_version = format!("{}: version {} of this Delta table", root.display(), segment.version);
    let fault = |what: String| Error::input(format!("{of_version}: {what}"));
    let lacks = |what: &str| fault(format!("its log has no {what}; restore the log"));
    let protocol = replay.protocol.as_ref().ok_or_else(|| lacks("protocol"))?;
    let metadata = replay.metadata.as_ref().ok_or_else(|| lacks("metadata"))?;
    check_protocol(protocol, metadata).map_err(fault)?;
    let (partitions, columns) = columns(&metadata.schema_string)
        .map_err(fault)?
        .into_iter()
        .partition::<Vec<Field>, _>(|column| metadata.partition_columns.contains(column.name()));
    let files = replay.live.values().map(|add| live_file(root, add, &partitions).map_err(fault));
    let mut files: Vec<LiveFile> = files.collect::<Result<_>>()?;
    files.sort_by(|first, second| first.path.cmp(&second.path));
    Ok(Table { version: segment.version, columns, files })
}

impl Replay {
    fn of(root: &Path, segment: &Segment) -> Result<Self> {
        let mut replay = Self::default();
        for part in &segment.checkpoint {
            let actions = read_checkpoint(part)?;
            let sidecars = actions.iter().filter_map(|action| action.sidecar.as_ref());
            let sidecars: Vec<PathBuf> =
                sidecars.map(|sidecar| root.join("_delta_log/_sidecars").join(&sidecar.path)).collect();
            replay.apply(actions);
            for sidecar in sidecars {
                replay.apply(read_checkpoint(&sidecar)?);
            }
        }
        for commit in &segment.commits {
            let text = read(commit).map_err(|fault| Error::io(Kind::Input, commit, &fault))?;
            let fault = |fault: String| {
                Error::input(format!(
                    "{}: not a complete commit: {fault}; restore the file",
                    commit.display()
                ))
            };
            replay.apply(parse(&text).map_err(fault)?);
        }
        Ok(replay)
    }

    /// A commit that removes and adds one path writes the file anew, so removals come first.
    fn apply(&mut self, actions: Vec<Action>) {
        for remove in actions.iter().filter_map(|action| action.remove.as_ref()) {
            self.live.remove(&*decoded(&remove.path));
        }
        for action in actions {
            if let Some(add) = action.add {
                self.live.insert(decoded(&add.path).into_owned(), add);
            }
            self.metadata = action.meta_data.or(self.metadata.take());
            self.protocol = action.protocol.or(self.protocol.take());
        }
    }
}

fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

/// Reader features that change nothing for who reads all live files: of deletion vectors, mapped columns and widened
/// types, what a table really uses is refused where it is met.
const HARMLESS: [&str; 6] = [
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "typeWidening",
    "v2Checkpoint",
    "vacuumProtocolCheck",
];

fn check_protocol(protocol: &Protocol, metadata: &Metadata) -> Result<(), String> {
    let way_out = "write the table without it, or export it and give the export";
    let features = protocol.reader_features.iter().flatten();
    if let Some(feature) = features.clone().find(|feature| !HARMLESS.contains(&feature.as_str())) {
        return Err(format!("it needs the reader feature '{feature}', which is unknown here; {way_out}"));
    }
    if protocol.min_reader_version > 3 {
        let version = protocol.min_reader_version;
        return Err(format!(
            "it needs reader version {version}, and versions up to 3 are known here; {way_out}"
        ));
    }
    let mapping = metadata.configuration.get("delta.columnMapping.mode").and_then(Option::as_deref);
    if let Some(mode) = mapping.filter(|mode| !mode.eq_ignore_ascii_case("none")) {
        return Err(format!(
            "its columns are mapped by {mode} (delta.columnMapping.mode), so that columns of files have other names \
             than those of the table; copy it into a table without mapping, or export it and give the export"
        ));
    }
    if metadata.schema_string.contains("\"delta.typeChanges\"") {
        return Err("the types of its columns were widened (delta.typeChanges), which is not read; copy it into a new \
                    table, or export it and give the export"
            .to_owned());
    }
    Ok(())
}

fn live_file(root: &Path, add: &Add, partitions: &[Field]) -> Result<LiveFile, String> {
    if add.deletion_vector.is_some() {
        return Err(format!(
            "some rows of {} are deleted by a deletion vector, which is not read; rewrite the files without them, in \
             Spark: REORG TABLE … APPLY (PURGE)",
            add.path
        ));
    }
    if add.path.starts_with('/') || add.path.contains("://") || add.path.starts_with("file:") {
        return Err(format!(
            "its file {} lies outside of the table's folder, as in a shallow clone; make a deep copy of the table, or \
             export it and give the export",
            add.path
        ));
    }
    let path = percent_decode_str(&add.path).decode_utf8();
    let path = PathBuf::from(path.map_err(|_| format!("the path {} is no UTF-8", add.path))?.as_ref());
    let at = root.join(&path);
    let head = store_of(&at).head(&at).map_err(|fault| {
        format!(
            "its file {} cannot be read: {fault}; it may have been vacuumed: read a newer version, or restore the file",
            path.display()
        )
    })?;
    if head.size != add.size {
        return Err(format!(
            "its file {} has {} bytes, and the log says {}; restore the file",
            path.display(),
            head.size,
            add.size
        ));
    }
    let value_of = |column: &Field| {
        let text = add.partition_values.get(column.name()).and_then(Option::as_deref);
        let value = partition_value(column, text)?;
        Ok(PartitionValue { column: column.name().clone(), text: text.map(ToOwned::to_owned), value })
    };
    let partition_values = partitions.iter().map(value_of).collect::<Result<_, String>>()?;
    Ok(LiveFile { path, partition_values })
}
