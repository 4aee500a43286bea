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
}

/// What the program does when a run is given less memory than the machine has.
static WHEN_LIMITED: OnceLock<fn()> = OnceLock::new();

/// Has something done before the first stage of a run that is given a memory limit. The allocator is the program's
/// choice, and so is how it returns memory.
pub fn when_limited(act: fn()) {
    WHEN_LIMITED.get_or_init(|| act);
}

impl Memory {
    /// The budget of this machine; what does not fit goes to a file in this folder.
    pub fn of_machine(folder: &Path) -> Self {
        Self::of(None, folder)
    }

    /// Of so many bytes, else of the machine's default budget; what does not fit goes to a file in this folder.
    pub fn of(size: Option<MemorySize>, folder: &Path) -> Self {
        if let (Some(_), Some(act)) = (size, WHEN_LIMITED.get()) {
            act();
        }
        let bytes = size.map(MemorySize::bytes).or_else(default_budget);
        let budget = bytes.map_or_else(MemoryBudget::unlimited, MemoryBudget::of);
        Self { budget, spill: Arc::new(SpillFile::new(folder)) }
    }
}
