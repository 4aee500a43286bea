//! Queries run over tables that are made up, so that `check` finds functions and types that do not fit, and queries that
//! yield more than one row.

use super::frames::{add_kinds_of, frame, words};
use super::kind::Kinds;
use super::rows;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, ExpectDef};
use arrow::array::{ArrayRef, Int64Array, StringArray, new_null_array};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use polars::prelude::DataFrame;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Gives the columns of a table by its name; none where there is no such table.
type Schemas<'s> = dyn Fn(&str) -> Option<SchemaRef> + 's;

/// Column that tells the rows of a table of customers apart.
const KEY: &str = "customer_id";

/// Words that may leave one of many rows; without any of them, a table of customers keeps all it has.
const FILTERS: [&str; 13] = [
    "where",
    "having",
    "qualify",
    "limit",
    "offset",
    "fetch",
    "distinct",
    "group",
    "join",
    "intersect",
    "except",
    "in",
    "exists",
];

/// Runs every query over tables without rows, and over two rows each where nothing in the query leaves some out.
///
/// # Errors
/// Queries that cannot give one number whatever the rows, each with its place.
pub fn try_queries(definition: &Definition, schema: &Schemas<'_>) -> Result<()> {
    let mut messages = Vec::new();
    for expect in &definition.expect {
        if let Some(fault) = fault_of(expect, schema)? {
            let place = definition.place(expect.at);
            messages.push(format!("{place}: '{}': {fault}; correct its 'sql'", expect.name));
        }
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Definition, messages }) }
}

fn fault_of(expect: &ExpectDef, schema: &Schemas<'_>) -> Result<Option<String>> {
    let empty = match tried(expect, schema, 0)? {
        Ok(frame) => frame,
        Err(fault) => return Ok(Some(fault)),
    };
    if let Some(fault) = unsuitable(&empty) {
        return Ok(Some(fault));
    }
    let found = words(&expect.sql).unwrap_or_default();
    if FILTERS.iter().any(|filter| found.contains(*filter)) {
        return Ok(None);
    }
    let several = tried(expect, schema, 2)?.is_ok_and(|frame| frame.height() > 1);
    Ok(several.then(|| {
        "the query yields a row per row of its table, expected one number, such as sum(…) or count(*)"
            .to_owned()
    }))
}

/// Runs a query over tables with so many rows, if they are tables of customers.
fn tried(expect: &ExpectDef, schema: &Schemas<'_>, rows_each: usize) -> Result<Result<DataFrame, String>> {
    let is_asked = |word: &str| expect.names.tables.iter().any(|table| table.name.eq_ignore_ascii_case(word));
    let load = |word: &str, words: &BTreeSet<String>, kinds: &mut Kinds| match schema(word) {
        Some(schema) if is_asked(word) => table(&schema, words, kinds, rows_each).map(Some),
        _ => Ok(None),
    };
    rows(&expect.sql, &load)
}

/// The named columns of a made-up table; the first column alone when none is named.
fn table(
    schema: &Schema,
    words: &BTreeSet<String>,
    kinds: &mut Kinds,
    rows_each: usize,
) -> Result<DataFrame> {
    add_kinds_of(schema, kinds);
    let rows_each = if schema.field_with_name(KEY).is_ok() { rows_each } else { 0 };
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for field in schema.fields().iter().filter(|field| words.contains(&field.name().to_lowercase())) {
        columns.push((field.name().clone(), made_up(field.name(), field.data_type(), rows_each)));
    }
    if let (true, Some(first)) = (columns.is_empty(), schema.fields().first()) {
        columns.push((first.name().clone(), made_up(first.name(), first.data_type(), rows_each)));
    }
    frame(&columns)
}

/// Distinct keys, and nothing else.
fn made_up(name: &str, kind: &DataType, rows: usize) -> ArrayRef {
    match kind {
        DataType::Int64 if name == KEY => Arc::new(Int64Array::from_iter_values((0..).take(rows))),
        DataType::Utf8 if name == KEY => {
            Arc::new(StringArray::from_iter_values((0..rows).map(|row| row.to_string())))
        }
        kind => new_null_array(kind, rows),
    }
}

