//! Customers who returned more units than they bought over the whole history.

use super::tables::Layout;
use super::waterfall::Measures;
use crate::facts::schema::Keys;
use crate::units::format_fixed;

/// How many they are and what they returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Unbought {
    /// Customers.
    pub customers: u64,
    /// Net value of their returns.
    pub returns: i128,
    /// The first of them, by key.
    pub example: String,
}

/// Looks through the lives of all customers; the unidentified cost object stands for many people and is left out.
pub(crate) fn unbought(layout: &Layout<'_>, life: &Measures, volume_scale: u8) -> Option<Unbought> {
    let mut found: Option<Unbought> = None;
    let units = life.units.iter().zip(life.returned_units.iter());
    for (row, (bought, returned)) in units.enumerate().filter(|(_, (bought, returned))| returned > bought) {
        let rank = life.ranks[row];
        if layout.customers.is_unidentified(rank) {
            continue;
        }
        let found = found.get_or_insert_with(|| {
            let [bought, returned] =
                [bought, returned].map(|units| format_fixed((*units).into(), volume_scale));
            let key = key_text(&layout.customers.keys, rank as usize);
            let example = format!("customer {key} returned {returned} units and bought {bought}");
            Unbought { customers: 0, returns: 0, example }
        });
        found.customers += 1;
        found.returns += i128::from(life.returns[row]);
    }
    found
}

fn key_text(keys: &Keys, rank: usize) -> String {
    match keys {
        Keys::Int(keys) => keys[rank].to_string(),
        Keys::Text(keys) => format!("'{}'", keys.value(rank)),
    }
}
