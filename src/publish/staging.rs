//! A release in the making.

use super::disk;
use super::encoding::Layout;
use super::home::Home;
use super::release::{FORMAT, PublishedFile, PublishedTable, Release};
use super::schema::{Column, TableSpec};
use super::stage_tables::{StageTables, WrittenPartition};
use super::table::{FileWriter, Finished, Place, TableWriter};
use crate::error::{Error, Kind, Result};
use crate::pipeline::{FileEncoding, Stage};
use arrow::array::ArrayRef;
use parquet::file::reader::{FileReader, SerializedFileReader};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// How files are written.
#[derive(Debug, Clone, Copy)]
pub struct WriteOptions {
    /// How columns are encoded.
    pub encoding: FileEncoding,
    /// Rows of every row group but a file's last.
    pub row_group_rows: usize,
    /// Whether a release is shown as Delta tables too.
    pub delta: bool,
}

/// A release in the making, outside any reader's sight. Tables may be written from several threads; dropping
/// it without a commit removes what was written.
pub struct Staging {
    home: Home,
    id: String,
    current: Option<Release>,
    options: WriteOptions,
    shelf: Option<Arc<Shelf>>,
    syncer: Option<JoinHandle<Result<()>>>,
}

impl Staging {
    pub(super) fn create(
        home: Home,
        id: String,
        current: Option<Release>,
        options: WriteOptions,
    ) -> Result<Self> {
        disk::create_dirs(&home.tree(&id))?;
        let (unsynced, syncer) = start_syncer();
        let shelf = Some(Arc::new(Shelf { options, unsynced, books: Mutex::default() }));
        Ok(Self { home, id, current, options, shelf, syncer: Some(syncer) })
    }

