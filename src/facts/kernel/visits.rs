//! Brings the records of a key range in order by customer.

use super::record::{Head, Lines};
use super::sums::index_u32;

/// A head, and where it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The customer.
    pub(crate) key: u64,
    /// Which run of records it stands in.
    pub(crate) run: u32,
    /// Its number there.
    pub(crate) head: u32,
}

/// All heads of some runs, by customer.
pub(crate) fn by_customer<'r>(runs: impl Iterator<Item = Lines<'r>> + Clone) -> Vec<Visit> {
    let mut visits = Vec::with_capacity(runs.clone().map(|run| run.heads.len()).sum());
    for (run, lines) in (0..).zip(runs) {
        lines.fetch();
        let heads = lines.heads.iter().enumerate();
        visits.extend(heads.map(|(head, Head { key, .. })| Visit { key: *key, run, head: index_u32(head) }));
    }
    in_order(visits)
}

fn in_order(mut visits: Vec<Visit>) -> Vec<Visit> {
    let least = visits.iter().map(|visit| visit.key).min().unwrap_or(0);
    let most = visits.iter().map(|visit| visit.key).max().unwrap_or(0);
    // Keys that lie close together are dealt out, which takes a third of the time.
    let span = usize::try_from(most - least).unwrap_or(usize::MAX);
    if span > 8 * visits.len() {
        visits.sort_unstable_by_key(|visit| visit.key);
        return visits;
    }
    let place_of = |visit: &Visit| usize::try_from(visit.key - least).expect("within the span");
    let mut next = vec![0_u32; span + 2];
    visits.iter().for_each(|visit| next[place_of(visit) + 1] += 1);
    let mut sum = 0;
    for place in &mut next {
        sum += *place;
        *place = sum;
    }
    let mut dealt = vec![Visit::default(); visits.len()];
    for visit in &visits {
        let place = &mut next[place_of(visit)];
        dealt[*place as usize] = *visit;
        *place += 1;
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn visits_are_sorted_by_customer_whatever_their_keys(
            keys in prop::collection::vec(prop_oneof![0..50_u64, 1_u64 << 63..(1 << 63) + 90, any::<u64>(), Just(u64::MAX)], 0..200),
        ) {
            let visits: Vec<Visit> = (0..).zip(&keys).map(|(head, key)| Visit { key: *key, run: 7, head }).collect();
            let mut sorted = in_order(visits.clone());
            prop_assert!(sorted.is_sorted_by_key(|visit| visit.key));
            sorted.sort_unstable_by_key(|visit| visit.head);
            prop_assert_eq!(sorted, visits);
        }
    }
}
