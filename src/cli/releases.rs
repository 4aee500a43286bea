//! `abacus releases list|rollback|diff|tag|verify|vacuum`.

use super::{PipelineArg, diff, pretty, progress};
use crate::error::{Error, Result};
use crate::pipeline::Definition;
use crate::publish::{Damage, Home, ReleaseStore, Vacuumed};
use crate::stages::retention;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct ReleasesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All releases, newest last; the current one is marked.
    List(PipelineArg),
    /// Make an earlier release current again: the one before, or the one named.
    Rollback {
        #[command(flatten)]
        pipeline: PipelineArg,
        /// Release to go back to.
        release: Option<String>,
    },
    /// Say what a release changes in another: rows of tables, control totals by period and cause, customers whose profit
    /// moved most. By default the current release and the one before it.
    Diff(diff::DiffArgs),
    /// Read every file of the current release and compare it with its digest.
    Verify(PipelineArg),
    /// Mark a release as one that no vacuum removes.
    Tag {
        #[command(flatten)]
        pipeline: PipelineArg,
        /// Which.
        release: String,
        /// Why, such as 'audit 2025'.
        tag: Option<String>,
        /// Take its tag away.
        #[arg(long)]
        remove: bool,
    },
    /// Remove all but the newest releases and the state only they need. The current one, tagged ones, and those that the
    /// pipeline's keep_month_ends and grace_minutes keep, stay.
    Vacuum {
        #[command(flatten)]
        pipeline: PipelineArg,
        /// How many to keep.
        #[arg(long)]
        keep: usize,
    },
}

pub(super) fn releases(args: &ReleasesArgs, json: bool, log_json: bool) -> Result<String> {
    let (Action::List(pipeline)
    | Action::Rollback { pipeline, .. }
    | Action::Diff(diff::DiffArgs { pipeline, .. })
    | Action::Tag { pipeline, .. }
    | Action::Verify(pipeline)
    | Action::Vacuum { pipeline, .. }) = &args.action;
    let definition = crate::pipeline::read(&pipeline.pipeline)?;
    let home = Home::open(&definition.publish.path)?;
    let result = act(&args.action, &definition, &home, json);
    for warning in home.take_warnings() {
        progress::tell_warning(log_json, &warning);
    }
    result
}

fn act(action: &Action, definition: &Definition, home: &Home, json: bool) -> Result<String> {
    match action {
        Action::List(_) => Ok(list(home, json)?),
        Action::Rollback { release, .. } => {
            let store = store(definition)?;
            let release = home.rollback(release.as_deref())?;
            store.map(|store| store.publish(home, &release)).transpose()?;
            Ok(result(json, &json!({ "current": release.id }), || format!("current is now {}", release.id)))
        }
        Action::Diff(args) => diff::diff(args, definition, home, json),
        Action::Tag { release, tag, remove, .. } => {
            let tag = (!remove).then_some(tag.as_deref().unwrap_or("kept"));
            home.tag(release, tag)?;
            store(definition)?.map(|store| store.tag(release, tag)).transpose()?;
            let line = || match tag {
                Some(tag) => format!("no vacuum removes {release} ({tag})"),
                None => format!("{release} has no tag"),
            };
            Ok(result(json, &json!({ "release": release, "tag": tag }), line))
        }
        Action::Verify(_) => verify(home, json),
        Action::Vacuum { keep, .. } => {
            let removed = home.vacuum(&home.lock()?, retention(definition, *keep))?;
            let Vacuumed { releases, state } = &removed;
            let store = store(definition)?;
            let there = store.map(|store| store.vacuum(retention(definition, *keep))).transpose()?;
            let line = || {
                let there = there.as_ref().map_or_else(String::new, |removed| {
                    format!("; removed {} releases from the store", removed.len())
                });
                format!("removed {} releases and {} state files{there}", releases.len(), state.len())
            };
            let value =
                json!({ "removed_releases": releases, "removed_state": state, "removed_from_store": there });
            Ok(result(json, &value, line))
        }
    }
}

/// The object store that releases are published to as well.
fn store(definition: &Definition) -> Result<Option<ReleaseStore>> {
    definition.publish.store.as_ref().map(|address| ReleaseStore::open(address)).transpose()
}

/// The result of an action: a JSON object, or a line.
fn result(json: bool, value: &serde_json::Value, line: impl FnOnce() -> String) -> String {
    if json { pretty(value) } else { line() + "\n" }
}

fn list(home: &Home, json: bool) -> Result<String> {
    let (releases, damaged) = home.list()?;
    if json {
        let whole = releases.iter().map(|release| {
            let rows: serde_json::Map<String, serde_json::Value> =
                release.tables.keys().map(|name| (name.clone(), release.rows(name).into())).collect();
            json!({
                "release": release.id, "current": release.current, "previous": release.previous,
                "tag": release.tag, "rows": rows
            })
        });
        let damaged =
            damaged.iter().map(|release| json!({ "release": release.id, "damaged": release.found }));
        return Ok(pretty(&whole.chain(damaged).collect()));
    }
    let mut lines: Vec<(&str, String)> = Vec::new();
    for release in &releases {
        let mark = if release.current { "*" } else { " " };
        let (customers, periods) = (release.rows("customer"), release.files("customer_period").len());
        let tag = release.tag.as_ref().map_or_else(String::new, |tag| format!("  {tag}"));
        let line = format!("{mark} {}  {customers:>12} customers  {periods:>5} periods{tag}\n", release.id);
        lines.push((&release.id, line));
    }
    lines.extend(
        damaged
            .iter()
            .map(|release| (&*release.id, format!("  {}  damaged: {}\n", release.id, release.found))),
    );
    lines.sort();
    if lines.is_empty() {
        return Ok("no release yet; make one with `abacus run`\n".to_owned());
    }
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn verify(home: &Home, json: bool) -> Result<String> {
    let current = home.published()?;
    let mut damages = home.verify(&current)?;
    damages.extend(crate::recall::damaged_state(home, &current)?.into_iter().map(|path| Damage {
        path,
        found: "kept state that is missing or not what was kept; the next run makes it again".to_owned(),
    }));
    if damages.is_empty() {
        let verified = json!({ "release": current.id, "damages": [] });
        return Ok(result(json, &verified, || format!("{}: every file is what was published", current.id)));
    }
    let messages = damages.iter().map(|damage| format!("{}: {}", damage.path, damage.found)).collect();
    Err(Error { kind: crate::error::Kind::Check, messages })
}
