//! The file of OpenLineage events that a run appends to.

use crate::error::{Error, Kind, Result};
use crate::lineage::Lineage;
use crate::pipeline;
use crate::stages::{Outcome, STAGES};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The events of one run.
pub(super) struct LineageFile {
    path: PathBuf,
    lineage: Lineage,
}

impl LineageFile {
    /// Says that the run starts.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn start(path: &Path, pipeline: &Path) -> Result<Self> {
        let name = pipeline.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (namespace, parent) = (variable("OPENLINEAGE_NAMESPACE"), variable("OPENLINEAGE_PARENT_ID"));
        // A file that cannot be read is the run's error, not ours.
        let definition = pipeline::read(pipeline).ok();
        let lineage = Lineage::new(name, definition, namespace, parent.as_deref());
        let file = Self { path: path.to_owned(), lineage };
        file.append(&file.lineage.start())?;
        Ok(file)
    }

    /// Says how it ended.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn end(&self, outcome: &Result<Outcome>) -> Result<()> {
        let event = match outcome {
            Ok(Outcome::Made(report)) => {
                let sources = report.release.as_ref().map(|release| &release.run["sources"]);
                self.lineage.complete(STAGES, report.release.as_ref(), sources.unwrap_or(&Value::Null))
            }
            // Nothing was written; the sources are those that were looked at.
            Ok(Outcome::Unchanged { release, .. }) => {
                self.lineage.complete(STAGES, None, &release.run["sources"])
            }
            Err(error) => self.lineage.fail(error),
        };
        self.append(&event)
    }

    /// One write for a line, so that runs of several pipelines may share the file.
    fn append(&self, event: &Value) -> Result<()> {
        let line = format!("{event}\n");
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.map_err(|fault| Error::io(Kind::Input, &self.path, &fault))
    }
}
