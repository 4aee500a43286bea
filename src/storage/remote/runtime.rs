//! The threads that wait for stores: two, whatever the cores, for they compute nothing.

use std::future::Future;
use std::io::{Error, Result};
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};

/// Started with the first request of the process.
static RUNTIME: LazyLock<std::result::Result<Runtime, String>> = LazyLock::new(|| {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).thread_name("abacus-store").enable_all().build();
    runtime.map_err(|fault| format!("no threads for requests to stores can be started: {fault}"))
});

/// The runtime of all stores.
///
/// # Errors
/// The system gives no more threads.
pub(super) fn runtime() -> Result<&'static Runtime> {
    RUNTIME.as_ref().map_err(|fault| Error::other(fault.clone()))
}

/// Waits for requests, as threads of the scan and others may.
///
/// # Errors
/// As [`runtime`].
pub(super) fn wait<T>(requests: impl Future<Output = T>) -> Result<T> {
    Ok(runtime()?.block_on(requests))
}
