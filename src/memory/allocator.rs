//! How freed memory is given back to the system, which is the choice of the program's allocator.

use std::sync::OnceLock;

/// How the program's allocator, which the program chooses, gives freed memory back to the system.
#[derive(Debug, Clone, Copy)]
pub struct Allocator {
    /// From now on soon; called before the first stage of a run that is given a limit of so many bytes.
    pub limit: fn(u64),
    /// What the calling thread has freed, at once.
    pub release: fn(),
}

static ALLOCATOR: OnceLock<Allocator> = OnceLock::new();

/// Says how freed memory is given back. Without it, runs with a limit keep what they have freed.
pub fn set_allocator(allocator: Allocator) {
    ALLOCATOR.get_or_init(|| allocator);
}

/// What was said of the allocator, if anything.
pub(super) fn chosen() -> Option<Allocator> {
    ALLOCATOR.get().copied()
}
