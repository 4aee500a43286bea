//! The log of one table: its newest version, and the one after it.

use super::super::disk::{self, Replacement};
use super::super::folder::names_in;
use super::super::release::Release;
use super::add::{add, remove};
use super::head::{Contents, Head};
use super::state::State;
use super::versions::NextVersion;
use crate::error::{Error, Kind, Result};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The log of one table.
pub(super) struct TableLog {
    root: PathBuf,
    log: PathBuf,
}

impl TableLog {
    pub(super) fn new(delta_folder: &Path, table: &str) -> Self {
        let root = delta_folder.join(table);
        Self { log: root.join("_delta_log"), root }
    }

    /// The number of the newest version; none if there is none yet.
    pub(super) fn newest(&self) -> Result<Option<u64>> {
        Ok(names_in(&self.log)?.into_iter().filter_map(|name| version_of(&name)).max())
    }

    /// The newest version; none if there is none yet.
    ///
    /// # Errors
    /// Another program wrote it.
    pub(super) fn head(&self) -> Result<Option<Head>> {
        let Some(version) = self.newest()? else { return Ok(None) };
        let path = self.path(version);
        let mut first = String::new();
        let file = File::open(&path).map_err(|error| Error::io(Kind::Input, &path, &error))?;
        BufReader::new(file).read_line(&mut first).map_err(|error| Error::io(Kind::Input, &path, &error))?;
        let fault = || {
            let way_out = format!("remove {}, which the next run begins anew", self.root.display());
            Error::input(format!("{}: is no version that abacus wrote; {way_out}", path.display()))
        };
        Head::parse(version, &first).map(Some).ok_or_else(fault)
    }

    /// The version that shows a state: the newest if it does, else the one after it.
    pub(super) fn version_of(&self, state: &State<'_>, head: Option<&Head>) -> u64 {
        match head {
            Some(head) if head.shows(state) => head.version,
            head => head.map_or(0, |head| head.version + 1),
        }
    }

    /// Links the files of a state, and writes the version that shows it if the newest does not.
    pub(super) fn prepare(&self, out: &Path, state: &State<'_>, release: &Release) -> Result<NextVersion> {
        let head = self.head()?;
        let version = self.version_of(state, head.as_ref());
        self.link_files(out, state)?;
        let is_shown = head.as_ref().is_some_and(|head| head.shows(state));
        let waiting = if is_shown {
            None
        } else {
            let text = actions(out, state, head.as_ref(), release)?;
            Some(Replacement::prepare(&self.path(version), text.as_bytes())?)
        };
        Ok(NextVersion { version, log: self.log.clone(), waiting })
    }

    /// A link that leads to another file than the release has, such as to one that was damaged, is replaced.
    fn link_files(&self, out: &Path, state: &State<'_>) -> Result<()> {
        let mut changed = BTreeSet::new();
        if !self.log.is_dir() {
            disk::create_dirs(&self.log)?;
            changed.extend(self.root.ancestors().take(2).map(Path::to_owned));
        }
        for (link, file) in &state.files {
            let (source, target) = (out.join(&file.path), self.root.join(link));
            if disk::is_same_file(&source, &target) {
                continue;
            }
            let folder = target.parent().expect("a file lies in a folder");
            if !folder.is_dir() {
                disk::create_dirs(folder)?;
                changed.insert(self.root.clone());
            }
            disk::replace_by_link(&source, &target)?;
            changed.insert(folder.to_owned());
        }
        // Children before parents.
        changed.iter().rev().try_for_each(|folder| disk::sync_dir(folder))
    }

    fn path(&self, version: u64) -> PathBuf {
        self.log.join(format!("{version:020}.json"))
    }
}

/// The version that a file of a log is of; none of checkpoints and what else lies there.
fn version_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The actions that lead from the newest version to a state, one a line.
fn actions(out: &Path, state: &State<'_>, head: Option<&Head>, release: &Release) -> Result<String> {
    let at_millis = chrono::Utc::now().timestamp_millis();
    let before = head.map(|head| &head.contents);
    let metadata = state.metadata_digest().or_else(|| before.map(|before| before.metadata.clone()));
    let contents = Contents {
        release: release.id.clone(),
        metadata: metadata.unwrap_or_default(),
        files: state.files.keys().cloned().collect(),
    };
    let mut lines = vec![commit_info(&contents, at_millis)];
    if before.is_none() {
        // Version 2 of writers is the first that all of them know; nothing here needs more of a reader than the first.
        lines.push(json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } }).to_string());
    }
    if before.is_none_or(|before| before.metadata != contents.metadata) {
        lines.extend(state.metadata.clone());
    }
    let live: BTreeSet<&String> = before.into_iter().flat_map(|before| &before.files).collect();
    let gone = live.iter().filter(|link| !state.files.contains_key(**link));
    lines.extend(gone.map(|link| remove(link, at_millis)));
    for (link, file) in state.files.iter().filter(|(link, _)| !live.contains(link)) {
        lines.push(add(out, link, file, state)?);
    }
    Ok(lines.join("\n") + "\n")
}

fn commit_info(contents: &Contents, at_millis: i64) -> String {
    let info = json!({
        "timestamp": at_millis,
        "operation": "WRITE",
        "operationParameters": { "mode": "Overwrite" },
        "engineInfo": concat!("abacus/", env!("CARGO_PKG_VERSION")),
        "abacus": contents,
    });
    json!({ "commitInfo": info }).to_string()
}
