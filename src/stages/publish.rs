//! A run from the outside: under the lock, once if kept state is whole; nothing where nothing has changed; retention last.

use super::before::Before;
use super::check::check_names;
use super::flow::run;
use super::outcome::Outcome;
use super::repair::repairing;
use super::run_options::RunOptions;
use crate::error::{Error, Result};
use crate::facts::schema::AttributeTypes;
use crate::pipeline::{self, Definition};
use crate::publish::{Home, Release, ReleaseStore, Retention};
use crate::report::grouped;
use crate::run::{Events, Timing};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs a pipeline and publishes its release, unless the current one follows from the same.
///
/// # Errors
/// Everything a user can get wrong, see `error::Kind`; nothing a reader sees has changed then.
pub fn publish(path: &Path, options: RunOptions, events: Arc<dyn Events>) -> Result<Outcome> {
    let definition = pipeline::read(path)?;
    check_names(&definition, &AttributeTypes::new())?;
    check_gate(&definition, &options)?;
    let home = Home::open(&definition.publish.path)?;
    let lock = home.lock()?;
    let store = definition.publish.store.as_ref().filter(|_| !options.dry_run);
    let store = store.map(|address| ReleaseStore::open(address)).transpose()?;
    let mut outcome = repairing(&home, || run_if_changed(&definition, &home, &options, &events))?;
    if let Some(keep) = definition.publish.keep.filter(|_| !options.dry_run) {
        // The release is out: what is not removed now is removed after the next.
        home.or_warn(home.vacuum(&lock, retention(&definition, keep)));
    }
    if let Some(store) = store {
        send(&home, &store, &mut outcome, &*events)?;
        if let Some(keep) = definition.publish.keep {
            home.or_warn(store.vacuum(retention(&definition, keep)));
        }
    }
    match &mut outcome {
        Outcome::Made(report) => report.warnings.extend(home.take_warnings()),
        Outcome::Unchanged { warnings, .. } => warnings.extend(home.take_warnings()),
    }
    Ok(outcome)
}

/// Publishes the current release to the object store too, which may lack it although nothing changed: a run before may have
/// failed to reach it.
fn send(home: &Home, store: &ReleaseStore, outcome: &mut Outcome, events: &dyn Events) -> Result<()> {
    let start = Instant::now();
    events.stage_started("store", "published files to the object store", None);
    let sent = store.publish(home, &home.published()?)?;
    let seconds = start.elapsed().as_secs_f64();
    events.stage_finished(
        "store",
        seconds,
        &format!("{} files sent, {} bytes", sent.files, grouped(sent.bytes.into())),
    );
    if let Outcome::Made(report) = outcome {
        report.timings.push(Timing { stage: "store".to_owned(), seconds });
        report.store = Some(sent.store);
    }
    Ok(())
}

/// What stays, of so many of the newest releases and by the pipeline's other rules.
pub fn retention(definition: &Definition, newest: usize) -> Retention {
    let publish = &definition.publish;
    Retention {
        newest,
        month_ends: publish.keep_month_ends,
        grace: Duration::from_secs(60 * publish.grace_minutes as u64),
    }
}

fn run_if_changed(
    definition: &Definition,
    home: &Home,
    options: &RunOptions,
    events: &Arc<dyn Events>,
) -> Result<Outcome> {
    let before = Before::read(definition, home, options)?;
    if let Some(current) = before.unchanged(home, options) {
        return Ok(Outcome::Unchanged {
            release: Box::new(current.clone()),
            out: definition.publish.path.clone(),
            warnings: warnings_of(current),
        });
    }
    let report = run(definition.clone(), home, before, options, Arc::clone(events))?;
    Ok(Outcome::Made(Box::new(report)))
}

/// What the run that made a release warned of.
fn warnings_of(release: &Release) -> Vec<String> {
    let warnings = release.run["warnings"].as_array().into_iter().flatten();
    warnings.filter_map(|warning| warning.as_str().map(str::to_owned)).collect()
}

fn check_gate(definition: &Definition, options: &RunOptions) -> Result<()> {
    if !options.gate || !definition.publish.gate.is_empty() {
        return Ok(());
    }
    let way_out = "say how much may change, such as gate = { customer_profit = 0.01 }";
    let path = definition.path.display();
    Err(Error::definition(format!("{path}: --gate, but [publish] has no 'gate'; {way_out}")))
}
