//! Who belongs to which group of a level of customers: by an attribute, or by shares of those who belong to several groups.

use super::group_keys::{GroupKeys, NO_GROUP};
use super::part::Part;
use crate::error::{Error, Result};
use crate::facts::schema::{Customers, Keys};
use crate::memory::{MemoryBudget, Reservation};
use arrow::array::{Array, ArrayRef, AsArray, LargeStringArray, LargeStringBuilder};
use arrow::datatypes::DataType;
use std::ops::Range;

/// Shares of customers in groups of one level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shares {
    /// Keys of groups.
    pub(crate) names: Vec<String>,
    /// Sorted by customer, then by name; each pair once.
    pub(crate) rows: Vec<Share>,
}

/// What of a customer belongs to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share {
    pub(crate) rank: u32,
    /// Place among the names.
    pub(crate) name: u32,
    /// Above 0.
    pub(crate) share: i64,
}

/// A customer, or a part of one, in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) rank: u32,
    pub(crate) group: u32,
    pub(crate) part: Part,
    /// Whether the customer is in other groups too.
    pub(crate) is_shared: bool,
}

/// Groups, and who belongs to them.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) keys: GroupKeys,
    /// By rank; `NO_GROUP` of customers with shares.
    groups: Vec<u32>,
    /// Members with shares, by rank, then in the order of groups.
    shared: Vec<Member>,
    _held: Reservation,
}

/// Values that are turned into text at a time.
const VALUES: usize = 1 << 16;

/// What the unidentified cost object is a group as.
const UNIDENTIFIED: &str = "(unidentified)";

impl Membership {
    /// Groups by the values of an attribute, which are parallel to ranks. A customer without a value is a group of its own, with
    /// its key in parentheses, so that it does not fall together with a group that is called as the customer is.
    ///
    /// # Errors
    /// Values that have no text; a group that has the key of a customer without one.
    pub(crate) fn new(
        customers: &Customers,
        values: &ArrayRef,
        shares: Shares,
        budget: &MemoryBudget,
    ) -> Result<Self> {
        let texts = texts(customers, values, &shares.names)?;
        // Texts, and while they are sorted twenty bytes each.
        let of_texts = budget.hold((texts.get_array_memory_size() + 20 * texts.len()) as u64);
        let mut wanted = vec![true; customers.len()];
        wanted.resize(texts.len(), false);
        for share in &shares.rows {
            wanted[share.rank as usize] = false;
            wanted[customers.len() + share.name as usize] = true;
        }
        let (keys, mut groups) = GroupKeys::new(&texts, |index| wanted[index]);
        let is_made = |index: usize| {
            let is_known = index < values.len() && index < customers.keys.len() && values.is_valid(index);
            index < customers.len() && !is_known
        };
        if let Some(group) = clash(&groups, keys.len(), is_made) {
            return Err(clashing(keys.key(group as usize)));
        }
        drop((texts, of_texts));
        let of_names = groups.split_off(customers.len());
        groups.shrink_to_fit();
        let shared = members(&shares.rows, &of_names);
        let bytes = keys.bytes() + (size_of_val(&groups[..]) + size_of_val(&shared[..])) as u64;
        Ok(Self { keys, groups, shared, _held: budget.hold(bytes) })
    }

    /// How many groups.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Members among these customers, by rank, then in the order of groups.
    pub(crate) fn members(&self, ranks: Range<usize>) -> Vec<Member> {
        self.members_of(ranks.map(|rank| u32::try_from(rank).expect("ranks fit 32 bits")))
    }

    /// The same of customers in ascending order.
    pub(crate) fn members_of(&self, ranks: impl Iterator<Item = u32>) -> Vec<Member> {
        let mut members = Vec::with_capacity(ranks.size_hint().0);
        let mut ranks = ranks.peekable();
        let from = ranks.peek().copied().unwrap_or(0);
        let mut shared = self.shared_from(from).iter().peekable();
        for rank in ranks {
            let before = members.len();
            while let Some(member) = shared.next_if(|member| member.rank <= rank) {
                members.extend((member.rank == rank).then_some(*member));
            }
            if members.len() == before {
                let group = self.groups[rank as usize];
                members.push(Member { rank, group, part: Part::ALL, is_shared: false });
            }
        }
        members
    }

