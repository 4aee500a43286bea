//! The versions of all tables that show a release, and DuckDB views of them.

use super::super::disk::{self, Replacement};
use super::super::release::Release;
use crate::error::Result;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The versions that show a release. They are on disk; a rename for each of them makes it visible.
#[derive(Default)]
pub(in crate::publish) struct NextVersions {
    tables: BTreeMap<String, NextVersion>,
    views: Option<Replacement>,
}

/// The version of one table.
pub(super) struct NextVersion {
    pub(super) version: u64,
    /// The folder of the log.
    pub(super) log: PathBuf,
    /// None if the log has the version already.
    pub(super) waiting: Option<Replacement>,
}

impl NextVersions {
    pub(super) fn add(&mut self, table: String, version: NextVersion) {
        self.tables.insert(table, version);
    }

    pub(super) fn prepare_views(
        &mut self,
        path: &Path,
        delta_folder: &Path,
        release: &Release,
    ) -> Result<()> {
        let versions = self.tables.iter().map(|(name, next)| (name.clone(), next.version)).collect();
        let text = views(delta_folder, release, &versions);
        self.views = Some(Replacement::prepare(path, text.as_bytes())?);
        Ok(())
    }

    /// Makes the versions visible, all as soon after one another as can be, and then the views of them. One that cannot be
    /// shown stops no other.
    pub(in crate::publish) fn show(self) -> Result<()> {
        let (mut shown, mut logs) = (Ok(()), Vec::new());
        for NextVersion { log, waiting, .. } in self.tables.into_values() {
            if let Some(waiting) = waiting {
                shown = shown.and(waiting.replace());
                logs.push(log);
            }
        }
        let views = self.views.map_or(Ok(()), Replacement::replace);
        let synced = logs.par_iter().try_for_each(|log| disk::sync_dir(log));
        shown.and(views).and(synced)
    }
}

/// One view per table of a release, at the version that shows it: the logs go on one after another, and a query over views
/// of one version each sees one release.
pub(super) fn views(delta_folder: &Path, release: &Release, versions: &BTreeMap<String, u64>) -> String {
    let mut text = format!("-- release {}; abacus replaces this file with each release\n", release.id);
    text.push_str("-- needs the extension of DuckDB: install delta; load delta;\n");
    for (name, version) in versions.iter().filter(|(name, _)| release.tables.contains_key(*name)) {
        let root = delta_folder.join(name).display().to_string().replace('\'', "''");
        writeln!(
            text,
            "create or replace view \"{name}\" as from delta_scan('{root}', version = {version});"
        )
        .expect("text can be appended to");
    }
    text
}
