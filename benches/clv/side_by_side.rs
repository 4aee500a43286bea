//! Customers for another program, and our fit of the same file: `peers/lifetimes_run.py` calls both.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::time::Instant;

use abacus::clv::models::simulate::simulate_regular;
use abacus::clv::models::{Counts, fit};
use abacus::pipeline::PurchaseModel;

use crate::speed::{TRUTHS, WINDOW};

const HEADER: &str = "purchases,last_purchase_days,age_days";

/// Writes simulated customers, one a line.
pub(crate) fn export(file: &str, model: &str, customers: &str) -> Result<(), Box<dyn Error>> {
    let drawn = TRUTHS
        .into_iter()
        .find(|drawn| drawn.model.word() == model.replace('/', "_"))
        .ok_or("no such model")?;
    let mut text = format!("{HEADER}\n");
    for (purchases, last, age) in simulate_regular(drawn, WINDOW, customers.parse()?, 2005).0 {
        writeln!(text, "{purchases},{last},{age}")?;
    }
    Ok(fs::write(file, text)?)
}

/// Counts and fits the customers of a file, and prints what it took as one line of JSON. The clock starts with the
/// customers in memory and stops with the parameters and their standard errors.
pub(crate) fn fit_file(file: &str, model: &str) -> Result<(), Box<dyn Error>> {
    let name = model;
    let model = PurchaseModel::of_word(&model.replace('/', "_")).ok_or("no such model")?;
    let customers = fs::read_to_string(file)?.lines().skip(1).map(customer).collect::<Result<Vec<_>, _>>()?;
    let column = |pick: fn(&[u32; 3]) -> u32| customers.iter().map(pick).collect::<Vec<_>>();
    let (purchases, lasts, ages) = (column(|c| c[0]), column(|c| c[1]), column(|c| c[2]));
    let start = Instant::now();
    let counts = Counts::of_columns(&purchases, &lasts, &ages);
    let fit = fit(model, &counts);
    let seconds = start.elapsed().as_secs_f64();
    if !fit.converged {
        return Err(format!("{name} did not converge").into());
    }
    let report = serde_json::json!({
        "engine": "abacus",
        "model": name,
        "rows": "counted",
        "fitted_rows": counts.rows().len(),
        "customers": customers.len(),
        "seconds": seconds,
        "peak_mib": peak_mib(),
        "parameters": fit.parameters,
        "log_likelihood": fit.log_likelihood,
    });
    println!("{report}");
    Ok(())
}

fn customer(line: &str) -> Result<[u32; 3], Box<dyn Error>> {
    let fields = line.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>()?;
    fields.try_into().map_err(|_| format!("'{line}' is not {HEADER}").into())
}

/// The largest resident set of this process, where the system tells (Linux).
fn peak_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(kibibytes.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
