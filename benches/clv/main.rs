//! Buy-till-you-die models: how long fits and scores take, and how exact predictions are.
//!
//! `cargo bench --bench clv` simulates 1 and 10 million customers per model and times counting, fitting and scoring.
//! `cargo bench --bench clv -- grid.csv` compares predictions with the grid that `reference.py` writes.
//! `-- --export FILE MODEL CUSTOMERS` and `-- --fit FILE MODEL` serve `peers/lifetimes_run.py`.

#![expect(clippy::print_stdout, reason = "a bench prints")]

mod accuracy;
mod side_by_side;
mod speed;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--export", file, model, customers] => side_by_side::export(file, model, customers)?,
        ["--fit", file, model] => side_by_side::fit_file(file, model)?,
        [grid] => accuracy::compare(grid),
        _ => speed::measure(),
    }
    Ok(())
}
