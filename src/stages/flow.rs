//! A run: every stage in order, with what it takes of those before it, and then the commit.

use super::before::Before;
use super::check::{check_names, check_types, doubts};
use super::commit::commit;
use super::contracts::of;
use super::made::{Ledgers, Made};
use super::night::{Night, Scan};
use super::repair::repairing;
use super::report::Report;
use super::run_options::RunOptions;
use crate::costing::{self, schema::Costing};
use crate::customers::history::CustomerHistory;
use crate::error::{Error, Faults, Result};
use crate::expect::{self, Checked};
use crate::facts::schema::AttributeTypes;
use crate::facts::{self, FactSet, GatherOptions, SourceMistake};
use crate::memory::Memory;
use crate::pipeline::{self, Definition, Stage};
use crate::publish::{Home, Release, Retention, StageTables, Staging, TableFormat};
use crate::recall::facts_folder;
use crate::report;
use crate::restatement::period_totals;
use crate::run::{Events, Progress};
use crate::{clv, lifecycle, perception, profitability, segments};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What came of a run.
pub enum Outcome {
    /// A release, unless it was a dry run.
    Made(Box<Report>),
    /// Nothing: this release, which is current, follows from the same program, definition and files; with what it warns of.
    Unchanged(Box<Release>, Vec<String>),
}

impl Outcome {
    /// What the run made; none where there was nothing to do.
    pub fn made(self) -> Option<Report> {
        match self {
            Self::Made(report) => Some(*report),
            Self::Unchanged(..) => None,
        }
    }
}

/// Runs a pipeline and publishes its release.
///
/// # Errors
/// Everything a user can get wrong, see `error::Kind`; nothing a reader sees has changed then.
pub fn publish(path: &Path, options: RunOptions, events: Arc<dyn Events>) -> Result<Outcome> {
    let definition = pipeline::read(path)?;
    check_names(&definition, &AttributeTypes::new())?;
    check_gate(&definition, options)?;
    let home = Home::open(&definition.publish.path)?;
    let lock = home.lock()?;
    let mut outcome = repairing(&home, || night(&definition, &home, options, &events))?;
    if let Some(keep) = definition.publish.keep.filter(|_| !options.dry_run) {
        // The release is out: what is not removed now is removed after the next.
        home.or_warn(home.vacuum(&lock, retention(&definition, keep)));
    }
    match &mut outcome {
        Outcome::Made(report) => report.warnings.extend(home.take_warnings()),
        Outcome::Unchanged(_, warnings) => warnings.extend(home.take_warnings()),
    }
    Ok(outcome)
}

/// What stays, of so many of the newest releases and by the pipeline's other rules.
pub fn retention(definition: &Definition, newest: usize) -> Retention {
    let publish = &definition.publish;
    Retention {
        newest,
        month_ends: publish.keep_month_ends,
        grace: Duration::from_secs(60 * publish.grace_minutes as u64),
    }
}

fn night(
    definition: &Definition,
    home: &Home,
    options: RunOptions,
    events: &Arc<dyn Events>,
) -> Result<Outcome> {
    let before = Before::read(definition, home, options)?;
    if let Some(current) = before.unchanged(home, options) {
        let warnings = current.run["warnings"].as_array().into_iter().flatten();
        let warnings = warnings.filter_map(|warning| warning.as_str().map(str::to_owned)).collect();
        return Ok(Outcome::Unchanged(Box::new(current.clone()), warnings));
    }
    let report = run(definition.clone(), home, before, options, Arc::clone(events))?;
    Ok(Outcome::Made(Box::new(report)))
}

fn check_gate(definition: &Definition, options: RunOptions) -> Result<()> {
    if !options.gate || !definition.publish.gate.is_empty() {
        return Ok(());
    }
    let way_out = "say how much may change, such as gate = { customer_profit = 0.01 }";
    let path = definition.path.display();
    Err(Error::definition(format!("{path}: --gate, but [publish] has no 'gate'; {way_out}")))
}

