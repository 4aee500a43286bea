//! `state_transition`: passages between states from date to date, and what a customer in a state is worth by them.

use super::chain::STATES;
use super::layout::{Layout, count, date, float, name, whole};
use super::state::State;
use super::transition::{Passage, Transition};
use crate::publish::schema::Sheet;

/// What `from_state` says of customers without purchase before the first date.
const PROSPECT: &str = "prospect";

/// A row: transition, its values by state, state before, state after.
type Row<'r> = (&'r Transition, [Option<f64>; STATES], usize, usize);

/// The published table: every passage that a customer made.
pub(crate) fn state_transition(
    layout: &Layout<'_>,
    transitions: &[Transition],
    discount_rate_annual: f64,
) -> Sheet {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for transition in transitions {
        let values = transition.values(discount_rate_annual, layout.money_scale);
        let cells = (0..=STATES).flat_map(|from| (0..STATES).map(move |to| (from, to)));
        let made = cells.filter(|(from, to)| transition.passages[*from][*to].customers > 0);
        rows.extend(made.map(|(from, to)| (transition, values, from, to)));
    }
    let mut sheet = Sheet::new(
        "state_transition",
        "pair of as-of dates, state at the first and state at the second",
        None,
    );
    add_identity(&mut sheet, &rows);
    let passage = |row: &Row<'_>| -> Passage { row.0.passages[row.2][row.3] };
    let customers: Vec<i64> = rows.iter().map(|row| whole(passage(row).customers)).collect();
    sheet.fixed(
        count("customers", "customers", "Customers who passed from the one state to the other"),
        customers,
    );
    let meaning = "Share of the customers in from_state; null for prospects, whose number has no bound";
    sheet.floats(float("probability", "1", meaning), rows.iter().map(|row| row.0.probability(row.2, row.3)));
    let meaning = "Contribution of these customers from the first date until the second";
    sheet.totals(
        layout.total("contribution", meaning),
        rows.iter().map(|row| Some(passage(row).contribution)).collect(),
    );
    let of_state = rows.iter().map(|row| whole(row.0.customers(row.2))).collect::<Vec<_>>();
    sheet.fixed(count("from_customers", "customers", "All customers in from_state"), of_state);
    let meaning = "What a customer in from_state is worth if customers go on passing and contributing like this: V of V = (I − P/(1+d))⁻¹ R, in units of the currency; the step at hand undiscounted, d by clv.discount_rate_annual or 10 % a year; null for prospects and where the chain has no finite value";
    let values = rows.iter().map(|row| row.1.get(row.2).copied().flatten());
    sheet.floats(float("chain_value", "", meaning), values);
    sheet
}

fn add_identity(sheet: &mut Sheet, rows: &[Row<'_>]) {
    sheet.days(date("from_date", "First as-of date, exclusive"), rows.iter().map(|row| Some(row.0.from.0)));
    sheet.days(date("to_date", "Second as-of date, exclusive"), rows.iter().map(|row| Some(row.0.to.0)));
    let meaning = "State at the first date; prospect: no purchase before it";
    let state = |state: usize| State::ALL.get(state).map_or(PROSPECT, |state| state.name());
    sheet.texts(name("from_state", meaning), rows.iter().map(|row| Some(state(row.2))));
    sheet.texts(name("to_state", "State at the second date"), rows.iter().map(|row| Some(state(row.3))));
}
