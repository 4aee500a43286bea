//! What came of a run.

use super::report::Report;
use crate::publish::Release;
use std::path::PathBuf;

/// What came of a run.
pub enum Outcome {
    /// A release, unless it was a dry run.
    Made(Box<Report>),
    /// Nothing: the current release follows from the same program, definition and files.
    Unchanged {
        /// The release that is current.
        release: Box<Release>,
        /// The folder of releases, as the pipeline file says it.
        out: PathBuf,
        /// What the run that made it warned of, and what this one noticed.
        warnings: Vec<String>,
    },
}

impl Outcome {
    /// What a person should know of it.
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Made(report) => &report.warnings,
            Self::Unchanged { warnings, .. } => warnings,
        }
    }

    /// What the run made; none where there was nothing to do.
    pub fn made(self) -> Option<Report> {
        match self {
            Self::Made(report) => Some(*report),
            Self::Unchanged { .. } => None,
        }
    }
}
