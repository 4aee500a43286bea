//! `[[costing.bill]]`: bills of costs, what one unit of something asks of activities.

use super::costing::check_names;
use super::names::Names;
use super::number::above_zero;
use super::table::{Entry, Table};
use crate::pipeline::DriverPart;

/// What a bill adds to the driver of one activity.
pub(super) struct BillPart<'a> {
    /// Name of the bill.
    pub(super) bill: Option<&'a str>,
    /// Index into the activities.
    pub(super) activity: usize,
    /// `None` where it is faulty.
    pub(super) part: Option<DriverPart>,
    /// Where its SQL is written.
    pub(super) sql: Option<Entry<'a>>,
    /// Where the activity is named.
    pub(super) of: Entry<'a>,
}

/// Reads all bills, in the order written.
pub(super) fn bills<'a>(tables: &[Table<'a>], names: Names<'a>) -> Vec<BillPart<'a>> {
    check_names(tables, "bill");
    tables.iter().flat_map(|table| bill(*table, names)).collect()
}

fn bill<'a>(table: Table<'a>, names: Names<'a>) -> Vec<BillPart<'a>> {
    let (on, entry) = (names.source(table), table.entry("driver"));
    let sql = entry.and_then(Entry::driver);
    let part = |of: Entry<'a>| {
        let (activity, factor) = (names.activity(of, of.key), above_zero(of));
        let part = on.zip(sql.clone()).zip(factor);
        let part = part.map(|((on, sql), factor)| DriverPart { on, sql, factor });
        activity.map(|activity| BillPart { bill: table.text("name"), activity, part, sql: entry, of })
    };
    table.entries_of("of").into_iter().filter_map(part).collect()
}
