//! `abacus init`: a pipeline file from a user's own files, or a history to try with.

use super::output;
use crate::draft::{self, Role, Roles};
use crate::error::{Error, Kind, Result};
use crate::facts::SourceColumn;
use crate::pipeline;
use crate::run::Events;
use crate::storage::Location;
use crate::synth::{SynthOptions, generate};
use crate::terminal::escaped;
use clap::Args;
use std::fs;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Parquet files of order lines: a file, a folder or a pattern in quotes.
    #[arg(required_unless_present = "demo")]
    files: Option<String>,
    /// The pipeline file to write.
    #[arg(long, value_name = "FILE", default_value = "pipeline.toml")]
    output: PathBuf,
    /// Currency of every amount.
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// What a column is, such as customer=client_no; the right-hand side may be SQL. Of customer, order, line, product,
    /// product_group, at, quantity, unit_price, unit_cost, revenue, discount, cost, currency.
    #[arg(long = "role", value_name = "ROLE=SQL", value_parser = role)]
    roles: Vec<(Role, String)>,
    /// Write a history of a small retailer and a pipeline over it into this new folder.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["files", "output", "currency", "roles"])]
    demo: Option<PathBuf>,
}

fn role(text: &str) -> std::result::Result<(Role, String), String> {
    let (name, sql) = text.split_once('=').ok_or("expected ROLE=SQL, such as customer=client_no")?;
    let role = Role::ALL.into_iter().find(|role| role.name() == name.trim());
    let names = Role::ALL.map(Role::name).join(", ");
    role.map(|role| (role, sql.trim().to_owned()))
        .ok_or_else(|| format!("no role '{name}'; there are {names}"))
}

/// Roles without which there is no history.
const NEEDED: [Role; 4] = [Role::Customer, Role::Order, Role::At, Role::Revenue];

pub(super) fn init(args: &InitArgs, events: &dyn Events) -> Result<String> {
    match (&args.demo, &args.files) {
        (Some(folder), _) => demo(folder, events),
        (None, Some(files)) => init_from(args, files),
        (None, None) => unreachable!("clap asks for one of the two"),
    }
}

/// The sample of the repository and its pipeline.
fn demo(folder: &Path, events: &dyn Events) -> Result<String> {
    generate(&folder.join("sample_data/retail"), &SynthOptions::default(), &|done, of| {
        events.progress(done, of)
    })?;
    let pipeline = folder.join("pipelines/retail.toml");
    fs::create_dir_all(folder.join("pipelines")).map_err(|fault| Error::io(Kind::Input, folder, &fault))?;
    output::write(&pipeline, include_bytes!("../../pipelines/retail.toml"))?;
    Ok(next_steps(&pipeline))
}

fn init_from(args: &InitArgs, files: &str) -> Result<String> {
    draft_from(args, files).map_err(|fault| without_place(fault, &args.output))
}

/// Faults of a draft have places in a file that is not written.
fn without_place(fault: Error, pipeline: &Path) -> Error {
    let place = format!("{}:", pipeline.display());
    let without = |message: String| match message.split_once(": ") {
        Some((at, what)) if at.starts_with(&place) => what.to_owned(),
        _ => message,
    };
    Error { messages: fault.messages.into_iter().map(without).collect(), ..fault }
}

fn draft_from(args: &InitArgs, files: &str) -> Result<String> {
    if args.output.exists() {
        let message = format!("{} is there already; name another file with --output", args.output.display());
        return Err(Error::definition(message));
    }
    let files = &from_folder(&args.output, files)?;
    let (columns, rows) = draft::history(&args.output, files)?;
    let mut given: Roles = args.roles.iter().cloned().collect();
    let mut roles = draft::recognised(&columns, &given);
    for needed in NEEDED {
        if !roles.contains_key(&needed) {
            given.insert(needed, ask(needed, files, &columns)?);
            roles = draft::recognised(&columns, &given);
        }
    }
    let name = args.output.file_stem().unwrap_or_default().to_string_lossy();
    let text = draft::pipeline_text(&name, files, &args.currency, &columns, &roles);
    let definition = pipeline::read_text(&args.output, &text)?;
    crate::stages::check(&definition)?;
    output::write(&args.output, text.as_bytes())?;
    let schema = args.output.with_file_name("abacus.schema.json");
    output::write(&schema, super::pretty(&pipeline::json_schema()).as_bytes())?;
    let mut said = format!("{}  {rows} rows, {} columns\n", args.output.display(), columns.len());
    for (role, sql) in &roles {
        said.push_str(&format!("  {:<14} {}\n", role.name(), escaped(sql)));
    }
    Ok(said + &next_steps(&args.output))
}

fn next_steps(pipeline: &Path) -> String {
    let pipeline = pipeline.display();
    format!("next\n  abacus run {pipeline}\n  abacus describe {pipeline}\n  abacus report {pipeline}\n")
}

/// A path as the pipeline file names it: from its own folder.
fn from_folder(pipeline: &Path, files: &str) -> Result<String> {
    let folder = pipeline.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        // What a variable holds may be absolute.
        Some(folder)
            if Path::new(files).is_relative()
                && !files.starts_with("${")
                && Location::of(Path::new(files)).is_none() =>
        {
            let here = std::env::current_dir().map_err(|fault| Error::io(Kind::Input, folder, &fault))?;
            Ok(here.join(files).display().to_string())
        }
        _ => Ok(files.to_owned()),
    }
}

/// Asks a person; without a terminal says what is missing.
fn ask(role: Role, files: &str, columns: &[SourceColumn]) -> Result<String> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let list = escaped(&names.join(", "));
    let (mut stderr, stdin) = (std::io::stderr(), std::io::stdin());
    let missing = || {
        let (name, question) = (role.name(), role.question());
        Error::definition(format!("{files}: {question}? say --role {name}=COLUMN; there are {list}"))
    };
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return Err(missing());
    }
    // Nothing is asked when the terminal is gone; an empty answer says so.
    let _ = write!(stderr, "{}? there are {list}\n{}: ", role.question(), role.name());
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|_| missing())?;
    let answer = answer.trim();
    if answer.is_empty() { Err(missing()) } else { Ok(answer.to_owned()) }
}
