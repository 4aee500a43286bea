//! Requests whose answer broke off, made again: the library makes requests again, but not those whose answer it has begun to
//! read.

use super::fault::broke_off;
use object_store::Result;
use std::future::Future;
use std::time::Duration;

/// Before each further try.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1_600),
    Duration::from_millis(5_000),
];

/// What a request gives, which may be made several times.
pub(super) async fn again<T, A: Future<Output = Result<T>>>(request: impl Fn() -> A) -> Result<T> {
    for pause in PAUSES {
        match request().await {
            Err(fault) if broke_off(&fault) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    request().await
}
