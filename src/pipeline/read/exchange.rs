//! `[facts.exchange_rates]`, `[facts.settlements]`, and the money of order lines that is converted by them.

use super::facts::{day, trust_statistics};
use super::or_default::{count_or, word_or};
use super::table::Table;
use super::text_format::text_format;
use super::wording::quoted;
use crate::pipeline::keys::EXCHANGE_RATES;
use crate::pipeline::sql::parse_scalar;
use crate::pipeline::{
    Conversion, CostingDef, EventsDef, ExchangeRatesDef, FactsDef, LedgerDef, RateSpan, SETTLEMENTS, Scalar,
    SettlementsDef, TransactionsDef, UnknownCustomer,
};

/// Reads the rates; money of order lines is in the reporting currency from then on.
pub(super) fn exchange_rates(
    facts: Table<'_>,
    transactions: Option<&mut TransactionsDef>,
) -> Option<ExchangeRatesDef> {
    let table = facts.table("exchange_rates");
    let lines = facts.table("transactions");
    check_companies(lines);
    let excepted = lines.and_then(|lines| lines.entry("in_reporting_currency"));
    let Some(table) = table else {
        if let Some(entry) = excepted {
            let message = "'in_reporting_currency' names money that is not converted, and no [facts.exchange_rates] convert any; \
                           remove it";
            entry.reading.fault(entry.key_offset, message);
        }
        return None;
    };
    if let Some(lines) = lines.filter(|lines| !lines.has("currency")) {
        lines.fault(
            "[facts.exchange_rates] convert money of lines in other currencies, and no line says which it has; add currency \
             = \"…\", the line's currency",
        );
    }
    let column = |key: &str| word_or(Some(table), &EXCHANGE_RATES, key).to_owned();
    let mut format = text_format(table);
    // A rate such as 1.087 has three digits after the point more often than it is a thousand.
    format.decimal_mark =
        format.decimal_mark.or(Some('.').filter(|mark| format.thousands_mark != Some(*mark)));
    let rates = ExchangeRatesDef {
        rows: LedgerDef {
            files: table.files("files")?,
            accounts: Vec::new(),
            account_column: column("currency_column"),
            period_column: column("day_column"),
            amount_column: column("rate_column"),
            column_keys: ["currency_column", "day_column", "rate_column"],
            may_be_empty: false,
            format,
        },
        holds: span(table),
        constant_day: table.entry("constant_day").and_then(day),
    };
    if let Some(transactions) = transactions {
        let excepted: Vec<&str> =
            excepted.into_iter().flat_map(|entry| entry.texts()).map(|(_, name)| name).collect();
        check_excepted(lines, transactions);
        convert(transactions, &excepted);
    }
    Some(rates)
}

fn span(table: Table<'_>) -> RateSpan {
    if word_or(Some(table), &EXCHANGE_RATES, "holds") == "period" {
        if let Some(entry) = table.entry("carry_days") {
            let message = "'carry_days' carries the rate of a day on to days without one, and rates hold for a period here; \
                           remove it, or say holds = \"day\"";
            entry.reading.fault(entry.key_offset, message);
        }
        return RateSpan::Period;
    }
    let days = count_or(Some(table), &EXCHANGE_RATES, "carry_days");
    RateSpan::Days(u16::try_from(days).unwrap_or(u16::MAX))
}

/// Notes lines between companies where no line says of which it is.
fn check_companies(lines: Option<Table<'_>>) {
    let Some(lines) = lines else { return };
    if let (Some(entry), false) = (lines.entry("intercompany"), lines.has("company")) {
        let message = "'intercompany' names lines between companies of the group, and no line says of which company it is; \
                       add company = \"…\", the line's company";
        entry.reading.fault(entry.key_offset, message);
    }
}

/// Notes what may not be excepted: the currency of a line is that of its revenue.
fn check_excepted(lines: Option<Table<'_>>, transactions: &TransactionsDef) {
    let Some(entry) = lines.and_then(|lines| lines.entry("in_reporting_currency")) else { return };
    let components = transactions.price_components.iter().map(|component| component.name.as_str());
    let known: Vec<&str> = transactions.cost.iter().map(|_| "cost").chain(components).collect();
    for (of, name) in entry.texts().into_iter().filter(|(_, name)| !known.contains(name)) {
        of.fault(match name {
            "revenue" | "discount" => format!(
                "{} is in the currency of the line; let 'currency' say that of the reporting currency where it is not",
                quoted(name)
            ),
            _ => format!(
                "{} is no money of a line; expected 'cost' or the name of a price component, which are declared",
                quoted(name)
            ),
        });
    }
}

