//! Records of a period until its last row group is in: in memory, or on disk past the memory budget.

use super::spilled::{RangeRecords, SpilledRecords};
use crate::error::Result;
use crate::facts::kernel::group_set::GroupSet;
use crate::facts::kernel::key_ranges::KeyRanges;
use crate::facts::kernel::record::{Lines, Records};
use crate::memory::{Memory, Reservation};
use crate::units::Day;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Records of a period until its last row group is in.
#[derive(Default)]
pub(crate) struct Inbox {
    /// Tasks that may still bring records.
    pending: AtomicUsize,
    /// Rows those tasks have.
    rows: AtomicU64,
    ranges: OnceLock<Arc<KeyRanges>>,
    content: Mutex<Content>,
}

/// What came in so far.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) records: Vec<WaitingRecords>,
    /// Product groups of all order lines.
    pub(crate) groups: GroupSet,
    /// Members of their dimensions.
    pub(crate) members: GroupSet,
    pub(crate) last_day: Option<Day>,
}

/// Records of one source that wait.
pub(crate) enum WaitingRecords {
    Held(Records, #[expect(dead_code, reason = "held as long as the records")] Option<Reservation>),
    Spilled(SpilledRecords),
}

/// The records of one key range, where they are.
pub(crate) enum RangeOfRecords<'w> {
    Held(&'w Records, usize),
    Read(&'w SpilledRecords, RangeRecords),
}

impl Inbox {
    pub(crate) fn expect(&self, rows: u64) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// The period's key ranges, made from the first keys seen of it.
    pub(crate) fn ranges(&self, keys: &[u64]) -> Arc<KeyRanges> {
        let rows = usize::try_from(self.rows.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        Arc::clone(self.ranges.get_or_init(|| Arc::new(KeyRanges::new(rows, keys))))
    }

    /// Takes records in.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn put(&self, records: Records, memory: &Memory) -> Result<()> {
        let (groups, members) = (records.groups.clone(), records.members.clone());
        let last_day = Some(records.last_day);
        // What the last task brings does not wait.
        let waits = self.pending.load(Ordering::Acquire) > 1;
        let records = WaitingRecords::of(records, waits, memory)?;
        let mut content = self.content.lock().expect("no worker panics here");
        content.records.push(records);
        content.groups.merge(&groups);
        content.members.merge(&members);
        content.last_day = content.last_day.max(last_day);
        Ok(())
    }

    /// Notes that a task is done with the period; true if it was the last.
    pub(crate) fn is_complete(&self) -> bool {
        self.pending.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// All that came in.
    pub(crate) fn take(&self) -> Content {
        std::mem::take(&mut *self.content.lock().expect("no worker panics here"))
    }
}

impl WaitingRecords {
    fn of(records: Records, waits: bool, memory: &Memory) -> Result<Self> {
        if !waits {
            return Ok(Self::Held(records, None));
        }
        match memory.budget.reserve_waiting(records.bytes()) {
            Some(reservation) => Ok(Self::Held(records, Some(reservation))),
            None => SpilledRecords::write(records, &memory.spill).map(Self::Spilled),
        }
    }

    /// Those of one key range.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn range(&self, range: usize) -> Result<RangeOfRecords<'_>> {
        Ok(match self {
            Self::Held(records, _) => RangeOfRecords::Held(records, range),
            Self::Spilled(records) => RangeOfRecords::Read(records, records.read(range)?),
        })
    }
}

impl RangeOfRecords<'_> {
    /// Index into the run's sources.
    pub(crate) fn source(&self) -> usize {
        match self {
            Self::Held(records, _) => records.source,
            Self::Read(records, _) => records.source,
        }
    }

    pub(crate) fn lines(&self) -> Lines<'_> {
        match self {
            Self::Held(records, range) => records.lines(*range),
            Self::Read(records, read) => Lines::of_part(records.layout, &read.part),
        }
    }

    /// Records of a distinct set.
    pub(crate) fn distinct(&self, set: usize) -> &[u64] {
        match self {
            Self::Held(records, range) => &records.distinct[set][*range],
            Self::Read(_, read) => &read.distinct[set],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::kernel::record::{Head, Layout, Part};
    use crate::memory::{MemoryBudget, SpillFile};

    /// Records of three ranges, of which the second is empty.
    fn records() -> Records {
        let head = |key: u64| Head { key, order: [key, !key], micros: -1, day: 30, first: 7 };
        let part = |keys: &[u64]| Part {
            heads: keys.iter().copied().map(head).collect(),
            lines: keys.iter().flat_map(|key| [*key, u64::MAX]).collect(),
            texts: keys.iter().map(|key| !key).take(1).collect(),
        };
        Records {
            source: 1,
            layout: Layout { words: 2, ..Layout::default() },
            parts: vec![part(&[1, 2]), part(&[]), part(&[u64::MAX])],
            groups: GroupSet::default(),
            members: GroupSet::default(),
            distinct: vec![vec![vec![4; 4], vec![], vec![5; 8]]],
            last_day: Day::MIN,
        }
    }

    fn shown(waiting: &WaitingRecords) -> String {
        let ranges = (0..3).map(|range| {
            let found = waiting.range(range).unwrap();
            format!("{} {:?} {:?}", found.source(), found.lines(), found.distinct(0))
        });
        ranges.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn records_read_back_from_disk_as_they_were_and_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Arc::new(SpillFile::new(folder.path()));
        let memory = |budget| Memory { allocator: None, budget, spill: Arc::clone(&spill) };
        let held = WaitingRecords::of(records(), true, &memory(MemoryBudget::unlimited())).unwrap();
        let last = WaitingRecords::of(records(), false, &memory(MemoryBudget::of(0))).unwrap();
        assert_eq!(spill.written(), 0);
        let spilled = WaitingRecords::of(records(), true, &memory(MemoryBudget::of(0))).unwrap();
        assert!(matches!(spilled, WaitingRecords::Spilled(_)) && spill.written() > 0);
        assert_eq!(shown(&spilled), shown(&held));
        assert_eq!(shown(&last), shown(&held));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
