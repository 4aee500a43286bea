//! Joins what the periods of a run know: all customers by key, which gives them their ranks, and all product groups.

use super::period_run::GROUP_NAMES;
use super::ranks::Ranks;
use super::record::{PeriodRuns, Record};
use super::state_file::Kept;
use crate::error::{Error, Kind, Result};
use crate::facts::inputs::raw_master::RawKeys;
use crate::facts::schema::{Customers, Keys};
use crate::memory::Memory;
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int64Type;
use rayon::prelude::*;
use std::ops::Range;
use std::path::Path;

/// The keys of the customers of each period, which are read when they are needed.
#[derive(Clone, Copy)]
pub(crate) struct PeriodIds<'p> {
    pub(crate) periods: usize,
    pub(crate) of: &'p (dyn Fn(usize) -> Result<ArrayRef> + Sync),
}

/// All customers of all periods and of the master data, and the rank of each row of each period.
///
/// # Errors
/// Kept state that cannot be read, a full disk.
pub(crate) fn customers(
    ids: PeriodIds<'_>,
    key_type: KeyType,
    master: Option<&RawKeys>,
    memory: &Memory,
) -> Result<(Customers, Vec<Ranks>)> {
    let mut keys = match master {
        Some(RawKeys::Int(keys)) => Keys::Int(sorted(keys)),
        Some(RawKeys::Text(keys)) => text_keys(&sorted(keys))?,
        None => Keys::Int(Vec::new()),
    };
    // The customers source mostly knows every customer, which the walk that finds the ranks tells too.
    if !keys.is_empty()
        && let Some((ranks, has_unidentified)) = ranks_by_period(&keys, ids, memory)?
    {
        return Ok((Customers { keys, has_unidentified }, ranks));
    }
    keys = match (key_type, keys) {
        (KeyType::Int, listed) => {
            let known = union_of(0..ids.periods, &|period| Ok(known_keys(&(ids.of)(period)?).to_vec()))?;
            let listed = if let Keys::Int(listed) = listed { listed } else { Vec::new() };
            Keys::Int(union(known, listed))
        }
        (KeyType::Text, listed) => {
            let texts = |ids: &StringArray| ids.iter().flatten().map(str::to_owned).collect::<Vec<String>>();
            let known = union_of(0..ids.periods, &|period| Ok(texts((ids.of)(period)?.as_string::<i32>())))?;
            let listed = if let Keys::Text(listed) = listed { texts(&listed) } else { Vec::new() };
            text_keys(&union(known, listed))?
        }
    };
    let (ranks, has_unidentified) = ranks_by_period(&keys, ids, memory)?.expect("every customer was joined");
    Ok((Customers { keys, has_unidentified }, ranks))
}

/// Texts of all customers, which an array addresses in 31 bits.
fn text_keys(keys: &[String]) -> Result<Keys> {
    let bytes: u64 = keys.iter().map(|key| key.len() as u64).sum();
    if i32::try_from(bytes).is_err() {
        let gibibytes = bytes >> 30;
        return Err(Error::new(
            Kind::Resource,
            format!(
                "the keys of {} customers take {gibibytes} GiB together, expected less than 2; write 'customer' as an integer, \
                 or as a shorter text",
                keys.len()
            ),
        ));
    }
    Ok(Keys::Text(keys.iter().map(|key| Some(key.as_str())).collect()))
}

/// The ranks of all periods, and whether any has the unidentified cost object; none if a customer is not among the keys.
fn ranks_by_period(keys: &Keys, ids: PeriodIds<'_>, memory: &Memory) -> Result<Option<(Vec<Ranks>, bool)>> {
    let of_period = |period: usize| {
        let ids = (ids.of)(period)?;
        let ranks = ranks_if_known(keys, &ids).map(|ranks| Ranks::of(&ranks, memory)).transpose()?;
        Ok(ranks.map(|ranks| (ranks, ids.null_count() > 0)))
    };
    let found = (0..ids.periods).into_par_iter().with_max_len(1).map(of_period);
    let found: Option<Vec<(Ranks, bool)>> = found.collect::<Result<Vec<_>>>()?.into_iter().collect();
    Ok(found.map(|found| {
        let has_unidentified = found.iter().any(|(_, has_unidentified)| *has_unidentified);
        (found.into_iter().map(|(ranks, _)| ranks).collect(), has_unidentified)
    }))
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

/// The union of the sorted keys of some periods, halves first, so that few periods are held at a time.
fn union_of<K: Ord + Send>(
    periods: Range<usize>,
    keys_of: &(impl Fn(usize) -> Result<Vec<K>> + Sync),
) -> Result<Vec<K>> {
    match periods.len() {
        0 => Ok(Vec::new()),
        1 => keys_of(periods.start),
        many => {
            let middle = periods.start + many / 2;
            let (first, second) = rayon::join(
                || union_of(periods.start..middle, keys_of),
                || union_of(middle..periods.end, keys_of),
            );
            Ok(union(first?, second?))
        }
    }
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
fn ranks_if_known(keys: &Keys, ids: &ArrayRef) -> Option<Vec<u32>> {
    let mut ranks = match keys {
        Keys::Int(keys) => walk(known_keys(ids).iter().copied(), |rank| keys.get(rank).copied()),
        Keys::Text(keys) => {
            let known = ids.as_string::<i32>().iter().flatten();
            walk(known, |rank| (rank < keys.len()).then(|| keys.value(rank)))
        }
    }?;
    if ids.null_count() > 0 {
        ranks.push(rank_u32(keys.len()));
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

    fn joined(ids: &[ArrayRef], key_type: KeyType, master: Option<&RawKeys>) -> (Customers, Vec<Vec<u32>>) {
        let folder = tempfile::tempdir().unwrap();
        let ids_of = |period: usize| Ok(Arc::clone(&ids[period]));
        let ids = PeriodIds { periods: ids.len(), of: &ids_of };
        let (found, ranks) = customers(ids, key_type, master, &Memory::of_machine(folder.path())).unwrap();
        let ranks = ranks.iter().map(|ranks| ranks.chunks().collect::<Result<Vec<_>>>().unwrap().concat());
        (found, ranks.collect())
    }

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
            let (found, ranks) = joined(ids, key_type, master.as_ref());
            assert_eq!((found.keys.len(), found.has_unidentified), (3, true));
            assert_eq!(ranks, [vec![0, 2], vec![], vec![1, 2, 3]]);
        }
        let (found, ranks) = joined(&of_ints, KeyType::Int, Some(&list(&[9, 8, 2, -3])));
        assert_eq!((found.keys.len(), ranks), (4, vec![vec![0, 2], vec![], vec![1, 2, 4]]));
    }
}
