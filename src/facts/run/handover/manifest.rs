//! What a hand-over is: the request it answers and, by grain, the files that the job left, each with its digest.

use super::layout::FORMAT;
use crate::error::{Error, Kind, Result};
use crate::facts::inputs::identity::Identity;
use crate::facts::inputs::source::Source;
use crate::facts::run::schedule::Run;
use crate::storage::{self, Location};
use crate::units::{Day, Period};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A hand-over whose request and list of files were read.
pub(super) struct Manifest {
    pub(super) folder: PathBuf,
    /// A folder of this machine, for files that are fetched from a store.
    pub(super) scratch: PathBuf,
    request: Request,
    grains: BTreeMap<String, Vec<GrainFile>>,
}

/// A file of a grain, as the job left it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GrainFile {
    /// From the folder, with `/`.
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// `facts.json`, which the job writes last.
#[derive(Deserialize)]
struct Facts {
    request: String,
    settings: BTreeMap<String, String>,
    grains: BTreeMap<String, Vec<GrainFile>>,
}

/// `request.json`, as far as it must fit the run.
#[derive(Deserialize)]
struct Request {
    rules: String,
    as_of: Option<String>,
    settings: BTreeMap<String, String>,
    sources: Vec<RequestSource>,
    grains: Vec<RequestGrain>,
    /// First days of the periods that are asked for; all of them if it is null.
    periods: Option<BTreeSet<String>>,
}

#[derive(Deserialize)]
struct RequestGrain {
    name: String,
}

#[derive(Deserialize)]
struct RequestSource {
    name: String,
    files: Vec<RequestFile>,
}

#[derive(Deserialize)]
struct RequestFile {
    /// As the statements have it.
    path: String,
    /// From the pipeline file's folder.
    name: String,
    size: u64,
    modified: u64,
    version: Option<String>,
    digest: String,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl RequestFile {
    fn is(&self, identity: &Identity) -> bool {
        let Identity { path, size, modified, version, digest, verified } = identity;
        // A digest of all bytes is of another kind than that of the footer, which is what requests have.
        let same_digest = *verified || self.digest == *digest;
        let same_time = self.modified == *modified && self.version == *version;
        self.name == *path && self.size == *size && same_time && same_digest
    }
}

impl Manifest {
    /// Reads what was asked and what was made, here or in an object store.
    ///
    /// # Errors
    /// Facts that are not there, not finished, of another format or request, or made with other settings.
    pub(super) fn open(folder: &Path, scratch: &Path) -> Result<Self> {
        Location::check(folder)?;
        let (facts, request) = (folder.join("facts.json"), folder.join("request.json"));
        let text = storage::read(&facts).map_err(|fault| match fault.kind() {
            std::io::ErrorKind::NotFound => Error::input(format!(
                "{}: no facts.json, which the job of a request writes last: it was not run, or it failed; run job.py there, \
                 or name the folder of a request (abacus facts --to FOLDER)",
                folder.display()
            )),
            _ => Error::io(Kind::Input, &facts, &fault),
        })?;
        let made: Facts = parsed(&facts, &text)?;
        let text = storage::read(&request).map_err(|fault| Error::io(Kind::Input, &request, &fault))?;
        let asked: Request = parsed(&request, &text)?;
        if made.request != hex(&Sha256::digest(&text)) {
            return Err(Error::input(format!(
                "{}: the facts were made of another request than the request.json in the folder; write a new request and run \
                 its job",
                facts.display()
            )));
        }
        for (name, value) in &asked.settings {
            let found = made.settings.get(name);
            if found.is_none_or(|found| !found.eq_ignore_ascii_case(value)) {
                let found = found.map_or("not said", String::as_str);
                return Err(Error::input(format!(
                    "{}: the setting {name} was {found} when the facts were made, asked for is {value}; run the job again in a \
                     session that has it",
                    facts.display()
                )));
            }
        }
        let lacking = asked.grains.iter().find(|grain| !made.grains.contains_key(&grain.name));
        if let Some(grain) = lacking {
            return Err(Error::input(format!(
                "{}: the grain '{}' was asked for and is not listed; run the job again, on a new request",
                facts.display(),
                grain.name
            )));
        }
        let (folder, scratch) = (folder.to_owned(), scratch.to_owned());
        Ok(Self { folder, scratch, request: asked, grains: made.grains })
    }

