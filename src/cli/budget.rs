//! `abacus budget`.

use super::{PipelineArg, answer};
use crate::error::Result;
use crate::pipeline::apply;
use crate::questions::{self, Recalled};
use crate::recall::{MasterData, recall};
use crate::units::{Day, Period};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct BudgetArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    /// A scenario of the pipeline file: its planned volumes, growth and other numbers.
    #[arg(long, value_name = "NAME")]
    scenario: String,
    /// A day of the period whose volumes and rates the plan starts from; default: the last complete period.
    #[arg(long, value_name = "DAY")]
    period: Option<Day>,
}

pub(super) fn budget(args: &BudgetArgs, json: bool) -> Result<String> {
    let definition = crate::pipeline::read(&args.pipeline.pipeline)?;
    let scenario = questions::scenario(&definition, &args.scenario)?;
    let recalled = recall(&definition, MasterData::Leave)?;
    let changed = apply(&definition, scenario);
    let costing = recalled.cost_again(&changed)?;
    let planned =
        Recalled { definition: &changed, costing: &costing, ..Recalled::of(&recalled, &definition) };
    let period = args.period.map(|day| Period::containing(definition.facts.period, day));
    answer(&questions::budget(&planned, scenario, period)?, json)
}
