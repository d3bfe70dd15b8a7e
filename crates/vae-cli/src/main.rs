//! The `vae` command: arguments in, calls into the libraries, words out.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done; 1 something is wrong inside
//! a file, or with input and output, or a run failed; 2 a wrong flag or configuration, a missing
//! input path, an existing run folder; 130 interrupted.

mod args;
mod choices;
mod commands;
mod failure;
mod interrupt;
mod lengths;
mod machine;
mod output;
mod progress;
mod reading;
mod threads;
mod words;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use anyhow::Result;
use clap::builder::StyledStr;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::commands::Command;

/// Generative models of topology-optimization designs.
///
/// Learns convolutional variational autoencoders of 2-D designs and shows what they learned. Start
/// with `vae train`: without arguments it trains on the built-in set of cantilevers.
#[derive(Parser)]
#[command(name = "vae", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    /// Threads to use [default: all]
    #[arg(long, value_name = "N", global = true)]
    threads: Option<usize>,
    #[command(subcommand)]
    command: Command,
}

impl Cli {
    /// Runs the command; the exit code distinguishes success from an interruption.
    fn run(self) -> Result<ExitCode> {
        if let Some(code) = threads::ensure(self.threads)? {
            return Ok(code);
        }
        interrupt::errors_for_large_files()?;
        self.command.run()
    }
}

/// A command whose help has quotes where its source, which is Markdown, has backticks.
fn in_quotes(command: clap::Command) -> clap::Command {
    let plain = |text: &StyledStr| text.to_string().replace('`', "'");
    let mut command = command.mut_subcommands(in_quotes).mut_args(|arg| {
        let (help, long) = (arg.get_help().map(plain), arg.get_long_help().map(plain));
        let arg = help.into_iter().fold(arg, clap::Arg::help);
        long.into_iter().fold(arg, clap::Arg::long_help)
    });
    if let Some(about) = command.get_about().map(plain) {
        command = command.about(about);
    }
    match command.get_long_about().map(plain) {
        Some(about) => command.long_about(about),
        None => command,
    }
}

fn main() -> ExitCode {
    let matches = in_quotes(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Freed tensors stay with the process: a training step takes the same sizes again and again,
    // and page faults were a fifth of it.
    vae_nn::keep_freed_memory();
    match cli.run() {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