    /// The release as a stage sees it; one that was taken over writes no table again.
    pub fn for_stage(&self, stage: &'static Stage, is_taken_over: bool) -> StageTables<'_> {
        StageTables::new(self, stage, is_taken_over)
    }

    /// Begins a table, or one partition of it. Each is written once.
    pub fn table(&self, spec: &TableSpec, partition: Option<&str>) -> Result<TableWriter> {
        assert_eq!(spec.partition.is_some(), partition.is_some(), "{}: partition", spec.name);
        let key_in_file = spec.columns.iter().any(|column| Some(&*column.name) == spec.partition);
        assert!(!key_in_file, "{}: the partition key is also a column", spec.name);
        let place = self.place(spec.name, spec.partition.zip(partition))?;
        self.shelf().open(PublishedTable::describe(spec), &place);
        let layout = Layout::new(spec, self.options.encoding);
        FileWriter::create(self.shelf().clone(), place, layout, self.options.row_group_rows)
    }

    /// Writes a small table in one go.
    pub fn put(&self, spec: &TableSpec, partition: Option<&str>, columns: Vec<ArrayRef>) -> Result<()> {
        let mut writer = self.table(spec, partition)?;
        writer.write(columns)?;
        writer.finish()
    }

    /// Takes a table or partition over from the current release, if it was written there with the same recipe,
    /// columns and options. Returns whether it was.
    pub fn reuse(&self, spec: &TableSpec, partition: Option<&str>, recipe: &str) -> Result<bool> {
        let recipe = self.shelf().recipe(&spec.columns, recipe);
        let files = self.current.as_ref().map_or(&[][..], |current| current.files(spec.name));
        let same = |file: &&PublishedFile| {
            file.partition.as_deref() == partition && file.recipe.as_ref() == Some(&recipe)
        };
        let Some(file) = files.iter().find(same) else { return Ok(false) };
        let place = self.place(spec.name, spec.partition.zip(partition))?;
        if !self.take_over_file(file, &place)? {
            return Ok(false);
        }
        self.shelf().open(PublishedTable::describe(spec), &place);
        self.list_linked(place, file);
        Ok(true)
    }

    /// Takes all tables of a stage over from the current release, where they were held against their digests.
    pub fn take_over(&self, stage: &Stage) -> Result<()> {
        let current = self.current.as_ref().expect("tables are taken over from a release");
        for (name, table) in stage.makes.iter().filter_map(|name| Some((*name, current.tables.get(*name)?))) {
            for file in &table.files {
                let place = self.place(name, table.partition.as_deref().zip(file.partition.as_deref()))?;
                self.shelf().open(PublishedTable { files: Vec::new(), ..table.clone() }, &place);
                disk::link_or_copy(&self.home.path().join(&file.path), &place.path)?;
                self.list_linked(place, file);
            }
        }
        Ok(())
    }

    fn list_linked(&self, place: Place, file: &PublishedFile) {
        let PublishedFile { rows, bytes, blake3, recipe, .. } = file.clone();
        self.shelf().list(place, Finished { rows, bytes, blake3, recipe });
    }

    /// Links or copies a file of the current release, if it is still what was published there: what is taken over spreads
    /// to every later release. Damage is a warning, for the table is made again.
    fn take_over_file(&self, file: &PublishedFile, place: &Place) -> Result<bool> {
        let source = self.home.path().join(&file.path);
        let found = match self.link_whole(file, &source, &place.path) {
            Ok(None) => return Ok(true),
            Ok(Some(found)) => format!("{}: {found}", source.display()),
            Err(fault) if fault.kind == Kind::Resource => return Err(fault),
            Err(fault) => fault.to_string(),
        };
        // What is made in its place must not be written through a link into the earlier release.
        disk::remove_if_there(&place.path)?;
        self.home.warn(format!("{found}; what it holds is made again"));
        Ok(false)
    }

    /// What is wrong with the file, if anything; held against its digest after it was linked, for it may be a copy.
    fn link_whole(&self, file: &PublishedFile, source: &Path, target: &Path) -> Result<Option<String>> {
        if !source.exists() {
            return Ok(Some("missing".to_owned()));
        }
        disk::link_or_copy(source, target)?;
        file.damage_at(target)
    }

    /// Files of a table that are finished so far, in path order: what checks read before the commit.
    pub fn written(&self, table: &str) -> Vec<PathBuf> {
        let books = self.shelf().books();
        let files = books.tables.get(table).map_or(&[][..], |table| &table.files);
        let prefix = format!("releases/{}/", self.id);
        let mut names: Vec<&str> = files.iter().filter_map(|file| file.path.strip_prefix(&prefix)).collect();
        names.sort_unstable();
        names.into_iter().map(|name| self.home.tree(&self.id).join(name)).collect()
    }

    /// Partitions of a table that are finished so far, in path order.
    pub(super) fn partitions(&self, table: &str) -> Vec<WrittenPartition> {
        let books = self.shelf().books();
        let files = books.tables.get(table).map_or(&[][..], |table| &table.files);
        let prefix = format!("releases/{}/", self.id);
        let partition = |file: &PublishedFile| {
            let name = file.path.strip_prefix(&prefix)?;
            let path = self.home.tree(&self.id).join(name);
            Some(WrittenPartition { key: file.partition.clone()?, path, digest: file.blake3.clone() })
        };
        let mut partitions: Vec<WrittenPartition> = files.iter().filter_map(partition).collect();
        partitions.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        partitions
    }

    /// Has a file that the release depends on, such as kept state, on disk before the commit.
    pub fn keep(&self, path: &Path) -> Result<()> {
        self.shelf().sync_later(disk::File::open(path)?);
        Ok(())
    }

    /// Makes the release current, by one rename after all of it was verified and is on disk. The extra object
    /// becomes the release's `run`.
    pub fn commit(mut self, manifest_extra: serde_json::Value) -> Result<Release> {
        let mut release = self.seal(manifest_extra)?;
        if self.options.delta {
            self.home.begin_delta()?;
            release.delta = self.home.delta_versions(&release);
        }
        let manifest = release.to_json();
        disk::write_file(&self.home.tree(&self.id).join("manifest.json"), &manifest)?;
        self.sync_folders(&release)?;
        self.home.move_in(&self.id)?;
        self.home.point_at(&release, &manifest)?;
        if !self.options.delta {
            self.home.or_warn(self.home.end_delta());
        }
        Ok(release)
    }

    /// The manifest, once every file is on disk and is what it says.
    fn seal(&mut self, run: serde_json::Value) -> Result<Release> {
        let shelf = self.shelf.take().expect("a release is sealed once");
        let shelf = Arc::into_inner(shelf).expect("no table is being written at the commit");
        let tables = shelf.close();
        let syncer = self.syncer.take().expect("a release is sealed once");
        syncer.join().expect("the syncing thread does not panic")?;
        let previous = self.current.as_ref().map(|current| current.id.clone());
        let (id, digest) = (self.id.clone(), String::new());
        let release = Release {
            format: FORMAT,
            digest,
            id,
            previous,
            tables,
            run,
            current: true,
            ..Release::default()
        };
        let prefix = format!("releases/{}/", self.id);
        release.all_files().into_par_iter().try_for_each(|file| {
            let name = file.path.strip_prefix(&prefix).expect("a file lies in its release");
            check_file(&self.home.tree(&self.id).join(name), file)
        })?;
        Ok(release)
    }

    /// Children before parents.
    fn sync_folders(&self, release: &Release) -> Result<()> {
        let tree = self.home.tree(&self.id);
        let mut folders = BTreeSet::from([tree.clone()]);
        for file in release.all_files() {
            let within = Path::new(&file.path).components().skip(2).collect::<PathBuf>();
            let ancestors = within.ancestors().skip(1).map(|folder| tree.join(folder));
            folders.extend(ancestors.filter(|folder| *folder != tree));
        }
        folders.iter().rev().try_for_each(|folder| disk::sync_dir(folder))
    }

    /// Of a table, or of its partition: key and value.
    fn place(&self, table: &'static str, partition: Option<(&str, &str)>) -> Result<Place> {
        assert_plain(table);
        let mut folder = table.to_owned();
        if let Some((key, value)) = partition {
            assert_plain(key);
            assert_plain(value);
            folder = format!("{folder}/{key}={value}");
        }
        let tree = self.home.tree(&self.id);
        disk::create_dirs(&tree.join(&folder))?;
        let name = format!("{folder}/{table}-{}.parquet", self.id);
        let path = tree.join(&name);
        let name = format!("releases/{}/{name}", self.id);
        Ok(Place { table, partition: partition.map(|(_, value)| value.to_owned()), name, path })
    }

    fn shelf(&self) -> &Arc<Shelf> {
        self.shelf.as_ref().expect("the shelf is there until the commit")
    }
}

impl Drop for Staging {
    /// After a commit this removes the empty staging folder; otherwise all that was written. What cannot be
    /// removed now is removed when the next run takes the lock.
    fn drop(&mut self) {
        let _ = self.home.discard(&self.id);
    }
}

/// Names in paths need no escaping, in a shell or in SQL.
fn assert_plain(name: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    assert!(!name.is_empty() && !name.starts_with('.') && name.bytes().all(plain), "'{name}' in a path");
}

fn check_file(path: &Path, listed: &PublishedFile) -> Result<()> {
    let fault = |found: String| Error::internal(format!("{}: {found}, nothing is published", path.display()));
    let file = fs::File::open(path).map_err(|error| disk::failed(path, &error))?;
    let bytes = file.metadata().map_err(|error| disk::failed(path, &error))?.len();
    if bytes != listed.bytes {
        return Err(fault(format!("{bytes} bytes on disk, {} written", listed.bytes)));
    }
    let reader = SerializedFileReader::new(file).map_err(|error| fault(error.to_string()))?;
    let rows = reader.metadata().file_metadata().num_rows();
    if u64::try_from(rows).ok() != Some(listed.rows) {
        return Err(fault(format!("{rows} rows in the footer, {} written", listed.rows)));
    }
    Ok(())
}

/// Files that wait to be synced while the next ones are written; few, for each holds a descriptor.
const UNSYNCED_FILES: usize = 64;

/// Syncs files in the background, so that disk and processor work at the same time.
fn start_syncer() -> (SyncSender<disk::File>, JoinHandle<Result<()>>) {
    let (unsynced, files) = sync_channel::<disk::File>(UNSYNCED_FILES);
    let syncer = std::thread::spawn(move || files.iter().try_for_each(|file| file.sync()));
    (unsynced, syncer)
}

/// What a staged release holds so far, shared with the writers of its tables.
pub(super) struct Shelf {
    options: WriteOptions,
    unsynced: SyncSender<disk::File>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    tables: BTreeMap<&'static str, PublishedTable>,
    /// Begun, but not finished.
    open: BTreeSet<String>,
}

impl Shelf {
    /// That of a file which this program writes.
    pub(super) fn recipe(&self, columns: &[Column], recipe: &str) -> String {
        file_recipe(env!("ABACUS_SOURCES"), self.options, columns, recipe)
    }

