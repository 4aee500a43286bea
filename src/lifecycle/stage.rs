//! The stage: a walk that counts, the rhythms that follow from it, and a walk that writes.

use super::gathering::Gathered;
use super::growth_table::growth;
use super::holdout::scores;
use super::plan::Plan;
use super::state::{State, number};
use super::survival_table::{summary, survival, survivals};
use super::transition_table::state_transition;
use super::warning::{Warned, Warnings};
use super::warning_table::{early_warning, early_warning_holdout};
use super::writing::{Writing, Written};
use crate::clv::schema::Alive;
use crate::customers::history::CustomerHistory;
use crate::customers::operator::walk;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{ClvDef, Definition};
use crate::publish::StageTables;

/// What the run's summary says of the customer base at its as-of date.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// Customers with a purchase.
    pub customers: u64,
    /// Of these: their first purchase is recent.
    pub new: u64,
    /// They came back after a gap that had ended the relationship.
    pub reactivated: u64,
    /// They are within their rhythm.
    pub active: u64,
    /// They are late.
    pub at_risk: u64,
    /// They are very late.
    pub dormant: u64,
    /// They are gone.
    pub lost: u64,
    /// Customers inactive in the last complete period over those active in the one before; none if nobody was.
    pub inactivity_rate: Option<f64>,
    /// Customers warned of.
    pub warnings: u64,
}

/// Makes and stages every table of the room. `alive` is there when the pipeline has `[clv]`.
///
/// # Errors
/// An attribute that the customers source does not give, an amount beyond 18 digits, kept state that cannot be read, a
/// failed write.
///
/// # Panics
/// When the pipeline has no `[lifecycle]`.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    history: &CustomerHistory,
    alive: Option<&Alive>,
    staging: StageTables<'_>,
) -> Result<Summary> {
    let plan = Plan::new(definition, facts, history.days.customers())?;
    let mut gathered = walk(&history.days, &plan.gathering())?;
    let dates = plan.dates(std::mem::take(&mut gathered.gaps));
    let writing = plan.writing(&dates, alive, staging)?;
    let mut written = walk(&history.days, &writing)?;
    written.finish_tables()?;
    finish(&plan, &writing, &gathered, &written, staging)
}

/// Writes the tables that are made of counts, and those of the customers warned of.
fn finish(
    plan: &Plan<'_>,
    writing: &Writing<'_>,
    gathered: &Gathered,
    written: &Written,
    staging: StageTables<'_>,
) -> Result<Summary> {
    let format = writing.format;
    let (calendar, groupings) = (&plan.calendar, &plan.groupings);
    gathered.growth.verify();
    let curves = survivals(groupings, &gathered.lives);
    let clv = plan.definition.clv.as_ref();
    let rate = clv.map_or_else(ClvDef::default_discount_rate_annual, |clv| clv.discount_rate_annual);
    let [then, now] = &written.warnings;
    for sheet in [
        plan.gathering().cohorts.sheet(format, &gathered.cohorts),
        survival(format, &curves),
        summary(format, &curves, &gathered.growth, calendar, plan.lifecycle.gap_days),
        growth(format, calendar, groupings, &gathered.growth),
        state_transition(format, &written.transitions, number(rate)),
        early_warning_holdout(format, &plan.outcome(), &scores(then)),
    ] {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    write_warnings(writing, now, staging)?;
    let last = calendar.complete().checked_sub(1);
    Ok(Summary {
        inactivity_rate: last.and_then(|last| gathered.growth.groups[0][last].inactivity_rate()),
        warnings: now.customers.len() as u64,
        ..Summary::of(written.states)
    })
}

/// Rows of `early_warning` whose texts are held at a time.
const ROWS: usize = 1 << 16;

/// Today's warnings, in the order of keys, each with its place by what is at stake.
fn write_warnings(writing: &Writing<'_>, all: &Warnings, staging: StageTables<'_>) -> Result<()> {
    let mut places = vec![0; all.customers.len()];
    all.by_stake().into_iter().zip(1..).for_each(|(index, place)| places[index] = place);
    let rows: Vec<(i64, &Warned)> = places.into_iter().zip(&all.customers).collect();
    let customers = &writing.facts.customers;
    let sheet = |rows: &[(i64, &Warned)]| early_warning(writing.format, writing.period, customers, all, rows);
    let mut writer = staging.table(&sheet(&[]).spec, None)?;
    for rows in rows.chunks(ROWS) {
        writer.write(sheet(rows).arrays)?;
    }
    writer.finish()
}

impl Summary {
    /// Of customers by state.
    fn of([new, reactivated, active, at_risk, dormant, lost]: [u64; State::ALL.len()]) -> Self {
        let customers = new + reactivated + active + at_risk + dormant + lost;
        Self { customers, new, reactivated, active, at_risk, dormant, lost, ..Self::default() }
    }
}
