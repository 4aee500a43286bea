//! A memory budget with reservations: whoever holds much reserves it first, and spills to disk when that is refused.
//!
//! What is small and does not grow with the history (code, threads, models, the buffers of a file being read) is not
//! reserved one by one; a fixed part of the budget is set aside for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a run may hold, shared by all its stages.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit: u64,
    reserved: AtomicU64,
}

/// Set aside for what nobody reserves: the program, its threads, and the batches that they work on.
const SET_ASIDE: u64 = 128 << 20;

impl MemoryBudget {
    /// Of so many bytes of resident memory in all.
    pub fn of(bytes: u64) -> Self {
        let limit = bytes.saturating_sub(SET_ASIDE).max(bytes / 4);
        Self { shared: Arc::new(Shared { limit, reserved: AtomicU64::new(0) }) }
    }

    /// Without a limit.
    pub fn unlimited() -> Self {
        Self { shared: Arc::new(Shared { limit: u64::MAX, reserved: AtomicU64::new(0) }) }
    }

    /// Bytes that all reservations together may reach.
    pub fn limit(&self) -> u64 {
        self.shared.limit
    }

    /// Bytes that could still be reserved.
    pub fn free(&self) -> u64 {
        self.shared.limit.saturating_sub(self.shared.reserved.load(Ordering::Relaxed))
    }

    /// Reserves bytes until the reservation is dropped; none where they are not free.
    pub fn reserve(&self, bytes: u64) -> Option<Reservation> {
        self.take(bytes).then(|| Reservation { budget: self.clone(), bytes })
    }

    /// Reserves bytes whether they are free or not: of what has to be held, so that others see it and spill.
    pub fn claim(&self, bytes: u64) -> Reservation {
        self.shared.reserved.fetch_add(bytes, Ordering::Relaxed);
        Reservation { budget: self.clone(), bytes }
    }

    fn take(&self, bytes: u64) -> bool {
        let more = |reserved: u64| reserved.checked_add(bytes).filter(|sum| *sum <= self.shared.limit);
        self.shared.reserved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

/// Bytes that somebody holds; they are free again when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    bytes: u64,
}

impl Reservation {
    /// Bytes reserved.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reserves more; whether it was free.
    pub fn grow(&mut self, bytes: u64) -> bool {
        let grown = self.budget.take(bytes);
        self.bytes += if grown { bytes } else { 0 };
        grown
    }

    /// Gives all of it back, to begin anew.
    pub fn clear(&mut self) {
        self.budget.shared.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_end_at_the_limit_and_come_back_when_dropped() {
        let budget = MemoryBudget::of(1 << 30);
        let limit = budget.limit();
        assert_eq!(limit, (1 << 30) - SET_ASIDE);
        let mut first = budget.reserve(limit - 10).unwrap();
        assert!(budget.reserve(11).is_none());
        assert!(first.grow(10) && !first.grow(1));
        assert_eq!((first.bytes(), budget.free()), (limit, 0));
        let claimed = budget.claim(5);
        drop(first);
        assert_eq!(budget.free(), limit - 5);
        drop(claimed);
        assert_eq!(budget.free(), limit);
    }

    #[test]
    fn a_small_budget_leaves_something_to_reserve() {
        assert_eq!(MemoryBudget::of(64 << 20).limit(), 16 << 20);
    }
}
