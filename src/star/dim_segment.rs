//! `dim_segment`: the segments of every way of telling customers apart.

use super::names::texts;
use crate::error::Result;
use crate::publish::read::PublishedReader;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};

/// A segment of one kind, and its place among those.
struct Segment {
    kind: String,
    name: String,
    position: i64,
}

/// None without `[segments]`.
pub(super) fn dim_segment(format: TableFormat<'_>, tables: StageTables<'_>) -> Result<Option<Sheet>> {
    let files = tables.written("segment_summary");
    if files.is_empty() {
        return Ok(None);
    }
    let table = PublishedReader::open(&files)?;
    let mut rows: Vec<Segment> = Vec::new();
    for (kind, name) in texts(&table, "kind")?.into_iter().zip(texts(&table, "segment")?) {
        let before = rows.last().filter(|before| before.kind == kind);
        let position = before.map_or(1, |before| before.position + 1);
        rows.push(Segment { kind, name, position });
    }
    let mut draft = format.draft("dim_segment", "segment of a kind", None, &rows);
    draft.name("segment_key", "Kind and name of the segment", |row| format!("{}: {}", row.kind, row.name));
    draft.name("kind", "What customers are told apart by", |row| row.kind.clone());
    draft.name("segment", "Name of the segment", |row| row.name.clone());
    draft.count("position", "", "Place among the segments of its kind, from 1", |row| row.position);
    Ok(Some(draft.finish()))
}
