//! `abacus synth`.

use super::pretty;
use crate::error::Result;
use crate::run::Events;
use crate::synth::{SynthOptions, generate};
use clap::Args;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct SynthArgs {
    /// Folder to write; must be empty or new.
    out: PathBuf,
    /// Order lines.
    #[arg(long, default_value_t = 60_000)]
    lines: u64,
    /// Customers.
    #[arg(long, default_value_t = 3_000)]
    customers: u32,
    /// Months.
    #[arg(long, default_value_t = 24)]
    months: u16,
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Several companies in several currencies: lines say which, with rates.csv and payments.
    #[arg(long)]
    group: bool,
}

pub(super) fn synth(args: &SynthArgs, events: &dyn Events, json: bool) -> Result<String> {
    let options = SynthOptions {
        lines: args.lines,
        customers: args.customers,
        months: args.months,
        seed: args.seed,
        group: args.group,
        ..SynthOptions::default()
    };
    let start = Instant::now();
    events.stage_started("synth", "drawing a history", None);
    let totals = generate(&args.out, &options, &|done, of| events.progress(done, of))?;
    events.stage_finished("synth", start.elapsed().as_secs_f64(), &args.out.display().to_string());
    let value = serde_json::to_value(totals).expect("totals are JSON");
    if json {
        return Ok(pretty(&value));
    }
    let object = value.as_object().expect("totals are an object");
    Ok(object.iter().map(|(name, total)| format!("{name:<20} {total}\n")).collect())
}
