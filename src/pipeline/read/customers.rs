//! Master data: `[facts.customers]` and `[facts.products]`.

use super::facts::trust_statistics;
use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::{CustomersDef, ProductsDef, Scalar};
use std::collections::BTreeMap;

/// Reads `[facts.customers]`.
pub(super) fn customers(table: Table<'_>) -> Option<CustomersDef> {
    let files = table.files("files");
    let [customer, acquired_on, acquisition_cost] =
        ["customer", "acquired_on", "acquisition_cost"].map(|key| table.sql(key));
    if let (Some(entry), false) = (table.entry("acquisition_cost"), table.has("acquired_on")) {
        let message = "'acquisition_cost' is charged in the period of 'acquired_on', which is missing; add acquired_on = \"…\"";
        table.reading.fault(entry.key_offset, message);
    }
    let attributes = attributes(table);
    Some(CustomersDef {
        files: files?,
        customer: customer?,
        trust_statistics: trust_statistics(table),
        acquired_on,
        acquisition_cost,
        attributes,
    })
}

fn attributes(table: Table<'_>) -> BTreeMap<String, Scalar> {
    let channel = table.entry(CHANNEL).and_then(Entry::sql).map(|sql| (CHANNEL.to_owned(), sql));
    let mut attributes: BTreeMap<String, Scalar> = channel.into_iter().collect();
    for entry in table.table("attributes").map(Table::entries).unwrap_or_default() {
        check_attribute(entry, table.has(CHANNEL));
        if let Some(sql) = entry.sql() {
            attributes.insert(entry.key.to_owned(), sql);
        }
    }
    attributes
}

fn check_attribute(entry: Entry<'_>, has_channel: bool) {
    let name = quoted(entry.key);
    if !is_column_name(entry.key) {
        let expected = "expected a–z, 0–9 and _, a letter first";
        entry.reading.fault(entry.key_offset, format!("attribute {name} names a column, {expected}"));
    } else if entry.key == CHANNEL && has_channel {
        let message = format!("attribute {name} is given twice, here and as the key 'channel'; remove one");
        entry.reading.fault(entry.key_offset, message);
    }
}

/// Whether this may name a published column.
pub(super) fn is_column_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(is_part)
}

const CHANNEL: &str = "channel";

/// Reads `[facts.products]`; the transactions must say which product a line sells.
pub(super) fn products(table: Table<'_>, transactions: Option<Table<'_>>) -> Option<ProductsDef> {
    if transactions.is_some_and(|transactions| !transactions.has("product")) {
        table.fault("[facts.products] is joined by product, but [facts.transactions] has no 'product'; add product = \"…\" there");
    }
    let files = table.files("files");
    let [product, group] = ["product", "group"].map(|key| table.sql(key));
    Some(ProductsDef { files: files?, product: product?, group: group? })
}
