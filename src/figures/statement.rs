//! Lines of the result in the published table `reconciliation`.

use super::cells::Row;

/// Lines from which the next ones begin: what is left so far.
const LEVELS: [&str; 5] =
    ["list revenue", "net revenue", "customer profit", "fully loaded profit", "ledger result"];

/// Lines that say again what the others add up to.
const SUMS: [&str; 2] = ["stayed elsewhere", "difference"];

/// Whether a row is a line of the result and no sum of others.
pub(super) fn is_step(row: &Row) -> bool {
    row.cell("section").is("result") && !SUMS.iter().any(|sum| row.cell("line").is(sum))
}

/// Whether a line says what is left so far.
pub(super) fn is_level(row: &Row) -> bool {
    LEVELS.iter().any(|level| row.cell("line").is(level))
}

/// The line with what it is about.
pub(super) fn line_name(row: &Row) -> String {
    match row.cell("item").name() {
        "" => row.cell("line").name().to_owned(),
        item => format!("{} ({item})", row.cell("line").name()),
    }
}