/// The stages on one screen.
fn run(
    definition: Definition,
    home: &Home,
    before: Before,
    options: RunOptions,
    events: Arc<dyn Events>,
) -> Result<Report> {
    let plan = pipeline::plan(super::STAGES, &definition)?;
    let night = before.night(&plan);
    let is_history_wanted = night.is_wanted(&plan, "history");
    let progress = Progress::new(plan, events);
    let memory = before.memory.clone();
    let mut flow = Flow { progress, staging: before.begin(&definition, home)?, memory, night };
    let stage = Stages { definition: &definition, memory: before.memory.clone() };

    let (_, mut facts) = flow.run("facts", |_, events| stage.facts(&before, options, events))?;
    let ((), asked) = flow.run("answers", |tables, _| stage.answers(&mut facts, tables))?;
    let ((), (costing, mut ledgers)) = flow.run("costing", |tables, _| stage.costing(&facts, tables))?;
    ledgers.compare(&before.ledgers);
    let (profit, history) = flow.kept_or_run("profitability", |tables| {
        stage.profitability(&facts, &costing, is_history_wanted, tables)
    })?;
    let profit: profitability::Summary = needed(profit, "profitability")?;
    let history = history.flatten();
    let (lifetime, alive) = flow.kept_or_run("clv", |tables| {
        stage.clv(&facts, needed(history.as_ref(), "history")?, &before.lifetime, tables)
    })?;
    let alive = alive.flatten();
    let (lifecycle_doubts, _) = flow.kept_or_run("lifecycle", |tables| {
        stage.lifecycle(&facts, needed(history.as_ref(), "history")?, alive.as_ref(), tables)
    })?;
    drop(history);
    let (segment_doubts, _) =
        flow.kept_or_run("segments", |tables| stage.segments(&facts, &before.groups, tables))?;
    flow.kept_or_run("perception", |tables| stage.perception(&facts, &asked, tables))?;
    let (checks, _) = flow.kept_or_run("expect", |tables| stage.expect(tables))?;

    let doubts = [lifecycle_doubts.unwrap_or_default(), segment_doubts.unwrap_or_default()].concat();
    let mistakes = stage.mistakes(&facts, &profit);
    let checks = checks.unwrap_or_default();
    let periods = period_totals(&costing, &profit.profit_by_period, &facts.record, facts.money_scale);
    let made =
        Made { facts, costs: costing.totals(), ledgers, periods, profit, lifetime, mistakes, doubts, checks };
    commit(definition, made, before, flow.night.records, flow.progress.timings, options, flow.staging)
}

/// The stages that are still to come, and the tables of those that were run.
struct Flow {
    progress: Progress,
    staging: Staging,
    memory: Memory,
    night: Night,
}

/// What a stage says and hands on, and what it did, in words.
type Said<S, H> = ((S, H), String);

/// What a stage of a pipeline said, and what it handed on; no summary of a stage that the pipeline does not have, and
/// nothing handed on by one that was taken over.
type Done<S, H> = (Option<S>, Option<H>);

impl Flow {
    /// Runs a stage, and keeps what it said for the next run.
    fn run<S: Serialize, H>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>, &dyn Events) -> Result<Said<S, H>>,
    ) -> Result<(S, H)> {
        let stage = of(name);
        self.memory.release_freed();
        let (staging, is_kept) = (&self.staging, self.night.keeps(stage));
        let (tables, events) = (staging.for_stage(stage, is_kept), self.progress.events());
        let mut did = String::new();
        let (summary, handed_on) = self.progress.run(stage, || {
            if is_kept {
                staging.take_over(stage)?;
            }
            let (done, account) = work(tables, events.as_ref())?;
            did.clone_from(&account);
            Ok((done, account))
        })?;
        self.night.keep(stage, &summary, did, self.progress.last_seconds());
        Ok((summary, handed_on))
    }

    /// Runs a stage that not every pipeline has, or takes its tables over.
    fn kept_or_run<S: Serialize + DeserializeOwned, H>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>) -> Result<Said<S, H>>,
    ) -> Result<Done<S, H>> {
        let stage = of(name);
        if !self.progress.is_next(stage) {
            return Ok((None, None));
        }
        if !self.night.runs(stage) {
            return Ok((Some(self.take_over(stage)?), None));
        }
        let (summary, handed_on) = self.run(name, |tables, _| work(tables))?;
        Ok((Some(summary), Some(handed_on)))
    }

    /// Lists the tables that the current release has of a stage, and says what it said.
    fn take_over<S: DeserializeOwned>(&mut self, stage: &'static Stage) -> Result<S> {
        let (staging, night) = (&self.staging, &mut self.night);
        self.progress.run(stage, || {
            staging.take_over(stage)?;
            let (summary, account) = night.recall(stage)?;
            Ok((summary, format!("{account}, as before")))
        })
    }
}

/// What a stage makes only where the pipeline asks for it.
fn needed<T>(made: Option<T>, name: &str) -> Result<T> {
    made.ok_or_else(|| Error::internal(format!("'{name}' is needed, but the stage before did not make it")))
}

