//! The one pass: decides which periods must be made again, reads the row groups that reach into them, reduces each
//! period as soon as its last row group is in, and keeps the runs.

use super::options::GatherOptions;
use super::read::Read;
use super::schedule::Run;
use super::stray::check_strays;
use crate::error::{Error, Result};
use crate::facts::inputs::master::CustomersSource;
use crate::facts::inputs::source_view::SourceView;
use crate::facts::schema::{KeyTypes, RowCounts};
use crate::facts::state::fact_set::FactSet;
use crate::facts::state::journal::{Journal, forget_finished};
use crate::facts::state::lines;
use crate::facts::state::mistake_table::{by_source, refuse_mistakes};
use crate::facts::state::record::Record;
use crate::facts::state::scan::Scan;
use crate::pipeline::{Definition, KeyType, Mistake, Policy};
use crate::units::Period;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

/// What would be read, and why.
#[derive(Debug, Clone)]
pub struct ScanPlan {
    /// Periods kept as they are.
    pub kept: Vec<Period>,
    /// Periods to make, with the reason.
    pub made: Vec<(Period, &'static str)>,
    /// Rows of the row groups to read.
    pub rows: u64,
    /// The sources of the facts, transactions first.
    pub sources: Vec<SourceView>,
    /// What keys of customers are.
    pub customer_keys: KeyType,
    /// What a run would warn of.
    pub warnings: Vec<String>,
}

/// Says what `gather` would read; reads footers and the products only.
///
/// # Errors
/// As `gather`.
pub fn plan(definition: &Definition, options: &GatherOptions<'_>) -> Result<ScanPlan> {
    let run = Run::open(definition, options)?;
    let kept = run.kept.keys().map(|number| run.periods.period(*number)).collect();
    let made = run.reasons.iter().map(|(number, reason)| (run.periods.period(*number), *reason)).collect();
    let (rows, sources, warnings) = (run.rows_to_read(), run.views(), run.warnings());
    Ok(ScanPlan { kept, made, rows, sources, customer_keys: run.key_type, warnings })
}

/// Gathers the facts of a definition, from kept state where inputs did not change.
///
/// # Errors
/// Inputs that cannot be read, columns that do not fit, duplicate lines where they are errors, sums past 64 bits.
pub fn gather(definition: &Definition, options: &GatherOptions<'_>) -> Result<FactSet> {
    std::fs::create_dir_all(&options.folder).map_err(|fault| Error::output(&options.folder, &fault))?;
    if options.full {
        forget_finished(&options.folder);
    }
    let run = Run::open(definition, options)?;
    let attributes = run.customers.as_ref().map(CustomersSource::attribute_types).unwrap_or_default();
    let keys = KeyTypes { customer: run.key_type, order: run.sources[0].order_type() };
    (options.opened)(keys, &attributes)?;
    let (rows, start) = (run.rows_to_read(), Instant::now());
    let read = match &options.handover {
        Some(folder) => run.take_over(folder, options),
        None => run.read(options),
    };
    let Read { made, mut accounts, master } = read?;
    let scan = Scan { rows, seconds: start.elapsed().as_secs_f64() };
    accounts.extend(run.master_accounts(master.as_ref(), &options.folder)?);
    let record = run.record(made, accounts, &options.folder)?;
    Journal::open(&options.folder).note_empty(&record.empty);
    let kept: BTreeSet<String> = run.kept.values().map(|runs| runs.period.clone()).collect();
    check_lines(&options.folder, &record, |period| kept.contains(period))?;
    check_strays(definition, &run, &record)?;
    refuse_mistakes(&definition.facts, &by_source(&definition.facts, &record))?;
    let (warnings, views) = (run.warnings(), run.views());
    let mut facts = FactSet::open(
        definition,
        &options.folder,
        record,
        run.aggregates,
        master,
        options.as_of,
        &options.memory,
    )?;
    check_products(definition, &facts)?;
    facts.scan = scan;
    facts.warnings = warnings;
    if let Some(unlisted) = facts.unlisted.take() {
        facts.warnings.push(unlisted.warning(definition)?);
    }
    facts.tables = views.into_iter().filter_map(|view| Some((view.source, view.table?))).collect();
    Ok(facts)
}

/// Where no line finds its product, the keys of both sides mean something else.
fn check_products(definition: &Definition, facts: &FactSet) -> Result<()> {
    let mistake = Mistake::UnlistedProduct;
    let found = facts.mistakes(definition).into_iter().find(|found| found.kind == mistake);
    let (Some(found), Some(products)) = (found, &definition.facts.products) else { return Ok(()) };
    if facts.has_grouped_lines() || definition.facts.checks.policy(mistake) == Policy::Allow {
        return Ok(());
    }
    Err(Error::check(format!(
        "{}: no line of the transactions has a product of '{}': {}; write 'product' so that both have the same keys, or \
         say {} = \"allow\" in {}",
        definition.place(products.product.at),
        products.files.pattern,
        found.account(&definition.facts),
        mistake.name(),
        mistake.section()
    )))
}

/// An order line may stand in one period only, where lines must be unique.
fn check_lines(folder: &Path, record: &Record, is_kept: impl Fn(&str) -> bool) -> Result<()> {
    let files: Vec<_> = record.periods.iter().map(|runs| runs.lines.clone()).collect();
    match lines::shared(folder, &files, |index| !is_kept(&record.periods[index].period))? {
        None => Ok(()),
        Some((first, second)) => Err(Error::check(format!(
            "an order line stands in the period of {} and again, with another date, in that of {}; remove one of them",
            record.periods[first].period, record.periods[second].period
        ))),
    }
}

impl RowCounts {
    /// Adds another account.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.used += other.used;
        self.quarantined += other.quarantined;
        self.excluded += other.excluded;
        self.after_as_of += other.after_as_of;
        self.eliminated += other.eliminated;
    }
}
