//! Joins what the periods of a run know: all customers by key, which gives them their ranks, and all product groups.

use super::master::RawKeys;
use super::period_run::GROUP_NAMES;
use super::schema::{Customers, Keys};
use super::state::{PeriodRuns, Record};
use super::state_file::Kept;
use crate::error::Result;
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int64Type;
use rayon::prelude::*;
use std::path::Path;

/// All customers of all periods and of the master data.
pub(crate) fn customers(ids: &[ArrayRef], key_type: KeyType, master: Option<&RawKeys>) -> Customers {
    let has_unidentified = ids.iter().any(|ids| ids.null_count() > 0);
    let keys = match key_type {
        KeyType::Int => {
            let known = |ids: &ArrayRef| known_keys(ids).to_vec();
            let mut listed = Vec::new();
            if let Some(RawKeys::Int(keys)) = master {
                listed.clone_from(keys);
                listed.sort_unstable();
            }
            // The customers source mostly knows every customer, which one walk tells; joining all lists takes many.
            let is_listed = |ids: &ArrayRef| is_within(known_keys(ids), &listed);
            match !listed.is_empty() && ids.par_iter().all(is_listed) {
                true => Keys::Int(listed),
                false => Keys::Int(union_all(ids.iter().map(known).chain([listed]).collect())),
            }
        }
        KeyType::Text => {
            let known = |ids: &ArrayRef| ids.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
            let mut lists: Vec<Vec<String>> = ids.iter().map(known).collect();
            if let Some(RawKeys::Text(keys)) = master {
                let mut keys = keys.clone();
                keys.sort_unstable();
                lists.push(keys);
            }
            Keys::Text(StringArray::from(union_all(lists)))
        }
    };
    Customers { keys, has_unidentified }
}

/// Integer keys without the unidentified cost object, which is null and last.
fn known_keys(ids: &ArrayRef) -> &[i64] {
    &ids.as_primitive::<Int64Type>().values()[..ids.len() - ids.null_count()]
}

/// Whether a sorted list holds every key of another.
fn is_within(keys: &[i64], list: &[i64]) -> bool {
    let mut rest = list.iter();
    keys.iter().all(|key| rest.by_ref().find(|known| *known >= key) == Some(key))
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

/// The rank of each row of a period: both sides are sorted, so one walk finds all.
pub(crate) fn ranks_of(customers: &Customers, ids: &ArrayRef) -> Vec<u32> {
    let known = ids.len() - ids.null_count();
    let mut ranks = Vec::with_capacity(ids.len());
    let mut rank = 0_usize;
    let mut push = |is_at: &dyn Fn(usize) -> bool| {
        while !is_at(rank) {
            rank += 1;
        }
        ranks.push(u32::try_from(rank).expect("ranks fit 32 bits"));
    };
    match &customers.keys {
        Keys::Int(keys) => {
            known_keys(ids).iter().for_each(|key| push(&|rank| keys[rank] == *key));
        }
        Keys::Text(keys) => {
            let values = ids.as_string::<i32>();
            (0..known).for_each(|row| push(&|rank| keys.value(rank) == values.value(row)));
        }
    }
    if ids.null_count() > 0 {
        ranks.push(u32::try_from(customers.keys.len()).expect("ranks fit 32 bits"));
    }
    ranks
}

/// All group names, sold or only listed, sorted, and per period the global code of each of its codes.
pub(crate) fn groups(folder: &Path, record: &Record) -> Result<(Vec<String>, Vec<Vec<u32>>)> {
    let names_of = |runs: &PeriodRuns| {
        let names = Kept::read_one(folder, &runs.products, GROUP_NAMES)?.list(GROUP_NAMES);
        Ok(names.as_string::<i32>().iter().flatten().map(str::to_owned).collect())
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
