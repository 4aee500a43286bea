//! A run: every stage in order, with what it takes of those before it, and then the commit.

use super::check::{check_names, check_types, doubts, earlier};
use super::commit::commit;
use super::contracts::of;
use super::made::{Ledgers, Made};
use super::repair::repairing;
use super::report::Report;
use super::run_options::RunOptions;
use crate::costing::{self, schema::Costing};
use crate::customers::history::CustomerHistory;
use crate::error::{Error, Faults, Result};
use crate::expect::{self, Checked};
use crate::facts::schema::{AttributeTypes, Identity};
use crate::facts::{self, FactSet, GatherOptions, Record, SourceMistake};
use crate::memory::Memory;
use crate::pipeline::{self, Definition};
use crate::publish::{Home, StageTables, Staging, WriteOptions};
use crate::recall::{facts_folder, ledgers_of, record_of};
use crate::report;
use crate::run::{Events, Progress};
use crate::{clv, lifecycle, perception, profitability, segments};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs a pipeline and publishes its release.
///
/// # Errors
/// Everything a user can get wrong, see `error::Kind`; nothing a reader sees has changed then.
pub fn publish(path: &Path, options: RunOptions, events: Arc<dyn Events>) -> Result<Report> {
    let definition = pipeline::read(path)?;
    check_names(&definition, &AttributeTypes::new())?;
    let home = Home::open(&definition.publish.path)?;
    let lock = home.lock()?;
    let mut report = repairing(&home, || run(definition.clone(), &home, options, Arc::clone(&events)))?;
    if let (Some(keep), Some(_)) = (report.definition.publish.keep, &report.release) {
        // The release is out: what is not removed now is removed after the next.
        home.or_warn(home.vacuum(&lock, keep));
    }
    report.warnings.extend(home.take_warnings());
    Ok(report)
}

/// The stages on one screen.
fn run(definition: Definition, home: &Home, options: RunOptions, events: Arc<dyn Events>) -> Result<Report> {
    let before = Before::read(&definition, home, options)?;
    let plan = pipeline::plan(super::STAGES, &definition)?;
    let progress = Progress::new(plan, events);
    let memory = before.memory.clone();
    let mut flow = Flow { progress, staging: before.begin(&definition, home)?, memory };
    let stage = Stages { definition: &definition, memory: before.memory.clone() };

    let (facts, asked) =
        flow.stage("facts", |tables, events| stage.facts(&before, options, events, tables))?;
    let (costing, mut ledgers) = flow.stage("costing", |tables, _| stage.costing(&facts, tables))?;
    ledgers.compare(&before.ledgers);
    let (profit, history, mistakes) =
        flow.stage("profitability", |tables, _| stage.profitability(&facts, &costing, tables))?;
    let lifetime = flow.stage_if("clv", |tables| {
        stage.clv(&facts, needed(history.as_ref(), "history")?, &before.lifetime, tables)
    })?;
    let alive = lifetime.as_ref().and_then(|lifetime| lifetime.alive.as_ref());
    let lifecycle_doubts = flow.stage_if("lifecycle", |tables| {
        stage.lifecycle(&facts, needed(history.as_ref(), "history")?, alive, tables)
    })?;
    drop(history);
    let segment_doubts =
        flow.stage_if("segments", |tables| stage.segments(&facts, &before.groups, tables))?;
    flow.stage_if("perception", |tables| stage.perception(&facts, &asked, tables))?;
    let checks = flow.stage_if("expect", |tables| stage.expect(tables))?.unwrap_or_default();

    let doubts = [lifecycle_doubts.unwrap_or_default(), segment_doubts.unwrap_or_default()].concat();
    let made = Made { facts, costs: costing.totals(), ledgers, profit, lifetime, mistakes, doubts, checks };
    let budget = before.memory.budget.bytes();
    commit(
        definition,
        made,
        before.groups.used(),
        flow.progress.timings,
        options.dry_run,
        budget,
        flow.staging,
    )
}

/// What a run finds before its first stage.
struct Before {
    state: PathBuf,
    memory: Memory,
    /// What the current release kept of its facts; none where everything is made again.
    record: Option<Record>,
    /// The ledgers of the current release.
    ledgers: Vec<Identity>,
    /// What earlier releases say of lifetime value.
    lifetime: clv::Earlier,
    /// Releases that segments start from.
    groups: segments::Earlier,
}

impl Before {
    fn read(definition: &Definition, home: &Home, options: RunOptions) -> Result<Self> {
        let current = home.current()?;
        let lifetime = earlier(definition, home, current.as_ref(), options.reselect)?;
        let kept = current.as_ref().filter(|_| !options.full);
        Ok(Self {
            state: home.state(),
            memory: Memory::of(options.memory.or(definition.run.memory), &home.state()),
            record: kept.and_then(|release| home.or_warn(record_of(release))).flatten(),
            ledgers: ledgers_of(current.as_ref()),
            lifetime,
            groups: segments::earlier(definition, home)?,
        })
    }

