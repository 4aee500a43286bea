//! Finds the files of a source: every room of the facts finds them through this one function.

use super::constant::{ConstantColumn, PathClaim};
use super::digests::{Digests, Expected};
use super::hive::{FolderValue, add_folder_columns, folder_values};
use super::input_file::InputFile;
use crate::error::{Error, Kind, Result};
use crate::lake::{self, Format, LiveFile, PartitionValue, Table, format_of, refuse_foreign};
use crate::pipeline::{Definition, Files};
use crate::storage::{Location, Pattern, absolute, canonical, store_of, with_ancestors};
use arrow::datatypes::Field;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A file of a source.
pub(crate) struct FoundFile {
    pub(crate) path: PathBuf,
    /// The same from the pipeline file's folder: what it is known by between runs.
    pub(crate) name: PathBuf,
    /// Values of its folders; none for a file of a lake table, whose log has them.
    pub(crate) folders: Vec<FolderValue>,
    /// Values that the log of its lake table gives.
    pub(crate) partition_values: Vec<PartitionValue>,
    /// The digest that was handed over for it.
    pub(crate) expected: Option<Expected>,
}

/// The files of a source, sorted by path.
pub(crate) struct FoundFiles {
    pub(crate) files: Vec<FoundFile>,
    /// The lake table they are of.
    pub(crate) table: Option<String>,
    /// Its columns, which older files may lack.
    pub(crate) columns: Vec<Field>,
}

/// What the files of a source share.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// The lake table and its version.
    pub(crate) table: Option<String>,
    /// Doubts about types of folder columns.
    pub(crate) warnings: Vec<String>,
}

/// Finds a source's files. A folder stands for every file below it, as in Spark, so that a foreign file there is refused
/// by name instead of passed over; the folder of a Delta table stands for the live files of its log.
///
/// # Errors
/// No file matches; or names the first folder, link or file that cannot be read, or the lake table that cannot.
pub(crate) fn find(definition: &Definition, files: &Files) -> Result<FoundFiles> {
    let mut found = match table_root(&files.root)? {
        Some(root) => find_live(definition, files, &root)?,
        None => find_plain(definition, files)?,
    };
    if let Some(digests) = Digests::of(definition)? {
        found.files.iter_mut().for_each(|file| file.expected = digests.expected(&file.path));
    }
    if found.files.is_empty() {
        Err(none_found(definition, files, found.table.as_deref()))
    } else {
        Ok(found)
    }
}

/// The root of the Delta table that this folder or file is, or lies in.
fn table_root(path: &Path) -> Result<Option<PathBuf>> {
    let is_named = |folder: &&Path| {
        !folder.as_os_str().is_empty() && folder.components().next_back() != Some(Component::ParentDir)
    };
    // Folders above those that are named, as above `..`, have names only in the canonical path.
    let canonical = canonical(path).unwrap_or_default();
    for folder in with_ancestors(path).take_while(is_named).chain(with_ancestors(&canonical)) {
        if format_of(folder)? == Some(Format::Delta) {
            return Ok(Some(folder.to_owned()));
        }
    }
    Ok(None)
}

fn find_plain(definition: &Definition, files: &Files) -> Result<FoundFiles> {
    if files.version.is_some() {
        return Err(no_table(definition, files));
    }
    let paths = if files.below.is_empty() {
        named(definition, files)?
    } else {
        store_of(&files.root).list(&files.root, &without_releases(definition, files, files.below.clone()))?
    };
    refuse_foreign(&files.root, &paths)?;
    let found = |path: PathBuf| {
        let name = written(files, &path);
        let folders = folder_values(&name)?;
        Ok(FoundFile { path, name, folders, partition_values: Vec::new(), expected: None })
    };
    let files = paths.into_iter().map(found).collect::<Result<_>>()?;
    Ok(FoundFiles { files, table: None, columns: Vec::new() })
}

/// A pattern over the folder that the pipeline lies in meets its own releases there: those are no source of it.
fn without_releases(definition: &Definition, files: &Files, pattern: Pattern) -> Pattern {
    let publish = &definition.publish;
    let places = [Some(&publish.path), publish.store.as_ref()].into_iter().flatten();
    let mut below = places.filter_map(|place| place.strip_prefix(&files.root).ok());
    match below.find(|below| !below.as_os_str().is_empty()) {
        Some(below) => pattern.without(below.to_owned()),
        None => pattern,
    }
}

/// What a path without pattern stands for.
fn named(definition: &Definition, files: &Files) -> Result<Vec<PathBuf>> {
    let store = store_of(&files.root);
    match store.head(&files.root) {
        Ok(head) if head.is_folder => {
            store.list(&files.root, &without_releases(definition, files, Pattern::everything()))
        }
        Ok(_) => Ok(vec![files.root.clone()]),
        Err(fault) if fault.kind() == ErrorKind::NotFound && !files.root.is_symlink() => Ok(Vec::new()),
        Err(fault) => Err(Error::io(Kind::Input, &files.root, &fault)),
    }
}