/// What keeps the result from being one number.
fn unsuitable(frame: &DataFrame) -> Option<String> {
    match frame.columns() {
        [only] if only.dtype().is_string() => Some("the query yields text, expected one number".to_owned()),
        [only] if only.dtype().is_temporal() => Some(
            "the query yields a date or time, expected one number, such as extract(year from …)".to_owned(),
        ),
        [_] if frame.height() > 1 => {
            let rows = frame.height();
            Some(format!("the query yields {rows} rows even of tables without any, expected one number"))
        }
        [_] => None,
        columns => Some(format!("the query yields {} columns, expected one number", columns.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::meaning;
    use super::*;
    use crate::pipeline::{Named, Position, QueryNames, Severity};
    use arrow::datatypes::Field;

    fn fault(sql: &str) -> Option<String> {
        let named = |name: &str| Named { name: name.to_owned(), at: Position::default() };
        let expect = ExpectDef {
            name: "n".into(),
            sql: sql.to_owned(),
            names: QueryNames { tables: vec![named("customer"), named("summary")], ..QueryNames::default() },
            at_least: None,
            at_most: None,
            severity: Severity::Error,
            at: Position::default(),
        };
        let column = |name: &str, kind: DataType| Field::new(name, kind, true);
        let customer = Arc::new(Schema::new(vec![
            column(KEY, DataType::Int64),
            column("net_revenue", DataType::Decimal128(18, 4)),
            column("orders", DataType::Int64),
            column("Region", DataType::Utf8),
            column("acquired_on", DataType::Date32),
        ]));
        let summary = Arc::new(Schema::new(vec![column("share", DataType::Float64)]));
        let schema = |table: &str| match table {
            "customer" => Some(Arc::clone(&customer)),
            "summary" => Some(Arc::clone(&summary)),
            _ => None,
        };
        fault_of(&expect, &schema).unwrap()
    }

    /// A query with each function that messages and the reference list.
    const CALLS: [&str; 34] = [
        "count(*)",
        "sum(net_revenue)",
        "min(orders)",
        "max(orders)",
        "abs(sum(net_revenue))",
        "coalesce(sum(net_revenue), 0)",
        "nullif(sum(net_revenue), 0)",
        "ifnull(sum(net_revenue), 0)",
        "greatest(sum(net_revenue), sum(orders))",
        "least(sum(net_revenue), sum(orders))",
        "count(lower(region))",
        "count(upper(region))",
        "count(trim(region))",
        "sum(length(region))",
        "count(*) filter (where starts_with(region, 'w'))",
        "max(year(acquired_on))",
        "max(quarter(acquired_on))",
        "max(month(acquired_on))",
        "sum(day(acquired_on))",
        "avg(net_revenue)",
        "mean(net_revenue)",
        "median(orders)",
        "stddev(orders)",
        "stddev_samp(orders)",
        "variance(orders)",
        "var_samp(orders)",
        "sqrt(sum(net_revenue))",
        "exp(sum(orders))",
        "ln(sum(net_revenue))",
        "power(sum(orders), 2)",
        "round(sum(net_revenue), 2)",
        "floor(sum(net_revenue))",
        "ceil(sum(net_revenue))",
        "max(extract(year from acquired_on))",
    ];

    #[test]
    fn every_function_of_the_list_is_computed() {
        for call in CALLS {
            assert_eq!(fault(&format!("select {call} from customer")), None, "{call}");
        }
        for name in meaning::names() {
            assert!(CALLS.iter().any(|call| call.contains(&format!("{name}("))), "no query calls {name}");
        }
    }

    #[test]
    fn names_are_found_in_any_capitals() {
        for sql in [
            "select sum(Net_Revenue) from CUSTOMER where \"Customer_ID\" = 1",
            "select count(region) from customer c where C.REGION = 'west'",
            "with X as (select sum(orders) as Total from customer) select x.TOTAL / \"total\" from x",
        ] {
            assert_eq!(fault(sql), None, "{sql}");
        }
    }

    #[test]
    fn a_query_that_always_yields_several_rows_is_told_so() {
        for (sql, text) in [
            ("select net_revenue from customer", "a row per row"),
            ("select sum(orders) from customer union all select 1", "2 rows even of tables without any"),
            ("select sum(orders), 1 from customer", "2 columns"),
            ("select max(region) from customer", "text"),
            ("select max(acquired_on) from customer", "a date or time"),
        ] {
            let found = fault(sql).unwrap_or_default();
            assert!(found.contains(text), "{sql}: {found}");
        }
        for sql in [
            "select net_revenue from customer where customer_id = 7",
            "select net_revenue from customer order by net_revenue desc limit 1",
            "select share from summary",
            "select a.x - b.x from (select sum(orders) as x from customer) as a cross join (select 1 as x) as b",
        ] {
            assert_eq!(fault(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_is_not_computed_is_named_as_it_is_written() {
        for sql in [
            "select exists(select 1 from customer)",
            "select exists(select 1 from customer) = true from customer",
        ] {
            let found = fault(sql).unwrap_or_default();
            assert!(
                found.contains("EXISTS (SELECT 1 FROM customer)") && found.contains("count(*)"),
                "{found}"
            );
        }
        for (sql, text) in [
            (
                "select count(*) from customer where exists (select 1 from summary where share > 1)",
                "this 'exists (…)'",
            ),
            (
                "select count(*) from customer having count(*) > 3",
                "HAVING clause not valid outside of GROUP BY",
            ),
        ] {
            let found = fault(sql).unwrap_or_default();
            assert!(found.contains(text) && !found.contains("Span") && !found.contains('{'), "{found}");
        }
    }
}
