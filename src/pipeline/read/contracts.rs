//! `[contracts]`: contracts, their renewals and prices.

use super::facts::day;
use super::table::Table;
use crate::pipeline::{ContractsDef, RetentionModel};

/// Reads `[contracts]`; `None` if an entry is faulty.
pub(super) fn contracts(table: Table<'_>) -> Option<ContractsDef> {
    let [filter, cost, plan] = ["where", "cost", "plan"].map(|key| table.sql(key));
    let [customer, contract, started_on, ended_on, term_months, price] =
        ["customer", "contract", "started_on", "ended_on", "term_months", "price"].map(|key| table.sql(key));
    let files = table.files("files");
    let calibration = table.entry("calibration").map(day);
    let observed_from = table.entry("observed_from").map(day);
    Some(ContractsDef {
        files: files?,
        filter,
        customer: customer?,
        contract: contract?,
        started_on: started_on?,
        ended_on: ended_on?,
        term_months: term_months?,
        price: price?,
        cost,
        plan,
        model: table.text("model").and_then(RetentionModel::of_word),
        calibration: calibration.flatten(),
        observed_from: observed_from.flatten(),
        at: table.at(),
    })
}
