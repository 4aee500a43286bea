//! Order lines must be unique over the whole history, where the definition says so: within a period by its records,
//! across periods by the identities each period keeps.

use super::record::StateFile;
use super::state_file::{Kept, Lists, write};
use crate::error::Result;
use crate::facts::kernel::column::Column;
use crate::facts::kernel::record::Lines;
use crate::pipeline::Duplicates;
use std::collections::BTreeMap;
use std::path::Path;

/// The two words of a line's identity.
type Identity = [u64; 2];

/// An order line: its identity, a digest of its content, its place.
pub(crate) type IdentifiedLine = (Identity, u64, u64);

/// The order lines of some runs.
pub(crate) fn identified(runs: &[Lines<'_>]) -> Vec<IdentifiedLine> {
    let lines = runs.iter().flat_map(|run| {
        let at = run.layout.identity.expect("the source looks for duplicates");
        run.all().map(move |line| &line[at..at + 4])
    });
    lines.map(|line| ([line[0], line[1]], line[2], line[3])).collect()
}

/// All order lines of a period.
#[derive(Default)]
pub(crate) struct Identities {
    lines: Vec<IdentifiedLine>,
}

impl Identities {
    pub(crate) fn add(&mut self, lines: Vec<IdentifiedLine>) {
        self.lines.extend(lines);
    }

    /// The distinct identities, sorted; or the places of two lines that clash.
    pub(crate) fn unique(self, duplicates: Duplicates) -> std::result::Result<Vec<Identity>, (u64, u64)> {
        let mut lines = self.lines;
        lines.sort_unstable();
        let clashes = |pair: &[IdentifiedLine]| {
            pair[0].0 == pair[1].0 && (duplicates == Duplicates::Error || pair[0].1 != pair[1].1)
        };
        let clash = lines.windows(2).filter(|pair| clashes(pair));
        if let Some(places) = clash.map(|pair| (pair[0].2.min(pair[1].2), pair[0].2.max(pair[1].2))).min() {
            return Err(places);
        }
        lines.dedup_by_key(|line| line.0);
        Ok(lines.into_iter().map(|line| line.0).collect())
    }
}

const WORDS: [&str; 2] = ["high", "low"];

/// Keeps a period's identities.
pub(crate) fn keep(folder: &Path, identities: &[Identity]) -> Result<StateFile> {
    write(folder, identities.len(), 1, BTreeMap::new(), |_| {
        let mut lists = Lists::default();
        for (word, name) in WORDS.iter().enumerate() {
            let words = identities.iter().map(|identity| identity[word].cast_signed());
            lists.pack(name, &[Column::from(words.collect::<Vec<_>>()).all()]);
        }
        lists
    })
}

/// Two of the kept periods, by index, that hold the same order line; `made` says which are new, and only pairs with a
/// new one are compared, two at a time.
pub(crate) fn shared(
    folder: &Path,
    periods: &[Option<StateFile>],
    made: impl Fn(usize) -> bool,
) -> Result<Option<(usize, usize)>> {
    for (index, file) in periods.iter().enumerate().filter(|(index, _)| made(*index)) {
        let Some(file) = file else { continue };
        let lines = load(folder, file)?;
        for (other_index, other) in periods.iter().enumerate() {
            let seen = other_index == index || made(other_index) && other_index < index;
            let Some(other) = other.as_ref().filter(|_| !seen) else { continue };
            if share(&lines, &load(folder, other)?) {
                return Ok(Some((index.min(other_index), index.max(other_index))));
            }
        }
    }
    Ok(None)
}

fn load(folder: &Path, file: &StateFile) -> Result<Vec<Identity>> {
    let kept = Kept::read(folder, file)?;
    let [high, low] = WORDS.map(|word| kept.integers(word));
    Ok(high.into_iter().zip(low).map(|(high, low)| [high.cast_unsigned(), low.cast_unsigned()]).collect())
}

/// Whether two sorted lists have an identity in common.
fn share(a: &[Identity], b: &[Identity]) -> bool {
    let mut rest = b.iter().peekable();
    a.iter().any(|line| {
        while rest.next_if(|other| *other < line).is_some() {}
        rest.peek() == Some(&line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_two_periods_is_found_if_one_of_them_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |lines: &[Identity]| Some(keep(folder.path(), lines).unwrap());
        let periods = [keep(&[[1, 2], [u64::MAX, 0]]), None, keep(&[[1, 3]]), keep(&[[0, 1], [u64::MAX, 0]])];
        let found = |made: &[usize]| shared(folder.path(), &periods, |index| made.contains(&index)).unwrap();
        assert_eq!(found(&[0, 1, 2, 3]), Some((0, 3)));
        assert_eq!(found(&[3]), Some((0, 3)));
        assert_eq!(found(&[2]), None);
        assert_eq!(found(&[]), None);
    }
}
