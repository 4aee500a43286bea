//! What came of a run.

use super::report::Report;
use crate::publish::Release;

/// What came of a run.
pub enum Outcome {
    /// A release, unless it was a dry run.
    Made(Box<Report>),
    /// Nothing: this release, which is current, follows from the same program, definition and files; with what it warns of.
    Unchanged(Box<Release>, Vec<String>),
}

impl Outcome {
    /// What a person should know of it.
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Made(report) => &report.warnings,
            Self::Unchanged(_, warnings) => warnings,
        }
    }

    /// What the run made; none where there was nothing to do.
    pub fn made(self) -> Option<Report> {
        match self {
            Self::Made(report) => Some(*report),
            Self::Unchanged(..) => None,
        }
    }
}
