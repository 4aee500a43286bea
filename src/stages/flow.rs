//! A run: every stage in order, with what it takes of those before it, and then the commit.

use super::before::Before;
use super::check::check_types;
use super::commit::commit;
use super::contracts::of;
use super::made::{Ledgers, Made};
use super::ran::Ran;
use super::report::Report;
use super::reuse::Reuse;
use super::run_options::RunOptions;
use super::sources::doubts_of;
use crate::costing::{self, schema::Costing};
use crate::customers::history::CustomerHistory;
use crate::error::{Error, Faults, Result};
use crate::expect::{self, Checked};
use crate::facts::{self, FactSet, GatherOptions, Scan, SourceMistake};
use crate::lifecycle::KnownElsewhere;
use crate::memory::Memory;
use crate::perception::schema::Voice;
use crate::pipeline::{Definition, Stage};
use crate::publish::{Home, StageTables, Staging, TableFormat};
use crate::recall::facts_folder;
use crate::report;
use crate::restatement::period_totals;
use crate::run::{Events, Progress};
use crate::units::Day;
use crate::{
    acquisition, clv, contracts, counted_histories, effects, forecast, hierarchy, lifecycle, needs,
    perception, plan, profitability, programme, questions, segments, star,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
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
    let mut flow = Flow { progress, staging: before.begin(&definition, home)?, memory, reuse };
    let stage = Stages { definition: &definition, memory: before.memory.clone() };

    let (_, mut facts) = flow.run("facts", |_, events| stage.facts(&before, options, events))?;
    let hold = |bytes| stage.memory.budget.hold(bytes);
    let _of_customers = hold(facts.bytes());
    let ((), Rows { asked, contacts, contracts, counted, points, shared }) =
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
    flow.run_or_keep("programme", |tables| {
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

    let mut doubts: Vec<String> =
        [lifecycle_doubts, acquisition_doubts, segment_doubts].into_iter().flatten().flatten().collect();
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

/// The stages that are still to come, and the tables of those that were run.
struct Flow {
    progress: Progress,
    staging: Staging,
    memory: Memory,
    reuse: Reuse,
}

/// A stage's summary, none of one that the pipeline does not have; and what it handed on, none of one that was not run.
type Done<S, H> = (Option<S>, Option<H>);

impl Flow {
    /// Runs a stage, and keeps a record of it for the next run.
    fn run<S: Serialize, H>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>, &dyn Events) -> Result<Ran<S, H>>,
    ) -> Result<(S, H)> {
        let stage = of(name);
        self.memory.release_freed();
        let (staging, is_kept) = (&self.staging, self.reuse.keeps(stage));
        let (tables, events) = (staging.for_stage(stage, is_kept), self.progress.events());
        let expected = self.reuse.last_seconds(stage);
        let Ran { summary, hands_on, account } = self.progress.run(stage, expected, || {
            if is_kept {
                staging.take_over(stage)?;
            }
            let ran = work(tables, events.as_ref())?;
            let account = ran.account.clone();
            Ok((ran, account))
        })?;
        self.reuse.record(stage, &summary, account, self.progress.last_seconds());
        Ok((summary, hands_on))
    }

    /// Runs a stage that not every pipeline has, or takes its tables over from the current release.
    fn run_or_keep<S: Serialize + DeserializeOwned, H>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>) -> Result<Ran<S, H>>,
    ) -> Result<Done<S, H>> {
        let stage = of(name);
        if !self.progress.is_next(stage) {
            return Ok((None, None));
        }
        if !self.reuse.runs(stage) {
            return Ok((Some(self.take_over(stage)?), None));
        }
        let (summary, hands_on) = self.run(name, |tables, _| work(tables))?;
        Ok((Some(summary), Some(hands_on)))
    }

    fn take_over<S: DeserializeOwned>(&mut self, stage: &'static Stage) -> Result<S> {
        let (staging, reuse) = (&self.staging, &mut self.reuse);
        self.progress.run(stage, None, || {
            staging.take_over(stage)?;
            let (summary, account) = reuse.recall(stage)?;
            Ok((summary, format!("{account}, as before")))
        })
    }
}

/// What a stage makes only where the pipeline asks for it.
fn needed<T>(made: Option<T>, name: &str) -> Result<T> {
    made.ok_or_else(|| Error::internal(format!("'{name}' is needed, but the stage before did not make it")))
}

/// Rows of sources beside the transactions and events, which later stages look at one by one.
struct Rows {
    asked: perception::Asked,
    contacts: effects::Contacts,
    contracts: contracts::Contracts,
    points: programme::Points,
    counted: counted_histories::CountedHistories,
    shared: hierarchy::SharedCustomers,
}

/// Each stage: its room's work, and what the run says of it.
struct Stages<'r> {
    definition: &'r Definition,
    memory: Memory,
}

