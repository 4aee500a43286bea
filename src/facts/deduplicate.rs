//! Identical order lines count once, where the definition says so.

use super::record::Part;
use super::reduce::SourceShape;
use super::reduced::Reduced;
use crate::pipeline::Duplicates;

/// Identity and content of an order line, and its record as (run, index).
type Line = ([u64; 2], u64, (usize, usize));

/// Which records of a source count when identical lines are dropped; identical lines share a customer, hence a range.
pub(crate) struct Deduplicated {
    /// Dropped records as (run, index), sorted.
    dropped: Vec<(usize, usize)>,
}

impl Deduplicated {
    pub(crate) fn new(shape: &SourceShape, runs: &[Part<'_>], reduced: &mut Reduced) -> Self {
        let mut dropped = Vec::new();
        if let Duplicates::DropIdentical = shape.duplicates {
            let mut lines: Vec<Line> = Vec::new();
            for (run_index, run) in runs.iter().enumerate() {
                let Some(identity) = run.layout.identity else { continue };
                for (index, line) in run.lines().enumerate() {
                    let line = &line.words[identity..identity + 3];
                    lines.push(([line[0], line[1]], line[2], (run_index, index)));
                }
            }
            lines.sort_unstable();
            let twice = lines.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1);
            dropped.extend(twice.map(|pair| pair[1].2));
        }
        dropped.sort_unstable();
        reduced.duplicates += dropped.len() as u64;
        Self { dropped }
    }

    pub(crate) fn keeps(&self, run: usize, index: usize) -> bool {
        self.dropped.is_empty() || self.dropped.binary_search(&(run, index)).is_err()
    }
}
