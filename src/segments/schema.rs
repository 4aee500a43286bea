//! What others see of segments: how layers of the pyramid are cut.

pub(crate) use super::tiers::ends as layer_ends;
