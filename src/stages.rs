//! The flow: which stages there are, in which order data passes through them, and what a run hands from one to the
//! next. A new stage is a folder and an entry in `STAGES`.

use crate::clv;
use crate::costing::{self, schema::Costing};
use crate::customers::history::CustomerHistory;
use crate::error::{Error, Faults, Kind, Result};
use crate::expect::{self, Checked};
use crate::facts::schema::{AttributeTypes, Identity, LedgerSums, RowCounts};
use crate::facts::{self, FactSet, GatherOptions, Record, ScanPlan, SourceMistake, SourceView};
use crate::lifecycle;
use crate::memory::Memory;
use crate::perception;
use crate::pipeline::{self, Definition, KeyType, Stage};
use crate::profitability;
use crate::publish::{Home, Release, Staging, WriteOptions};
use crate::published::{self, TableState, Tables};
use crate::recall::{facts_folder, record_of};
use crate::report;
use crate::run::{self, Events, Timing};
use crate::segments;
use crate::units::Day;
use std::path::Path;
use std::sync::Arc;

/// Every stage, in flow order.
pub const STAGES: &[Stage<Workspace>] = &[
    Stage {
        name: "facts",
        about: "reading the sources, one row per customer and period",
        reads: &[],
        writes: &["facts", "quarantine"],
        enabled: |_| true,
        run: |work| {
            let mut facts = work.gather()?;
            work.asked = perception::read(&work.definition, &mut facts)?;
            work.staging.put(&facts::quarantine_table(), None, facts.quarantine()?)?;
            work.mistakes = facts.mistakes(&work.definition);
            let account = report::facts_line(&facts);
            work.facts = Some(facts);
            Ok(account)
        },
    },
    Stage {
        name: "costing",
        about: "resource pools to activities to customers",
        reads: &["facts"],
        writes: &["costing", "activity_period", "cost_flow", "balance", "variance", "match"],
        enabled: |_| true,
        run: |work| {
            let ledgers = facts::read_ledgers(&work.definition)?;
            work.ledgers = ledgers.iter().flat_map(|ledger| ledger.inputs.clone()).collect();
            work.ledger_guesses = doubts(&ledgers);
            let costing = costing::run(&work.definition, work.facts(), &ledgers)?;
            let currency = &work.definition.facts.currency;
            let matched = costing::match_report(&costing, currency, &work.facts().matches());
            for sheet in costing::sheets(&costing, currency).into_iter().chain([matched]) {
                work.staging.put(&sheet.spec, None, sheet.arrays)?;
            }
            let account = report::costing_line(&costing, &work.definition);
            work.costing = Some(costing);
            Ok(account)
        },
    },
    Stage {
        name: "profitability",
        about: "margin waterfall, customers, products, whale curve",
        reads: &["facts", "costing"],
        writes: &[
            "data_mistake",
            "customer_period",
            "customer_activity",
            "customer",
            "customer_product",
            "product_group",
            "whale_curve",
            "whale_summary",
            "reconciliation",
            "cost_hierarchy",
        ],
        enabled: |_| true,
        run: |work| {
            let costing = work.costing.as_ref().expect("costing comes first");
            let (summary, history) =
                profitability::run(&work.definition, work.facts(), costing, &work.memory, &work.staging)?;
            work.history = history;
            work.note_unbought(&summary)?;
            let account = report::profitability_line(&summary, &work.definition);
            work.profit = Some(summary);
            Ok(account)
        },
    },
    Stage {
        name: "clv",
        about: "lifetime value: what customers are going to bring",
        reads: &["customer"],
        writes: &["value_model", "value_counts", "customer_value", "value_backtest", "customer_equity"],
        enabled: |definition| definition.clv.is_some(),
        run: |work| {
            let history =
                work.history.as_ref().expect("profitability keeps the days that lifetime value needs");
            let earlier = std::mem::take(&mut work.earlier);
            let summary = clv::run(&work.definition, work.facts(), history, earlier, &work.staging)?;
            let account = report::clv_line(&summary, &work.definition);
            work.lifetime = Some(summary);
            Ok(account)
        },
    },
    Stage {
        name: "lifecycle",
        about: "recency, cohorts, survival, growth, states, warnings",
        reads: &["facts", "customer"],
        writes: &[
            "lifecycle",
            "cohort",
            "survival",
            "survival_summary",
            "growth",
            "state_transition",
            "early_warning",
            "early_warning_holdout",
        ],
        enabled: |definition| definition.lifecycle.is_some(),
        run: |work| {
            let doubts = lifecycle::doubts(&work.definition, work.facts());
            work.doubts.extend(doubts);
            let alive = work.lifetime.as_ref().and_then(|lifetime| lifetime.alive.as_ref());
            let history = work.history.as_ref().expect("profitability keeps the history where it is wanted");
            let summary = lifecycle::run(&work.definition, work.facts(), history, alive, &work.staging)?;
            Ok(report::lifecycle_line(&summary))
        },
    },
    Stage {
        name: "segments",
        about: "RFM, pyramid, value matrices, treatments, next products, migration",
        reads: &["customer", "customer_product", "product_group"],
        writes: &[
            "customer_segment",
            "segment_summary",
            "rfm_cut_point",
            "pyramid",
            "value_matrix",
            "treatment",
            "next_product",
            "migration",
            "acquisition_profile",
        ],
        enabled: |definition| definition.segments.is_some(),
        run: |work| {
            let as_of = work.facts().as_of;
            let earlier = &work.earlier_groups;
            let summary = segments::run(&work.definition, as_of, &work.staging, earlier, &work.memory)?;
            let account = report::segments_line(&summary);
            work.doubts.extend(summary.warnings);
            Ok(account)
        },
    },
    Stage {
        name: "perception",
        about: "surveys, complaints, referrals: the value customers get",
        reads: &["facts", "customer_period", "customer"],
        writes: &[
            "attribute_value",
            "driver_weight",
            "competitor_value",
            "satisfaction",
            "satisfaction_effect",
            "complaint_outcome",
            "delivered_value",
            "referral",
            "value_exchange",
            "customer_perception",
        ],
        enabled: |definition| definition.perception.is_some(),
        run: |work| {
            let summary = perception::run(&work.definition, work.facts(), &work.asked, &work.staging)?;
            Ok(report::perception_line(&summary))
        },
    },
    Stage {
        name: "expect",
        about: "control totals and data checks",
        reads: &["customer_period", "customer"],
        writes: &["checks"],
        enabled: |definition| !definition.expect.is_empty(),
        run: |work| {
            work.checks = expect::check(&work.definition, &|table| work.staging.written(table))?;
            let missed = work.checks.iter().filter(|check| !check.met).count();
            Ok(format!("{} checks, {missed} missed", work.checks.len()))
        },
    },
];

