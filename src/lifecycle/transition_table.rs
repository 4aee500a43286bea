//! `state_transition`: passages between states from date to date, and what a customer in a state is worth by them.

use super::chain::STATES;
use super::state::State;
use super::transition::{Passage, Transition};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

/// What `from_state` says of customers without purchase before the first date.
const PROSPECT: &str = "prospect";

/// A row: transition, its values by state, state before, state after.
type Row<'r> = (&'r Transition, [Option<f64>; STATES], usize, usize);

/// The published table: every passage that a customer made.
pub(crate) fn state_transition(
    format: TableFormat<'_>,
    transitions: &[Transition],
    discount_rate_annual: f64,
) -> Sheet {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for transition in transitions {
        let values = transition.values(discount_rate_annual, format.money_scale);
        let cells = (0..=STATES).flat_map(|from| (0..STATES).map(move |to| (from, to)));
        let made = cells.filter(|(from, to)| transition.passages[*from][*to].customers > 0);
        rows.extend(made.map(|(from, to)| (transition, values, from, to)));
    }
    let grain = "pair of as-of dates, state at the first and state at the second";
    let mut draft = format.draft("state_transition", grain, None, &rows);
    draft.day("from_date", "First as-of date, exclusive", |row| row.0.from);
    draft.day("to_date", "Second as-of date, exclusive", |row| row.0.to);
    let state = |state: usize| State::ALL.get(state).map_or(PROSPECT, |state| state.name());
    let meaning = "State at the first date; prospect: no purchase before it";
    draft.name("from_state", meaning, |row| state(row.2));
    draft.name("to_state", "State at the second date", |row| state(row.3));
    let passage = |row: &Row<'_>| -> Passage { row.0.passages[row.2][row.3] };
    let meaning = "Customers who passed from the one state to the other";
    draft.count("customers", "customers", meaning, |row| passage(row).customers);
    let meaning = "Share of the customers in from_state; null for prospects, whose number has no bound";
    draft.float("probability", "1", meaning, |row| row.0.probability(row.2, row.3));
    let meaning = "Contribution of these customers from the first date until the second";
    draft.total("contribution", meaning, |row| passage(row).contribution);
    draft.count("from_customers", "customers", "All customers in from_state", |row| row.0.customers(row.2));
    let meaning = "What a customer in from_state is worth if customers go on passing and contributing like this: V of V = (I − P/(1+d))⁻¹ R, in units of the currency; the step at hand undiscounted, d by clv.discount_rate_annual or 10 % a year; null for prospects and where the chain has no finite value";
    draft.float("chain_value", "", meaning, |row| row.1.get(row.2).copied().flatten());
    draft.finish()
}