    /// Customers among these who belong to several groups, as often as they do.
    pub(crate) fn shared_among(&self, ranks: Range<usize>) -> impl Iterator<Item = u32> {
        let from = u32::try_from(ranks.start).expect("ranks fit 32 bits");
        let members =
            self.shared_from(from).iter().take_while(move |member| (member.rank as usize) < ranks.end);
        members.filter(|member| member.is_shared).map(|member| member.rank)
    }

    /// Members with shares from a customer on.
    fn shared_from(&self, rank: u32) -> &[Member] {
        &self.shared[self.shared.partition_point(|member| member.rank < rank)..]
    }

    /// Whether the customer's groups come from shares, and not from the attribute.
    pub(crate) fn has_shares(&self, rank: u32) -> bool {
        self.groups[rank as usize] == NO_GROUP
    }

    /// The only group of a customer; none of one who belongs to several.
    pub(crate) fn only_group(&self, rank: u32) -> Option<u32> {
        if !self.has_shares(rank) {
            return Some(self.groups[rank as usize]);
        }
        let member = self.shared_from(rank)[0];
        (!member.is_shared).then_some(member.group)
    }
}

/// A group of the data that has a key which was made for a customer without one, or two such customers.
fn clash(groups: &[u32], count: usize, is_made: impl Fn(usize) -> bool + Copy) -> Option<u32> {
    let mut has_made_key = vec![false; count];
    let wanted = |made: bool| {
        let of_kind = groups.iter().enumerate().filter(move |(_, group)| **group != NO_GROUP);
        of_kind.filter(move |(index, _)| is_made(*index) == made).map(|(_, group)| *group)
    };
    let twice = wanted(true).find(|group| std::mem::replace(&mut has_made_key[*group as usize], true));
    twice.or_else(|| wanted(false).find(|group| has_made_key[*group as usize]))
}

fn clashing(key: &str) -> Error {
    let inner = key.trim_start_matches('(').trim_end_matches(')');
    let who = if key == UNIDENTIFIED {
        "rows without customer stand".to_owned()
    } else {
        format!("customer {inner}, who has no group, stands")
    };
    Error::check(format!(
        "'{key}' is a group, and what {who} under: the two would be one group; write the attribute or the group of \
         [hierarchy.shared] in another way, such as 'group ' || …"
    ))
}

/// Members by their shares: running shares in the order of groups.
fn members(shares: &[Share], groups: &[u32]) -> Vec<Member> {
    let mut members = Vec::with_capacity(shares.len());
    for of_customer in shares.chunk_by(|a, b| a.rank == b.rank) {
        let mut of_customer: Vec<(u32, i64)> =
            of_customer.iter().map(|share| (groups[share.name as usize], share.share)).collect::<Vec<_>>();
        of_customer.sort_unstable();
        let whole = of_customer.iter().map(|(_, share)| share).sum();
        let is_shared = of_customer.len() > 1;
        let rank = shares[members.len()].rank;
        let mut before = 0;
        for (group, share) in of_customer {
            let part = Part::new(before, before + share, whole);
            members.push(Member { rank, group, part, is_shared });
            before += share;
        }
    }
    members
}