/// How a run was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// Leave out rows on this day or later.
    pub as_of: Option<Day>,
    /// Make every period again.
    pub full: bool,
    /// Make the periods again that overlap these days.
    pub again: Option<(Day, Day)>,
    /// Identify inputs by all their bytes.
    pub verify_inputs: bool,
    /// Choose the models of lifetime value again, whatever the current release chose.
    pub reselect: bool,
    /// Stage and check, but do not commit.
    pub dry_run: bool,
}

/// What the stages of one run hand to each other.
pub struct Workspace {
    /// The pipeline.
    pub definition: Definition,
    options: RunOptions,
    events: Arc<dyn Events>,
    previous: Option<Record>,
    state: std::path::PathBuf,
    staging: Staging,
    memory: Memory,
    facts: Option<FactSet>,
    costing: Option<Costing>,
    profit: Option<profitability::Summary>,
    /// What surveys, complaints and referrals say.
    asked: perception::Asked,
    history: Option<CustomerHistory>,
    /// What earlier releases say of lifetime value.
    earlier: clv::Earlier,
    lifetime: Option<clv::Summary>,
    checks: Vec<Checked>,
    /// Releases that segments start from.
    earlier_groups: segments::Earlier,
    /// What row checks found.
    mistakes: Vec<SourceMistake>,
    /// What a person should know of dates of the customer base and of the rules of segments.
    doubts: Vec<String>,
    /// Ledger files that were read.
    ledgers: Vec<Identity>,
    /// How their text was taken to be written.
    ledger_guesses: Vec<String>,
    timings: Vec<Timing>,
}

