//! `abacus whatif`.

use super::output::check_output;
use super::{PipelineArg, answer};
use crate::error::Result;
use crate::memory::Memory;
use crate::pipeline::apply;
use crate::publish::schema::Sheet;
use crate::publish::{Export, Home, WriteOptions};
use crate::questions::{self, CostedScenario, PlacedCustomers, Recalled, WhatIfCustomers};
use crate::recall::{MasterData, recall};
use clap::Args;
use std::path::PathBuf;
use std::sync::Mutex;

#[derive(Debug, Args)]
pub(super) struct WhatIfArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    /// A scenario of the pipeline file: NAME of its section [scenario.NAME].
    #[arg(long, value_name = "NAME")]
    scenario: String,
    /// How many customers each list names.
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Write a row for each customer whose profit differs to this Parquet file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn whatif(args: &WhatIfArgs, json: bool) -> Result<String> {
    let definition = crate::pipeline::read(&args.pipeline.pipeline)?;
    let scenario = questions::scenario(&definition, &args.scenario)?;
    args.output.iter().try_for_each(|path| check_output(&definition, path))?;
    let recalled = recall(&definition, MasterData::Read)?;
    let home = Home::open(&definition.publish.path)?;
    let release = home.published()?;
    let (as_of, customers) = (recalled.facts().as_of.to_string(), &recalled.facts().customers);
    let files = release.files("customer_segment").iter();
    let files = files.filter(|file| file.partition.as_deref() == Some(&as_of));
    let files: Vec<PathBuf> = files.map(|file| home.path().join(&file.path)).collect();
    let lacking = format!(
        "release {} has no customer_segment, for its run left that out; make one with `abacus run` first",
        release.id
    );
    let placed = PlacedCustomers::read(std::iter::once(scenario), customers, &files, &lacking)?;
    let base = Recalled { placed: placed.as_ref(), ..Recalled::of(&recalled, &definition) };
    let changed = apply(&definition, scenario);
    let costing = recalled.cost_again(&changed)?;
    let changed = Recalled { definition: &changed, costing: &costing, ..base };
    let memory = Memory::of_machine(&definition.publish.path);
    let publish = &definition.publish;
    let options =
        WriteOptions { encoding: publish.encoding, row_group_rows: publish.row_group_rows, delta: false };
    let spec = questions::whatif_customers(&base, None)?.spec;
    let output = args.output.as_ref().map(|path| Export::begin(path, &spec, options)).transpose()?;
    let output = Mutex::new(output);
    let take = |sheet: Sheet| {
        let mut output = output.lock().expect("no thread panics while it writes");
        output.iter_mut().try_for_each(|output| output.write(&sheet.arrays))
    };
    let customers = WhatIfCustomers { top: args.top, is_published: false, take: &take };
    let found = questions::whatifs(&base, &[CostedScenario { scenario, changed }], customers, &memory)?;
    output.into_inner().expect("no thread panicked").map_or(Ok(()), Export::finish)?;
    answer(&found[0], json)
}
