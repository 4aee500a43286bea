//! A memory budget with reservations: whoever holds much reserves it first, and spills to disk when that is refused.
//!
//! What grows with the customers and cannot be spilled is reserved whatever is free. What is small and does not grow with
//! the history (code, threads, models, the buffers of a file being read) is not reserved one by one; a fixed part of the
//! budget is set aside for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a run may hold, shared by all its stages.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bytes: Option<u64>,
    limit: u64,
    reserved: AtomicU64,
}

/// Set aside for what is not reserved: the program, and tables that are being written.
const SET_ASIDE: u64 = 128 << 20;

/// Set aside for what a thread works on: batches, slices and the columns that they become.
const SET_ASIDE_OF_THREAD: u64 = 96 << 20;

fn set_aside() -> u64 {
    SET_ASIDE + SET_ASIDE_OF_THREAD * rayon::current_num_threads() as u64
}

impl MemoryBudget {
    /// Of so many bytes of resident memory in all.
    pub fn of(bytes: u64) -> Self {
        let limit = bytes.saturating_sub(set_aside()).max(bytes / 4);
        Self { shared: Arc::new(Shared { bytes: Some(bytes), limit, reserved: AtomicU64::new(0) }) }
    }

    /// Without a limit.
    pub fn unlimited() -> Self {
        Self { shared: Arc::new(Shared { bytes: None, limit: u64::MAX, reserved: AtomicU64::new(0) }) }
    }

    /// The bytes of resident memory that it was made of; none without a limit.
    pub fn bytes(&self) -> Option<u64> {
        self.shared.bytes
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
        let more = |reserved: u64| reserved.checked_add(bytes).filter(|sum| *sum <= self.shared.limit);
        let reserved = self.shared.reserved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        reserved.is_ok().then(|| Reservation { budget: self.clone(), bytes })
    }

    /// The same for what waits to be worked on: refused from the point where half of the budget is taken, for what works
    /// on it needs the rest.
    pub fn reserve_waiting(&self, bytes: u64) -> Option<Reservation> {
        (self.free() > self.limit() / 2).then(|| self.reserve(bytes)).flatten()
    }

    /// Reserves what has to be in memory whatever is free, such as the keys of all customers: less is left for what can be
    /// spilled.
    pub fn hold(&self, bytes: u64) -> Reservation {
        self.shared.reserved.fetch_add(bytes, Ordering::Relaxed);
        Reservation { budget: self.clone(), bytes }
    }
}

/// Bytes that somebody holds; they are free again when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.shared.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_end_at_the_limit_and_come_back_when_dropped() {
        let budget = MemoryBudget::of(1 << 40);
        let limit = budget.limit();
        assert_eq!(limit, (1 << 40) - set_aside());
        let first = budget.reserve(limit - 10).unwrap();
        assert!(budget.reserve(11).is_none());
        let second = budget.reserve(10).unwrap();
        assert_eq!(budget.free(), 0);
        drop(first);
        assert_eq!(budget.free(), limit - 10);
        drop(second);
        assert_eq!(budget.free(), limit);
    }

    #[test]
    fn what_must_be_held_leaves_less_to_what_can_wait() {
        let budget = MemoryBudget::of(1 << 40);
        let held = budget.hold(budget.limit() / 2);
        assert!(budget.reserve_waiting(1).is_none() && budget.reserve(1).is_some());
        let beyond = budget.hold(budget.limit());
        assert!(budget.free() == 0 && budget.reserve(1).is_none());
        drop((held, beyond));
        assert_eq!(budget.free(), budget.limit());
    }

    #[test]
    fn a_small_budget_leaves_something_to_reserve() {
        assert_eq!(MemoryBudget::of(64 << 20).limit(), 16 << 20);
    }
}