/// What a run tells the person who started it.
pub struct Report {
    /// The pipeline.
    pub definition: Definition,
    /// The release; none after a dry run.
    pub release: Option<Release>,
    /// (source, files, rows).
    pub sources: Vec<(String, usize, RowCounts)>,
    /// Money through the costing.
    pub costs: costing::schema::CostTotals,
    /// Customers and their profit.
    pub profit: profitability::Summary,
    /// What they are going to bring; none where the pipeline does not ask.
    pub lifetime: Option<clv::Summary>,
    /// Seconds per stage, the commit among them.
    pub timings: Vec<Timing>,
    /// Peak resident memory, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// What row checks found, by source and kind.
    pub mistakes: Vec<SourceMistake>,
    /// What a person should know although the release stands: rows with mistakes, models, rules, missed expectations.
    pub warnings: Vec<String>,
}

/// Runs a pipeline and publishes its release.
///
/// # Errors
/// Everything a user can get wrong, see `error::Kind`; nothing a reader sees has changed then.
pub fn publish(path: &Path, options: RunOptions, events: Arc<dyn Events>) -> Result<Report> {
    let definition = pipeline::read(path)?;
    check_names(&definition, &AttributeTypes::new())?;
    let home = Home::open(&definition.publish.path)?;
    let lock = home.lock()?;
    let mut work = Workspace::open(definition, &home, options, events.clone())?;
    let plan = pipeline::plan(STAGES, &work.definition)?;
    run::execute(&plan, &mut work, events.as_ref(), |work, timing| work.timings.push(timing))?;
    let report = work.finish()?;
    drop(lock);
    if let (Some(keep), Some(_)) = (report.definition.publish.keep, &report.release) {
        home.vacuum(keep)?;
    }
    Ok(report)
}

/// What a run would do.
pub struct Plan {
    /// (name, what it does), in order.
    pub stages: Vec<(&'static str, &'static str)>,
    /// What would be read.
    pub scan: ScanPlan,
}

/// Says what a run would do; writes nothing.
///
/// # Errors
/// Faults of the pipeline file or its sources.
pub fn plan(path: &Path, options: RunOptions) -> Result<Plan> {
    let definition = pipeline::read(path)?;
    let stages = pipeline::plan(STAGES, &definition)?;
    let home = Home::open(&definition.publish.path)?;
    let previous = home.current()?.map(|release| record_of(&release)).transpose()?.flatten();
    let gather = GatherOptions {
        folder: facts_folder(&home.state()),
        as_of: options.as_of,
        full: options.full,
        again: options.again,
        verify_inputs: options.verify_inputs,
        previous,
        progress: &|_, _| {},
        opened: &|_, _| Ok(()),
    };
    let mut scan = facts::plan(&definition, &gather)?;
    let ledgers = facts::read_ledgers(&definition)?;
    scan.warnings.extend(doubts(&ledgers));
    scan.sources.extend(ledgers.into_iter().map(|ledger| ledger.view));
    Ok(Plan { stages: stages.iter().map(|stage| (stage.name, stage.about)).collect(), scan })
}

/// What was guessed of how ledgers are written, and doubts about their folders.
fn doubts(ledgers: &[LedgerSums]) -> Vec<String> {
    ledgers.iter().flat_map(|ledger| ledger.guesses.iter().chain(&ledger.view.warnings)).cloned().collect()
}

