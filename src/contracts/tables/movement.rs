//! `contract_movement`: recurring revenue by period, from what ran to what runs.

use super::super::choice::Group;
use super::super::movement::{Moved, PeriodMoves};
use super::TableContext;
use crate::customers::calendar::Calendar;
use crate::publish::schema::Sheet;
use crate::units::Day;

/// A period of a group.
type Row<'r> = (&'r Group, Day, (Moved, PeriodMoves, Moved));

/// Of plans, or of terms where no plans are declared: nothing is in two rows of a period.
pub(in super::super) fn contract_movement(
    context: TableContext<'_>,
    calendar: &Calendar,
    groups: &[Group],
) -> Sheet {
    let has_plans = context.contracts.plans.is_some();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for group in groups.iter().filter(|group| group.plan.is_some() == has_plans) {
        let periods = group.tally.movement.closed(calendar.len()).into_iter();
        let starts = calendar.periods.iter().map(|period| period.period.start);
        rows.extend(starts.zip(periods).map(|(start, moves)| (group, start, moves)));
    }
    rows.sort_by_key(|(group, start, _)| (*start, group.term_months, group.plan));
    let mut draft = context.format.draft("contract_movement", "period, term and plan", None, &rows);
    draft.day("period_start", "First day of the period", |row| row.1);
    context.add_group(&mut draft, |row| row.0);
    draft
        .count("opening_contracts", "contracts", "Contracts that ran when it began", |row| row.2.0.contracts);
    draft.count("new_contracts", "contracts", "Contracts that began in it", |row| row.2.1.new.contracts);
    draft.count("ended_contracts", "contracts", "Contracts that ended in it", |row| row.2.1.ended.contracts);
    let meaning = "opening_contracts + new_contracts − ended_contracts";
    draft.count("closing_contracts", "contracts", meaning, |row| row.2.2.contracts);
    let meaning = "Recurring revenue when it began: what customers pay per term. Divided by term_months it is that of a month";
    draft.total("opening_price", meaning, |row| row.2.0.price);
    draft.total("new_price", "That of contracts that began in it", |row| row.2.1.new.price);
    draft.total("expansion", "By prices that rose", |row| row.2.1.expansion);
    draft.total("contraction", "By prices that fell, from 0", |row| row.2.1.contraction);
    draft.total("ended_price", "That of contracts that ended in it", |row| row.2.1.ended.price);
    let meaning = "opening_price + new_price + expansion − contraction − ended_price";
    draft.total("closing_price", meaning, |row| row.2.2.price);
    draft.finish()
}
