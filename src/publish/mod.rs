//! The only writer: stage, verify, commit, retain. Knows no column by name.
//!
//! ```text
//! out/release.json                      the commit: which release is current, its files and digests
//! out/releases/<id>/<table>/<key>=<value>/<table>-<id>.parquet
//! out/releases/<id>/manifest.json       what release.json says while the release is current
//! out/views.sql, out/current            conveniences, derived from release.json and repaired from it
//! out/delta/, out/views_delta.sql       the same of a pipeline that asks for Delta tables
//! out/state/lock, out/state/staging/    one writer at a time, and where it works
//! out/state/facts/                      kept facts, which the facts room reads and writes
//! ```
//!
//! A run takes the [`Lock`], fills a [`Staging`] and commits it. The release folder is complete, verified
//! and on disk before `release.json` is replaced by one rename: that rename is the commit. `views.sql`,
//! `current` and Delta logs follow it, so nothing ever shows a release that was not committed; a run that dies in between
//! leaves them at the previous release, which is still complete, until the next lock repairs them.

mod cell;
mod damage;
mod delta;
mod digest;
mod disk;
mod draft;
mod encode;
mod encoding;
mod export;
mod folder;
mod home;
mod lock;
pub(crate) mod read;
mod release;
mod retention;
mod row_groups;
pub mod schema;
mod segment_key;
mod sheet;
mod shown;
mod stage_tables;
mod staging;
mod star_facts;
mod star_views;
mod store;
#[cfg(test)]
mod store_in_memory;
mod store_vacuum;
mod table;
mod vacuum;
mod views;

pub use cell::Cell;
pub use damage::{Damage, DamagedRelease};
pub use draft::{Draft, TableFormat};
pub use export::Export;
pub use home::Home;
pub(crate) use home::UNFINISHED;
pub use lock::Lock;
pub use release::{PublishedColumn, PublishedFile, PublishedTable, Release};
pub use retention::Retention;
pub use segment_key::{ALL_CUSTOMERS, NO_SEGMENT, SegmentKey};
pub use stage_tables::{StageTables, WrittenPartition};
pub use staging::{Staging, WriteOptions};
pub use star_facts::{SEGMENT_KINDS, segment_tables};
pub use star_views::relations_table;
pub use store::{ReleaseStore, Sent};
pub use table::TableWriter;
pub use vacuum::Vacuumed;
