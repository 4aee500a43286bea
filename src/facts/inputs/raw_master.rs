//! Rows of the customers source in the order of its files, and their alignment with the ranks of all customers.

use super::attribute_column::AttributeColumn;
use super::bind_master::MasterBounds;
use super::file_outcome::FileOutcome;
use super::findings::{Found, add_all};
use super::identity::Identity;
use super::key_text::{is_valid, text_of};
use super::quarantined_row::QuarantinedRow;
use crate::error::{Error, Result};
use crate::facts::expr::{Checked, Fault, Fixed, KeyColumn, Rows};
use crate::facts::schema::{AcquiredOn, CustomerMaster, Customers, Keys};
use crate::pipeline::{CustomersDef, Definition, KeyType, Mistake, Policy};
use crate::units::{Day, format_fixed};
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use rayon::prelude::*;

/// The customers source as read, before ranks are known.
pub(crate) struct RawMaster {
    pub(crate) keys: RawKeys,
    acquired_on: AcquiredOn,
    acquisition_cost: Vec<i64>,
    pub(crate) attributes: Vec<(String, ArrayRef)>,
    pub(crate) files: Vec<(Identity, FileOutcome)>,
}

/// Keys in file order.
pub(crate) enum RawKeys {
    Int(Vec<i64>),
    Text(Vec<String>),
}

impl RawMaster {
    pub(crate) fn new(key_type: KeyType) -> Self {
        Self {
            keys: match key_type {
                KeyType::Int => RawKeys::Int(Vec::new()),
                KeyType::Text => RawKeys::Text(Vec::new()),
            },
            acquired_on: AcquiredOn::default(),
            acquisition_cost: Vec::new(),
            attributes: Vec::new(),
            files: Vec::new(),
        }
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        match &mut self.keys {
            RawKeys::Int(keys) => keys.reserve(rows),
            RawKeys::Text(keys) => keys.reserve(rows),
        }
        self.acquired_on.reserve(rows);
        self.acquisition_cost.reserve(rows);
    }

    /// When the first customer was won, and what that cost.
    pub(crate) fn first(&self) -> Option<(Option<Day>, i64)> {
        Some((self.acquired_on.get(0), *self.acquisition_cost.first()?))
    }

    /// Rows that were quarantined, and why the first of them was.
    pub(crate) fn refused(&self) -> Option<(u64, String)> {
        let mut rows = self.files.iter().flat_map(|(_, outcome)| &outcome.quarantined);
        let reason = rows.next()?.reason.clone();
        Some((1 + rows.count() as u64, reason))
    }