/// Each stage: its room's work, and what the run says of it.
struct Stages<'r> {
    definition: &'r Definition,
    memory: Memory,
}

impl Stages<'_> {
    fn facts(
        &self,
        before: &Before,
        options: RunOptions,
        events: &dyn Events,
    ) -> Result<Said<Scan, FactSet>> {
        let gather = GatherOptions {
            folder: facts_folder(&before.state),
            as_of: options.as_of,
            full: options.full,
            again: options.again,
            verify_inputs: options.verify_inputs,
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
        let scan = before.last_scan(Scan { rows: facts.scanned_rows, seconds: facts.scan_seconds });
        Ok(((scan, facts), account))
    }

    /// Hands on what customers were asked and said; rows that broke the row contract join those of the facts.
    fn answers(&self, facts: &mut FactSet, tables: StageTables<'_>) -> Result<Said<(), perception::Asked>> {
        let asked = perception::read(&of("answers").view(self.definition), facts, &self.memory)?;
        tables.put(&facts::quarantine_table(), None, facts.quarantine()?)?;
        let account = report::answers_line(facts);
        Ok((((), asked), account))
    }

    fn costing(&self, facts: &FactSet, tables: StageTables<'_>) -> Result<Said<(), (Costing, Ledgers)>> {
        let ledgers = facts::read_ledgers(self.definition)?;
        let costing = costing::run(self.definition, facts, &ledgers)?;
        let format = TableFormat::new(&self.definition.facts, facts.as_of);
        let matched = costing::match_report(&costing, format, &facts.matches());
        for sheet in costing::sheets(&costing, format).into_iter().chain([matched]) {
            tables.put(&sheet.spec, None, sheet.arrays)?;
        }
        let account = report::costing_line(&costing, self.definition);
        Ok((((), (costing, Ledgers { doubts: doubts(&ledgers), sums: ledgers })), account))
    }

    /// Hands on what customers brought and cost day by day, where a stage that runs looks at it.
    fn profitability(
        &self,
        facts: &FactSet,
        costing: &Costing,
        is_history_wanted: bool,
        tables: StageTables<'_>,
    ) -> Result<Said<profitability::Summary, Option<CustomerHistory>>> {
        let definition = &of("profitability").view(self.definition);
        let (summary, history) =
            profitability::run(definition, facts, costing, is_history_wanted, &self.memory, tables)?;
        let mistakes = self.mistakes(facts, &summary);
        facts::refuse_mistakes(&definition.facts, &mistakes)?;
        let sheet = facts::mistake_table(TableFormat::new(&definition.facts, facts.as_of), &mistakes);
        tables.put(&sheet.spec, None, sheet.arrays)?;
        let account = report::profitability_line(&summary, definition);
        Ok(((summary, history), account))
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

    fn clv(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        earlier: &clv::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Said<clv::Summary, Option<clv::Alive>>> {
        let (summary, alive) = clv::run(&of("clv").view(self.definition), facts, history, earlier, tables)?;
        let account = report::clv_line(&summary, self.definition);
        Ok(((summary, alive), account))
    }

    /// Says what a person should know of the dates of the customer base.
    fn lifecycle(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        alive: Option<&clv::Alive>,
        tables: StageTables<'_>,
    ) -> Result<Said<Vec<String>, ()>> {
        let definition = &of("lifecycle").view(self.definition);
        let doubts = lifecycle::doubts(definition, facts);
        let summary = lifecycle::run(definition, facts, history, alive, tables)?;
        Ok(((doubts, ()), report::lifecycle_line(&summary)))
    }

    /// Says what a person should know of the rules.
    fn segments(
        &self,
        facts: &FactSet,
        earlier: &segments::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Said<Vec<String>, ()>> {
        let definition = &of("segments").view(self.definition);
        let summary = segments::run(definition, facts.as_of, tables, earlier, &self.memory)?;
        let account = report::segments_line(&summary);
        Ok(((summary.warnings, ()), account))
    }

    fn perception(
        &self,
        facts: &FactSet,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<Said<(), ()>> {
        let summary = perception::run(&of("perception").view(self.definition), facts, asked, tables)?;
        Ok((((), ()), report::perception_line(&summary)))
    }

    fn expect(&self, tables: StageTables<'_>) -> Result<Said<Vec<Checked>, ()>> {
        let checks = expect::check(&of("expect").view(self.definition), &|table| tables.written(table))?;
        let missed = checks.iter().filter(|check| !check.met).count();
        let account = format!("{} checks, {missed} missed", checks.len());
        Ok(((checks, ()), account))
    }
}
