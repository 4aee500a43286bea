//! What earlier rooms see of what customers were asked and said.

pub use super::ratings::Ratings;
pub(crate) use super::ratings::Respondent;
pub use super::sources::Asked;
pub(crate) use super::sums::Sum;
pub(crate) use super::survey_rows::Score;
pub(crate) use super::voice::points;
pub use super::voice::{Interview, Said, Voice};
