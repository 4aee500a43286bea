//! Joins what the periods of a run know: all customers by key, which gives them their ranks, and all product groups.

use super::period_run::GROUP_NAMES;
use super::record::{PeriodRuns, Record};
use super::state_file::Kept;
use crate::error::Result;
use crate::facts::inputs::raw_master::RawKeys;
use crate::facts::schema::{Customers, Keys};
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int64Type;
use rayon::prelude::*;
use std::path::Path;

/// All customers of all periods and of the master data, and the rank of each row of each period.
pub(crate) fn customers(
    ids: &[ArrayRef],
    key_type: KeyType,
    master: Option<&RawKeys>,
) -> (Customers, Vec<Vec<u32>>) {
    let has_unidentified = ids.iter().any(|ids| ids.null_count() > 0);
    let listed = match master {
        Some(RawKeys::Int(keys)) => Keys::Int(sorted(keys)),
        Some(RawKeys::Text(keys)) => Keys::Text(StringArray::from(sorted(keys))),
        None => Keys::Int(Vec::new()),
    };
    // The customers source mostly knows every customer, which the walk that finds the ranks tells too.
    let mut customers = Customers { keys: listed, has_unidentified };
    let ranks = |customers: &Customers| ids.par_iter().map(|ids| ranks_if_known(customers, ids)).collect();
    if !customers.keys.is_empty()
        && let Some(ranks) = ranks(&customers)
    {
        return (customers, ranks);
    }
    customers.keys = match (key_type, customers.keys) {
        (KeyType::Int, listed) => {
            let known = ids.iter().map(|ids| known_keys(ids).to_vec());
            let listed = if let Keys::Int(listed) = listed { listed } else { Vec::new() };
            Keys::Int(union_all(known.chain([listed]).collect()))
        }
        (KeyType::Text, listed) => {
            let texts = |ids: &StringArray| ids.iter().flatten().map(str::to_owned).collect();
            let known = ids.iter().map(|ids| texts(ids.as_string::<i32>()));
            let listed = if let Keys::Text(listed) = listed { texts(&listed) } else { Vec::new() };
            Keys::Text(StringArray::from(union_all(known.chain([listed]).collect())))
        }
    };
    let ranks = ranks(&customers).expect("every customer was joined");
    (customers, ranks)
}

fn sorted<K: Ord + Clone>(keys: &[K]) -> Vec<K> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys
}

/// Integer keys without the unidentified cost object, which is null and last.
fn known_keys(ids: &ArrayRef) -> &[i64] {
    &ids.as_primitive::<Int64Type>().values()[..ids.len() - ids.null_count()]
}

/// The union of sorted lists, pair by pair.
fn union_all<K: Ord + Send>(mut lists: Vec<Vec<K>>) -> Vec<K> {
    while lists.len() > 1 {
        let mut pairs: Vec<(Vec<K>, Vec<K>)> = Vec::new();
        let mut rest = lists.into_iter();
        while let Some(first) = rest.next() {
            pairs.push((first, rest.next().unwrap_or_default()));
        }
        lists = pairs.into_par_iter().map(|(a, b)| union(a, b)).collect();
    }
    lists.pop().unwrap_or_default()
}

fn union<K: Ord>(a: Vec<K>, b: Vec<K>) -> Vec<K> {
    let mut joined = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    loop {
        let ordering = match (a.peek(), b.peek()) {
            (Some(left), Some(right)) => left.cmp(right),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return joined,
        };
        if ordering.is_ge() {
            let key = b.next();
            if ordering.is_gt() {
                joined.extend(key);
            }
        }
        if ordering.is_le() {
            joined.extend(a.next());
        }
    }
}

