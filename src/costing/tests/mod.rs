//! The engine on published cases, on policies one by one, and on random networks.

mod golden;
mod model;
mod policies;
mod random;
mod traces;

use model::{quantity, share};
