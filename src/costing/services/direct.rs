//! Direct: services give to others only, as if they did not serve each other.

use super::Flow;

pub(super) fn flow() -> Flow {
    Flow::LeftOut
}