    pub(crate) fn add(
        &mut self,
        definition: &Definition,
        bounds: &MasterBounds,
        batch: &RecordBatch,
        outcome: &mut FileOutcome,
        attributes: &mut [AttributeColumn],
    ) -> Result<()> {
        let rows = batch.num_rows();
        let loaded = &Rows::of(batch);
        let mut reasons: Vec<Option<String>> = vec![None; rows];
        let Checked { value: keys, faults: key_faults } = bounds.customer.keys(loaded)?;
        for (row, fault) in &key_faults {
            reasons[*row as usize] = Some(format!("customer: {}", fault.reason()));
        }
        for (_, reason) in reasons.iter_mut().enumerate().filter(|(row, _)| !is_valid(&keys, *row)) {
            reason.get_or_insert_with(|| "customer is null".to_owned());
        }
        let acquired = bounds.acquired_on.as_ref().map(|bound| bound.instants(loaded)).transpose()?;
        let scale = definition.facts.money_scale;
        let cost = bounds.acquisition_cost.as_ref().map(|bound| bound.fixed(loaded, scale)).transpose()?;
        let faults =
            acquired.iter().flat_map(|acquired| acquired.faults.iter().map(|fault| ("acquired_on", fault)));
        let more = cost.iter().flat_map(|cost| cost.faults.iter().map(|fault| ("acquisition_cost", fault)));
        for (role, (row, fault)) in faults.chain(more) {
            reasons[*row as usize].get_or_insert_with(|| format!("{role}: {}", fault.reason()));
        }
        let mut values = Vec::with_capacity(bounds.attributes.len());
        for (name, bound) in &bounds.attributes {
            let Checked { value, faults } = bound.keys(loaded)?;
            if let Some((row, found)) = faults.iter().find_map(fraction) {
                return Err(not_whole(definition, name, found, outcome.counts.read + u64::from(row)));
            }
            for (row, fault) in &faults {
                reasons[*row as usize].get_or_insert_with(|| format!("{name}: {}", fault.reason()));
            }
            values.push(value);
        }
        if let Some(cost) = &cost {
            check_costs(definition, cost, &mut reasons, outcome);
        }
        let used: Vec<u32> =
            (0..).zip(&reasons).filter(|(_, reason)| reason.is_none()).map(|(row, _)| row).collect();
        for (column, values) in attributes.iter_mut().zip(&values) {
            column.add(values, &used);
        }
        for row in used.iter().map(|row| *row as usize) {
            match (&mut self.keys, &keys) {
                (RawKeys::Int(known), KeyColumn::Int { values, .. }) => known.push(values[row]),
                (RawKeys::Text(known), keys) => known.push(text_of(keys, row)),
                (RawKeys::Int(_), _) => unreachable!("the key type was checked against the bound expression"),
            }
            let day = acquired
                .as_ref()
                .filter(|acquired| acquired.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
            self.acquired_on.push(day.map(|acquired| Day(acquired.days[row])));
            self.acquisition_cost.push(cost.as_ref().map_or(0, |cost| cost.values[row]));
        }
        for (row, reason) in reasons.iter().enumerate() {
            if let Some(reason) = reason {
                let place = outcome.counts.read + row as u64;
                outcome.quarantined.push(QuarantinedRow::new(batch, row, place, 0, reason)?);
                outcome.counts.quarantined += 1;
            }
        }
        outcome.counts.read += rows as u64;
        outcome.counts.used += used.len() as u64;
        Ok(())
    }

    pub(crate) fn check_unique(&self, definition: &Definition, def: &CustomersDef) -> Result<()> {
        let twice = match &self.keys {
            RawKeys::Int(keys) => first_twice(keys).map(|key| key.to_string()),
            RawKeys::Text(keys) => first_twice(keys).cloned(),
        };
        match twice {
            None => Ok(()),
            Some(key) => Err(Error::check(format!(
                "{}: customer '{key}' has more than one row in '{}'; keep one row per customer",
                definition.place(def.files.at),
                def.files.pattern
            ))),
        }
    }

    /// The master data in rank order; customers it does not list have nulls and zeros.
    pub(crate) fn align(mut self, customers: &Customers) -> Result<CustomerMaster> {
        if self.keys.are(&customers.keys) {
            self.acquired_on.resize(customers.len());
            self.acquisition_cost.resize(customers.len(), 0);
            let (acquired_on, acquisition_cost) = (self.acquired_on, self.acquisition_cost);
            let padded = |(name, array): (String, ArrayRef)| (name, pad(array, customers.len()));
            let attributes = self.attributes.into_par_iter().map(padded).collect();
            return Ok(CustomerMaster { acquired_on, acquisition_cost, attributes });
        }
        let mut row_of: Vec<Option<u32>> = vec![None; customers.len()];
        let ranks = self.keys.ranks(customers);
        (0..).zip(&ranks).for_each(|(row, rank)| row_of[*rank as usize] = Some(row));
        let indices = UInt32Array::from(row_of.clone());
        let take = |(name, array): &(String, ArrayRef)| Ok((name.clone(), taken(array, &indices)?));
        Ok(CustomerMaster {
            acquired_on: row_of
                .iter()
                .map(|row| row.and_then(|row| self.acquired_on.get(row as usize)))
                .collect(),
            acquisition_cost: row_of
                .iter()
                .map(|row| row.map_or(0, |row| self.acquisition_cost[row as usize]))
                .collect(),
            attributes: self.attributes.par_iter().map(take).collect::<Result<_>>()?,
        })
    }
}

/// Counts acquisition costs below 0 among the rows that are in order, and refuses them where that is the policy.
fn check_costs(
    definition: &Definition,
    cost: &Fixed,
    reasons: &mut [Option<String>],
    outcome: &mut FileOutcome,
) {
    let mistake = Mistake::NegativeAcquisitionCost;
    let rows = reasons.iter_mut().zip(cost.values.iter()).enumerate();
    for (row, (reason, cost)) in rows.filter(|(_, (reason, cost))| reason.is_none() && **cost < 0) {
        let amount = format_fixed((*cost).into(), definition.facts.money_scale);
        let example = format!("an acquisition cost of {amount}");
        if definition.facts.checks.policy(mistake) == Policy::Quarantine {
            *reason = Some(format!("{}: {example}", mistake.name()));
        }
        let place = outcome.counts.read + row as u64;
        add_all(&mut outcome.mistakes, &[Found::first(mistake, *cost, place, example)]);
    }
}

/// Adds the unidentified cost object, of which the customers source knows nothing.
fn pad(array: ArrayRef, rows: usize) -> ArrayRef {
    if array.len() == rows {
        return array;
    }
    let nulls = arrow::array::new_null_array(array.data_type(), rows - array.len());
    arrow::compute::concat(&[&*array, &*nulls]).expect("arrays of one type join")
}

impl RawKeys {
    /// Whether these are all customers, in the order of their ranks.
    pub(crate) fn are(&self, customers: &Keys) -> bool {
        match (self, customers) {
            (RawKeys::Int(raw), Keys::Int(keys)) => raw == keys,
            (RawKeys::Text(raw), Keys::Text(keys)) => {
                raw.len() == keys.len() && raw.iter().zip(keys).all(|(raw, key)| key == Some(raw))
            }
            _ => false,
        }
    }

