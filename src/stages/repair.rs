//! Kept state is a cache: where it is damaged, it is made again.

use crate::error::{Kind, Result};
use crate::publish::Home;
use crate::recall::damaged_state;
use std::fs;

/// Runs; if kept state turns out to be damaged, removes all that is and runs again, which makes it as if it had been
/// missing. The state is not read twice to find out beforehand: its chunks are checked when they are read.
///
/// # Errors
/// Those of the run.
pub(super) fn repairing<T>(home: &Home, run: impl Fn() -> Result<T>) -> Result<T> {
    match run() {
        Err(fault) if fault.kind == Kind::State && remove_damaged(home)? > 0 => run(),
        result => result,
    }
}

/// Removes damaged state of the current release, and says how many files there were.
fn remove_damaged(home: &Home) -> Result<usize> {
    let damaged =
        home.current()?.map(|current| damaged_state(home, &current)).transpose()?.unwrap_or_default();
    for name in &damaged {
        let path = home.path().join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(|error| crate::error::Error::output(&path, &error))?;
        }
        home.warn(format!(
            "{}: kept state was missing or not what was kept; it was made again",
            path.display()
        ));
    }
    Ok(damaged.len())
}
