//! The binary: all of it is in the library's `cli`.

use abacus::memory::Allocator;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    keep_freed_pages_for(10_000);
    abacus::memory::set_allocator(Allocator {
        limit: || keep_freed_pages_for(20),
        release: release_freed_pages,
    });
    abacus::cli::main()
}

/// Lets the allocator keep freed pages for so many milliseconds. Every period uses the buffers of the one before, and
/// having the kernel clear fresh pages for each took a tenth of a run; where memory is limited, they go soon all the
/// same, for what is kept counts.
#[expect(unsafe_code, reason = "the option has no safe binding; no other thread allocates when it is set")]
fn keep_freed_pages_for(milliseconds: std::ffi::c_long) {
    /// `mi_option_purge_delay` of mimalloc.h, which the binding does not name.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: called before any thread is started, or while all others wait for the first work.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds) }
}

/// Gives back what this thread has freed.
#[expect(unsafe_code, reason = "the call has no safe binding")]
fn release_freed_pages() {
    // SAFETY: it touches pages of this thread that nothing uses.
    unsafe { libmimalloc_sys::mi_collect(true) }
}
