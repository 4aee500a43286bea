//! Buy-till-you-die models: how long fits and scores take, and how exact predictions are.
//!
//! `cargo bench --bench clv` simulates 1 and 10 million customers per model and times counting, fitting and scoring.
//! `cargo bench --bench clv -- grid.csv` compares predictions with the grid that `reference.py` writes.

#![expect(clippy::print_stdout, reason = "a bench prints")]

mod accuracy;
mod speed;

fn main() {
    let grid = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    match grid {
        Some(path) => accuracy::compare(&path),
        None => speed::measure(),
    }
}
