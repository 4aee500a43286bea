//! `customer_contract`: the contracts of each customer together. Names are not those of `customer_value`, for rules see both.

use super::super::writing::{CustomerContracts, Writing};
use crate::publish::schema::Sheet;

/// Consecutive customers with a contract.
pub(in super::super) fn sheet(writing: &Writing<'_>, rows: &[CustomerContracts]) -> Sheet {
    let context = writing.context;
    let mut draft = context.format.draft("customer_contract", "customer with a contract", None, rows);
    draft.customer("Customer", writing.customers.ids(rows.iter().map(|row| row.who)), false);
    draft.count("contracts", "contracts", "Contracts that began before the as-of date", |row| row.contracts);
    draft.count("running_contracts", "contracts", "Of these, those that run", |row| row.running);
    draft.day("first_contract_on", "First day of the first contract", |row| row.first_started);
    draft.day("next_renewal_on", "The next renewal of any; null where none runs", |row| row.next_renewal);
    let meaning = "What contracts are still going to bring: the sum of contract.residual_value; null where one has none";
    draft.money("contract_residual_value", meaning, |row| row.residual);
    for (number, horizon) in context.horizons.iter().enumerate() {
        let meaning = format!("The part of it from renewals within {}", horizon.length);
        draft.money(format!("contract_value_within_{}", horizon.column), meaning, move |row| {
            row.within[number]
        });
    }
    draft.finish()
}