/// Multiplies money by its rate; each amount is rounded once, when it is evaluated.
fn convert(transactions: &mut TransactionsDef, excepted: &[&str]) {
    let is_foreign = |name: &str| !excepted.contains(&name);
    let roles = [
        ("revenue", Some(&transactions.revenue)),
        ("discount", transactions.discount.as_ref()),
        ("cost", transactions.cost.as_ref()),
    ];
    let own = roles.into_iter().filter_map(|(name, scalar)| Some((name.to_owned(), scalar?.expr.clone())));
    let own = own.filter(|(name, _)| is_foreign(name)).collect();
    transactions.conversion = Some(Conversion {
        roles: own,
        revenue: transactions.revenue.clone(),
        discount: transactions.discount.clone(),
    });
    transactions.revenue = transactions.revenue.clone().converted();
    transactions.discount = transactions.discount.take().map(Scalar::converted);
    if is_foreign("cost") {
        transactions.cost = transactions.cost.take().map(Scalar::converted);
    }
    for component in &mut transactions.price_components {
        if is_foreign(&component.name) {
            component.amount = component.amount.clone().converted();
        }
    }
}

/// Reads the settlements as an event source: payments of invoices in foreign currency, in the period of the payment.
pub(super) fn settlements(facts: Table<'_>) -> Option<EventsDef> {
    let table = facts.table(SETTLEMENTS)?;
    if !facts.has("exchange_rates") {
        table.fault(
            "[facts.settlements] are valued by exchange rates; add [facts.exchange_rates] or remove it",
        );
    }
    if let Some(entry) = facts.table("events").and_then(|events| events.entry(SETTLEMENTS)) {
        let message =
            "'settlements' are the payments of [facts.settlements]; choose another name for this source";
        entry.reading.fault(entry.key_offset, message);
    }
    let files = table.files("files");
    let [filter, customer, at, currency, invoiced_on, amount] =
        ["where", "customer", "at", "currency", "invoiced_on", "amount"].map(|key| table.sql(key));
    let (at, amount) = (at?, amount?);
    let is_paid = format!("({}) is not null", at.text);
    let is_wanted = match &filter {
        Some(filter) => format!("({}) and {is_paid}", filter.text),
        None => is_paid,
    };
    let loss = format!("({}) * (invoice_rate - exchange_rate)", amount.text);
    let parsed = |text: String, at| {
        let expr = parse_scalar(&text).expect("what parses does so in parentheses");
        Scalar { text, expr, at }
    };
    Some(EventsDef {
        name: SETTLEMENTS.to_owned(),
        files: files?,
        filter: Some(parsed(is_wanted, filter.as_ref().map_or(at.at, |filter| filter.at))),
        customer: customer?,
        unknown_customer: UnknownCustomer::CostObject,
        trust_statistics: trust_statistics(table),
        makes_periods: true,
        settlements: Some(SettlementsDef {
            currency: currency?,
            invoiced_on: invoiced_on?,
            loss: parsed(loss, amount.at),
        }),
        at,
    })
}

/// The costing with the exchange differences that settlements realise, after all other activities.
pub(super) fn charged(costing: Option<CostingDef>, facts: Option<&FactsDef>) -> Option<CostingDef> {
    let mut sources = facts.into_iter().flat_map(|facts| facts.events.iter().enumerate());
    let activity = sources.find_map(|(index, events)| Some(events.settlements.as_ref()?.activity(index)));
    let Some(activity) = activity else { return costing };
    let mut costing = costing.unwrap_or_default();
    costing.activities.push(activity);
    Some(costing)
}

/// Notes an activity that has the name or the column of exchange differences.
pub(super) fn check_activities(root: Table<'_>) {
    if !root.table("facts").is_some_and(|facts| facts.has(SETTLEMENTS)) {
        return;
    }
    for activity in root.table("costing").map(|costing| costing.tables("activity")).unwrap_or_default() {
        refuse_column(activity, "an activity");
    }
    let transactions = root.table("facts").and_then(|facts| facts.table("transactions"));
    for component in transactions.map(|of| of.tables("price_component")).unwrap_or_default() {
        refuse_column(component, "a price component");
    }
}

/// What is costed has a column, which no other may have.
fn refuse_column(table: Table<'_>, what: &str) {
    let column = super::activity::column_of(table);
    if let (Some(entry), true) = (table.entry("name"), column.as_deref() == Some("exchange_differences")) {
        entry.fault(format!(
            "{what} has the column 'exchange_differences', which those of [facts.settlements] have; give it another name or column"
        ));
    }
}
