//! The stage: a walk that counts, the rhythms that follow from it, and a walk that writes.

use super::gathering::Gathered;
use super::growth_table::growth;
use super::holdout::PredictorScore;
use super::plan::Plan;
use super::state::{State, number};
use super::survival_table::{summary, survival, survivals};
use super::transition_table::state_transition;
use super::warning_table::{WarningRows, early_warning, early_warning_holdout, early_warning_predictor};
use super::writing::{Writing, Written};
use crate::clv::schema::Alive;
use crate::customers::history::CustomerHistory;
use crate::customers::operator::walk;
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::facts::FactSet;
use crate::memory::Memory;
use crate::perception::schema::Voice;
use crate::pipeline::{ClvDef, Definition};
use crate::publish::StageTables;
use std::ops::Range;

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
    /// Customers with a sign that they are about to leave.
    pub warnings: u64,
    /// How well the early warning told those who lapsed, one holdout earlier: area under the ROC curve; none if all lapsed,
    /// or none.
    pub auc: Option<f64>,
    /// What was lost in the first tenth of its list over that in the first tenth by contribution; none if nothing.
    pub lift: Option<f64>,
}

/// What the stage takes from stages before, where the pipeline has them.
#[derive(Debug, Clone, Copy)]
pub struct KnownElsewhere<'r> {
    /// From `[clv]`.
    pub alive: Option<&'r Alive>,
    /// From the sources of `[perception]`.
    pub voice: Option<Voice<'r>>,
}

/// Makes and stages every table of the room.
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
    known: KnownElsewhere<'_>,
    memory: &Memory,
    staging: StageTables<'_>,
) -> Result<Summary> {
    let plan = Plan::new(definition, facts, history.days.customers())?;
    let (mut gathered, master) = walk(&history.days, &(plan.gathering(), plan.master_digests()))?;
    let dates = plan.dates(std::mem::take(&mut gathered.gaps));
    let to_write = plan.dates_to_write(&plan.recipes(history, &master), staging)?;
    let writing = plan.writing(&dates, &to_write, known, memory, staging);
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
    let trial = &written.trial;
    let predictors = trial.predictors();
    for sheet in [
        plan.gathering().cohorts.sheet(format, &gathered.cohorts),
        survival(format, &curves),
        summary(format, &curves, &gathered.growth, calendar, plan.lifecycle.gap_days),
        growth(format, calendar, groupings, &gathered.growth),
        state_transition(format, &written.transitions, number(rate)),
        early_warning_holdout(format, &plan.outcome(), &trial.scores()),
        early_warning_predictor(format, &plan.outcome(), &predictors),
    ] {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    write_warnings(plan, writing, written, staging)?;
    let chosen = predictors.iter().find(|score| score.is_chosen);
    let last = calendar.complete().checked_sub(1);
    Ok(Summary {
        inactivity_rate: last.and_then(|last| gathered.growth.groups[0][last].inactivity_rate()),
        warnings: written.list.with_sign,
        auc: chosen.and_then(|score| score.area),
        lift: chosen.and_then(PredictorScore::lift),
        ..Summary::of(written.states)
    })
}

/// Today's list, slice by slice in the order of keys.
fn write_warnings(
    plan: &Plan<'_>,
    writing: &Writing<'_>,
    written: &Written,
    staging: StageTables<'_>,
) -> Result<()> {
    let (list, chosen) = (&written.list, written.trial.chosen());
    let (format, customers) = (writing.format, &plan.facts.customers);
    let shown = (plan.definition.facts.period, plan.lifecycle.warning.holdout_days);
    let sheet = |warnings: WarningRows<'_>| early_warning(format, shown, customers, warnings);
    let places = list.places(chosen)?;
    let mut writer = staging.table(&sheet(WarningRows { rows: &[], signals: &[] }).spec, None)?;
    let of_slice = |ranks: Range<usize>| {
        let (rows, signals) = list.rows(ranks.start / SLICE_CUSTOMERS, &places, chosen)?;
        Ok(sheet(WarningRows { rows: &rows, signals: &signals }).arrays)
    };
    slices::in_order(0..customers.keys.len(), of_slice, |arrays| writer.write(arrays))?;
    writer.finish()
}

impl Summary {
    /// Of customers by state.
    fn of([new, reactivated, active, at_risk, dormant, lost]: [u64; State::ALL.len()]) -> Self {
        let customers = new + reactivated + active + at_risk + dormant + lost;
        Self { customers, new, reactivated, active, at_risk, dormant, lost, ..Self::default() }
    }
}
