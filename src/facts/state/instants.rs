//! Customers' first and last sale line as they are kept: only of those who have one, in the largest unit that holds all.

use super::state_file::{Chunk, Lists};
use crate::facts::kernel::column::Column;
use crate::facts::schema::NO_INSTANT;

/// From customer to customer, the step to its first sale line.
const FIRST: &str = "first_order_at";
/// From a customer's first sale line to its last.
const SPAN: &str = "first_to_last_order";
/// Microseconds that they are counted in.
const UNIT: &str = "instant_unit";

/// Keeps the first and last sale line of each row, in microseconds.
pub(crate) fn pack(lists: &mut Lists, parts: &[&[[i64; 2]]]) {
    let (unit, [first, spans]) = in_units::<1_000_000>(parts)
        .or_else(|| in_units::<1_000>(parts))
        .or_else(|| in_units::<1>(parts))
        .expect("every instant is a whole number of microseconds");
    lists.pack(UNIT, &[Column::from(vec![unit]).all()]);
    lists.pack_differences(FIRST, first.iter().copied());
    lists.pack(SPAN, &[Column::from(spans).all()]);
}

/// A unit with the first instants and the spans in it, if it holds all.
fn in_units<const UNIT: i64>(parts: &[&[[i64; 2]]]) -> Option<(i64, [Vec<i64>; 2])> {
    let rows = parts.iter().map(|part| part.len()).sum();
    let (mut firsts, mut spans) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    for part in parts {
        let mut rest = 0;
        for [first, last] in part.iter().filter(|[first, _]| *first != NO_INSTANT) {
            firsts.push(first / UNIT);
            spans.push((last - first) / UNIT);
            rest |= (first % UNIT) | ((last - first) % UNIT);
        }
        if rest != 0 {
            return None;
        }
    }
    Some((UNIT, [firsts, spans]))
}

/// The first and last sale lines of rows with so many orders.
pub(crate) fn unpack(kept: &Chunk, orders: &[i64]) -> [Vec<i64>; 2] {
    let unit = kept.integers(UNIT)[0];
    let mut known = kept.sums(FIRST).into_iter().zip(kept.integers(SPAN));
    let instants = orders.iter().map(|orders| match orders {
        0 => (NO_INSTANT, NO_INSTANT),
        _ => {
            let (first, span) = known.next().expect("who has an order has a first one");
            (first * unit, (first + span) * unit)
        }
    });
    let (first, last) = instants.unzip();
    [first, last]
}

#[cfg(test)]
mod tests {
    use super::super::state_file::kept_chunk;
    use super::*;

    #[test]
    fn instants_come_back_whatever_unit_holds_them() {
        let folder = tempfile::tempdir().unwrap();
        let never = [NO_INSTANT; 2];
        for (instants, unit) in [
            (vec![never, [-5_000_000, 3_000_000], never, [0, 0]], 1_000_000),
            (vec![[1_700_000_000_000_000, 1_700_000_000_001_000]], 1_000),
            (vec![[1_700_000_000_000_000, 1_700_000_000_000_001], never], 1),
            (vec![never], 1_000_000),
        ] {
            let kept = kept_chunk(folder.path(), |lists| pack(lists, &[&instants]));
            assert_eq!(kept.integers(UNIT), [unit]);
            let orders: Vec<i64> = instants.iter().map(|pair| i64::from(*pair != never)).collect();
            let [first, last] = unpack(&kept, &orders);
            assert_eq!(first.into_iter().zip(last).map(|(a, b)| [a, b]).collect::<Vec<_>>(), instants);
        }
    }
}