/// Checks what needs more than the pipeline file and the sources' columns: plan, drivers and ledgers. Gives the
/// ledgers, and what a person should know of the inputs.
///
/// # Errors
/// All faults found.
pub fn check(definition: &Definition, sources: &facts::Checked) -> Result<(Vec<SourceView>, Vec<String>)> {
    pipeline::plan(STAGES, definition)?;
    let mut faults = Faults::default();
    let home = Home::open(&definition.publish.path)?;
    faults.keep(home.check_writable());
    faults.keep(profitability::check_channels(definition));
    faults.keep(home.current().and_then(|current| earlier(definition, &home, current.as_ref(), false)));
    match faults.keep(check_names(definition, &sources.attributes)) {
        Some(()) => {
            sources.keys.and_then(|keys| faults.keep(check_types(definition, keys, &sources.attributes)))
        }
        None => None,
    };
    faults.keep(segments::earlier(definition, &home));
    let ledgers = facts::read_ledgers(definition).and_then(|ledgers| {
        costing::check(definition, &ledgers)?;
        Ok(ledgers)
    });
    let ledgers = faults.keep(ledgers).unwrap_or_default();
    faults.none()?;
    let warnings = doubts(&ledgers);
    Ok((
        ledgers.into_iter().map(|ledger| SourceView { warnings: Vec::new(), ..ledger.view }).collect(),
        warnings,
    ))
}

/// Checks what follows from the types of keys and attributes: the wallet, and the queries of `[[expect]]`, which run over
/// empty tables, for functions and types that do not fit show without rows.
fn check_types(definition: &Definition, keys: KeyType, attributes: &AttributeTypes) -> Result<()> {
    let tables = Tables::of(definition);
    let mut faults = Faults::default();
    faults.keep(lifecycle::check(definition, attributes));
    faults.keep(expect::try_queries(definition, &|table| tables.schema(table, keys, attributes)));
    faults.none()
}

/// Checks names against the tables and columns that a run is going to publish: attributes, rules, queries.
fn check_names(definition: &Definition, attributes: &AttributeTypes) -> Result<()> {
    let made_by = |table: &str| match STAGES.iter().find(|stage| stage.writes.contains(&table)) {
        None => TableState::TooLate,
        Some(stage) if (stage.enabled)(definition) => TableState::Made,
        Some(stage) => TableState::Off(stage.name),
    };
    let mut faults = Faults::default();
    faults.keep(published::check_attributes(definition));
    faults.keep(segments::check(definition, attributes));
    faults.keep(published::check_queries(definition, &made_by));
    faults.none()
}

/// What earlier releases say of lifetime value: the current one, and that which drift is measured against.
fn earlier(
    definition: &Definition,
    home: &Home,
    current: Option<&Release>,
    reselect: bool,
) -> Result<clv::Earlier> {
    let of = |release: &Release| release.run.get("clv").cloned();
    let Some(clv) = &definition.clv else { return Ok(clv::Earlier::default()) };
    let drift_from = match &clv.drift_from {
        None => None,
        Some(id) => {
            let releases = home.releases()?;
            let Some(release) = releases.iter().find(|release| release.id == *id) else {
                return Err(Error::definition(format!(
                    "{}: 'drift_from' names release '{id}', which {} does not hold; \
                     `abacus releases list` shows those there are",
                    definition.place(clv.at),
                    home.path().display()
                )));
            };
            of(release)
        }
    };
    Ok(clv::Earlier { current: current.and_then(of), drift_from, reselect })
}

impl Workspace {
    fn open(
        definition: Definition,
        home: &Home,
        options: RunOptions,
        events: Arc<dyn Events>,
    ) -> Result<Self> {
        let current = home.current()?;
        let earlier = earlier(&definition, home, current.as_ref(), options.reselect)?;
        let current = current.filter(|_| !options.full);
        let previous = current.as_ref().map(record_of).transpose()?.flatten();
        let earlier_groups = segments::earlier(&definition, home)?;
        let write = WriteOptions {
            plain: definition.publish.plain,
            row_group_rows: definition.publish.row_group_rows,
        };
        Ok(Self {
            memory: Memory::of_machine(&home.state()),
            state: home.state(),
            staging: home.begin(write)?,
            definition,
            options,
            events,
            previous,
            facts: None,
            costing: None,
            profit: None,
            asked: perception::Asked::default(),
            history: None,
            earlier,
            lifetime: None,
            checks: Vec::new(),
            earlier_groups,
            mistakes: Vec::new(),
            doubts: Vec::new(),
            ledgers: Vec::new(),
            ledger_guesses: Vec::new(),
            timings: Vec::new(),
        })
    }

