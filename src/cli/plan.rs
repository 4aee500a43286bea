//! `abacus plan`.

use super::check::sources_text;
use super::run::ScopeArgs;
use super::{PipelineArg, pretty, progress};
use crate::error::Result;
use crate::report::grouped;
use crate::stages::{Plan, PlannedStage, PlannedTable};
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    #[command(flatten)]
    scope: ScopeArgs,
}

pub(super) fn plan(args: &PlanArgs, json: bool, log_json: bool) -> Result<String> {
    let plan = crate::stages::plan(&args.pipeline.pipeline, &args.scope.options()?)?;
    for warning in &plan.scan.warnings {
        progress::tell_warning(log_json, warning);
    }
    Ok(if json { pretty(&as_json(&plan)) } else { as_text(&plan) })
}

fn as_json(plan: &Plan) -> Value {
    let made = plan.scan.made.iter();
    let made: Vec<Value> =
        made.map(|(period, reason)| json!({ "period": period.to_string(), "reason": reason })).collect();
    let kept: Vec<String> = plan.scan.kept.iter().map(ToString::to_string).collect();
    let table = |table: &PlannedTable| json!({ "table": table.name, "files": table.files, "rows": table.rows, "bytes": table.bytes });
    let stage = |stage: &PlannedStage| {
        let tables: Vec<Value> = stage.tables.iter().map(table).collect();
        json!({ "stage": stage.name, "kept": stage.is_kept, "seconds": stage.seconds, "tables": tables })
    };
    json!({
        "unchanged": plan.unchanged, "changes": plan.changes,
        "stages": plan.stages.iter().map(stage).collect::<Vec<_>>(),
        "sources": plan.scan.sources, "rows": plan.scan.rows, "kept": kept, "made": made,
        "warnings": plan.scan.warnings,
    })
}

fn as_text(plan: &Plan) -> String {
    let mut lines = Vec::new();
    match (&plan.unchanged, &plan.changes) {
        (Some(release), _) => {
            lines.push(format!(
                "nothing has changed that release {release} follows from: a run would publish nothing"
            ));
        }
        (None, Some(changes)) if !changes.is_empty() => {
            lines.push("changed since the current release".to_owned());
            lines.extend(changes.iter().map(|change| format!("  {change}")));
        }
        _ => {}
    }
    lines.push("stages".to_owned());
    lines.extend(plan.stages.iter().map(stage_line));
    let seconds: Option<f64> = plan.stages.iter().map(|stage| stage.seconds).sum();
    if let Some(seconds) = seconds.filter(|_| plan.unchanged.is_none()) {
        lines.push(format!("expected: {seconds:.2} s, by what the current release took"));
    }
    let mut text = lines.join("\n") + "\nsources\n";
    text.push_str(&sources_text(&plan.scan.sources));
    text += &format!("periods kept: {}\n", plan.scan.kept.len());
    text += &format!("periods made: {}, from at most {} rows\n", plan.scan.made.len(), plan.scan.rows);
    for (period, reason) in &plan.scan.made {
        text += &format!("  {period}  {reason}\n");
    }
    text
}

fn stage_line(stage: &PlannedStage) -> String {
    let PlannedStage { name, about, is_kept, seconds, tables } = stage;
    let does = if *is_kept { "tables are taken over" } else { about };
    let expected = seconds.filter(|_| !is_kept).map_or_else(String::new, |seconds| {
        let rows: u64 = tables.iter().map(|table| table.rows).sum();
        let bytes: u64 = tables.iter().map(|table| table.bytes).sum();
        format!("; about {seconds:.2} s, {} rows, {:.1} MB", grouped(rows.into()), bytes as f64 / 1e6)
    });
    format!("  {name:<14} {does}{expected}")
}
