//! Ledgers: which accounts of which files a resource claims.

use super::or_default::word_or;
use super::table::{Entry, Table};
use super::text_format::text_format;
use super::wording::quoted;
use crate::pipeline::LedgerDef;
use crate::pipeline::keys::LEDGER;
use std::collections::HashMap;
use std::path::PathBuf;

/// Reads the `ledger` of a resource, or the `file` of a resource driver.
pub(super) fn ledger(table: Table<'_>) -> Option<Box<LedgerDef>> {
    let column = |key: &str| word_or(Some(table), &LEDGER, key).to_owned();
    let accounts: Vec<String> = accounts(table).into_iter().map(|(_, account)| account.to_owned()).collect();
    Some(Box::new(LedgerDef {
        files: table.files("files")?,
        accounts: (!accounts.is_empty()).then_some(accounts)?,
        account_column: column("account_column"),
        period_column: column("period_column"),
        amount_column: column("amount_column"),
        column_keys: ["account_column", "period_column", "amount_column"],
        may_be_empty: false,
        format: text_format(table),
    }))
}

/// Notes every account of a ledger that two resources claim, or one claims twice: its money would count twice.
pub(super) fn check_claims(resources: &[Table<'_>]) {
    let mut claims: HashMap<(PathBuf, &str), &str> = HashMap::new();
    for resource in resources {
        let name = resource.text("name").unwrap_or("without a name");
        let Some(ledger) = resource.table("ledger") else { continue };
        let Some(files) = ledger.files("files") else { continue };
        for (entry, account) in accounts(ledger) {
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

fn accounts(ledger: Table<'_>) -> Vec<(Entry<'_>, &str)> {
    ledger.entry("account").map(Entry::texts).unwrap_or_default()
}
