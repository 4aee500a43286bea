//! What earlier rooms see of what customers were asked and said.

pub use super::sources::Asked;
pub(crate) use super::voice::points;
pub use super::voice::{Interview, Said, Voice};
