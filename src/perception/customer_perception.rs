//! `customer_perception`: every customer who bought, on both sides of the exchange.

use super::exchange::{Customer, diagnosis};
use crate::facts::schema::Customers;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Day, Fixed18};

/// One row per customer with a sale line.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    customers: &Customers,
    in_points: bool,
    rows: &[Customer],
) -> Sheet {
    let mut draft = format.draft("customer_perception", "customer with a sale line", Some("as_of"), rows);
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.rank)), false);
    draft.as_of();
    draft.day("asked_on", "The latest interview about the offer as a whole", |row| {
        row.opinion.map(|opinion| Day(opinion.day))
    });
    draft.float("performance", "points", "What it was judged then", |row| row.opinion?.performance);
    let meaning = "delighted, satisfied or dissatisfied then; null without an expectation";
    draft.name("satisfaction", meaning, |row| Some(row.opinion?.satisfaction?.name()));
    draft.count("complaints", "complaints", "Complaints opened", |row| row.complaints[0]);
    draft.count("open_complaints", "complaints", "Of these, not resolved by the as-of date", |row| {
        row.complaints[1]
    });
    let unit = if in_points { "points" } else { format.currency };
    let meaning = "Delivered value of episodes and relationship; null where it is not known";
    draft.money_in("delivered_value", unit.to_owned(), meaning, |row| row.delivered.map(Fixed18::of_column));
    draft.money("firm_value", "What the firm gets, as declared", |row| {
        Some(Fixed18::of_column(row.firm_value))
    });
    draft.name("firm_class", "Its class in value_exchange", |row| Some(row.firm.name()));
    draft.name("customer_class", "Class of what the customer gets in value_exchange", |row| {
        Some(row.gets.name())
    });
    draft.name("diagnosis", "What their cell in value_exchange says", |row| diagnosis(row.firm, row.gets));
    draft.flag(
        "is_at_risk",
        "Probability alive below the bound, or else no purchase for at_risk_days",
        |row| row.is_at_risk,
    );
    draft.flag("is_loyal", "Not at risk, with loyal_orders or more", |row| row.is_loyal);
    draft.flag("is_over_served", "Gets much, and the firm loses", Customer::is_over_served);
    draft.flag(
        "is_at_risk_although_happy",
        "At risk although satisfied",
        Customer::is_at_risk_although_happy,
    );
    draft.flag("is_loyal_but_loses_money", "Loyal, and the firm loses", Customer::is_loyal_but_loses_money);
    draft.finish()
}
