//! Step-down: each service gives to the members after it and to others, never back.

use super::Flow;

pub(super) fn flow(giver: usize, taker: usize) -> Flow {
    if giver < taker { Flow::Out } else { Flow::LeftOut }
}
