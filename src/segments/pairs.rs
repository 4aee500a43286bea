//! Which product groups are bought by the same customers, counted exactly (R. Agrawal, T. Imieliński and A. Swami,
//! "Mining Association Rules between Sets of Items in Large Databases", SIGMOD 1993; lift as S. Brin et al., 1997).

use crate::error::Result;
use crate::memory::Memory;
use crate::memory::Scratch;
use rayon::prelude::*;

/// What each customer of a slice bought: groups of the n-th customer are `groups[starts[n]..starts[n + 1]]`, ascending.
#[derive(Debug)]
pub(crate) struct Baskets {
    starts: Vec<usize>,
    groups: Vec<u16>,
}

impl Baskets {
    /// Of no customers yet.
    pub(crate) fn new() -> Self {
        Self { starts: vec![0], groups: Vec::new() }
    }

    /// Adds the next customer's groups, in any order.
    pub(crate) fn push(&mut self, groups: impl IntoIterator<Item = u16>) {
        let start = self.groups.len();
        self.groups.extend(groups);
        self.groups[start..].sort_unstable();
        self.starts.push(self.groups.len());
    }

    /// The groups of a customer.
    pub(crate) fn of(&self, customer: usize) -> &[u16] {
        &self.groups[self.starts[customer]..self.starts[customer + 1]]
    }

    pub(crate) fn customers(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many groups each customer bought.
    pub(crate) fn sizes(&self) -> Vec<i64> {
        let size = |bounds: &[usize]| i64::try_from(bounds[1] - bounds[0]).expect("a count fits 64 bits");
        self.starts.windows(2).map(size).collect()
    }
}

/// What all customers bought, kept from the walk that reads it to the one that makes offers.
#[derive(Debug)]
pub(crate) struct KeptBaskets(Scratch);

impl KeptBaskets {
    /// For so many slices.
    pub(crate) fn new(slices: usize, memory: &Memory) -> Self {
        Self(Scratch::new(slices, memory))
    }

    /// Keeps those of a slice.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn keep(&self, slice: usize, baskets: &Baskets) -> Result<()> {
        let groups: Vec<i64> = baskets.groups.iter().map(|group| i64::from(*group)).collect();
        self.0.keep(slice, [&baskets.sizes()[..], &groups])
    }

    /// Those of a slice; of no customers beyond the last.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn slice(&self, slice: usize) -> Result<Baskets> {
        let mut baskets = Baskets::new();
        if slice >= self.0.slices() {
            return Ok(baskets);
        }
        let mut end = 0;
        for size in self.0.column(slice, 0)? {
            end += usize::try_from(size).expect("a number of groups");
            baskets.starts.push(end);
        }
        let group = |group| u16::try_from(group).expect("a group's number");
        baskets.groups = self.0.column(slice, 1)?.into_iter().map(group).collect();
        Ok(baskets)
    }
}

/// Customers of every pair of groups; of one group where both are the same.
#[derive(Debug, PartialEq)]
pub(crate) struct Together {
    groups: usize,
    counts: Vec<u32>,
}

impl Together {
    /// Counts pairs in one pass.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn count(baskets: &KeptBaskets, groups: usize) -> Result<Self> {
        let slices = baskets.0.slices();
        // As many matrices as threads, each over its own slices: sums of integers, in whatever order.
        let stripes = slices.min(rayon::current_num_threads()).max(1);
        let counted = (0..stripes).into_par_iter().map(|stripe| {
            let mut counts = vec![0_u32; groups * groups];
            for slice in (stripe..slices).step_by(stripes) {
                let baskets = baskets.slice(slice)?;
                (0..baskets.customers()).for_each(|customer| add(&mut counts, groups, baskets.of(customer)));
            }
            Ok(counts)
        });
        let sum = |mut left: Vec<u32>, right: Vec<u32>| {
            left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
            Ok(left)
        };
        let counts = counted.try_reduce_with(sum).transpose()?.unwrap_or_default();
        Ok(Self { groups, counts })
    }

    /// Customers who bought both.
    pub(crate) fn both(&self, one: u16, other: u16) -> u32 {
        let (low, high) = (one.min(other), one.max(other));
        self.counts[usize::from(low) * self.groups + usize::from(high)]
    }
}

fn add(counts: &mut [u32], groups: usize, basket: &[u16]) {
    for (at, one) in basket.iter().enumerate() {
        let row = usize::from(*one) * groups;
        basket[at..].iter().for_each(|other| counts[row + usize::from(*other)] += 1);
    }
}

/// Who bought `given` is offered `offered`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) given: u16,
    pub(crate) offered: u16,
    /// Customers who bought both, the first, the second.
    pub(crate) both: u32,
    pub(crate) of_given: u32,
    pub(crate) of_offered: u32,
    /// Confidence × contribution of the offered group per customer who buys it, rounded once, in smallest units.
    pub(crate) expected: i64,
}

