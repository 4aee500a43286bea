//! Identical order lines count once, where the definition says so.

use super::plans::SourceShape;
use super::record::Lines;
use crate::pipeline::Duplicates;

/// Identity and content of an order line, and its place as (run, word).
type Line = ([u64; 2], u64, (usize, usize));

/// Which records of a source count when identical lines are dropped; identical lines share a customer, hence a range.
pub(crate) struct Deduplicated {
    /// Dropped lines as (run, word), sorted.
    dropped: Vec<(usize, usize)>,
}

impl Deduplicated {
    pub(crate) fn new(shape: &SourceShape, runs: &[Lines<'_>], duplicates: &mut u64) -> Self {
        let mut dropped = Vec::new();
        if let Duplicates::DropIdentical = shape.duplicates {
            let mut lines: Vec<Line> = Vec::new();
            for (run_index, run) in runs.iter().enumerate() {
                let Some(identity) = run.layout.identity else { continue };
                for (at, line) in (0..).step_by(run.layout.words).zip(run.all()) {
                    let line = &line[identity..identity + 3];
                    lines.push(([line[0], line[1]], line[2], (run_index, at)));
                }
            }
            lines.sort_unstable();
            let twice = lines.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1);
            dropped.extend(twice.map(|pair| pair[1].2));
        }
        dropped.sort_unstable();
        *duplicates += dropped.len() as u64;
        Self { dropped }
    }

    /// Whether the line that begins at a word of a run counts.
    pub(crate) fn keeps(&self, run: usize, at: usize) -> bool {
        self.dropped.is_empty() || self.dropped.binary_search(&(run, at)).is_err()
    }
}
