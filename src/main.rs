fn main() -> std::process::ExitCode {
    abacus::cli::main()
}
