//! What a run would do, and what it would take by what the current release took.

use super::before::Before;
use super::run_options::RunOptions;
use super::sources::later_sources;
use crate::error::{Faults, Result};
use crate::facts::{self, GatherOptions, ScanPlan};
use crate::pipeline::{self, Stage};
use crate::publish::{Home, Release};
use crate::recall::facts_folder;
use std::path::Path;

/// What a run would do.
pub struct Plan {
    /// The release that nothing has changed since; a run would do nothing.
    pub unchanged: Option<String>,
    /// What is not as it was when the current release was made; none without one.
    pub changes: Option<Vec<String>>,
    /// In order.
    pub stages: Vec<PlannedStage>,
    /// What would be read.
    pub scan: ScanPlan,
}

/// A stage of a run to come.
pub struct PlannedStage {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Whether its tables are taken over from the current release.
    pub is_kept: bool,
    /// Seconds that it is going to take, by those it took; none where it has not run yet.
    pub seconds: Option<f64>,
    /// Tables it makes, with what the current release has of each.
    pub tables: Vec<PlannedTable>,
}

/// A table of a run to come, as large as the current release has it.
pub struct PlannedTable {
    /// Its name.
    pub name: &'static str,
    /// Files, one for each partition.
    pub files: usize,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How a run would gather its facts, for whoever only asks what it would do.
pub(super) fn gather_options(home: &Home, before: &Before, options: &RunOptions) -> GatherOptions<'static> {
    GatherOptions {
        folder: facts_folder(&home.state()),
        as_of: options.as_of,
        full: options.full,
        again: options.again,
        verify_inputs: options.verify_inputs,
        handover: options.facts.clone(),
        previous: before.record.clone(),
        memory: before.memory.clone(),
        progress: &|_, _| {},
        opened: &|_, _| Ok(()),
    }
}

/// Says what a run would do; writes nothing.
///
/// # Errors
/// Faults of the pipeline file or its sources.
pub fn plan(path: &Path, options: &RunOptions) -> Result<Plan> {
    let definition = pipeline::read(path)?;
    let home = Home::open(&definition.publish.path)?;
    let before = Before::read(&definition, &home, options)?;
    let gather = gather_options(&home, &before, options);
    let mut scan = facts::plan(&definition, &gather)?;
    let mut faults = Faults::default();
    let later = later_sources(&definition, Some(scan.customer_keys), &mut faults);
    faults.none()?;
    scan.warnings.extend(later.iter().flat_map(|source| &source.warnings).cloned());
    scan.warnings.extend(home.take_warnings());
    scan.sources.extend(later);
    let reuse = before.reuse(&definition);
    let current = home.current()?;
    let unchanged = before.unchanged(&home, options).map(|release| release.id.clone());
    let planned = |stage: &&'static Stage| PlannedStage {
        name: stage.name,
        about: stage.about,
        is_kept: unchanged.is_some() || reuse.keeps(stage),
        seconds: reuse.expected_seconds(stage, scan.rows),
        tables: current.iter().flat_map(|release| tables_of(stage, release)).collect(),
    };
    let stages = before.plan.iter().filter(|stage| !reuse.leaves_out(stage)).map(planned).collect();
    Ok(Plan { unchanged, changes: before.changes(), stages, scan })
}

fn tables_of(stage: &Stage, release: &Release) -> Vec<PlannedTable> {
    let planned = |name: &&'static str| {
        let files = release.files(name);
        PlannedTable {
            name,
            files: files.len(),
            rows: files.iter().map(|file| file.rows).sum(),
            bytes: files.iter().map(|file| file.bytes).sum(),
        }
    };
    stage.makes.iter().map(planned).filter(|table| table.files > 0).collect()
}
