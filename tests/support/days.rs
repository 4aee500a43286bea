//! Facts gathered with a row per customer and day, by the library.

use abacus::facts::{FactSet, GatherOptions, Record, gather, plan};
use abacus::pipeline::{ClvDef, Definition, Margin, Position, Season, SpendModel, read};
use abacus::units::Decimal;
use std::path::Path;

/// The definition of a pipeline file; with lifetime values, which need days, if asked.
pub(crate) fn definition(pipeline: &Path, with_days: bool) -> Definition {
    let mut definition = read(pipeline).expect("the pipeline file is right");
    definition.clv = with_days.then(|| ClvDef {
        models: Vec::new(),
        model: None,
        season: Some(Season::None),
        contextual_factors: None,
        margin: Margin::Revenue,
        spend: SpendModel::Shrunken,
        discount_rate_annual: Decimal::ZERO,
        horizons: Vec::new(),
        segment: None,
        covariates: Vec::new(),
        calibration: Vec::new(),
        drift_from: None,
        lifetime: None,
        at: Position::default(),
    });
    definition
}

/// Facts on some threads, kept in a folder, after an earlier run.
pub(crate) fn facts(
    definition: &Definition,
    folder: &Path,
    previous: Option<Record>,
    threads: usize,
) -> FactSet {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
    pool.install(|| gather(definition, &options(folder, previous))).expect("the history is right")
}

/// How many periods a run after another would make.
pub(crate) fn periods_to_make(definition: &Definition, folder: &Path, previous: Record) -> usize {
    plan(definition, &options(folder, Some(previous))).expect("the history is right").made.len()
}

fn options(folder: &Path, previous: Option<Record>) -> GatherOptions<'static> {
    GatherOptions {
        folder: folder.to_owned(),
        as_of: None,
        full: false,
        again: None,
        verify_inputs: false,
        handover: None,
        previous,
        memory: abacus::memory::Memory::of_machine(folder),
        progress: &|_, _| {},
        opened: &|_, _| Ok(()),
    }
}
