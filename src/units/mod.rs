//! Money, volumes, periods and days as types. Knows nothing else of abacus.

mod day;
mod duration;
mod fixed;
mod fixed18;
mod period;

pub use day::{Day, MICROS_PER_DAY};
pub use duration::Duration;
pub use fixed::{Decimal, format_fixed, pow10, rescale, round_ratio};
pub use fixed18::{Fixed18, TooManyDigits, magnitude_bits};
pub use period::{Period, PeriodKind};
