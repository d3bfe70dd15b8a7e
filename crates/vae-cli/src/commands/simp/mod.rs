//! `vae simp`.

mod generate;
mod solve;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// Optimize structures
#[derive(Subcommand)]
pub(crate) enum Command {
    Solve(solve::Args),
    Generate(generate::Args),
}

impl Command {
    pub(crate) fn threads(&self) -> Option<usize> {
        match self {
            Self::Solve(args) => args.threads,
            Self::Generate(args) => args.threads,
        }
    }
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Solve(args) => solve::run(args),
        Command::Generate(args) => generate::run(args),
    }
}