/// The rank of each row of a period, if every customer is known: both sides are sorted, so one walk finds all.
fn ranks_if_known(customers: &Customers, ids: &ArrayRef) -> Option<Vec<u32>> {
    let mut ranks = match &customers.keys {
        Keys::Int(keys) => walk(known_keys(ids).iter().copied(), |rank| keys.get(rank).copied()),
        Keys::Text(keys) => {
            let known = ids.as_string::<i32>().iter().flatten();
            walk(known, |rank| (rank < keys.len()).then(|| keys.value(rank)))
        }
    }?;
    if ids.null_count() > 0 {
        ranks.push(rank_u32(customers.keys.len()));
    }
    Some(ranks)
}

/// The place of each key in a list; both ascend.
fn walk<K: Ord + Copy>(
    keys: impl Iterator<Item = K>,
    listed: impl Fn(usize) -> Option<K>,
) -> Option<Vec<u32>> {
    let mut ranks = Vec::with_capacity(keys.size_hint().0);
    let mut rank = 0;
    for key in keys {
        while listed(rank)? < key {
            rank += 1;
        }
        if listed(rank)? != key {
            return None;
        }
        ranks.push(rank_u32(rank));
    }
    Some(ranks)
}

fn rank_u32(rank: usize) -> u32 {
    u32::try_from(rank).expect("ranks fit 32 bits")
}

/// All group names, sold or only listed, sorted, and per period the global code of each of its codes.
pub(crate) fn groups(folder: &Path, record: &Record) -> Result<(Vec<String>, Vec<Vec<u32>>)> {
    let names_of = |runs: &PeriodRuns| {
        let kept = Kept::open(folder, &runs.products)?;
        Ok(serde_json::from_str(kept.note(GROUP_NAMES)?).expect("the names are a JSON list"))
    };
    let of_period = record.periods.iter().map(names_of).collect::<Result<Vec<Vec<String>>>>()?;
    let mut groups: Vec<String> = of_period.iter().flatten().chain(&record.listed_groups).cloned().collect();
    groups.sort_unstable();
    groups.dedup();
    let code = |name: &String| {
        let index = groups.binary_search(name).expect("every name was joined");
        u32::try_from(index).expect("groups are numbered in 20 bits")
    };
    let codes = of_period.iter().map(|names| names.iter().map(code).collect()).collect();
    Ok((groups, codes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use std::sync::Arc;

    #[test]
    fn ranks_are_the_same_whether_the_customers_source_knows_everybody_or_not() {
        let ints = |keys: &[Option<i64>]| Arc::new(keys.iter().copied().collect::<Int64Array>()) as ArrayRef;
        let texts =
            |keys: &[Option<&str>]| Arc::new(keys.iter().copied().collect::<StringArray>()) as ArrayRef;
        let of_ints = [ints(&[Some(-3), Some(8)]), ints(&[]), ints(&[Some(2), Some(8), None])];
        let of_texts = [texts(&[Some("a"), Some("d")]), texts(&[]), texts(&[Some("b"), Some("d"), None])];
        let list = |keys: &[i64]| RawKeys::Int(keys.to_vec());
        let names = |keys: &[&str]| RawKeys::Text(keys.iter().map(|key| (*key).to_owned()).collect());
        let cases = [
            (KeyType::Int, &of_ints, None),
            (KeyType::Int, &of_ints, Some(list(&[]))),
            (KeyType::Int, &of_ints, Some(list(&[8, 2]))),
            (KeyType::Int, &of_ints, Some(list(&[8, -3, 2]))),
            (KeyType::Text, &of_texts, None),
            (KeyType::Text, &of_texts, Some(names(&["b", "a"]))),
            (KeyType::Text, &of_texts, Some(names(&["d", "b", "a"]))),
        ];
        for (key_type, ids, master) in cases {
            let (found, ranks) = customers(ids, key_type, master.as_ref());
            assert_eq!((found.keys.len(), found.has_unidentified), (3, true));
            assert_eq!(ranks, [vec![0, 2], vec![], vec![1, 2, 3]]);
        }
        let (found, ranks) = customers(&of_ints, KeyType::Int, Some(&list(&[9, 8, 2, -3])));
        assert_eq!((found.keys.len(), ranks), (4, vec![vec![0, 2], vec![], vec![1, 2, 4]]));
    }
}