    /// A file handed over after a failed sync is dropped: the failure ends the commit anyway.
    pub(super) fn sync_later(&self, file: disk::File) {
        let _ = self.unsynced.send(file);
    }

    pub(super) fn list(&self, place: Place, finished: Finished) {
        let Finished { rows, bytes, blake3, recipe } = finished;
        let mut books = self.books();
        assert!(books.open.remove(&place.name), "{}: listed, but never begun", place.name);
        let file =
            PublishedFile { path: place.name, partition: place.partition, rows, bytes, blake3, recipe };
        books.tables.get_mut(place.table).expect("its table was begun").files.push(file);
    }

    fn open(&self, described: PublishedTable, place: &Place) {
        let mut books = self.books();
        let table = books.tables.entry(place.table).or_insert_with(|| described.clone());
        assert_eq!(table.columns, described.columns, "{}: columns differ by partition", place.table);
        let listed = table.files.iter().any(|file| file.path == place.name);
        let new = !listed && books.open.insert(place.name.clone());
        assert!(new, "{}: written twice", place.name);
    }

    fn close(self) -> BTreeMap<String, PublishedTable> {
        let books = self.books.into_inner().expect("no holder of the books panics");
        assert!(books.open.is_empty(), "begun, but not finished: {:?}", books.open);
        let sorted = books.tables.into_iter().map(|(name, mut table)| {
            table.files.sort_by(|a, b| a.path.cmp(&b.path));
            (name.to_owned(), table)
        });
        sorted.collect()
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().expect("no holder of the books panics")
    }
}

/// Digest of all that a file's bytes follow from: the sources of the program, for another build may make other rows of the same,
/// the options, the columns and what the caller names.
fn file_recipe(program: &str, options: WriteOptions, columns: &[Column], recipe: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: String| {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    };
    add(format!("{program} {} {}", options.encoding.word(), options.row_group_rows));
    for column in columns {
        add(format!("{} {:?} {}", column.name, column.kind, column.nullable));
    }
    add(recipe.to_owned());
    hasher.finalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::schema::ColumnKind;

    #[test]
    fn a_file_follows_from_the_program_the_options_the_columns_and_what_is_named() {
        let options = WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 1000, delta: false };
        let column = |name| Column::new(name, ColumnKind::Name, "", "");
        let recipes = [
            file_recipe("a build", options, &[column("a")], "facts"),
            file_recipe("another build", options, &[column("a")], "facts"),
            file_recipe("a build", WriteOptions { row_group_rows: 999, ..options }, &[column("a")], "facts"),
            file_recipe("a build", options, &[column("b")], "facts"),
            file_recipe("a build", options, &[column("a").nullable()], "facts"),
            file_recipe("a build", options, &[column("a")], "other facts"),
        ];
        assert_eq!(recipes.iter().collect::<BTreeSet<_>>().len(), recipes.len());
        let delta = WriteOptions { delta: true, ..options };
        assert_eq!(
            file_recipe("a build", delta, &[column("a")], "facts"),
            recipes[0],
            "logs are made of any files"
        );
    }
}
