//! The Parquet reader may panic on damaged bytes. That is no fault of ours but of the file, so it is contained here
//! and reported like every other fault of a file. Only the reader runs inside: our own assertions still end the program.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static IS_CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// What a call of the reader gave, with its error or panic as text.
pub(crate) fn contain<T, E: Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    keep_quiet_when_contained();
    IS_CONTAINED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(read));
    IS_CONTAINED.set(false);
    match outcome {
        Ok(outcome) => outcome.map_err(|fault| fault.to_string()),
        Err(_) => Err("a page is damaged".to_owned()),
    }
}

/// Every batch of a reader; the first fault ends it, for what a reader does after a panic is anyone's guess.
pub(crate) fn contain_each<T, E: Display>(
    mut reader: impl Iterator<Item = Result<T, E>>,
) -> impl Iterator<Item = Result<T, String>> {
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        let batch = contain(|| reader.next().transpose()).transpose();
        failed = matches!(batch, Some(Err(_)));
        batch
    })
}

/// A contained panic becomes a message of ours; the default one beside it would look like a crash.
fn keep_quiet_when_contained() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IS_CONTAINED.get() {
                tell(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_reader_is_an_error_and_ends_it() {
        let mut left = 3;
        let reader = std::iter::from_fn(|| {
            left -= 1;
            assert!(left != 1, "a damaged page");
            Some(Ok::<i32, String>(left))
        });
        let found: Vec<_> = contain_each(reader).collect();
        assert_eq!(found, [Ok(2), Err("a page is damaged".to_owned())]);
    }
}
