//! Who bears the cost of unused capacity. Only that cost moves: no rate and no grand total depends on the policy.

use super::outflow::Outflow;
use super::period::Plan;
use super::posting::post_running;
use super::schema::{ActivityCosting, ResourceCosting};
use crate::pipeline::{Node, UnusedCapacity};

/// Activities whose customers can bear unused capacity, with their minutes.
pub(crate) fn bearers(
    plan: &Plan<'_>,
    outflow: &Outflow<'_>,
    activities: &[ActivityCosting],
) -> Vec<(usize, i128)> {
    let bearer = |part: &super::outflow::Part<'_>| match plan.network.node(part.edge.taker) {
        Node::Activity(index) => {
            let costed = &activities[index];
            let can_bear = costed.rate.is_some() && costed.volume > 0 && part.weight > 0;
            can_bear.then_some((index, part.weight))
        }
        Node::Resource(_) => None,
    };
    outflow.parts.iter().filter_map(bearer).collect()
}

/// Moves a resource's unused cost to those who bear it; without any it stays. `None` when money outgrows 18 digits.
pub(crate) fn share(
    policy: UnusedCapacity,
    resource: &mut ResourceCosting,
    bearers: &[(usize, i128)],
    activities: &mut [ActivityCosting],
) -> Option<()> {
    match policy {
        UnusedCapacity::Keep => {}
        UnusedCapacity::Owner(level) => {
            resource.owner = Some(level);
            resource.unused_retained = std::mem::take(&mut resource.unused);
        }
        UnusedCapacity::Proportional if !bearers.is_empty() => {
            resource.unused_charged = std::mem::take(&mut resource.unused);
            let whole = bearers.iter().try_fold(0_i128, |sum, (_, minutes)| sum.checked_add(*minutes))?;
            let parts =
                post_running(resource.unused_charged, bearers.iter().map(|(_, minutes)| *minutes), whole)?;
            for ((index, _), part) in bearers.iter().zip(parts) {
                activities[*index].unused_charged = activities[*index].unused_charged.checked_add(part)?;
            }
        }
        UnusedCapacity::Proportional => {}
    }
    Some(())
}
