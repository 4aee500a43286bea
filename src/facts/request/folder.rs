//! The request as a folder: what is asked, as JSON, and the job that makes it on any Spark.

use super::script::{Script, SourceFiles};
use super::statement::Statement;
use crate::error::{Error, Result};
use crate::facts::dialect::Engine;
use crate::facts::run::handover::layout::{FORMAT, GRAINS, GrainLayout};
use crate::storage::{Location, target_of};
use crate::units::Day;
use serde_json::{Value, json};
use std::path::Path;

/// The job: a constant of the program, so that it and the statements are of one version.
const JOB: &str = include_str!("job.py");

/// Writes `request.json` and `job.py` into a folder that is new or empty, here or in an object store.
///
/// # Errors
/// A folder that holds something, that cannot be written, or that the engine cannot write to.
pub fn write_request(script: &Script, folder: &Path) -> Result<()> {
    Location::check(folder)?;
    let mut text = serde_json::to_string_pretty(&request(script)).expect("a JSON value prints");
    text.push('\n');
    let files = [("job.py", JOB), ("request.json", text.as_str())];
    if Location::of(folder).is_some() {
        return send(&files, script.engine, folder);
    }
    let io = |fault: std::io::Error| Error::output(folder, &fault);
    std::fs::create_dir_all(folder).map_err(io)?;
    if std::fs::read_dir(folder).map_err(io)?.next().is_some() {
        return Err(occupied(folder));
    }
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|fault| Error::output(&path, &fault))?;
    }
    Ok(())
}

/// Puts the files of a request into a folder of an object store, where Spark's file systems reach it.
fn send(files: &[(&str, &str)], engine: Engine, folder: &Path) -> Result<()> {
    if engine != Engine::Spark {
        return Err(Error::definition(format!(
            "{}: {} hands facts over in a folder of this machine; name one, or ask for --sql spark",
            folder.display(),
            engine.name()
        )));
    }
    let io = |fault: std::io::Error| Error::output(folder, &fault);
    let target = target_of(folder).map_err(io)?;
    if !target.list().map_err(io)?.is_empty() {
        return Err(occupied(folder));
    }
    for (name, text) in files {
        target.put(name, text.as_bytes().to_vec().into()).map_err(io)?;
    }
    Ok(())
}

fn occupied(folder: &Path) -> Error {
    Error::definition(format!(
        "{}: the folder holds something; a request and what is made of it are never changed, so name a new folder",
        folder.display()
    ))
}

fn request(script: &Script) -> Value {
    let json = script.json();
    let is_asked = |name: &str| script.statements.iter().any(|statement| statement.name == name);
    let grains = GRAINS.iter().filter(|grain| is_asked(grain.name));
    let grain =
        |grain: &GrainLayout| json!({ "name": grain.name, "by_period": grain.by_period, "keys": grain.keys });
    let statement = |view: &Statement| json!({ "name": view.name, "about": view.about, "query": view.query });
    json!({
        "format": FORMAT,
        "abacus": env!("CARGO_PKG_VERSION"),
        "pipeline": script.pipeline,
        "engine": script.engine.name(),
        "rules": script.rules,
        "as_of": script.as_of.map(|day| day.to_string()),
        "periods": script.periods.as_ref().map(|periods| periods.iter().map(Day::to_string).collect::<Vec<_>>()),
        "settings": json["settings"],
        "sources": script.sources.iter().map(SourceFiles::json).collect::<Vec<_>>(),
        "aggregates": json["aggregates"],
        "statements": script.statements.iter().map(statement).collect::<Vec<_>>(),
        "lines": format!("{}_used", script.sources[0].name),
        "grains": grains.map(grain).collect::<Vec<_>>(),
    })
}
