//! What earlier rooms see of what customers were asked and said.

pub use super::sources::Asked;
pub use super::voice::{Interview, Said, Voice};