/// By rank the key of the group as text, then the names.
fn texts(customers: &Customers, values: &ArrayRef, names: &[String]) -> Result<LargeStringArray> {
    let known = customers.keys.len();
    let mut texts = LargeStringBuilder::with_capacity(customers.len() + names.len(), 16 * customers.len());
    for start in (0..known).step_by(VALUES) {
        let end = known.min(start + VALUES);
        let end_of_values = values.len().clamp(start, end);
        let some = values.slice(start.min(values.len()), end_of_values - start);
        let some = arrow::compute::cast(&some, &DataType::Utf8)
            .map_err(|fault| Error::internal(fault.to_string()))?;
        let some = some.as_string::<i32>().iter().chain(std::iter::repeat(None));
        for (rank, value) in (start..end).zip(some) {
            match (value, &customers.keys) {
                (Some(value), _) => texts.append_value(value),
                (None, Keys::Int(keys)) => texts.append_value(format!("({})", keys[rank])),
                (None, Keys::Text(keys)) => texts.append_value(format!("({})", keys.value(rank))),
            }
        }
    }
    if customers.has_unidentified {
        texts.append_value(UNIDENTIFIED);
    }
    names.iter().for_each(|name| texts.append_value(name));
    Ok(texts.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use std::sync::Arc;

    fn customers() -> Customers {
        Customers { keys: Keys::Int(vec![7, 8, 9, 17]), has_unidentified: true }
    }

    fn keys(membership: &Membership) -> Vec<&str> {
        (0..membership.len()).map(|group| membership.keys.key(group)).collect()
    }

    #[test]
    fn a_customer_without_a_value_is_a_group_of_its_own() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![Some(9), None, Some(9)]));
        let found =
            Membership::new(&customers(), &values, Shares::default(), &MemoryBudget::unlimited()).unwrap();
        assert_eq!(keys(&found), ["(17)", "(8)", "(unidentified)", "9"]);
        let groups: Vec<u32> = found.members(0..5).iter().map(|member| member.group).collect();
        assert_eq!(groups, [3, 1, 3, 0, 2]);
    }

    #[test]
    fn a_group_that_is_called_as_a_customer_without_one_is_refused() {
        let fault = |values: Vec<Option<&str>>, shares: Shares| {
            let values: ArrayRef = Arc::new(StringArray::from(values));
            let made = Membership::new(&customers(), &values, shares, &MemoryBudget::unlimited());
            made.err().map(|error| error.to_string())
        };
        let of_customer = fault(vec![Some("(17)"), Some("a"), Some("a"), None], Shares::default()).unwrap();
        assert!(
            of_customer.contains("'(17)' is a group, and what customer 17, who has no group, stands under"),
            "{of_customer}"
        );
        let of_unidentified = fault(vec![Some("(unidentified)"); 4], Shares::default()).unwrap();
        assert!(of_unidentified.contains("rows without customer"), "{of_unidentified}");
        let by_share = Shares { names: vec!["(8)".into()], rows: vec![Share { rank: 0, name: 0, share: 5 }] };
        assert!(fault(vec![None; 4], by_share).is_some());
        // Where customer 17 has a group, its key is made for nobody.
        assert_eq!(fault(vec![Some("(17)"), Some("a"), Some("a"), Some("b")], Shares::default()), None);
    }

    #[test]
    fn shares_take_the_place_of_the_attribute() {
        let values: ArrayRef = Arc::new(StringArray::from(vec!["b", "b", "x", "b"]));
        let share = |rank, name, share| Share { rank, name, share };
        let names = vec!["c".to_owned(), "a".to_owned(), "unused".to_owned()];
        let rows = vec![share(1, 0, 30), share(1, 1, 10), share(2, 0, 5)];
        let shares = Shares { names, rows };
        let found = Membership::new(&customers(), &values, shares, &MemoryBudget::unlimited()).unwrap();
        assert_eq!(keys(&found), ["(unidentified)", "a", "b", "c"]);
        let member = |rank, group, part, is_shared| Member { rank, group, part, is_shared };
        let expected = [
            member(1, 1, Part::new(0, 10, 40), true),
            member(1, 3, Part::new(10, 40, 40), true),
            member(2, 3, Part::new(0, 5, 5), false),
            member(3, 2, Part::ALL, false),
        ];
        assert_eq!(found.members(1..4), expected);
        assert_eq!(found.members_of([0, 2, 3].into_iter())[1..], expected[2..]);
        assert_eq!(found.shared_among(0..3).collect::<Vec<_>>(), [1, 1]);
        assert_eq!([0, 1, 2].map(|rank| found.only_group(rank)), [Some(2), None, Some(3)]);
    }
}
