//! The binary: all of it is in the library's `cli`.

use abacus::memory::Allocator;
use std::alloc::{GlobalAlloc, Layout};

#[global_allocator]
static ALLOCATOR: OrExit = OrExit(mimalloc::MiMalloc);

fn main() -> std::process::ExitCode {
    ignore_file_size_signal();
    keep_freed_pages_for(10_000);
    abacus::memory::set_allocator(Allocator {
        limit: |bytes| keep_freed_pages_for(if bytes < TIGHT { 0 } else { 20 }),
        release: release_freed_pages,
    });
    abacus::cli::main()
}

/// Below this limit freed pages go at once: for 20 milliseconds they came to 47 MiB. It costs a seventh of the time, which a
/// larger limit does not ask for.
const TIGHT: u64 = 1 << 30;

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

/// Lets a file past the limit of sizes (`ulimit -f`) be an error to tell of, as a full disk is, and not the end.
#[expect(unsafe_code, reason = "the call has no safe binding")]
fn ignore_file_size_signal() {
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// An allocator whose failure ends the process as other lacking resources do, and not by an abort.
struct OrExit(mimalloc::MiMalloc);

#[expect(unsafe_code, reason = "allocators are unsafe")]
// SAFETY: every call is handed on as it is; what comes back is handed back.
unsafe impl GlobalAlloc for OrExit {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as promised by the caller.
        or_exit(unsafe { self.0.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as promised by the caller.
        or_exit(unsafe { self.0.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as promised by the caller.
        or_exit(unsafe { self.0.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { self.0.dealloc(memory, layout) }
    }
}

#[inline]
fn or_exit(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        abacus::cli::out_of_memory(bytes);
    }
    memory
}
