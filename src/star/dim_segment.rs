//! `dim_segment`: the segments of every way to divide the customers.

use super::names::texts;
use crate::error::Result;
use crate::publish::read::PublishedReader;
use crate::publish::schema::Sheet;
use crate::publish::{SegmentKey, StageTables, TableFormat, segment_tables};

/// A segment, and its place among those of the same division.
struct Segment {
    by: String,
    name: String,
    position: i64,
}

/// None where no table has segments.
pub(super) fn dim_segment(format: TableFormat<'_>, tables: StageTables<'_>) -> Result<Option<Sheet>> {
    let files = segment_tables().map(|table| tables.written(table)).filter(|files| !files.is_empty());
    let files: Vec<_> = files.collect();
    if files.is_empty() {
        return Ok(None);
    }
    let mut rows: Vec<Segment> = Vec::new();
    for files in files {
        add_segments(&mut rows, &PublishedReader::open(&files)?)?;
    }
    let mut draft = format.draft("dim_segment", "segment of a division", None, &rows);
    let meaning = "segment_by and segment: of fact tables, segment_by || ': ' || segment";
    draft.name("segment_key", meaning, |row| format!("{}: {}", row.by, row.name));
    draft.segment(|row| SegmentKey { by: &row.by, name: &row.name });
    draft.count("position", "", "Place among the segments of its division, from 1", |row| row.position);
    Ok(Some(draft.finish()))
}

/// Adds those of a table that are not known yet, in its order; the segments of a division stay together.
fn add_segments(rows: &mut Vec<Segment>, table: &PublishedReader) -> Result<()> {
    for (by, name) in texts(table, "segment_by")?.into_iter().zip(texts(table, "segment")?) {
        if rows.iter().any(|row| row.by == by && row.name == name) {
            continue;
        }
        let last = rows.iter().rposition(|row| row.by == by);
        let position = last.map_or(1, |place| rows[place].position + 1);
        rows.insert(last.map_or(rows.len(), |place| place + 1), Segment { by, name, position });
    }
    Ok(())
}