/// A path as the pipeline file speaks of it: the folders that the pipeline itself lies in are no columns.
fn written(files: &Files, path: &Path) -> PathBuf {
    let root = Path::new(Pattern::split(&files.pattern).map_or("", |(root, _)| root));
    match path.strip_prefix(&files.root) {
        Ok(below) if below.as_os_str().is_empty() => root.to_owned(),
        Ok(below) => root.join(below),
        Err(_) => path.to_owned(),
    }
}

/// The live files of a Delta table that the pattern matches.
fn find_live(definition: &Definition, files: &Files, root: &Path) -> Result<FoundFiles> {
    let Table { version, columns, files: live } = lake::open(root, files.version).map_err(|fault| {
        let place = definition.place(files.at);
        let messages = fault.messages.into_iter().map(|message| format!("{place}: {message}")).collect();
        Error { messages, ..fault }
    })?;
    let start = if files.root.starts_with(root) {
        files.root.strip_prefix(root).map(Path::to_owned)
    } else {
        canonical(&files.root).unwrap_or_default().strip_prefix(root).map(Path::to_owned)
    };
    let start = start.unwrap_or_default();
    let is_meant = |file: &LiveFile| match file.path.strip_prefix(&start) {
        Ok(below) => files.below.is_empty() || files.below.matches(below),
        Err(_) => false,
    };
    let found = |file: LiveFile| {
        let path = root.join(file.path);
        let name = written(files, &path);
        let partition_values = file.partition_values;
        FoundFile { path, name, folders: Vec::new(), partition_values, expected: None }
    };
    Ok(FoundFiles {
        files: live.into_iter().filter(is_meant).map(found).collect(),
        table: Some(format!("version {version} of the Delta table {}", root.display())),
        columns,
    })
}

impl FoundFiles {
    /// The files that are Parquet, and the others.
    pub(crate) fn split(self, is_parquet: impl FnMut(&FoundFile) -> bool) -> (Self, Vec<FoundFile>) {
        let (files, others) = self.files.into_iter().partition(is_parquet);
        (Self { files, ..self }, others)
    }

    /// Adds the columns that the files have from where they were found.
    ///
    /// # Errors
    /// A file lacks a column that must not be null.
    pub(crate) fn add_columns(self, files: &mut [InputFile]) -> Result<()> {
        let Self { files: found, table, columns } = self;
        let mut folders = Vec::new();
        for (file, found) in files.iter_mut().zip(found) {
            file.add_partition_values(found.partition_values);
            file.add_missing(&columns)?;
            folders.push(found.folders);
        }
        let warnings = add_folder_columns(files, &folders);
        let origin = Arc::new(Origin { table, warnings });
        files.iter_mut().for_each(|file| file.origin = Arc::clone(&origin));
        Ok(())
    }
}

impl InputFile {
    /// A partition column that the file holds as well is read from the file and held against the log.
    fn add_partition_values(&mut self, values: Vec<PartitionValue>) {
        for PartitionValue { column: name, text: value, value: array } in values {
            if let Some(name) = self.spelling_of(&name) {
                self.path_claims.push(PathClaim { name, value });
            } else {
                self.add_constants(vec![ConstantColumn::new(&name, array)]);
            }
        }
    }

    /// A column of the table that is younger than the file is null in it.
    fn add_missing(&mut self, columns: &[Field]) -> Result<()> {
        let missing = columns.iter().filter(|column| self.spelling_of(column.name()).is_none());
        let missing: Vec<&Field> = missing.collect();
        if let Some(column) = missing.iter().find(|column| !column.is_nullable()) {
            return Err(Error::input(format!(
                "{}: column '{}' is missing, and by the table's schema it is never null; write the file again with it",
                self.path.display(),
                column.name()
            )));
        }
        self.add_constants(missing.into_iter().map(ConstantColumn::nulls).collect());
        Ok(())
    }
}

fn none_found(definition: &Definition, files: &Files, table: Option<&str>) -> Error {
    let place = definition.place(files.at);
    let what = match table {
        Some(table) => format!("matches no file of {table}"),
        None if !files.below.is_empty() => "matches no file".to_owned(),
        None if files.root.is_dir() => "is a folder without files".to_owned(),
        None => "does not exist".to_owned(),
    };
    // A pipeline that is handed on without its data says how to come by it.
    let about = definition.about.as_deref().map(|about| {
        let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("; the pipeline's 'about' may say where they come from: \"{about}\"")
    });
    let about = about.unwrap_or_default();
    let where_looked = match Location::of(&files.path) {
        Some(_) => "; correct the address, or deliver the files".to_owned(),
        None => {
            let at = absolute(&files.path).unwrap_or_else(|_| files.path.clone());
            format!(" (looked at {}); paths are relative to the pipeline file's folder", at.display())
        }
    };
    Error::input(format!("{place}: '{}' {what}{where_looked}{about}", files.pattern))
}

fn no_table(definition: &Definition, files: &Files) -> Error {
    let place = definition.place(files.at);
    Error::definition(format!(
        "{place}: 'version' is given, but '{}' is no Delta table; give the table's folder as 'files', or leave 'version' out",
        files.pattern
    ))
}
