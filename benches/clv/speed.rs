//! Seconds, and processor seconds, of counting, fitting and scoring.

use std::time::Instant;

use abacus::clv::models::simulate::{Drawn, Window, simulate_regular};
use abacus::clv::models::{Asked, Counts, Lookahead, Rhythm, Scorer, fit_regular};
use abacus::pipeline::PurchaseModel;
use rayon::prelude::*;

/// Three years of history, customers won in the first two.
pub(crate) const WINDOW: Window = Window { intake_days: 730, observed_days: 1095 };

const CUSTOMERS: [u64; 2] = [1_000_000, 10_000_000];

/// Near those of the CDNOW sample; of regular buyers with as many purchases a week.
pub(crate) const TRUTHS: [Drawn; 5] = [
    Drawn { model: PurchaseModel::BgNbd, parameters: [0.243, 4.414, 0.793, 2.426], k: 1 },
    Drawn { model: PurchaseModel::MbgNbd, parameters: [0.525, 6.183, 0.891, 1.614], k: 1 },
    Drawn { model: PurchaseModel::ParetoNbd, parameters: [0.553, 10.578, 0.606, 11.669], k: 1 },
    Drawn { model: PurchaseModel::MbgCnbdK, parameters: [0.525, 3.092, 0.891, 1.614], k: 2 },
    Drawn { model: PurchaseModel::MbgCnbdK, parameters: [0.525, 1.031, 0.891, 1.614], k: 6 },
];

pub(crate) fn measure() {
    println!("Seconds, and processor seconds in brackets; customers/s with tables and scores together.");
    println!(
        "| model | customers | histories | count | rhythm | fit | steps | tables | score | million customers/s |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for customers in CUSTOMERS {
        for drawn in TRUTHS {
            measure_one(drawn, customers);
        }
    }
}

fn measure_one(drawn: Drawn, customers: u64) {
    let (histories, gaps) = simulate_regular(drawn, WINDOW, customers, 2005);
    let column = |pick: fn(&(u32, u32, u32)) -> u32| histories.iter().map(pick).collect::<Vec<_>>();
    let (purchases, lasts, ages) = (column(|h| h.0), column(|h| h.1), column(|h| h.2));
    let (count_time, counts) = timed(|| Counts::of_columns(&purchases, &lasts, &ages));
    let asks_for_gaps = drawn.model.asks_for_gaps();
    let (rhythm_time, rhythm) =
        timed(|| if asks_for_gaps { Rhythm::estimate(&counts, gaps) } else { Rhythm::RANDOM });
    assert_eq!(rhythm.k, drawn.k);
    let (fit_time, fit) = timed(|| fit_regular(drawn.model, &counts, &rhythm));
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
        "| {} (k = {}) | {customers} | {} | {count_time} | {rhythm_time} | {fit_time} | {} | {table_time} | {score_time} | {:.1} |",
        drawn.model.word(),
        drawn.k,
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
