//! One file per subcommand.

mod bench;
mod data;
mod evaluate;
mod interpolate;
mod reconstruct;
mod sample;
mod simp;
mod train;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::{interrupt, threads};

/// What `vae` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Train(train::Args),
    Evaluate(evaluate::Args),
    Reconstruct(reconstruct::Args),
    Sample(sample::Args),
    Interpolate(interpolate::Args),
    #[command(subcommand)]
    Simp(simp::Command),
    #[command(subcommand)]
    Data(data::Command),
    #[command(subcommand)]
    Bench(bench::Command),
}

impl Command {
    /// Runs it; the exit code tells done from interrupted.
    pub(crate) fn run(self) -> Result<ExitCode> {
        if let Some(code) = threads::ensure(self.threads())? {
            return Ok(code);
        }
        interrupt::errors_for_large_files()?;
        match self {
            Self::Train(args) => train::run(&args),
            Self::Evaluate(args) => evaluate::run(&args),
            Self::Reconstruct(args) => reconstruct::run(&args),
            Self::Sample(args) => sample::run(&args),
            Self::Interpolate(args) => interpolate::run(&args),
            Self::Simp(command) => simp::run(&command),
            Self::Data(command) => data::run(&command),
            Self::Bench(command) => bench::run(&command),
        }
    }

    fn threads(&self) -> Option<usize> {
        match self {
            Self::Train(args) => args.threads,
            Self::Evaluate(args) => args.run.threads,
            Self::Reconstruct(args) => args.run.threads,
            Self::Sample(args) => args.run.threads,
            Self::Interpolate(args) => args.run.threads,
            Self::Simp(command) => command.threads(),
            Self::Data(_) => None,
            Self::Bench(command) => command.threads(),
        }
    }
}