    /// Whether the facts are those that a run would make now.
    ///
    /// # Errors
    /// Other rules, another as-of day, files that changed, came or went, a period to make that was not asked for.
    pub(super) fn check(&self, run: &Run<'_>, as_of: Option<Day>) -> Result<()> {
        let again = "write a new request (abacus facts --to FOLDER) and run its job";
        let refuse = |what: String| Error::input(format!("{}: {what}; {again}", self.folder.display()));
        if self.request.rules != run.rules.definition {
            return Err(refuse(
                "the facts were asked for by another definition than the pipeline file has now".to_owned(),
            ));
        }
        let as_of = as_of.map(|day| day.to_string());
        if self.request.as_of != as_of {
            let said = |day: &Option<String>| {
                day.as_ref().map_or("without --as-of".to_owned(), |day| format!("as of {day}"))
            };
            return Err(refuse(format!(
                "the facts were asked for {}, and the run is {}",
                said(&self.request.as_of),
                said(&as_of)
            )));
        }
        for source in &run.sources {
            self.check_files(source, run).map_err(refuse)?;
        }
        let asked = self.request.periods.as_ref();
        let lacking = run.reasons.keys().map(|number| run.periods.period(*number).to_string());
        match asked.and_then(|asked| lacking.into_iter().find(|period| !asked.contains(period))) {
            None => Ok(()),
            Some(period) => {
                Err(refuse(format!("the period of {period} is to be made, and was not asked for")))
            }
        }
    }

    fn check_files(&self, source: &Source, run: &Run<'_>) -> std::result::Result<(), String> {
        let of_source = self.request.sources.iter().find(|asked| asked.name == source.name);
        let Some(asked) = of_source else {
            return Err(format!("the facts were asked for without the source '{}'", source.name));
        };
        let is_kept = |file: &RequestFile| source.files.iter().any(|known| file.is(&known.identity));
        if let Some(file) = asked.files.iter().find(|file| !is_kept(file)) {
            return Err(format!("{} has changed since the facts were asked for, or is gone", file.path));
        }
        for file in run.files_to_read(&source.name) {
            if !asked.files.iter().any(|known| known.is(&file.identity)) {
                return Err(format!("{} is new since the facts were asked for", file.path.display()));
            }
        }
        Ok(())
    }

    /// What a file of a source is called in the grains; none if the request does not name it.
    pub(super) fn path_of(&self, source: &str, identity: &Identity) -> Option<&str> {
        let asked = self.request.sources.iter().find(|asked| asked.name == source)?;
        asked.files.iter().find(|file| file.is(identity)).map(|file| file.path.as_str())
    }

    /// Whether a grain was asked for.
    pub(super) fn has(&self, grain: &str) -> bool {
        self.request.grains.iter().any(|asked| asked.name == grain)
    }

    /// Whether a period was asked for.
    pub(super) fn covers(&self, period: Period) -> bool {
        self.request.periods.as_ref().is_none_or(|periods| periods.contains(&period.to_string()))
    }

    /// The files of a grain, in the order of their names; those of one period, where each has a folder.
    pub(super) fn files(&self, grain: &str, period: Option<&str>) -> Vec<&GrainFile> {
        let folder = period.map(|period| format!("{grain}/period={period}/"));
        let is_of = |file: &&GrainFile| folder.as_ref().is_none_or(|folder| file.path.starts_with(folder));
        let mut files: Vec<&GrainFile> = self.grains.get(grain).into_iter().flatten().filter(is_of).collect();
        files.sort_by_key(|file| &file.path);
        files
    }

    /// First days of the periods that have a folder of a grain, ascending.
    ///
    /// # Errors
    /// A file that lies in no such folder.
    pub(super) fn periods_of(&self, grain: &str) -> Result<BTreeSet<String>> {
        let period_of = |file: &GrainFile| {
            let rest = file.path.strip_prefix(grain)?.strip_prefix("/period=")?;
            rest.split_once('/').map(|(period, _)| period.to_owned())
        };
        let of_file = |file: &GrainFile| {
            period_of(file).ok_or_else(|| {
                Error::input(format!(
                    "{}: {} lies in no folder of a period, as {grain}/period=2024-01-01/…; run the job again, on a new request",
                    self.folder.display(),
                    file.path
                ))
            })
        };
        self.grains.get(grain).into_iter().flatten().map(of_file).collect()
    }
}

/// A file of JSON; its format is looked at before all else.
fn parsed<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T> {
    let place = path.display();
    let broken = |fault: serde_json::Error| {
        Error::input(format!(
            "{place}: {fault}; it is not as the program wrote it, so write a new request and run its job"
        ))
    };
    let Format { format } = serde_json::from_slice(text).map_err(broken)?;
    if format != FORMAT {
        return Err(Error::input(format!(
            "{place}: format {format}, and this version of abacus reads format {FORMAT}; write a new request and run its job"
        )));
    }
    serde_json::from_slice(text).map_err(broken)
}

/// A digest as tools print it.
pub(super) fn hex(digest: &[u8]) -> String {
    let mut text = String::with_capacity(2 * digest.len());
    for byte in digest {
        write!(text, "{byte:02x}").expect("a text takes all that is written");
    }
    text
}
