//! `customer_value`: what every customer is expected to do and to bring.

use super::TableContext;
use crate::clv::models::Estimate;
use crate::clv::money;
use crate::clv::outlook::Outlook;
use crate::clv::past::{FULL, MEASURES, REVENUE, Times, VALUED};
use crate::clv::valuation::Value;
use crate::facts::schema::Customers;
use crate::pipeline::{Margin, PurchaseModel};
use crate::publish::Draft;
use crate::publish::schema::Sheet;
use crate::units::Fixed18;

/// One customer.
pub(crate) struct Row {
    pub(crate) rank: u32,
    pub(crate) segment: usize,
    pub(crate) times: Times,
    pub(crate) value: Value,
    /// Residual value by measure, rounded, in smallest units; none where nothing can be expected.
    pub(crate) residual: Option<[Fixed18; MEASURES]>,
    /// Customer profit so far.
    pub(crate) profit: Fixed18,
    /// Part of it.
    pub(crate) acquisition_cost: Fixed18,
}

/// The table's rows; the model of each segment has its name there.
pub(crate) fn sheet(
    context: TableContext<'_>,
    customers: &Customers,
    models: &[PurchaseModel],
    rows: &[Row],
) -> Sheet {
    let clv = context.clv;
    let mut draft = context.format.draft("customer_value", "customer with a purchase", Some("as_of"), rows);
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.rank)), false);
    draft.as_of();
    context.add_segment(&mut draft, |row| Some(row.segment));
    draft.name("model", "Purchase model the customer is valued by", |row| models[row.segment].word());
    add_times(&mut draft);
    let meaning = "Probability of being alive at the as-of date";
    add_outlook(&mut draft, "probability_alive", "1", meaning, |outlook| Some(&outlook.alive));
    for (index, horizon) in clv.horizons.iter().enumerate() {
        let name = format!("expected_purchases_{}", horizon.column);
        let meaning = format!("Purchases expected within {} from the as-of date", horizon.length);
        add_outlook(&mut draft, &name, "purchases", meaning, |outlook| Some(&outlook.expected[index]));
    }
    for (index, horizon) in clv.horizons.iter().enumerate() {
        let name = format!("no_purchase_probability_{}", horizon.column);
        let meaning = format!("Probability of no purchase within {} from the as-of date", horizon.length);
        draft.float(name, "1", meaning, |row| Some(row.value.outlook.as_ref()?.no_purchase[index]));
    }
    let meaning = format!(
        "Purchases expected for ever, discounted at {} per year to the as-of date",
        clv.discount_rate_annual
    );
    add_outlook(&mut draft, "discounted_purchases", "purchases", meaning, |outlook| {
        outlook.discounted.as_ref()
    });
    add_worth(&mut draft, clv.margin);
    let meaning = "Customer profit so far, acquisition cost in it; never added to the residual value";
    draft.money("past_profit", meaning, |row| row.profit);
    let meaning = "What winning the customer cost, part of past_profit";
    draft.money("acquisition_cost", meaning, |row| row.acquisition_cost);
    draft.finish()
}

fn add_times(draft: &mut Draft<'_, Row>) {
    let meaning = "Repeat purchases: days with a sale line after the first";
    draft.count("repeat_purchases", "purchases", meaning, |row| row.times.repeats());
    let meaning = "From the first purchase to the last";
    draft.count("relationship_days", "days", meaning, |row| row.times.last_days());
    let meaning = "From the first purchase to the last day before the as-of date";
    draft.count("tenure_days", "days", meaning, |row| row.times.age_days());
    let meaning = "From the last purchase to the last day before the as-of date";
    draft.count("recency_days", "days", meaning, |row| row.times.idle_days());
}

/// An estimate and its standard error.
fn add_outlook(
    draft: &mut Draft<'_, Row>,
    name: &str,
    unit: &'static str,
    meaning: impl Into<std::borrow::Cow<'static, str>>,
    of: impl Fn(&Outlook) -> Option<&Estimate>,
) {
    let estimate = |row| -> Option<Estimate> {
        let row: &Row = row;
        of(row.value.outlook.as_ref()?).copied()
    };
    draft.float(name.to_owned(), unit, meaning, |row| Some(estimate(row)?.value));
    let meaning = format!("Standard error of {name} by the delta method; null where it cannot be told");
    draft.float(format!("{name}_se"), unit, meaning, |row| estimate(row)?.standard_error());
}

fn add_worth(draft: &mut Draft<'_, Row>, margin: Margin) {
    let format = draft.format();
    let (unit, currency) = (money::unit(format.money_scale), || format.currency.to_owned());
    let each = |measure: usize| move |row: &Row| Some(row.value.each[measure] * unit);
    let residual = |measure: usize| move |row: &Row| row.residual.map(|residual| residual[measure]);
    let valued = match margin {
        Margin::Avoidable => "avoidable margin",
        Margin::Full => "full margin",
        Margin::Revenue => "net revenue",
    };
    let meaning =
        format!("Expected {valued} of a purchase, with what follows it up to the next; below 0 for a loss");
    draft.float("margin_per_purchase", currency(), meaning, each(VALUED));
    let meaning = "Standard error of margin_per_purchase; null where it cannot be told";
    draft.float("margin_per_purchase_se", currency(), meaning, |row| Some(row.value.each_error? * unit));
    let meaning = "Residual value: discounted purchases × margin per purchase, rounded once";
    draft.money(RESIDUAL[VALUED], meaning, residual(VALUED));
    let meaning = "Standard error of residual_value, of purchases and margin; null where it cannot be told";
    draft.float("residual_value_se", currency(), meaning, |row| Some(row.value.error()? * unit));
    if margin != Margin::Full {
        let meaning = "Expected margin of a purchase after all that the customer bears";
        draft.float("full_margin_per_purchase", currency(), meaning, each(FULL));
        let meaning = "Residual value at the full margin: discounted purchases × full margin per purchase";
        draft.money(RESIDUAL[FULL], meaning, residual(FULL));
    }
    if margin != Margin::Revenue {
        let meaning = "Expected net revenue of a purchase";
        draft.float("revenue_per_purchase", currency(), meaning, each(REVENUE));
        let meaning = "Discounted purchases × net revenue per purchase; cost is not taken off";
        draft.money(RESIDUAL[REVENUE], meaning, residual(REVENUE));
    }
}

/// Names of residual values, by measure.
pub(crate) const RESIDUAL: [&str; MEASURES] = ["residual_value", "residual_value_full", "residual_revenue"];
