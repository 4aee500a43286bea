//! The error messages of the program: what, where, found, expected, the way out.

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
    /// Kept state is damaged or missing (exit 4). The next run makes it again.
    State,
    /// Another run holds the lock (exit 5).
    Locked,
    /// The system refuses: a missing right, or a read-only file system (exit 6).
    Permission,
    /// The release was made in the out folder, and the object store that it is published to did not take it (exit 7). The
    /// next run sends what is missing.
    Store,
    /// Out of disk, memory or open files (exit 8).
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

    /// An output that cannot be written.
    pub fn output(path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (what, way_out) = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                ("written", "give the right to write there, or choose another folder ('path' in [publish])")
            }
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                ("made", "a file lies where a folder is needed; move it, or choose another folder")
            }
            ErrorKind::NotFound => ("made", "choose another folder"),
            _ => return Self::io(Kind::Input, path, error),
        };
        let kind = Self::kind_of(error, Kind::Input);
        Self::new(kind, format!("{}: cannot be {what}: {error}; {way_out}", path.display()))
    }

    /// A failed file operation, of the given kind unless the system says more.
    pub fn io(kind: Kind, path: &std::path::Path, error: &std::io::Error) -> Self {
        let place = path.display();
        let message = match (Self::kind_of(error, kind), error.kind()) {
            (Kind::Resource, std::io::ErrorKind::StorageFull) => {
                format!("{place}: disk full; free some space and run again; the last release is untouched")
            }
            (Kind::Resource, _) => {
                format!(
                    "{place}: {error}; free some or raise the limit, and run again; the last release is untouched"
                )
            }
            (Kind::Permission, _) => {
                format!("{place}: {error}; give the user who runs abacus the right to it")
            }
            _ => format!("{place}: {error}"),
        };
        Self::new(Self::kind_of(error, kind), message)
    }

    /// What a failed system call is for a scheduler; the given kind where it is nothing special.
    pub fn kind_of(error: &std::io::Error, otherwise: Kind) -> Kind {
        use std::io::ErrorKind;
        /// Numbers of errors that have no kind: the process or the system has too many files open.
        const TOO_MANY_OPEN: [Option<i32>; 2] = [Some(24), Some(23)];
        match error.kind() {
            ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::FileTooLarge
            | ErrorKind::OutOfMemory => Kind::Resource,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Kind::Permission,
            _ if TOO_MANY_OPEN.contains(&error.raw_os_error()) => Kind::Resource,
            _ => otherwise,
        }
    }

    /// What kind of error it is, for programs.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Internal => "internal",
            Kind::Definition => "definition",
            Kind::Check => "check",
            Kind::Input => "input",
            Kind::State => "state",
            Kind::Locked => "locked",
            Kind::Permission => "permission",
            Kind::Store => "store",
            Kind::Resource => "resource",
        }
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

impl Kind {
    /// The exit code of the process, as the README lists them.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Internal => 1,
            Kind::Definition => 2,
            Kind::Check => 3,
            Kind::Input | Kind::State => 4,
            Kind::Locked => 5,
            Kind::Permission => 6,
            Kind::Store => 7,
            Kind::Resource => 8,
        }
    }
}

/// Faults of several readings, in one error; the first decides the kind.
#[derive(Debug, Default)]
pub struct Faults(Option<Error>);

impl Faults {
    /// The value, or none with its fault kept.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        match (result, &mut self.0) {
            (Ok(value), _) => return Some(value),
            (Err(fault), Some(known)) => {
                // Sources of one folder or store share its faults.
                let new = fault.messages.into_iter().filter(|message| !known.messages.contains(message));
                let new: Vec<String> = new.collect();
                known.messages.extend(new);
            }
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
