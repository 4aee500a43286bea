//! Customers by amount: the largest one by one, the others as one line.

use super::exact::Exact;
use super::recalled::Recalled;
use crate::profitability::schema::key_text;
use serde::Serialize;

/// Where money went among customers. The rows and the rest add up to `amount`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Takers {
    /// How many have any.
    pub customers: usize,
    /// What all of them have.
    pub amount: Exact,
    /// Those with the most, in descending order, ties by key.
    pub top: Vec<Taker>,
    /// The others together.
    pub rest: Option<Rest>,
}

/// One customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Taker {
    /// Its key.
    pub customer: String,
    /// Its driver volume, where one activity is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Exact>,
    /// Its money.
    pub amount: Exact,
}

/// Several customers as one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rest {
    /// How many.
    pub customers: usize,
    /// Their driver volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Exact>,
    /// Their money.
    pub amount: Exact,
}

/// Amounts, and volumes where there are any, by rank.
pub(super) struct ByRank {
    pub(super) amounts: Vec<i128>,
    pub(super) volumes: Option<(Vec<i128>, u8)>,
}

impl ByRank {
    pub(super) fn new(recalled: &Recalled<'_>, volume_scale: Option<u8>) -> Self {
        let zeros = || vec![0; recalled.facts.customers.len()];
        Self { amounts: zeros(), volumes: volume_scale.map(|scale| (zeros(), scale)) }
    }

    pub(super) fn add_amounts(&mut self, ranks: &[u32], amounts: &[i64]) {
        add(&mut self.amounts, ranks, amounts);
    }

    pub(super) fn add_volumes(&mut self, ranks: &[u32], volumes: &[i64]) {
        let (sums, _) = self.volumes.as_mut().expect("volumes are asked for");
        add(sums, ranks, volumes);
    }

    /// The `top` customers one by one, the others together.
    pub(super) fn takers(&self, recalled: &Recalled<'_>, top: usize) -> Takers {
        let volume = |rank: u32| self.volumes.as_ref().map_or(0, |(volumes, _)| volumes[rank as usize]);
        let mut ranks: Vec<u32> = (0..u32::try_from(self.amounts.len()).expect("ranks fit 32 bits"))
            .filter(|rank| self.amounts[*rank as usize] != 0 || volume(*rank) != 0)
            .collect();
        let order = |rank: &u32| (std::cmp::Reverse(self.amounts[*rank as usize]), *rank);
        if top < ranks.len() {
            ranks.select_nth_unstable_by_key(top, order);
        }
        let named = top.min(ranks.len());
        let (first, others) = ranks.split_at_mut(named);
        first.sort_unstable_by_key(order);
        let sum = |ranks: &[u32]| ranks.iter().map(|rank| self.amounts[*rank as usize]).sum::<i128>();
        let scale = self.volumes.as_ref().map(|(_, scale)| *scale);
        let shown = |volume: i128| scale.map(|scale| Exact::new(volume, scale));
        let taker = |rank: &u32| Taker {
            customer: key_text(&recalled.facts.customers, *rank),
            volume: shown(volume(*rank)),
            amount: recalled.money(self.amounts[*rank as usize]),
        };
        let rest = (!others.is_empty()).then(|| Rest {
            customers: others.len(),
            volume: shown(others.iter().map(|rank| volume(*rank)).sum()),
            amount: recalled.money(sum(others)),
        });
        Takers {
            customers: first.len() + others.len(),
            amount: recalled.money(sum(first) + sum(others)),
            top: first.iter().map(taker).collect(),
            rest,
        }
    }
}

fn add(sums: &mut [i128], ranks: &[u32], values: &[i64]) {
    ranks.iter().zip(values).for_each(|(rank, value)| sums[*rank as usize] += i128::from(*value));
}
