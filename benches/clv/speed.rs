//! Seconds, and processor seconds, of counting, fitting and scoring.

use std::time::Instant;

use abacus::clv::models::simulate::{Window, simulate};
use abacus::clv::models::{Asked, Counts, Lookahead, Scorer, fit};
use abacus::pipeline::PurchaseModel;
use rayon::prelude::*;

/// Three years of history, customers won in the first two.
pub(crate) const WINDOW: Window = Window { intake_days: 730, observed_days: 1095 };

const CUSTOMERS: [u64; 2] = [1_000_000, 10_000_000];

/// Near those of the CDNOW sample.
pub(crate) const TRUTHS: [(PurchaseModel, [f64; 4]); 3] = [
    (PurchaseModel::BgNbd, [0.243, 4.414, 0.793, 2.426]),
    (PurchaseModel::MbgNbd, [0.525, 6.183, 0.891, 1.614]),
    (PurchaseModel::ParetoNbd, [0.553, 10.578, 0.606, 11.669]),
];

pub(crate) fn measure() {
    println!("Seconds, and processor seconds in brackets; customers/s with tables and scores together.");
    println!(
        "| model | customers | histories | count | fit | steps | tables | score | million customers/s |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for customers in CUSTOMERS {
        for (model, truth) in TRUTHS {
            measure_one(model, truth, customers);
        }
    }
}

fn measure_one(model: PurchaseModel, truth: [f64; 4], customers: u64) {
    let histories = simulate(model, truth, WINDOW, customers, 2005);
    let column = |pick: fn(&(u32, u32, u32)) -> u32| histories.iter().map(pick).collect::<Vec<_>>();
    let (purchases, lasts, ages) = (column(|h| h.0), column(|h| h.1), column(|h| h.2));
    let (count_time, counts) = timed(|| Counts::of_columns(&purchases, &lasts, &ages));
    let (fit_time, fit) = timed(|| fit(model, &counts));
    assert!(fit.converged && fit.reason.is_none(), "{fit:?}");
    let (table_time, scorer) = timed(|| {
        Scorer::new(&fit, &Lookahead::calendar(&[91, 365], 1.1_f64.ln() / 365.25), &counts, Asked::Discounted)
    });
    let scorer = scorer.expect("a fit that predicts");
    // All four estimates and their standard errors, kept in columns as a publisher would.
    let (score_time, columns) = timed(|| {
        let score = |&(x, last, age): &(u32, u32, u32)| {
            let score = scorer.score(x, last, age);
            let [near, far, ..] = score.purchases;
            [score.alive, near, far, score.residual]
                .map(|e| (e.value, e.standard_error().unwrap_or(f64::NAN)))
        };
        histories.par_iter().map(score).collect::<Vec<_>>()
    });
    assert!(columns.iter().flatten().all(|(value, error)| value.is_finite() && error.is_finite()));
    println!(
        "| {} | {customers} | {} | {count_time} | {fit_time} | {} | {table_time} | {score_time} | {:.1} |",
        model.word(),
        counts.rows().len(),
        fit.iterations,
        customers as f64 / 1e6 / (table_time.wall + score_time.wall),
    );
}

struct Time {
    wall: f64,
    processor: Option<f64>,
}

impl std::fmt::Display for Time {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:.2}", self.wall)?;
        self.processor.map_or(Ok(()), |seconds| write!(out, " ({seconds:.2})"))
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Time, T) {
    let (start, processor) = (Instant::now(), processor_seconds());
    let made = work();
    let spent = processor_seconds().zip(processor).map(|(end, start)| end - start);
    (Time { wall: start.elapsed().as_secs_f64(), processor: spent }, made)
}

/// Of all threads, in hundredths, where the system tells (Linux).
fn processor_seconds() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the program's name in brackets: user and system ticks are the 12th and 13th of the rest.
    let fields: Vec<_> = status.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
