//! `abacus explain`.

use super::{PipelineArg, pretty};
use crate::error::{Error, Result};
use crate::profitability;
use crate::units::{Day, Period};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    /// The customer's key.
    #[arg(long, value_name = "KEY")]
    customer: String,
    /// A day of the period to explain (YYYY-MM-DD); default: the customer's life.
    #[arg(long, value_name = "DAY")]
    period: Option<Day>,
}

pub(super) fn explain(args: &ExplainArgs, json: bool) -> Result<String> {
    let definition = crate::pipeline::read(&args.pipeline.pipeline)?;
    let (facts, costing) = crate::stages::recall(&definition)?;
    let period = args.period.map(|day| Period::containing(definition.facts.period, day));
    let explanation = profitability::explain(&definition, &facts, &costing, &args.customer, period)?;
    if json {
        let value = serde_json::to_value(&explanation);
        return Ok(pretty(&value.map_err(|fault| Error::internal(fault.to_string()))?));
    }
    Ok(explanation.to_string())
}
