//! `abacus whatif`.

use super::output::check_output;
use super::{PipelineArg, answer};
use crate::error::Result;
use crate::pipeline::apply;
use crate::publish::{WriteOptions, export};
use crate::questions::{self, Recalled};
use crate::recall::{MasterData, recall};
use clap::Args;
use std::path::PathBuf;

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
    let base = Recalled::of(&recalled, &definition);
    let changed = apply(&definition, scenario);
    let costing = recalled.cost_again(&changed)?;
    let changed = Recalled { definition: &changed, costing: &costing, ..base };
    let (found, sheet) = questions::whatif(&base, &changed, scenario, args.top)?;
    if let Some(path) = &args.output {
        let publish = &definition.publish;
        export(
            path,
            &sheet,
            WriteOptions { encoding: publish.encoding, row_group_rows: publish.row_group_rows, delta: false },
        )?;
    }
    answer(&found, json)
}
