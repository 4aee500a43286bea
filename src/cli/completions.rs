//! `abacus completions` and `abacus man`: what shells and `man` know of the commands.

use crate::error::{Error, Kind, Result};
use clap::{Args, Command};
use clap_complete::Shell;
use std::fs;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Where the pages go; made if it is not there.
    folder: PathBuf,
}

pub(super) fn completions(args: &CompletionsArgs, command: &mut Command) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// A page for each command.
pub(super) fn man(args: &ManArgs, command: Command) -> Result<String> {
    let failed = |fault: std::io::Error| Error::io(Kind::Input, &args.folder, &fault);
    fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(command, &args.folder).map_err(failed)?;
    Ok(format!("man pages in {}\n", args.folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::terminal::escaped_lines;
    use clap::{CommandFactory, ValueEnum};

    #[test]
    fn scripts_know_the_commands_and_hold_nothing_that_printing_would_escape() {
        for shell in Shell::value_variants() {
            let script = completions(&CompletionsArgs { shell: *shell }, &mut Cli::command());
            assert!(script.contains("whatif") && script.contains("--only"), "{shell}");
            assert_eq!(escaped_lines(&script), script, "{shell}");
        }
    }

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        man(&ManArgs { folder: folder.path().to_owned() }, Cli::command()).unwrap();
        let page = fs::read_to_string(folder.path().join("abacus-run.1")).unwrap();
        assert!(page.contains("publish a release") && page.contains("only"));
    }
}
