//! The `vae` command: arguments in, calls into the libraries, words out.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done; 1 something is wrong inside
//! a file, or with input and output, or a run failed; 2 a wrong flag or configuration, a missing
//! input path, an existing run folder; 130 interrupted.

mod cad;
mod commands;
mod compliances;
mod contact;
mod design;
mod dimensions;
mod failure;
mod fields;
mod figures;
mod interrupt;
mod judged;
mod latent;
mod length;
mod machine;
mod mechanics;
mod mirrors;
mod opened;
mod output;
mod progress;
mod reading;
mod report;
mod samplers;
mod scores;
mod stored;
mod threads;
mod trained;
mod trust;
mod words;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// Generative models of topology-optimization designs.
///
/// Learns convolutional variational autoencoders of 2-D designs and shows what they learned. Start
/// with `vae train`: without arguments it trains on the built-in set of cantilevers.
#[derive(Parser)]
#[command(name = "vae", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Freed tensors stay with the process: a training step takes the same sizes again and again,
    // and page faults were a fifth of it.
    vae_nn::keep_freed_memory();
    match cli.command.run() {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
