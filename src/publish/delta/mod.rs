//! Delta tables beside the releases: for each published table a log that has a version per release that changed it.
//!
//! ```text
//! out/delta/<table>/<key>=<value>/<table>-<digest>.parquet   links to files of releases, named by what they hold
//! out/delta/<table>/_delta_log/<version>.json                what a version adds and removes
//! out/views_delta.sql                                        the tables at the versions of the current release
//! ```
//!
//! A log follows `release.json`, which alone commits: whatever the newest version of a log holds, the next one takes it to
//! the current release. All but the renames is done before the commit; a run that dies between leaves logs at the
//! release before, until the next lock takes them on. No version spans tables: who joins tables takes the versions that
//! `release.json` lists; a log that was removed begins anew at version 0, and says of each version for which release it was
//! written. The rooms of readers (`lake`) and writers share nothing but the protocol.

mod add;
mod head;
mod metadata;
mod state;
mod statistics;
mod table_log;
mod versions;

pub(super) use versions::NextVersions;

use super::disk;
use super::folder::{files_below, is_folder, names_in};
use super::home::Home;
use super::release::Release;
use crate::error::{Error, Kind, Result};
use rayon::prelude::*;
use state::{State, is_link_name};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use table_log::TableLog;

/// What the file says that tells our folder from one that somebody else calls `delta`.
const MARK: &str =
    "abacus keeps Delta tables here, and removes this folder when [publish] has no delta = true any more\n";

impl Home {
    /// Whether Delta logs are kept here.
    pub(super) fn keeps_delta(&self) -> bool {
        is_folder(&self.delta_folder()) && self.delta_mark().is_file()
    }

    /// Begins to keep Delta logs.
    ///
    /// # Errors
    /// Something of another maker in their place.
    pub(super) fn begin_delta(&self) -> Result<()> {
        let folder = self.delta_folder();
        if self.keeps_delta() {
            return Ok(());
        }
        disk::create_dirs(&folder)?;
        // A link to a folder leads to what is not ours, and neither is a folder that holds anything.
        if !is_folder(&folder) || !names_in(&folder)?.is_empty() {
            let way_out = "move it away, so that Delta tables can be made there";
            let path = folder.display();
            return Err(Error::input(format!("{path}: is there, and abacus did not make it; {way_out}")));
        }
        disk::write_file(&self.delta_mark(), MARK.as_bytes())?;
        disk::sync_dir(&folder)
    }

    /// Ends it: logs that nobody takes on would show an old release.
    pub(super) fn end_delta(&self) -> Result<()> {
        if !self.keeps_delta() {
            return Ok(());
        }
        disk::remove_if_there(&self.delta_views())?;
        disk::remove_dir(&self.delta_folder())
    }

    /// The version of each table that will show a release that is about to be committed. What is wrong with a log is a
    /// warning, and its table has no version.
    pub(super) fn delta_versions(&self, release: &Release) -> BTreeMap<String, u64> {
        let mut versions = BTreeMap::new();
        for (name, table) in &release.tables {
            let log = TableLog::new(&self.delta_folder(), name);
            let version =
                log.head().map(|head| log.version_of(&State::of(name, table, release), head.as_ref()));
            versions.extend(self.or_warn(version).map(|version| (name.clone(), version)));
        }
        versions
    }

    /// Links the files of a release and writes the versions that show it, all but the renames; nothing where no logs are kept.
    ///
    /// # Errors
    /// No space. What else is wrong with a table is a warning, and its log stays as it is.
    pub(super) fn prepare_delta(&self, release: &Release) -> Result<NextVersions> {
        if !self.keeps_delta() {
            return Ok(NextVersions::default());
        }
        let tables = self.delta_tables(release)?.into_par_iter();
        let prepared = tables.map(|(name, state)| {
            let log = TableLog::new(&self.delta_folder(), &name);
            log.prepare(self.path(), &state, release).map(|next| (name, next))
        });
        let mut versions = NextVersions::default();
        for prepared in prepared.collect::<Vec<_>>() {
            match prepared {
                Ok((name, next)) => versions.add(name, next),
                Err(fault) if fault.kind == Kind::Resource => return Err(fault),
                Err(fault) => self.warn(fault.to_string()),
            }
        }
        versions.prepare_views(&self.delta_views(), &self.delta_folder(), release)?;
        Ok(versions)
    }

    /// Whether a log, or the views of the logs, show another release than the current one.
    pub(super) fn delta_disagrees(&self, current: &Release) -> bool {
        if !self.keeps_delta() {
            return false;
        }
        let Ok(tables) = self.delta_tables(current) else { return true };
        let mut versions = BTreeMap::new();
        for (name, state) in tables {
            match TableLog::new(&self.delta_folder(), &name).head() {
                Ok(Some(head)) if head.shows(&state) => versions.insert(name, head.version),
                _ => return true,
            };
        }
        let views = versions::views(&self.delta_folder(), current, &versions);
        std::fs::read(self.delta_views()).ok().as_deref() != Some(views.as_bytes())
    }

    /// Removes the links to files that none of these releases has; the log keeps telling what was there.
    pub(super) fn vacuum_delta(&self, kept: &[Release]) -> Result<()> {
        let mut needed = BTreeSet::new();
        for release in kept {
            for (name, table) in &release.tables {
                let root = self.delta_folder().join(name);
                needed.extend(State::of(name, table, release).files.keys().map(|path| root.join(path)));
            }
        }
        for name in self.delta_table_names()? {
            for path in files_below(&self.delta_folder().join(&name))? {
                if is_link_name(&name, &path) && !needed.contains(&path) {
                    disk::remove_file(&path)?;
                    disk::remove_if_empty(path.parent().expect("a file lies in a folder"))?;
                }
            }
        }
        Ok(())
    }

    /// The state that each table has in a release: no files where the release lacks the table.
    fn delta_tables<'r>(&self, release: &'r Release) -> Result<BTreeMap<String, State<'r>>> {
        let mut tables: BTreeMap<String, State<'r>> = BTreeMap::new();
        for name in self.delta_table_names()? {
            if TableLog::new(&self.delta_folder(), &name).newest()?.is_some() {
                tables.insert(name, State::default());
            }
        }
        let in_release = release.tables.iter();
        tables.extend(in_release.map(|(name, table)| (name.clone(), State::of(name, table, release))));
        Ok(tables)
    }

    /// Folders of tables; what else lies there is none of ours.
    fn delta_table_names(&self) -> Result<Vec<String>> {
        let mut names = names_in(&self.delta_folder())?;
        names.retain(|name| is_folder(&self.delta_folder().join(name)));
        Ok(names)
    }

    fn delta_folder(&self) -> PathBuf {
        self.path().join("delta")
    }

    fn delta_mark(&self) -> PathBuf {
        self.delta_folder().join(".abacus")
    }

    fn delta_views(&self) -> PathBuf {
        self.path().join("views_delta.sql")
    }
}
