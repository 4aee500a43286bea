//! `customer_value`: what every customer is expected to do and to bring.

use super::TableContext;
use crate::clv::equity::SIGMAS;
use crate::clv::models::Estimate;
use crate::clv::money;
use crate::clv::outlook::Outlook;
use crate::clv::past::{FULL, MEASURES, REVENUE, Times, VALUED};
use crate::clv::valuation::Value;
use crate::facts::schema::Customers;
use crate::pipeline::{ClvDef, Margin, PurchaseModel};
use crate::publish::Draft;
use crate::publish::schema::Sheet;
use crate::units::{Day, Fixed18};

/// One customer.
pub(crate) struct Row {
    pub(crate) rank: u32,
    pub(crate) segment: usize,
    pub(crate) times: Times,
    pub(crate) value: Value,
    /// Residual value by measure, rounded, in smallest units; none where nothing can be expected.
    pub(crate) residual: Option<[Fixed18; MEASURES]>,
    /// Value within each declared horizon, likewise.
    pub(crate) within: Option<Vec<Fixed18>>,
    /// Variance of what the customer will bring about its residual value, in squared smallest units; none where it is not
    /// known.
    pub(crate) variance: Option<f64>,
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
    add_prospects(&mut draft, clv);
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
    let meaning = format!("Standard error of {name} by the delta method; null where it cannot be estimated");
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
    let meaning = "Standard error of margin_per_purchase; null where it cannot be estimated";
    draft.float("margin_per_purchase_se", currency(), meaning, |row| Some(row.value.each_error? * unit));
    let meaning = "Residual value: discounted purchases × margin per purchase, rounded once";
    draft.money(RESIDUAL[VALUED], meaning, residual(VALUED));
    let meaning =
        "Standard error of residual_value, of purchases and margin; null where it cannot be estimated";
    draft.float("residual_value_se", currency(), meaning, |row| Some(row.value.error()? * unit));
    if margin != Margin::Full {
        let meaning = "Expected margin of a purchase after all that is charged to the customer";
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

/// What the residual value holds within horizons, how far it may lie off, and when the next purchase is due.
fn add_prospects(draft: &mut Draft<'_, Row>, clv: &ClvDef) {
    let format = draft.format();
    let unit = money::unit(format.money_scale);
    for (index, horizon) in clv.horizons.iter().enumerate() {
        let name = format!("value_within_{}", horizon.column);
        let meaning = format!(
            "Part of residual_value within {}: discounted purchases until then × margin per purchase",
            horizon.length
        );
        draft.money(name, meaning, |row| row.within.as_ref().map(|within| within[index]));
    }
    for (name, end, sigmas) in
        [("residual_value_low", "Lower", -SIGMAS), ("residual_value_high", "Upper", SIGMAS)]
    {
        let meaning = format!(
            "{end} end of the interval of 95 % about what the customer will bring, by the normal law: parameters, the margin \
             per purchase, and the scatter of what one customer does, as wide as in the holdout"
        );
        draft.float(name, format.currency.to_owned(), meaning, move |row| {
            let value = money::float(i128::from(row.residual?[VALUED]));
            Some((value + sigmas * row.variance?.sqrt()) * unit)
        });
    }
    let as_of = format.as_of;
    let meaning = "Day by which one who is alive, and stays so, has bought again with a probability of one half; null beyond 2200";
    draft.day("next_purchase_date", meaning, |row| next_purchase(as_of, row.value.outlook.as_ref()?));
}

fn next_purchase(as_of: Day, outlook: &Outlook) -> Option<Day> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be below the days there are")]
    let wait = Some(outlook.median_wait_days.round()).filter(|days| *days < MOST_WAIT_DAYS)? as i32;
    Some(Day(as_of.0 + wait)).filter(|day| *day < Day::END)
}

/// More days than there are between two dates.
const MOST_WAIT_DAYS: f64 = 1e6;

/// Names of residual values, by measure.
pub(crate) const RESIDUAL: [&str; MEASURES] = ["residual_value", "residual_value_full", "residual_revenue"];
