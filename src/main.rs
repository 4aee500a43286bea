//! The binary: all of it is in the library's `cli`.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    keep_freed_pages();
    abacus::cli::main()
}

/// Lets the allocator keep freed pages for ten seconds instead of one: every period uses the buffers of the one
/// before, and having the kernel clear fresh pages for each took a tenth of a run.
#[expect(unsafe_code, reason = "the option has no safe binding; no other thread runs yet, as it demands")]
fn keep_freed_pages() {
    /// `mi_option_purge_delay` of mimalloc.h, which the binding does not name.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: called once, before any thread is started.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 10_000) }
}