impl Stages<'_> {
    /// Sees the whole definition: the facts keep what any later stage asks for.
    fn facts(
        &self,
        before: &Before,
        options: &RunOptions,
        events: &dyn Events,
    ) -> Result<Ran<Scan, FactSet>> {
        let gather = GatherOptions {
            folder: facts_folder(&before.state),
            as_of: options.as_of,
            full: options.full,
            again: options.again,
            verify_inputs: options.verify_inputs,
            handover: options.facts.clone(),
            previous: before.record.clone(),
            memory: self.memory.clone(),
            progress: &|done, of| events.progress(done, of),
            opened: &|keys, attributes| {
                let mut faults = Faults::default();
                faults.keep(segments::check(self.definition, attributes));
                faults.keep(check_types(self.definition, keys, attributes));
                faults.none()
            },
        };
        let facts = facts::gather(self.definition, &gather)?;
        let account = report::facts_line(&facts);
        Ok(Ran { summary: before.last_scan(facts.scan), hands_on: facts, account })
    }

    /// Hands on what customers were asked and said; rows that broke the row contract join those of the facts.
    fn answers(&self, facts: &mut FactSet, tables: StageTables<'_>) -> Result<Ran<(), Rows>> {
        let definition = &of("answers").view(self.definition);
        let asked = perception::read(definition, facts, &self.memory)?;
        let contacts = effects::read(definition, facts)?;
        let contracts = contracts::read(definition, facts)?;
        let points = programme::read(definition, facts, &self.memory)?;
        let counted = counted_histories::read(definition, facts)?;
        let shared = hierarchy::read(definition, facts)?;
        tables.put(&facts::quarantine_table(), None, facts.quarantine()?)?;
        perception::write_voice(self.definition, facts, &asked, tables)?;
        let account = report::answers_line(facts);
        Ok(Ran {
            summary: (),
            hands_on: Rows { asked, contacts, contracts, counted, points, shared },
            account,
        })
    }

    fn costing(&self, facts: &FactSet, tables: StageTables<'_>) -> Result<Ran<(), (Costing, Ledgers)>> {
        let definition = &of("costing").view(self.definition);
        let ledgers = facts::read_ledgers(definition)?;
        let costing = costing::run(definition, facts, &ledgers)?;
        let format = TableFormat::new(&definition.facts, facts.as_of);
        let matched = costing::match_report(&costing, format, &facts.matches());
        for sheet in costing::sheets(&costing, format).into_iter().chain([matched]) {
            tables.put(&sheet.spec, None, sheet.arrays)?;
        }
        let account = report::costing_line(&costing, definition);
        let ledgers = Ledgers { doubts: ledgers.iter().flat_map(doubts_of).collect(), sums: ledgers };
        Ok(Ran { summary: (), hands_on: (costing, ledgers), account })
    }

    /// Hands on what customers brought and cost day by day, where a stage that runs looks at it.
    fn profitability(
        &self,
        facts: &FactSet,
        costing: &Costing,
        is_history_wanted: bool,
        tables: StageTables<'_>,
    ) -> Result<Ran<profitability::Summary, Option<CustomerHistory>>> {
        let definition = &of("profitability").view(self.definition);
        let (summary, history) =
            profitability::run(definition, facts, costing, is_history_wanted, &self.memory, tables)?;
        let mistakes = self.mistakes(facts, &summary);
        facts::refuse_mistakes(&definition.facts, &mistakes)?;
        let sheet = facts::mistake_table(TableFormat::new(&definition.facts, facts.as_of), &mistakes);
        tables.put(&sheet.spec, None, sheet.arrays)?;
        let account = report::profitability_line(&summary, definition);
        Ok(Ran { summary, hands_on: history, account })
    }

    /// What row checks found; customers who returned more than they bought show only in their lives.
    fn mistakes(&self, facts: &FactSet, summary: &profitability::Summary) -> Vec<SourceMistake> {
        let definition = &self.definition.facts;
        let mut mistakes = facts.mistakes(self.definition);
        mistakes.extend(summary.unbought.iter().map(|found| {
            SourceMistake::of_customers(definition, found.customers, found.returns, found.example.clone())
        }));
        mistakes
    }

    fn plan(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<plan::Summary, ()>> {
        let summary = plan::run(&of("plan").view(self.definition), facts, costing, &ledgers.sums, tables)?;
        let account = report::plan_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    fn whatif(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<questions::WhatIfSummary, ()>> {
        let (definition, memory) = (&of("whatif").view(self.definition), &self.memory);
        let summary = questions::publish_whatifs(definition, facts, costing, &ledgers.sums, memory, tables)?;
        let account = report::whatif_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    fn forecast(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<forecast::Summary, ()>> {
        let definition = &of("forecast").view(self.definition);
        let planned = plan::volumes(definition, facts, &ledgers.sums)?;
        let summary = forecast::run(definition, facts, costing, &planned, tables)?;
        let account = report::forecast_line(&summary);
        Ok(Ran { summary, hands_on: (), account })
    }

    fn sensitivity(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<questions::SensitivitySummary, ()>> {
        let (definition, memory) = (&of("sensitivity").view(self.definition), &self.memory);
        let summary =
            questions::publish_sensitivity(definition, facts, costing, &ledgers.sums, memory, tables)?;
        let account = report::sensitivity_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    fn clv(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        earlier: &clv::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Ran<clv::Summary, Option<clv::Alive>>> {
        let (summary, alive) = clv::run(&of("clv").view(self.definition), facts, history, earlier, tables)?;
        let account = report::clv_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: alive, account })
    }

    fn contracts(
        &self,
        facts: &FactSet,
        rows: &contracts::Contracts,
        earlier: &contracts::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Ran<contracts::Chosen, ()>> {
        let definition = &of("contracts").view(self.definition);
        let summary = contracts::run(definition, facts, rows, earlier, tables)?;
        let account = report::contracts_line(&summary, definition);
        Ok(Ran { summary: summary.chosen, hands_on: (), account })
    }

    fn counted_histories(
        &self,
        as_of: Day,
        rows: &counted_histories::CountedHistories,
        tables: StageTables<'_>,
    ) -> Result<Ran<counted_histories::Summary, ()>> {
        let definition = &of("counted_histories").view(self.definition);
        let summary = counted_histories::run(definition, as_of, rows, tables)?;
        let account = report::counted_histories_line(&summary, definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    /// What customers said, where they were asked or complained.
    fn voice<'a>(&'a self, asked: &'a perception::Asked) -> Option<Voice<'a>> {
        self.definition.perception.as_ref().map(|def| Voice::new(asked, def))
    }

    /// Its summary is what a person should know of the dates of the customer base.
    fn lifecycle(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        known: KnownElsewhere<'_>,
        tables: StageTables<'_>,
    ) -> Result<Ran<Vec<String>, ()>> {
        let definition = &of("lifecycle").view(self.definition);
        let doubts = lifecycle::doubts(definition, facts);
        let summary = lifecycle::run(definition, facts, history, known, &self.memory, tables)?;
        Ok(Ran { summary: doubts, hands_on: (), account: report::lifecycle_line(&summary) })
    }

    fn effects(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        contacts: &effects::Contacts,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let definition = &of("effects").view(self.definition);
        let summary = effects::run(definition, facts, history, contacts, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::effects_line(&summary, definition) })
    }

    fn programme(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        points: &programme::Points,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let definition = &of("programme").view(self.definition);
        let summary = programme::run(definition, facts, history, points, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::programme_line(&summary, definition) })
    }

    fn hierarchy(
        &self,
        facts: &FactSet,
        shared: &hierarchy::SharedCustomers,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let definition = &of("hierarchy").view(self.definition);
        let levels = hierarchy::run(definition, facts, shared, &self.memory, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::hierarchy_line(&levels) })
    }

    fn acquisition(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<Ran<Vec<String>, ()>> {
        let definition = &of("acquisition").view(self.definition);
        let summary = acquisition::run(definition, facts, history, asked, tables)?;
        let account = report::acquisition_line(&summary, definition);
        Ok(Ran { summary: summary.warnings, hands_on: (), account })
    }

    /// Its summary is what a person should know of the rules.
    fn segments(
        &self,
        facts: &FactSet,
        earlier: &segments::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Ran<Vec<String>, ()>> {
        let definition = &of("segments").view(self.definition);
        let summary = segments::run(definition, facts.as_of, tables, earlier, &self.memory)?;
        let account = report::segments_line(&summary);
        Ok(Ran { summary: summary.warnings, hands_on: (), account })
    }

    fn perception(
        &self,
        facts: &FactSet,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let summary = perception::run(&of("perception").view(self.definition), facts, asked, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::perception_line(&summary) })
    }

    fn needs(
        &self,
        facts: &FactSet,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let summary = needs::run(&of("needs").view(self.definition), facts, asked, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::needs_line(&summary) })
    }

    fn star(&self, facts: &FactSet, costing: &Costing, tables: StageTables<'_>) -> Result<Ran<(), ()>> {
        let summary = star::run(&of("star").view(self.definition), facts, costing, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::star_line(summary) })
    }

    fn expect(&self, tables: StageTables<'_>) -> Result<Ran<Vec<Checked>, ()>> {
        let checks = expect::check(&of("expect").view(self.definition), &|table| tables.written(table))?;
        let missed = checks.iter().filter(|check| !check.met).count();
        let account = format!("{} checks, {missed} missed", checks.len());
        Ok(Ran { summary: checks, hands_on: (), account })
    }
}