    /// Adds the customers who returned more than they bought to what checks found, and publishes it all.
    fn note_unbought(&mut self, summary: &profitability::Summary) -> Result<()> {
        let facts = &self.definition.facts;
        let found = summary.unbought.iter();
        self.mistakes.extend(found.map(|found| {
            SourceMistake::of_customers(facts, found.customers, found.returns, found.example.clone())
        }));
        facts::refuse_mistakes(facts, &self.mistakes)?;
        let sheet = facts::mistake_table(facts, &self.mistakes);
        self.staging.put(&sheet.spec, None, sheet.arrays)
    }

    fn facts(&self) -> &FactSet {
        self.facts.as_ref().expect("facts come first")
    }

    fn gather(&mut self) -> Result<FactSet> {
        let options = GatherOptions {
            folder: facts_folder(&self.state),
            as_of: self.options.as_of,
            full: self.options.full,
            again: self.options.again,
            verify_inputs: self.options.verify_inputs,
            previous: self.previous.take(),
            progress: &|done, of| self.events.progress(done, of),
            opened: &|keys, attributes| {
                let mut faults = Faults::default();
                faults.keep(segments::check(&self.definition, attributes));
                faults.keep(check_types(&self.definition, keys, attributes));
                faults.none()
            },
        };
        facts::gather(&self.definition, &options)
    }

    /// What the stages warn of: the sources and their rows first, then what was computed of them.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.facts().warnings.clone();
        warnings.extend(self.facts().quarantine_warnings(&self.definition));
        let mistakes = self.mistakes.iter().filter(|mistake| mistake.warns());
        warnings.extend(mistakes.map(|mistake| mistake.message(&self.definition.facts)));
        warnings.extend(self.profit.iter().flat_map(|profit| &profit.warning).cloned());
        warnings.extend(self.lifetime.iter().flat_map(|lifetime| &lifetime.warnings).cloned());
        warnings.extend(self.doubts.iter().chain(&self.ledger_guesses).cloned());
        warnings
    }

    /// Publishes the `run` table, keeps the state and commits, unless a check stops it.
    fn finish(mut self) -> Result<Report> {
        let (warnings, stops): (Vec<&Checked>, Vec<&Checked>) =
            self.checks.iter().filter(|check| !check.met).partition(|check| !check.stops);
        let messages = |checks: Vec<&Checked>| -> Vec<String> {
            checks.iter().filter_map(|check| check.message.clone()).collect()
        };
        if !stops.is_empty() {
            return Err(Error { kind: Kind::Check, messages: messages(stops) });
        }
        let warnings = [self.warnings(), messages(warnings)].concat();
        let lifetime = self.lifetime.take();
        let start = std::time::Instant::now();
        let facts = self.facts.take().expect("facts come first");
        let costs = self.costing.take().expect("costing comes first").totals();
        let profit = self.profit.take().expect("profitability comes first");
        let sheet = report::run_table(&self.definition, &facts, &costs, &profit, &self.timings);
        self.staging.put(&sheet.spec, None, sheet.arrays)?;
        let mut manifest = report::manifest(
            &self.definition,
            &facts,
            &costs,
            &profit,
            &self.timings,
            &self.checks,
            &self.ledgers,
        );
        if let Some(lifetime) = &lifetime {
            manifest["clv"] = lifetime.manifest.clone();
        }
        if self.definition.segments.is_some() {
            manifest["segments"] = serde_json::json!({ "earlier": self.earlier_groups.used() });
        }
        let sources = facts.accounts();
        let release = if self.options.dry_run {
            None
        } else {
            facts.state_paths().iter().try_for_each(|path| self.staging.keep(path))?;
            Some(self.staging.commit(manifest)?)
        };
        self.timings.push(Timing { stage: "commit".to_owned(), seconds: start.elapsed().as_secs_f64() });
        let peak_memory_bytes = run::peak_memory_bytes();
        Ok(Report {
            definition: self.definition,
            release,
            sources,
            costs,
            profit,
            lifetime,
            timings: self.timings,
            peak_memory_bytes,
            mistakes: self.mistakes,
            warnings,
        })
    }
}
