//! Memory as a resource: a budget whose large consumers reserve what they hold, and a file for what does not fit.
//!
//! This room knows bytes, and no table.

mod budget;
mod machine;
mod scratch;
mod size;
mod spill;

use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use budget::{MemoryBudget, Reservation};
pub use machine::default_budget;
pub(crate) use scratch::Scratch;
pub use size::MemorySize;
pub use spill::{Extent, SpillFile};

/// What a run may hold in memory, and where it puts the rest.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Shared by all stages.
    pub budget: MemoryBudget,
    /// Shared by all that spills.
    pub spill: Arc<SpillFile>,
    /// Where memory is limited.
    pub(crate) allocator: Option<Allocator>,
}

/// How the program's allocator, which the program chooses, gives freed memory back to the system.
#[derive(Debug, Clone, Copy)]
pub struct Allocator {
    /// From now on soon; called before the first stage of a run that is given a memory limit.
    pub limit: fn(),
    /// What the calling thread has freed, at once.
    pub release: fn(),
}

static ALLOCATOR: OnceLock<Allocator> = OnceLock::new();

/// Says how freed memory is given back. Without it, runs with a limit keep what they have freed.
pub fn set_allocator(allocator: Allocator) {
    ALLOCATOR.get_or_init(|| allocator);
}

impl Memory {
    /// The budget of this machine; what does not fit goes to a file in this folder.
    pub fn of_machine(folder: &Path) -> Self {
        Self::of(None, folder)
    }

    /// Of so many bytes, else of the machine's default budget; what does not fit goes to a file in this folder.
    pub fn of(size: Option<MemorySize>, folder: &Path) -> Self {
        let allocator = ALLOCATOR.get().filter(|_| size.is_some());
        if let Some(allocator) = allocator {
            (allocator.limit)();
        }
        let bytes = size.map(MemorySize::bytes).or_else(default_budget);
        let budget = bytes.map_or_else(MemoryBudget::unlimited, MemoryBudget::of);
        Self { budget, spill: Arc::new(SpillFile::new(folder)), allocator: allocator.copied() }
    }

    /// How many slices of customers to read kept state for at once: the more, the less of it is read twice.
    pub(crate) fn window_slices(&self) -> usize {
        usize::try_from(self.budget.limit() >> 28).unwrap_or(usize::MAX).clamp(4, 16)
    }

    /// Gives back what all threads have freed, where memory is limited: between stages, which use other buffers.
    pub fn release_freed(&self) {
        if let Some(allocator) = self.allocator {
            (allocator.release)();
            rayon::broadcast(|_| (allocator.release)());
        }
    }
}
