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
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use vae_help::{EVERYWHERE, Length, described, on_one_screen};

use crate::commands::Command;
use crate::output::Manner;

/// Generative models of topology-optimization designs.
///
/// Learns convolutional variational autoencoders of 2-D designs and shows what they learned. Start
/// with `vae train`: without arguments it trains on the built-in set of cantilevers.
#[derive(Parser)]
#[command(
    name = "vae",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Cli {
    /// Threads to use [default: all]
    #[arg(long, value_name = "N", global = true, help_heading = EVERYWHERE)]
    threads: Option<usize>,
    /// No progress and no notes; warnings and errors remain
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    quiet: bool,
    /// Print one JSON object instead of words
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

impl Cli {
    /// Runs the command; the exit code distinguishes success from an interruption.
    fn run(self) -> Result<ExitCode> {
        if let Some(code) = threads::ensure(self.threads)? {
            return Ok(code);
        }
        output::speak(Manner { quiet: self.quiet, json: self.json });
        interrupt::errors_for_large_files()?;
        self.command.run()
    }
}

fn main() -> ExitCode {
    // The words after `--` are nobody's flags.
    let words = std::env::args_os().take_while(|word| word != "--");
    let length =
        if words.into_iter().any(|word| word == "--help") { Length::Screen } else { Length::List };
    let matches = on_one_screen(described(Cli::command()), length).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Freed tensors stay with the process: a training step takes the same sizes again and again,
    // and page faults were a fifth of it.
    vae_nn::keep_freed_memory();
    match cli.run() {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
