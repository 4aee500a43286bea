//! What becomes of each row of a batch.

use super::expr::Fault;
use crate::units::Day;
use arrow::buffer::{BooleanBuffer, NullBuffer};

/// Where a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Used,
    Excluded,
    Quarantined,
    AfterAsOf,
}

/// What becomes of each row of a batch; the first reason to leave a row out stands.
pub(crate) struct Fates {
    pub(crate) fates: Vec<Fate>,
    pub(crate) reasons: Vec<(usize, String)>,
}

impl Fates {
    pub(crate) fn new(rows: usize) -> Self {
        Self { fates: vec![Fate::Used; rows], reasons: Vec::new() }
    }

    pub(crate) fn exclude(&mut self, truth: &BooleanBuffer) {
        if truth.count_set_bits() == truth.len() {
            return;
        }
        for (fate, keep) in self.fates.iter_mut().zip(truth) {
            if !keep {
                *fate = Fate::Excluded;
            }
        }
    }

    pub(crate) fn quarantine(&mut self, row: usize, reason: impl FnOnce() -> String) {
        if self.fates[row] == Fate::Used {
            self.fates[row] = Fate::Quarantined;
            self.reasons.push((row, reason()));
        }
    }

    pub(crate) fn quarantine_nulls(&mut self, nulls: Option<&NullBuffer>, role: &str) {
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return };
        for row in (0..nulls.len()).filter(|row| nulls.is_null(*row)) {
            self.quarantine(row, || format!("{role} is null"));
        }
    }

    pub(crate) fn quarantine_faults(&mut self, faults: &[(u32, Fault)], role: &str) {
        for (row, fault) in faults {
            self.quarantine(*row as usize, || format!("{role}: {}", fault.reason()));
        }
    }

    pub(crate) fn cut(&mut self, days: &[i32], as_of: Option<Day>) {
        let Some(as_of) = as_of else { return };
        for (fate, day) in self.fates.iter_mut().zip(days) {
            if *fate == Fate::Used && *day >= as_of.0 {
                *fate = Fate::AfterAsOf;
            }
        }
    }

    pub(crate) fn counts(&self) -> [(Fate, u64); 4] {
        [Fate::Used, Fate::Excluded, Fate::Quarantined, Fate::AfterAsOf]
            .map(|wanted| (wanted, self.fates.iter().filter(|fate| **fate == wanted).count() as u64))
    }
}
