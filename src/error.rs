//! What a user is told when something is wrong: what, where, found, expected, the way out.

use crate::units::TooManyDigits;
use std::fmt;

/// Why a run ended, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A fault of ours (exit 1).
    Internal,
    /// The pipeline file or the command line is wrong (exit 2).
    Definition,
    /// A check failed, nothing was published (exit 3).
    Check,
    /// An input cannot be read, an output folder cannot be used, or there is no release yet (exit 4).
    Input,
    /// Another run holds the lock (exit 5).
    Locked,
    /// Out of disk or over the memory budget (exit 8).
    Resource,
}

/// One or more messages of one kind. All faults of one reading pass are collected before it is returned.
#[derive(Debug, Clone)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// Each a line: `file:line:column: what is wrong; the way out`, lower case, no full stop.
    pub messages: Vec<String>,
}

/// A result whose error a user reads.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with one message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, messages: vec![message.into()] }
    }

    /// A fault in the pipeline file or on the command line.
    pub fn definition(message: impl Into<String>) -> Self {
        Self::new(Kind::Definition, message)
    }

    /// An input that cannot be read.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// A check that failed, so that nothing is published.
    pub fn check(message: impl Into<String>) -> Self {
        Self::new(Kind::Check, message)
    }

    /// A value that no column of 18 digits holds; `what` names it and its place.
    pub fn too_many_digits(what: impl fmt::Display) -> Self {
        Self::check(format!("{what} {TooManyDigits}"))
    }

    /// A broken invariant of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// An output that cannot be written: out of space is a resource error, anything else, such as a missing permission,
    /// is a place that cannot be used (exit 4).
    pub fn output(path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::QuotaExceeded | ErrorKind::OutOfMemory => {
                let way_out = "free some and run again; the last release is untouched";
                Self::new(Kind::Resource, format!("{}: {error}; {way_out}", path.display()))
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                let way_out = "give the right to write there, or choose another folder ('path' in [publish])";
                Self::input(format!("{}: cannot be written: {error}; {way_out}", path.display()))
            }
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                let way_out = "a file lies where a folder is needed; move it, or choose another folder";
                Self::input(format!("{}: cannot be made: {error}; {way_out}", path.display()))
            }
            ErrorKind::NotFound => {
                let way_out = "choose another folder";
                Self::input(format!("{}: cannot be made: {error}; {way_out}", path.display()))
            }
            _ => Self::io(Kind::Input, path, error),
        }
    }

    /// A failed file operation; a full disk is a resource error, anything else is the given kind.
    pub fn io(kind: Kind, path: &std::path::Path, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            let way_out = "free some space and run again; the last release is untouched";
            return Self::new(Kind::Resource, format!("{}: disk full; {way_out}", path.display()));
        }
        Self::new(kind, format!("{}: {error}", path.display()))
    }

    /// What kind of error it is, for programs.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Internal => "internal",
            Kind::Definition => "definition",
            Kind::Check => "check",
            Kind::Input => "input",
            Kind::Locked => "locked",
            Kind::Resource => "resource",
        }
    }

    /// The exit code of the process, as the README lists them.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Internal => 1,
            Kind::Definition => 2,
            Kind::Check => 3,
            Kind::Input => 4,
            Kind::Locked => 5,
            Kind::Resource => 8,
        }
    }
}

/// Faults of several readings, told together; the first decides the kind.
#[derive(Debug, Default)]
pub struct Faults(Option<Error>);

impl Faults {
    /// The value, or none with its fault kept.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        match (result, &mut self.0) {
            (Ok(value), _) => return Some(value),
            (Err(fault), Some(known)) => known.messages.extend(fault.messages),
            (Err(fault), none) => *none = Some(fault),
        }
        None
    }

    /// An error with all faults, if there was any.
    ///
    /// # Errors
    /// The faults kept.
    pub fn none(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.messages.join("\n"))
    }
}

impl std::error::Error for Error {}
