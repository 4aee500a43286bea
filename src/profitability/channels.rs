//! Customers by the channel that serves them, as the customers source says.

use super::behaviour::Behaviour;
use super::waterfall::Measures;
use crate::customers::grouping::{Grouping, Unlabelled};
use crate::error::Result;
use crate::facts::schema::CustomerMaster;
use std::ops::AddAssign;

/// The attribute that names a customer's channel.
const ATTRIBUTE: &str = "channel";

/// The channels of a run, and the customers of each.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// Sorted.
    pub(crate) names: Vec<String>,
    /// Those without channel last.
    customers: Option<Grouping>,
}

/// What the customers of one channel come to. Adds up over slices of customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Income {
    /// Those with a sale line.
    pub(crate) customers: i64,
    /// Of all, after all they bear.
    pub(crate) profit: i128,
}

impl AddAssign for Income {
    fn add_assign(&mut self, other: Self) {
        self.customers += other.customers;
        self.profit += other.profit;
    }
}

impl Channels {
    pub(crate) fn new(master: Option<&CustomerMaster>) -> Result<Self> {
        let attributes = master.iter().flat_map(|master| &master.attributes);
        let Some((_, values)) = attributes.into_iter().find(|(name, _)| name == ATTRIBUTE) else {
            return Ok(Self::default());
        };
        let customers = Grouping::by_values(values, Unlabelled::Last)?;
        Ok(Self { names: customers.labels.iter().flatten().cloned().collect(), customers: Some(customers) })
    }

    /// By channel; last the customers without one. `counts` says which rows count as customers; ranks from `known` on
    /// are none.
    pub(crate) fn incomes(
        &self,
        known: usize,
        measures: &Measures,
        counts: fn(&Behaviour, usize) -> bool,
    ) -> Vec<Income> {
        let mut incomes = vec![Income::default(); self.names.len() + 1];
        let profits = measures.ranks.iter().zip(measures.worth.last_step());
        for (row, (rank, profit)) in profits.enumerate() {
            let rank = *rank as usize;
            let channel = self.customers.as_ref().map_or(0, |customers| customers.group(rank));
            let income = &mut incomes[channel];
            income.customers += i64::from(rank < known && counts(&measures.behaviour, row));
            income.profit += i128::from(*profit);
        }
        incomes
    }
}
