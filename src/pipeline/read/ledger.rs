//! Ledgers: which accounts of which files a resource claims.

use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::LedgerDef;
use std::collections::HashMap;
use std::path::PathBuf;

/// Reads the `ledger` of a resource.
pub(super) fn ledger(table: Table<'_>) -> Option<LedgerDef> {
    let column = |key: &str, default: &str| table.text(key).unwrap_or(default).to_owned();
    let accounts: Vec<String> =
        accounts(table).iter().filter_map(|entry| entry.text()).map(str::to_owned).collect();
    Some(LedgerDef {
        files: table.files("files")?,
        accounts: (!accounts.is_empty()).then_some(accounts)?,
        account_column: column("account_column", "account"),
        period_column: column("period_column", "period"),
        amount_column: column("amount_column", "amount"),
    })
}

/// Notes every account of a ledger that two resources claim, or one claims twice: its money would count twice.
pub(super) fn check_claims(resources: &[Table<'_>]) {
    let mut claims: HashMap<(PathBuf, &str), &str> = HashMap::new();
    for resource in resources {
        let name = resource.text("name").unwrap_or("without a name");
        let Some(ledger) = resource.table("ledger") else { continue };
        let Some(files) = ledger.files("files") else { continue };
        for entry in accounts(ledger) {
            let Some(account) = entry.text() else { continue };
            let Some(first) = claims.insert((files.path.clone(), account), name) else { continue };
            let (account, pattern) = (quoted(account), &files.pattern);
            let (first, second) = (quoted(first), quoted(name));
            entry.fault(if first == second {
                format!("account {account} of {pattern} is claimed twice by resource {first}; write it once")
            } else {
                format!("account {account} of {pattern} is claimed by resources {first} and {second}; leave it to one")
            });
        }
    }
}

/// `account`, one or several, each as an entry with its own place.
fn accounts(ledger: Table<'_>) -> Vec<Entry<'_>> {
    let Some(entry) = ledger.entry("account") else { return Vec::new() };
    match entry.value.get_ref().as_array() {
        Some(items) => items.iter().map(|value| Entry { value, ..entry }).collect(),
        None => vec![entry],
    }
}
