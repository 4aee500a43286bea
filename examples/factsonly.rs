#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::print_stdout)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main() {
    let definition = abacus::pipeline::read(std::path::Path::new("/tmp/big/pipelines/retail.toml")).unwrap();
    let rounds: usize = std::env::args().nth(1).map_or(1, |n| n.parse().unwrap());
    for _ in 0..rounds {
        let folder = std::path::PathBuf::from("/tmp/big/factstate");
        let _ = std::fs::remove_dir_all(&folder);
        let start = std::time::Instant::now();
        let o = abacus::facts::GatherOptions {
            folder,
            as_of: None,
            full: true,
            again: None,
            verify_inputs: false,
            previous: None,
            progress: &|_, _| {},
        };
        let f = abacus::facts::gather(&definition, &o).unwrap();
        println!("{:.3} {}", start.elapsed().as_secs_f64(), f.customers.len());
    }
}