    fn begin(&self, definition: &Definition, home: &Home) -> Result<Staging> {
        home.begin(WriteOptions {
            plain: definition.publish.plain,
            row_group_rows: definition.publish.row_group_rows,
        })
    }
}

/// The stages that are still to come, and the tables of those that were run.
struct Flow {
    progress: Progress,
    staging: Staging,
    memory: Memory,
}

impl Flow {
    fn stage<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>, &dyn Events) -> Result<(T, String)>,
    ) -> Result<T> {
        let stage = of(name);
        self.memory.release_freed();
        let (tables, events) = (self.staging.for_stage(stage), self.progress.events());
        self.progress.run(stage, || work(tables, events.as_ref()))
    }

    /// A stage that not every pipeline has.
    fn stage_if<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>) -> Result<(T, String)>,
    ) -> Result<Option<T>> {
        if !self.progress.is_next(of(name)) {
            return Ok(None);
        }
        self.stage(name, |tables, _| work(tables)).map(Some)
    }
}

/// What a stage makes only where the pipeline asks for it.
fn needed<'m, T>(made: Option<&'m T>, name: &str) -> Result<&'m T> {
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
        tables: StageTables<'_>,
    ) -> Result<((FactSet, perception::Asked), String)> {
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
        let mut facts = facts::gather(self.definition, &gather)?;
        self.memory.release_freed();
        let asked = perception::read(self.definition, &mut facts, &self.memory)?;
        tables.put(&facts::quarantine_table(), None, facts.quarantine()?)?;
        let account = report::facts_line(&facts);
        Ok(((facts, asked), account))
    }

    fn costing(&self, facts: &FactSet, tables: StageTables<'_>) -> Result<((Costing, Ledgers), String)> {
        let ledgers = facts::read_ledgers(self.definition)?;
        let costing = costing::run(self.definition, facts, &ledgers)?;
        let currency = &self.definition.facts.currency;
        let matched = costing::match_report(&costing, currency, &facts.matches());
        for sheet in costing::sheets(&costing, currency).into_iter().chain([matched]) {
            tables.put(&sheet.spec, None, sheet.arrays)?;
        }
        let account = report::costing_line(&costing, self.definition);
        let files = ledgers.iter().flat_map(|ledger| ledger.inputs.clone()).collect();
        Ok(((costing, Ledgers { files, doubts: doubts(&ledgers) }), account))
    }

    #[expect(clippy::type_complexity, reason = "what the stage hands on, taken apart at once")]
    fn profitability(
        &self,
        facts: &FactSet,
        costing: &Costing,
        tables: StageTables<'_>,
    ) -> Result<((profitability::Summary, Option<CustomerHistory>, Vec<SourceMistake>), String)> {
        let (summary, history) = profitability::run(self.definition, facts, costing, &self.memory, tables)?;
        // Customers who returned more than they bought show only now.
        let mut mistakes = facts.mistakes(self.definition);
        let definition = &self.definition.facts;
        mistakes.extend(summary.unbought.iter().map(|found| {
            SourceMistake::of_customers(definition, found.customers, found.returns, found.example.clone())
        }));
        facts::refuse_mistakes(definition, &mistakes)?;
        let sheet = facts::mistake_table(definition, &mistakes);
        tables.put(&sheet.spec, None, sheet.arrays)?;
        let account = report::profitability_line(&summary, self.definition);
        Ok(((summary, history, mistakes), account))
    }

    fn clv(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        earlier: &clv::Earlier,
        tables: StageTables<'_>,
    ) -> Result<(clv::Summary, String)> {
        let summary = clv::run(self.definition, facts, history, earlier, tables)?;
        let account = report::clv_line(&summary, self.definition);
        Ok((summary, account))
    }

    /// Hands on what a person should know of the dates of the customer base.
    fn lifecycle(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        alive: Option<&clv::Alive>,
        tables: StageTables<'_>,
    ) -> Result<(Vec<String>, String)> {
        let doubts = lifecycle::doubts(self.definition, facts);
        let summary = lifecycle::run(self.definition, facts, history, alive, tables)?;
        Ok((doubts, report::lifecycle_line(&summary)))
    }

    /// Hands on what a person should know of the rules.
    fn segments(
        &self,
        facts: &FactSet,
        earlier: &segments::Earlier,
        tables: StageTables<'_>,
    ) -> Result<(Vec<String>, String)> {
        let summary = segments::run(self.definition, facts.as_of, tables, earlier, &self.memory)?;
        let account = report::segments_line(&summary);
        Ok((summary.warnings, account))
    }

    fn perception(
        &self,
        facts: &FactSet,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<((), String)> {
        let summary = perception::run(self.definition, facts, asked, tables)?;
        Ok(((), report::perception_line(&summary)))
    }

    fn expect(&self, tables: StageTables<'_>) -> Result<(Vec<Checked>, String)> {
        let checks = expect::check(self.definition, &|table| tables.written(table))?;
        let missed = checks.iter().filter(|check| !check.met).count();
        let account = format!("{} checks, {missed} missed", checks.len());
        Ok((checks, account))
    }
}
