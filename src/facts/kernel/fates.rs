//! What becomes of each row of a batch.

use super::sums::index_u32;
use crate::facts::expr::{Checked, Fault};
use crate::facts::schema::RowCounts;
use crate::pipeline::DayBounds;
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
    fates: Vec<Fate>,
    /// Rows that are not used, in the order it was found.
    left_out: Vec<u32>,
    pub(crate) counts: RowCounts,
    pub(crate) reasons: Vec<(usize, String)>,
}

impl Fates {
    pub(crate) fn new(rows: usize) -> Self {
        let counts = RowCounts { read: rows as u64, used: rows as u64, ..RowCounts::default() };
        Self { fates: vec![Fate::Used; rows], left_out: Vec::new(), counts, reasons: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.fates.len()
    }

    /// The rows that are used.
    pub(crate) fn used(&mut self) -> Vec<u32> {
        self.left_out.sort_unstable();
        let mut used = Vec::with_capacity(self.fates.len());
        let mut next = 0;
        for row in &self.left_out {
            used.extend(next..*row);
            next = row + 1;
        }
        used.extend(next..index_u32(self.fates.len()));
        used
    }

    pub(crate) fn is_used(&self, row: usize) -> bool {
        self.fates[row] == Fate::Used
    }

    /// Leaves a row out; false if it is already.
    fn leave_out(&mut self, row: usize, fate: Fate) -> bool {
        if self.fates[row] != Fate::Used {
            return false;
        }
        self.fates[row] = fate;
        self.left_out.push(index_u32(row));
        *count(&mut self.counts, Fate::Used) -= 1;
        *count(&mut self.counts, fate) += 1;
        true
    }

    pub(crate) fn exclude(&mut self, truth: &BooleanBuffer) {
        for row in (!truth).set_indices() {
            self.leave_out(row, Fate::Excluded);
        }
    }

    pub(crate) fn quarantine(&mut self, row: usize, reason: impl FnOnce() -> String) {
        if self.leave_out(row, Fate::Quarantined) {
            self.reasons.push((row, reason()));
        }
    }

    pub(crate) fn quarantine_nulls(&mut self, nulls: Option<&NullBuffer>, role: &str) {
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return };
        for row in (!nulls.inner()).set_indices() {
            self.quarantine(row, || format!("{role} is null"));
        }
    }

    pub(crate) fn quarantine_faults(&mut self, faults: &[(u32, Fault)], role: &str) {
        for (row, fault) in faults {
            self.quarantine(*row as usize, || format!("{role}: {}", fault.reason()));
        }
    }

    /// Quarantines the rows of days outside the bounds.
    pub(crate) fn bound(&mut self, days: &[i32], bounds: DayBounds) {
        let first = bounds.earliest.map_or(i32::MIN, |day| day.0);
        let last = bounds.latest.map_or(i32::MAX, |day| day.0);
        for (row, day) in days.iter().enumerate().filter(|(_, day)| **day < first || **day > last) {
            self.quarantine(row, || match (bounds.earliest, bounds.latest) {
                (Some(earliest), _) if *day < first => {
                    format!("at: {} is before 'earliest', {earliest}", Day(*day))
                }
                (_, Some(latest)) => format!("at: {} is after 'latest', {latest}", Day(*day)),
                _ => unreachable!("a day outside the bounds is beyond one of them"),
            });
        }
    }

    /// Something of every row; rows for which it is not known are quarantined.
    pub(crate) fn accept<T>(&mut self, checked: Checked<T>, role: &str) -> T {
        self.quarantine_faults(&checked.faults, role);
        checked.value
    }

    /// Counts lines between companies apart: they are added up as they are, for no customer.
    pub(crate) fn eliminate(&mut self, truth: &BooleanBuffer) {
        let eliminated = truth.set_indices().filter(|row| self.fates[*row] == Fate::Used).count() as u64;
        self.counts.used -= eliminated;
        self.counts.eliminated += eliminated;
    }

    pub(crate) fn cut(&mut self, days: &[i32], as_of: Option<Day>) {
        let Some(as_of) = as_of else { return };
        for (row, _) in days.iter().enumerate().filter(|(_, day)| **day >= as_of.0) {
            self.leave_out(row, Fate::AfterAsOf);
        }
    }
}

fn count(counts: &mut RowCounts, fate: Fate) -> &mut u64 {
    match fate {
        Fate::Used => &mut counts.used,
        Fate::Excluded => &mut counts.excluded,
        Fate::Quarantined => &mut counts.quarantined,
        Fate::AfterAsOf => &mut counts.after_as_of,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stands_and_the_rest_is_used() {
        let mut fates = Fates::new(6);
        fates.exclude(&BooleanBuffer::from_iter([true, true, false, true, true, true]));
        let nulls = NullBuffer::from_iter([true, true, false, true, true, false]);
        fates.quarantine_nulls(Some(&nulls), "order");
        fates.quarantine(5, || "a second reason".to_owned());
        fates.cut(&[9, 3, 9, 3, 3, 9], Some(Day(9)));
        assert_eq!(fates.used(), [1, 3, 4]);
        assert_eq!(fates.reasons, [(5, "order is null".to_owned())]);
        fates.eliminate(&BooleanBuffer::from_iter([true, false, true, true, false, false]));
        let RowCounts { read, used, excluded, quarantined, after_as_of, eliminated } = fates.counts;
        assert_eq!((read, used, excluded, quarantined, after_as_of, eliminated), (6, 2, 1, 1, 1, 1));
        assert_eq!(fates.used(), [1, 3, 4]);
    }
}
