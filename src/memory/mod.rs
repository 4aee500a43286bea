//! Memory as a resource: a budget whose large consumers reserve what they hold, and a file for what does not fit.
//!
//! This room knows bytes, and no table.

mod allocator;
mod budget;
mod machine;
mod scratch;
mod size;
mod spill;

use std::path::Path;
use std::sync::Arc;

pub use allocator::{Allocator, set_allocator};
pub use budget::{MemoryBudget, Reservation};
pub use machine::default_budget;
pub(crate) use scratch::Scratch;
pub use size::MemorySize;
pub use spill::{SpillFile, Spilled};

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

impl Memory {
    /// The budget of this machine; what does not fit goes to a file in this folder.
    pub fn of_machine(folder: &Path) -> Self {
        Self::of(None, folder)
    }

    /// Of so many bytes, else of the machine's default budget; what does not fit goes to a file in this folder.
    pub fn of(size: Option<MemorySize>, folder: &Path) -> Self {
        let allocator = allocator::chosen().filter(|_| size.is_some());
        if let Some((allocator, size)) = allocator.zip(size) {
            (allocator.limit)(size.bytes());
        }
        let bytes = size.map(MemorySize::bytes).or_else(default_budget);
        let budget = bytes.map_or_else(MemoryBudget::unlimited, MemoryBudget::of);
        Self { budget, spill: Arc::new(SpillFile::new(folder)), allocator }
    }

    /// Gives back what all threads have freed, where memory is limited: between stages, which use other buffers.
    pub fn release_freed(&self) {
        if let Some(allocator) = self.allocator {
            (allocator.release)();
            rayon::broadcast(|_| (allocator.release)());
        }
    }
}
