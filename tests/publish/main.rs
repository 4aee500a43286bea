//! The publish room from outside: what readers find. Starts no process, so no child ever holds a copy of its locks.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod delta;
mod files;
mod published;
mod releases;
