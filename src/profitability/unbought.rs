//! Customers who returned more units than they bought over the whole history.

use super::waterfall::Measures;
use crate::facts::schema::{Customers, Keys};
use crate::units::format_fixed;

/// How many they are and what they returned.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Unbought {
    /// Customers.
    pub customers: u64,
    /// Net value of their returns.
    pub returns: i128,
    /// The first of them, by key.
    pub example: String,
}

impl Unbought {
    /// Adds those who come after these by key.
    pub(crate) fn merge(found: &mut Option<Self>, more: Option<Self>) {
        match (found.as_mut(), more) {
            (Some(found), Some(more)) => {
                found.customers += more.customers;
                found.returns += more.returns;
            }
            (None, more) => *found = more,
            (Some(_), None) => {}
        }
    }
}

/// Looks through lives; the unidentified cost object stands for many people and is left out.
pub(crate) fn unbought(customers: &Customers, life: &Measures, volume_scale: u8) -> Option<Unbought> {
    let mut found = None;
    let behaviour = &life.behaviour;
    let units = behaviour.units.iter().zip(behaviour.returned_units.iter());
    for (row, (bought, returned)) in units.enumerate().filter(|(_, (bought, returned))| returned > bought) {
        let rank = life.ranks[row];
        if customers.is_unidentified(rank) {
            continue;
        }
        let [bought, returned] = [bought, returned].map(|units| format_fixed((*units).into(), volume_scale));
        let key = key_text(&customers.keys, rank as usize);
        let example = format!("customer {key} returned {returned} units and bought {bought}");
        Unbought::merge(
            &mut found,
            Some(Unbought { customers: 1, returns: behaviour.returns[row].into(), example }),
        );
    }
    found
}

fn key_text(keys: &Keys, rank: usize) -> String {
    match keys {
        Keys::Int(keys) => keys[rank].to_string(),
        Keys::Text(keys) => format!("'{}'", keys.value(rank)),
    }
}
