//! The binary: all of it is in the library's `cli`.

fn main() -> std::process::ExitCode {
    abacus::cli::main()
}
