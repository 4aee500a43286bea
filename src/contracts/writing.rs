//! Every contract valued and written, slice by slice of customers, with the sums of each customer and of each group.

use super::contract::{Contract, Fate};
use super::rows::Contracts;
use super::tables::TableContext;
use super::tables::{contract, customer_contract};
use super::tally::Kind;
use super::valuation::{Valued, Valuer};
use crate::customers::slices;
use crate::error::Result;
use crate::facts::schema::Customers;
use crate::publish::StageTables;
use crate::units::{Day, Fixed18};
use std::collections::BTreeMap;
use std::ops::Range;

/// What all contracts of a group are still going to bring; none where no model has a fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Worth {
    pub(super) residual: Option<i128>,
    /// By horizon.
    pub(super) within: Vec<Option<i128>>,
}

/// Contracts of one customer.
#[derive(Debug, Clone)]
pub(super) struct CustomerContracts {
    pub(super) who: u32,
    pub(super) contracts: u32,
    pub(super) running: u32,
    pub(super) first_started: Day,
    pub(super) next_renewal: Option<Day>,
    pub(super) residual: Option<Fixed18>,
    pub(super) within: Vec<Option<Fixed18>>,
}

/// What contracts are valued and written by.
pub(super) struct Writing<'r> {
    pub(super) contracts: &'r Contracts,
    pub(super) customers: &'r Customers,
    pub(super) context: TableContext<'r>,
    /// By group.
    pub(super) valuers: Vec<Valuer<'r>>,
    /// The valuer of each kind of contract.
    pub(super) place_of: BTreeMap<Kind, usize>,
    /// Where horizons end.
    pub(super) horizons: Vec<Day>,
    pub(super) as_of: Day,
}

impl Writing<'_> {
    /// Writes both tables. Returns what contracts of each valuer are worth, by its place.
    ///
    /// # Errors
    /// Money beyond 18 digits, a failed write.
    pub(super) fn write(&self, tables: StageTables<'_>) -> Result<Vec<Worth>> {
        let mut of_contracts = tables.table(&contract::sheet(self, &[]).spec, None)?;
        let mut of_customers = tables.table(&customer_contract::sheet(self, &[]).spec, None)?;
        let nothing = Worth { residual: Some(0), within: vec![Some(0); self.horizons.len()] };
        let mut worth = vec![nothing; self.valuers.len()];
        let make = |ranks: Range<usize>| {
            let valued = self.valued(&ranks)?;
            let customers = valued.chunk_by(|a, b| who(a) == who(b)).map(CustomerContracts::of);
            let customers = customers.collect::<Result<Vec<_>>>()?;
            let [contracts, customers] =
                [contract::sheet(self, &valued), customer_contract::sheet(self, &customers)];
            Ok((contracts.arrays, customers.arrays, self.worth(&valued)))
        };
        slices::in_order(0..self.customers.keys.len(), make, |(contracts, customers, parts)| {
            worth.iter_mut().zip(&parts).for_each(|(sum, part)| sum.merge(part));
            of_contracts.write(contracts)?;
            of_customers.write(customers)
        })?;
        of_contracts.finish()?;
        of_customers.finish()?;
        Ok(worth)
    }

    fn valued(&self, ranks: &Range<usize>) -> Result<Vec<Valued<'_>>> {
        let mut valued = Vec::new();
        for spans in self.contracts.of(ranks) {
            let contract = Contract { spans };
            let place = self.place_of[&Kind::of(&contract)];
            valued.extend(self.valuers[place].value(place, contract, self.as_of, &self.horizons)?);
        }
        Ok(valued)
    }

    fn worth(&self, valued: &[Valued<'_>]) -> Vec<Worth> {
        let nothing = Worth { residual: Some(0), within: vec![Some(0); self.horizons.len()] };
        let mut worth = vec![nothing; self.valuers.len()];
        for contract in valued {
            let wide = |value: Fixed18| i128::from(value.get());
            let within = contract.within.iter().map(|value| value.map(wide)).collect();
            worth[contract.place].merge(&Worth { residual: contract.residual.map(wide), within });
        }
        worth
    }
}

fn who(valued: &Valued<'_>) -> u32 {
    valued.contract.first().who
}

impl Worth {
    pub(super) fn merge(&mut self, other: &Self) {
        let add = |(sum, more): (&mut Option<i128>, &Option<i128>)| *sum = sum.zip(*more).map(|(a, b)| a + b);
        add((&mut self.residual, &other.residual));
        self.within.iter_mut().zip(&other.within).for_each(add);
    }
}

impl CustomerContracts {
    /// Of all contracts of a customer.
    fn of(valued: &[Valued<'_>]) -> Result<Self> {
        let count = |contracts: usize| u32::try_from(contracts).expect("contracts of a customer are few");
        let sum = |of: &dyn Fn(&Valued<'_>) -> Option<Fixed18>| {
            let values: Option<Vec<Fixed18>> = valued.iter().map(of).collect();
            let sum =
                values.map(|values| values.into_iter().map(|value| i128::from(value.get())).sum::<i128>());
            sum.map(|sum| Fixed18::checked(sum, "contracts: the residual value of a customer")).transpose()
        };
        let starts = valued.iter().map(|valued| Day(valued.contract.first().started));
        let within = (0..valued[0].within.len()).map(|horizon| sum(&|valued| valued.within[horizon]));
        Ok(Self {
            who: who(&valued[0]),
            contracts: count(valued.len()),
            running: count(valued.iter().filter(|valued| valued.seen.fate == Fate::Running).count()),
            first_started: starts.min().expect("a customer has a contract"),
            next_renewal: valued.iter().filter_map(|valued| valued.next_renewal).min(),
            residual: sum(&|valued| valued.residual)?,
            within: within.collect::<Result<_>>()?,
        })
    }
}