/// Offers by the group they follow from, the best first: those that raise the odds (lift above 1) and are expected to
/// bring something. Ordered by expected contribution, then by customers of both, then by group.
#[derive(Debug)]
pub(crate) struct Offers {
    by_given: Vec<Vec<Offer>>,
}

impl Offers {
    /// From pair counts and the contribution of each group.
    pub(crate) fn new(together: &Together, contributions: &[i128], customers: usize) -> Self {
        let groups = u16::try_from(contributions.len()).expect("groups were counted");
        let of_given = |given: u16| {
            let offers = (0..groups).filter(|offered| *offered != given);
            let offer = |offered| offer(together, contributions, customers, given, offered);
            let mut offers: Vec<Offer> = offers.filter_map(offer).collect();
            offers.sort_by_key(Offer::order);
            offers
        };
        Self { by_given: (0..groups).into_par_iter().map(of_given).collect() }
    }

    /// The best offers to a customer of groups not bought yet, each group once.
    pub(crate) fn best(&self, basket: &[u16], most: usize) -> Vec<Offer> {
        let mut best: Vec<Offer> = Vec::with_capacity(most + 1);
        for given in basket {
            let new = self.by_given[usize::from(*given)].iter();
            for offer in new.filter(|offer| basket.binary_search(&offer.offered).is_err()).take(most) {
                insert(&mut best, *offer, most);
            }
        }
        best
    }
}

/// Keeps the list ordered, at most so long, and with each group once.
fn insert(best: &mut Vec<Offer>, offer: Offer, most: usize) {
    if let Some(same) = best.iter().position(|known| known.offered == offer.offered) {
        if best[same].order() <= offer.order() {
            return;
        }
        best.remove(same);
    }
    let place = best.partition_point(|known| known.order() < offer.order());
    best.insert(place, offer);
    best.truncate(most);
}

impl Offer {
    fn order(&self) -> (std::cmp::Reverse<(i64, u32)>, u16, u16) {
        (std::cmp::Reverse((self.expected, self.both)), self.offered, self.given)
    }
}

fn offer(
    together: &Together,
    contributions: &[i128],
    customers: usize,
    given: u16,
    offered: u16,
) -> Option<Offer> {
    let both = together.both(given, offered);
    let (of_given, of_offered) = (together.both(given, given), together.both(offered, offered));
    let lifts = u128::from(both) * customers as u128 > u128::from(of_given) * u128::from(of_offered);
    if !lifts {
        return None;
    }
    let contribution = contributions[usize::from(offered)].checked_mul(both.into())?;
    let expected = crate::units::round_ratio(contribution, i128::from(of_given) * i128::from(of_offered));
    let expected = i64::try_from(expected).ok().filter(|expected| *expected > 0)?;
    Some(Offer { given, offered, both, of_given, of_offered, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(customers: &[&[u16]], groups: usize) -> Together {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptBaskets::new(customers.len().div_ceil(2), &Memory::of_machine(folder.path()));
        for (slice, customers) in customers.chunks(2).enumerate() {
            let mut baskets = Baskets::new();
            customers.iter().for_each(|basket| baskets.push(basket.iter().copied()));
            kept.keep(slice, &baskets).unwrap();
        }
        Together::count(&kept, groups).unwrap()
    }

    #[test]
    fn pairs_are_counted_exactly() {
        let together = together(&[&[0, 1], &[1, 0], &[0], &[2], &[1, 2], &[]], 3);
        let counts = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 0), (0, 2), (1, 2)];
        assert_eq!(counts.map(|(one, other)| together.both(one, other)), [3, 3, 2, 2, 2, 0, 1]);
    }

    #[test]
    fn a_customer_is_offered_what_alike_customers_buy() {
        let together = together(&[&[0, 1], &[1, 0], &[0], &[2], &[1, 2], &[]], 3);
        let offers = Offers::new(&together, &[600, 900, -50], 6);
        // Of 3 customers with group 0, 2 bought group 1, which brings 900 / 3 a customer.
        let best = offers.best(&[0], 2);
        assert_eq!(best.len(), 1, "group 2 is bought by none of them, and loses");
        assert_eq!((best[0].offered, best[0].both, best[0].of_given, best[0].expected), (1, 2, 3, 200));
        assert_eq!(offers.best(&[0, 1], 2), [], "all that lifts is bought already");
        assert_eq!(offers.best(&[], 2), []);
    }

    #[test]
    fn the_best_reason_stands_for_each_group() {
        let bought: [&[u16]; 8] = [&[0, 3], &[0, 3], &[0, 1], &[1, 3], &[2, 3], &[2], &[4], &[4]];
        let together = together(&bought, 5);
        let offers = Offers::new(&together, &[100, 100, 100, 400, 100], 8);
        let best = offers.best(&[0, 1], 3);
        assert_eq!(best.iter().filter(|offer| offer.offered == 3).count(), 1);
        assert_eq!((best[0].given, best[0].offered, best[0].expected), (0, 3, 67));
    }
}