    pub(crate) fn ranks(&self, customers: &Customers) -> Vec<u32> {
        let known = "every master key is a customer";
        match (self, &customers.keys) {
            (RawKeys::Int(raw), Keys::Int(keys)) => {
                let rank = |key: &i64| u32::try_from(keys.binary_search(key).expect(known));
                raw.par_iter().map(|key| rank(key).expect("ranks fit 32 bits")).collect()
            }
            (RawKeys::Text(raw), Keys::Text(_)) => {
                raw.par_iter().map(|key| customers.rank_of(key).expect(known)).collect()
            }
            _ => unreachable!("the key type was checked when the master was read"),
        }
    }
}

fn first_twice<K: Ord>(keys: &[K]) -> Option<&K> {
    if keys.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let mut sorted: Vec<&K> = keys.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// A number that is none of a whole kind, with its row; what is not a number at all is left to the quarantine.
fn fraction((row, fault): &(u32, Fault)) -> Option<(u32, &str)> {
    match fault {
        Fault::NotWhole(found) if found.parse::<f64>().is_ok_and(f64::is_finite) => Some((*row, found)),
        _ => None,
    }
}

/// One number that is not whole makes a column of measurements, not a row to leave out.
fn not_whole(definition: &Definition, name: &str, found: &str, row: u64) -> Error {
    let customers = definition.facts.customers.as_ref().expect("attributes are of the customers source");
    let scalar = &customers.attributes[name];
    let text = &scalar.text;
    Error::definition(format!(
        "{}: '{name}' is {found} in row {row} of the customers source, expected text, a whole number or a condition; \
         write cast(round({text}) as bigint), or cast({text} as varchar)",
        definition.place(scalar.at)
    ))
}

fn taken(array: &dyn Array, rows: &dyn Array) -> Result<ArrayRef> {
    arrow::compute::take(array, rows, None).map_err(|fault| Error::internal(fault.to_string()))
}
