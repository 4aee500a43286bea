//! `abacus plan`.

use super::check::sources_text;
use super::run::ScopeArgs;
use super::{PipelineArg, pretty, progress};
use crate::error::Result;
use clap::Args;
use std::fmt::Write;

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    #[command(flatten)]
    scope: ScopeArgs,
}

pub(super) fn plan(args: &PlanArgs, json: bool, log_json: bool) -> Result<String> {
    let plan = crate::stages::plan(&args.pipeline.pipeline, args.scope.options()?)?;
    for warning in &plan.scan.warnings {
        progress::tell_warning(log_json, warning);
    }
    if json {
        let made: Vec<_> = plan
            .scan
            .made
            .iter()
            .map(|(period, reason)| serde_json::json!({ "period": period.to_string(), "reason": reason }))
            .collect();
        let kept: Vec<_> = plan.scan.kept.iter().map(ToString::to_string).collect();
        return Ok(pretty(&serde_json::json!({
            "stages": plan.stages.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "sources": plan.scan.sources, "rows": plan.scan.rows, "kept": kept, "made": made,
            "warnings": plan.scan.warnings,
        })));
    }
    let mut text = String::from("stages\n");
    for (name, about) in &plan.stages {
        writeln!(text, "  {name:<14} {about}").expect("a string takes text");
    }
    text.push_str("sources\n");
    text.push_str(&sources_text(&plan.scan.sources));
    writeln!(text, "periods kept: {}", plan.scan.kept.len()).expect("a string takes text");
    writeln!(text, "periods made: {}, from at most {} rows", plan.scan.made.len(), plan.scan.rows)
        .expect("a string takes text");
    for (period, reason) in &plan.scan.made {
        writeln!(text, "  {period}  {reason}").expect("a string takes text");
    }
    Ok(text)
}
