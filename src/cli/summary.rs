//! The short summary at the end of a run.

use crate::clv;
use crate::publish::Release;
use crate::report::{chosen_models, grouped, money_text};
use crate::stages::Report;
use crate::terminal::escaped;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        writeln!(text, "{:<12} {}", escaped(label), escaped(&value)).expect("a string takes text");
    };
    for (source, files, rows) in &report.sources {
        let count = |rows: u64| grouped(rows.into());
        let mut counts = format!("{} read, {} used", count(rows.read), count(rows.used));
        for (rows, what) in [
            (rows.quarantined, "quarantined"),
            (rows.excluded, "excluded"),
            (rows.after_as_of, "after the as-of day"),
            (rows.eliminated, "between companies"),
        ] {
            if rows > 0 {
                write!(counts, ", {} {what}", count(rows)).expect("a string takes text");
            }
        }
        let files = if *files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        line(&format!("rows {source}"), format!("{counts} ({files})"));
    }
    for mistake in &report.mistakes {
        let account = mistake.account(&report.definition.facts);
        line("mistakes", format!("{}: {account}", mistake.policy));
    }
    let money = |amount| money_text(amount, &report.definition);
    let costs = &report.costs;
    let mut flow = format!("{} in, {} assigned", money(costs.input), money(costs.assigned));
    for (amount, what) in [
        (costs.deducted - costs.exchange, "price components off invoice"),
        (costs.exchange, "exchange differences"),
        (costs.imputed - costs.deducted, "imputed"),
        (costs.retained, "retained at its level"),
        (costs.unused, "unused"),
        (costs.unassigned, "unassigned"),
        (costs.variance, "variance"),
        (costs.overdriven, "overdriven"),
    ] {
        if amount != 0 {
            write!(flow, ", {} {what}", money(amount)).expect("a string takes text");
        }
    }
    line("cost", flow);
    if costs.unclaimed != 0 {
        line(
            "ledger",
            format!("{} claimed by no resource, see table reconciliation", money(costs.unclaimed)),
        );
    }
    let prospects = match report.profit.prospects {
        0 => String::new(),
        prospects => format!(
            ", and {} prospects with {} of profit, in no ranking",
            grouped(prospects as i128),
            money(report.profit.prospect_profit)
        ),
    };
    line("customers", format!("{}{prospects}", grouped(report.profit.customers as i128)));
    let (winning, cost) = report.profit.opening;
    if winning > 0 {
        let customers = format!("{} customers won in no period of the history", grouped(winning as i128));
        line("acquisition", format!("{} of {customers}, charged to their lives alone", money(cost)));
    }
    line("profit", money(report.profit.profit));
    let share = report.profit.top_20_share;
    line(
        "top 20 %",
        share.map_or("no share: total profit is not above 0".to_owned(), |share| {
            format!("{:.1} % of profit", share * 100.0)
        }),
    );
    if let Some(lifetime) = &report.lifetime {
        for (label, value) in lifetime_lines(lifetime, report) {
            line(label, value);
        }
    }
    let seconds: f64 = report.timings.iter().map(|timing| timing.seconds).sum();
    line("time", format!("{seconds:.2} s"));
    if let Some(bytes) = report.peak_memory_bytes {
        let budget = report.memory_budget_bytes.map(|bytes| format!(", {} MiB allowed", bytes >> 20));
        line("peak memory", format!("{} MiB{}", bytes >> 20, budget.unwrap_or_default()));
    }
    match &report.release {
        Some(release) => {
            line("release", release.id.clone());
            let out = &report.definition.publish.path;
            line("tables", out.join("releases").join(&release.id).display().to_string());
            line("views", format!("{}, one release at a time", out.join("views.sql").display()));
            if let Some(store) = &report.store {
                line("store", store.clone());
            }
        }
        None => line("release", "none, this was a dry run".to_owned()),
    }
    text
}

/// A run that had nothing to do.
pub(super) fn unchanged(release: &Release) -> String {
    let total = |key: &str| release.run["control_totals"][key].to_string().replace('"', "");
    let currency = release.run["currency"].as_str().unwrap_or_default();
    format!(
        "unchanged    nothing has changed that this release follows from; --republish makes another all the same\n\
         release      {}\n\
         customers    {}\n\
         profit       {} {currency}\n",
        release.id,
        total("customers"),
        total("customer_profit"),
    )
}

/// The same for programs.
pub(super) fn unchanged_json(release: &Release, out: &Path, warnings: &[String]) -> Value {
    let said = |key: &str| &release.run[key];
    json!({
        "pipeline": said("pipeline"),
        "release": release.id,
        "unchanged": true,
        "out": out,
        "sources": said("sources"),
        "control_totals": said("control_totals"),
        "data_mistakes": said("data_mistakes"),
        "warnings": warnings,
    })
}

/// Customer equity with its interval, and how customers are valued.
fn lifetime_lines(lifetime: &clv::Summary, report: &Report) -> Vec<(&'static str, String)> {
    let money = |amount| money_text(amount, &report.definition);
    let interval = lifetime.interval.map_or(String::new(), |ends| {
        let [low, high] = ends.map(clv::nearest);
        format!(", 95 % from {} to {}", money(low), money(high))
    });
    let alive = lifetime.alive_customers.map_or(String::new(), |alive| format!(", {alive:.0} of them alive"));
    let equity = format!(
        "{} of {} customers{alive}{interval}",
        lifetime.customer_equity.map_or_else(|| "unknown".to_owned(), money),
        grouped(lifetime.customers.into()),
    );
    let mut lines = vec![("equity", equity)];
    if let Some((timing, why)) = &lifetime.season {
        let has_factors = report.definition.clv.as_ref().is_some_and(|clv| clv.contextual_factors.is_some());
        lines.push((if has_factors { "timing" } else { "season" }, format!("{timing}: {why}")));
    }
    for (model, why, segments) in chosen_models(lifetime) {
        let of = match (lifetime.models.len(), segments.len()) {
            (1, _) => String::new(),
            (_, 1..=3) => format!(" of {}", segments.join(", ")),
            (_, segments) => format!(" of {segments} segments"),
        };
        lines.push(("model", format!("{model}{of}: {why}")));
    }
    lines
}

pub(super) fn json(report: &Report) -> Value {
    json!({
        "pipeline": report.definition.name,
        "release": report.release.as_ref().map(|release| &release.id),
        "unchanged": false,
        "out": report.definition.publish.path,
        "store": report.store,
        "sources": report.sources.iter().map(|(source, files, rows)| json!({
            "source": source, "files": files, "rows": rows
        })).collect::<Vec<_>>(),
        "control_totals": report.release.as_ref().map(|release| &release.run["control_totals"]),
        "top_20_share": report.profit.top_20_share,
        "clv": report.lifetime.as_ref().map(|lifetime| &lifetime.manifest),
        "data_mistakes": report.mistakes,
        "timings": report.timings,
        "peak_memory_bytes": report.peak_memory_bytes,
        "memory_budget_bytes": report.memory_budget_bytes,
        "warnings": report.warnings,
    })
}
