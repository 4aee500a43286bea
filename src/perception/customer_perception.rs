//! `customer_perception`: every customer who bought, on both sides of the exchange.

use super::exchange::{Customer, diagnosis};
use super::layout::Layout;
use crate::publish::schema::Sheet;

/// One row per customer with a sale line.
pub(crate) fn sheet(layout: Layout<'_>, in_points: bool, customers: &[Customer]) -> Sheet {
    let mut draft =
        layout.draft("customer_perception", "customer with a sale line", Some("as_of"), customers);
    draft.customer(|row| row.rank);
    draft.day("asked_on", "The latest interview about the offer as a whole", |row| Some(row.opinion?.day));
    draft.float("performance", "points", "What it was judged then", |row| row.opinion?.performance);
    let meaning = "delighted, satisfied or dissatisfied then; null without an expectation";
    draft.name("satisfaction", meaning, |row| Some(row.opinion?.satisfaction?.name()));
    draft.count("complaints", "complaints", "Complaints opened", |row| row.complaints[0]);
    draft.count("open_complaints", "complaints", "Of these, not resolved by the as-of date", |row| {
        row.complaints[1]
    });
    let unit = if in_points { "points".to_owned() } else { layout.currency().to_owned() };
    let meaning = "Delivered value of episodes and relationship; null where it is not known";
    draft.money("delivered_value", unit, meaning, |row| row.delivered);
    let currency = layout.currency().to_owned();
    draft.money("firm_value", currency, "What the firm gets, as declared", |row| Some(row.firm_value));
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
