//! `vae simp`.

mod command_line;
mod generate;
mod made;
mod merge;
mod solve;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// Optimize structures
#[derive(Subcommand)]
pub(crate) enum Command {
    Solve(solve::Args),
    Generate(Box<generate::Args>),
    Merge(merge::Args),
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Solve(args) => solve::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Merge(args) => merge::run(args),
    }
}
