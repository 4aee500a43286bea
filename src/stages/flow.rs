//! A run: every stage in order, with what it takes of those before it, and then the commit.

use super::before::Before;
use super::commit::commit;
use super::made::Made;
use super::report::Report;
use super::run_options::RunOptions;
use super::source_rows::SourceRows;
use super::stage_calls::StageCalls;
use super::stage_runner::StageRunner;
use crate::error::{Error, Result};
use crate::lifecycle::KnownElsewhere;
use crate::pipeline::Definition;
use crate::publish::Home;
use crate::restatement::period_totals;
use crate::run::{Events, Progress};
use crate::{counted_histories, plan, profitability};
use std::sync::Arc;

/// The stages on one screen.
///
/// # Errors
/// Those of the stages and of the commit.
pub(super) fn run(
    definition: Definition,
    home: &Home,
    before: Before,
    options: &RunOptions,
    events: Arc<dyn Events>,
) -> Result<Report> {
    let reuse = before.reuse(&definition);
    let stages = before.plan.iter().copied().filter(|stage| !reuse.leaves_out(stage)).collect::<Vec<_>>();
    let is_history_wanted = reuse.is_wanted(&stages, "history");
    let progress = Progress::new(stages, events);
    let memory = before.memory.clone();
    let mut flow = StageRunner { progress, staging: before.begin(&definition, home)?, memory, reuse };
    let stage = StageCalls { definition: &definition, memory: before.memory.clone() };

    let (_, mut facts) = flow.run("facts", |_, events| stage.facts(&before, options, events))?;
    let hold = |bytes| stage.memory.budget.hold(bytes);
    let _of_customers = hold(facts.bytes());
    let ((), SourceRows { asked, contacts, contracts, counted, points, shared }) =
        flow.run("answers", |tables, _| stage.answers(&mut facts, tables))?;
    let _of_answers = hold(asked.bytes());
    let of_contacts = hold(contacts.bytes());
    let of_contracts = hold(contracts.bytes());
    let _of_shared = hold(shared.bytes());
    let _of_counted = hold(counted.bytes());
    let ((), (costing, mut ledgers)) = flow.run("costing", |tables, _| stage.costing(&facts, tables))?;
    ledgers.compare(&before.ledgers);
    let (profit, history) = flow.run_or_keep("profitability", |tables| {
        stage.profitability(&facts, &costing, is_history_wanted, tables)
    })?;
    let profit: profitability::Summary = needed(profit, "profitability")?;
    let history = history.flatten();
    let (planned, _) = flow.run_or_keep("plan", |tables| stage.plan(&facts, &costing, &ledgers, tables))?;
    flow.run_or_keep("forecast", |tables| stage.forecast(&facts, &costing, &ledgers, tables))?;
    flow.run_or_keep("sensitivity", |tables| stage.sensitivity(&facts, &costing, &ledgers, tables))?;
    let (lifetime, alive) = flow.run_or_keep("clv", |tables| {
        stage.clv(&facts, needed(history.as_ref(), "history")?, &before.lifetime, tables)
    })?;
    let alive = alive.flatten();
    let (chosen, _) = flow
        .run_or_keep("contracts", |tables| stage.contracts(&facts, &contracts, &before.contracts, tables))?;
    drop((contracts, of_contracts));
    let (counted_doubts, _) = flow
        .run_or_keep("counted_histories", |tables| stage.counted_histories(facts.as_of, &counted, tables))?;
    let (lifecycle_doubts, _) = flow.run_or_keep("lifecycle", |tables| {
        let known = KnownElsewhere { alive: alive.as_ref(), voice: stage.voice(&asked) };
        stage.lifecycle(&facts, needed(history.as_ref(), "history")?, known, tables)
    })?;
    flow.run_or_keep("effects", |tables| {
        stage.effects(&facts, needed(history.as_ref(), "history")?, &contacts, tables)
    })?;
    let (programme_doubts, _) = flow.run_or_keep("programme", |tables| {
        stage.programme(&facts, needed(history.as_ref(), "history")?, &points, tables)
    })?;
    let (acquisition_doubts, _) = flow.run_or_keep("acquisition", |tables| {
        stage.acquisition(&facts, needed(history.as_ref(), "history")?, &asked, tables)
    })?;
    drop((history, contacts, of_contacts, points));
    flow.run_or_keep("hierarchy", |tables| stage.hierarchy(&facts, &shared, tables))?;
    let (segment_doubts, _) =
        flow.run_or_keep("segments", |tables| stage.segments(&facts, &before.groups, tables))?;
    flow.run_or_keep("whatif", |tables| stage.whatif(&facts, &costing, &ledgers, tables))?;
    flow.run_or_keep("perception", |tables| stage.perception(&facts, &asked, tables))?;
    flow.run_or_keep("needs", |tables| stage.needs(&facts, &asked, tables))?;
    flow.run_or_keep("star", |tables| stage.star(&facts, &costing, tables))?;
    let (checks, _) = flow.run_or_keep("expect", |tables| stage.expect(tables))?;

    let doubts = [lifecycle_doubts, programme_doubts, acquisition_doubts, segment_doubts];
    let mut doubts: Vec<String> = doubts.into_iter().flatten().flatten().collect();
    doubts.extend(
        counted_doubts.map(|summary: counted_histories::Summary| summary.warnings).unwrap_or_default(),
    );
    doubts.extend(planned.map(|planned: plan::Summary| planned.warnings).unwrap_or_default());
    doubts.extend(flow.reuse.left_out());
    let mistakes = stage.mistakes(&facts, &profit);
    let checks = checks.unwrap_or_default();
    let periods = period_totals(&costing, &profit.profit_by_period, &facts.record, facts.money_scale);
    let made = Made {
        facts,
        costs: costing.totals(),
        ledgers,
        periods,
        profit,
        lifetime,
        contracts: chosen,
        mistakes,
        doubts,
        checks,
    };
    commit(definition, made, before, flow.reuse.records, flow.progress.timings, options, flow.staging)
}

/// What a stage makes only where the pipeline asks for it.
fn needed<T>(made: Option<T>, name: &str) -> Result<T> {
    made.ok_or_else(|| Error::internal(format!("'{name}' is needed, but the stage before did not make it")))
}
