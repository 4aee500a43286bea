//! Exchange rates in SQL: the rates as a view, the rows with theirs, and which rows have none.

use super::roles::{Roles, role};
use super::statement::Statement;
use crate::facts::dialect::{Engine, Writer, date};
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::ledger::RATE_DIGITS;
use crate::facts::inputs::source::{RateColumns, Source};
use crate::units::format_fixed;

/// The type of a rate.
fn rate_type() -> String {
    format!("DECIMAL(18, {RATE_DIGITS})")
}

/// The rates: abacus has read them, so that its own rules decide on which days each holds.
pub(super) fn rates_view(engine: Engine, rates: &ExchangeRates) -> Statement {
    let rate = rate_type();
    let row = |of: &crate::facts::inputs::exchange_rates::RateOfDays<'_>| {
        let worth = format_fixed(of.rate.into(), RATE_DIGITS);
        let (first, last) = (date(of.first), date(of.last));
        format!("({}, {first}, {last}, CAST({worth} AS {rate}))", engine.text(of.currency))
    };
    let rows: Vec<String> = rates.spans().iter().map(row).collect();
    let query = if rows.is_empty() {
        let text = engine.text_type();
        format!(
            "SELECT CAST(NULL AS {text}) AS currency, CAST(NULL AS DATE) AS first_day, CAST(NULL AS DATE) AS last_day, \
             CAST(NULL AS {rate}) AS rate WHERE false"
        )
    } else {
        let rows = rows.join(",\n  ");
        format!("SELECT * FROM (VALUES\n  {rows}\n) AS listed(currency, first_day, last_day, rate)")
    };
    let about = "Exchange rates: what 1 of a currency is worth, and the days on which that holds.";
    Statement::step("exchange_rates".to_owned(), about, query)
}

/// Rows with their rates as columns; null where there is none.
pub(super) fn rated_view(
    writer: &Writer<'_>,
    source: &Source,
    rates: &RateColumns,
    reporting: &str,
) -> Result<Statement, String> {
    let engine = writer.engine;
    let currency = role("currency", writer.key(&rates.currency))?.value;
    let (mut looked_up, mut selected, mut joined) = (Vec::new(), Vec::new(), String::new());
    for (place, (name, at)) in rates.columns.iter().enumerate() {
        let day = role("at", writer.moment(at))?.day;
        let of = format!("rates_{place}");
        looked_up.push(format!("{day} AS _day_{place}"));
        selected.push(format!(
            "CASE WHEN _currency = {} THEN CAST(1 AS {}) ELSE {of}.rate END AS {name}",
            engine.text(reporting),
            rate_type()
        ));
        joined += &format!(
            "\nLEFT JOIN exchange_rates AS {of} ON {of}.currency = _currency AND _day_{place} BETWEEN {of}.first_day AND \
             {of}.last_day"
        );
    }
    let read = engine.quoted(&format!("{}_read", source.name));
    let query = format!(
        "SELECT source_rows.*, {}\nFROM (SELECT *, {currency} AS _currency, {} FROM {read}) AS source_rows{joined}",
        selected.join(", "),
        looked_up.join(", ")
    );
    let about = "Each row with the exchange rate of its currency on its day.";
    Ok(Statement::step(format!("{}_rated", source.name), about, query))
}

/// Roles of the rates, and the branches of rows without one.
pub(super) fn add_rates(writer: &Writer<'_>, rates: &RateColumns, roles: &mut Roles) -> Result<(), String> {
    let engine = writer.engine;
    roles.add_role("currency", role("currency", writer.key(&rates.currency))?, "currency");
    let (text, quote) = (engine.text_type(), engine.text("'"));
    for (place, (name, at)) in rates.columns.iter().enumerate() {
        let mut day = "day".to_owned();
        if place > 0 {
            let moment = role("invoiced_on", writer.moment(at))?;
            roles.add_moment("invoiced", "invoiced_on", moment);
            day = "invoiced_day".to_owned();
            roles.branches.push(format!(
                "WHEN {day} > day THEN concat('invoiced_on: ', CAST({day} AS {text}), ' is after the payment on ', CAST(day AS \
                 {text}))"
            ));
        }
        roles.add(name, (*name).to_owned());
        roles.branches.push(format!(
            "WHEN {name} IS NULL AND currency IS NULL THEN 'currency is null'\n    WHEN {name} IS NULL THEN concat('no {}: ', \
             {quote}, currency, {quote}, ' on ', CAST({day} AS {text}))",
            name.replace('_', " ")
        ));
    }
    Ok(())
}
