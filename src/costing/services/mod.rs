//! How flows between services are treated. A method is a file and a line in [`flow`].

mod direct;
pub(crate) mod reciprocal;
mod step_down;

use crate::pipeline::ServiceMethod;

/// What becomes of one edge of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Money passes from giver to taker.
    Out,
    /// Money passes within the reciprocal group of this number.
    Within(usize),
    /// The taker is left out, and the others take its part.
    LeftOut,
}

/// The flow from one member of a group to another, by their positions among the members.
pub(crate) fn flow(method: ServiceMethod, group: usize, giver: usize, taker: usize) -> Flow {
    match method {
        ServiceMethod::Direct => direct::flow(),
        ServiceMethod::StepDown => step_down::flow(giver, taker),
        ServiceMethod::Reciprocal => reciprocal::flow(group),
    }
}
