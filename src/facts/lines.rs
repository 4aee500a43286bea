//! Order lines must be unique over the whole history, where the definition says so: within a period by its records,
//! across periods by the identities each period keeps.

use super::record::{Layout, Records};
use super::state::{StateFile, narrow, read, widen, write};
use crate::error::Result;
use crate::pipeline::Duplicates;
use std::collections::HashMap;
use std::path::Path;

/// The two words of a line's identity.
type Identity = [u64; 2];

/// Distinct identities of a period's order lines, sorted; or the places of two lines that clash.
pub(crate) fn identities(
    records: &[Records],
    source: usize,
    layout: Layout,
    duplicates: Duplicates,
) -> std::result::Result<Vec<Identity>, (u64, u64)> {
    let Some(at) = layout.identity else { return Ok(Vec::new()) };
    let parts = records.iter().filter(|records| records.source == source).flat_map(|records| &records.parts);
    let line = |record: &[u64]| ([record[at], record[at + 1]], record[at + 2], record[at + 3]);
    let mut lines: Vec<(Identity, u64, u64)> =
        parts.flat_map(|part| part.chunks_exact(layout.words).map(line)).collect();
    lines.sort_unstable();
    let clashes = |pair: &[(Identity, u64, u64)]| {
        pair[0].0 == pair[1].0 && (duplicates == Duplicates::Error || pair[0].1 != pair[1].1)
    };
    let clash = lines.windows(2).filter(|pair| clashes(pair));
    if let Some(places) = clash.map(|pair| (pair[0].2.min(pair[1].2), pair[0].2.max(pair[1].2))).min() {
        return Err(places);
    }
    lines.dedup_by_key(|line| line.0);
    Ok(lines.into_iter().map(|line| line.0).collect())
}

const COLUMNS: [&str; 2] = ["high", "low"];

/// Keeps a period's identities.
pub(crate) fn keep(folder: &Path, identities: &[Identity]) -> Result<StateFile> {
    let column =
        |word: usize| narrow(identities.iter().map(|identity| identity[word].cast_signed()).collect());
    let columns = COLUMNS.iter().enumerate().map(|(word, name)| ((*name).to_owned(), column(word))).collect();
    write(folder, columns, HashMap::new())
}

/// Two of the kept periods, by index, that hold the same order line.
pub(crate) fn shared(folder: &Path, periods: &[Option<StateFile>]) -> Result<Option<(usize, usize)>> {
    let mut all: Vec<(i64, i64, usize)> = Vec::new();
    for (index, file) in periods.iter().enumerate() {
        let Some(file) = file else { continue };
        let batch = read(folder, file, None)?;
        let (high, low) = (widen(batch.column(0)), widen(batch.column(1)));
        all.extend(high.into_iter().zip(low).map(|(high, low)| (high, low, index)));
    }
    all.sort_unstable();
    let twice = all.windows(2).filter(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1));
    Ok(twice.map(|pair| (pair[0].2, pair[1].2)).min())
}
