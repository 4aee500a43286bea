//! What a run would do.

use super::check::doubts;
use super::contracts::STAGES;
use super::run_options::RunOptions;
use crate::error::Result;
use crate::facts::{self, GatherOptions, ScanPlan};
use crate::memory::Memory;
use crate::pipeline;
use crate::publish::Home;
use crate::recall::{facts_folder, record_of};
use std::path::Path;

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
    let previous = home.current()?.and_then(|release| home.or_warn(record_of(&release))).flatten();
    let gather = GatherOptions {
        folder: facts_folder(&home.state()),
        as_of: options.as_of,
        full: options.full,
        again: options.again,
        verify_inputs: options.verify_inputs,
        previous,
        memory: Memory::of_machine(&home.state()),
        progress: &|_, _| {},
        opened: &|_, _| Ok(()),
    };
    let mut scan = facts::plan(&definition, &gather)?;
    let ledgers = facts::read_ledgers(&definition)?;
    scan.warnings.extend(doubts(&ledgers));
    scan.warnings.extend(home.take_warnings());
    scan.sources.extend(ledgers.into_iter().map(|ledger| ledger.view));
    Ok(Plan { stages: stages.iter().map(|stage| (stage.name, stage.about)).collect(), scan })
}
