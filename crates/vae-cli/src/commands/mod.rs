//! One file per subcommand.

mod analyze;
mod bench;
mod config;
mod data;
mod decode;
mod doctor;
mod encode;
mod evaluate;
mod explore;
mod export;
mod fetch;
mod help;
mod interpolate;
mod outliers;
mod plot;
mod problem;
mod propose;
mod reconstruct;
mod sample;
mod simp;
mod train;
mod traverse;
mod weights;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// What `vae` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Train(Box<train::Args>),
    Evaluate(evaluate::Args),
    Reconstruct(reconstruct::Args),
    Sample(sample::Args),
    Interpolate(interpolate::Args),
    Propose(Box<propose::Args>),
    Explore(explore::Args),
    #[command(subcommand)]
    Problem(problem::Command),
    Analyze(analyze::Args),
    Export(export::Args),
    Traverse(traverse::Args),
    #[command(subcommand)]
    Plot(plot::Command),
    Outliers(outliers::Args),
    Encode(encode::Args),
    Decode(decode::Args),
    #[command(subcommand)]
    Weights(weights::Command),
    #[command(subcommand)]
    Simp(simp::Command),
    #[command(subcommand)]
    Data(data::Command),
    #[command(subcommand)]
    Bench(bench::Command),
    #[command(subcommand)]
    Config(config::Command),
    Doctor(doctor::Args),
    Completions(help::Completions),
    Man(help::Manual),
    Help(help::Help),
}

impl Command {
    /// Runs it; the exit code tells done from interrupted.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self {
            Self::Train(args) => train::run(&args),
            Self::Evaluate(args) => evaluate::run(&args),
            Self::Reconstruct(args) => reconstruct::run(&args),
            Self::Sample(args) => sample::run(&args),
            Self::Interpolate(args) => interpolate::run(&args),
            Self::Propose(args) => propose::run(&args),
            Self::Explore(args) => explore::run(&args),
            Self::Problem(command) => problem::run(&command),
            Self::Analyze(args) => analyze::run(&args),
            Self::Export(args) => export::run(&args),
            Self::Traverse(args) => traverse::run(&args),
            Self::Plot(command) => plot::run(&command),
            Self::Outliers(args) => outliers::run(&args),
            Self::Encode(args) => encode::run(&args),
            Self::Decode(args) => decode::run(&args),
            Self::Weights(command) => weights::run(&command),
            Self::Simp(command) => simp::run(&command),
            Self::Data(command) => data::run(&command),
            Self::Bench(command) => bench::run(&command),
            Self::Config(command) => config::run(&command),
            Self::Doctor(args) => doctor::run(&args),
            Self::Completions(args) => help::complete(&args),
            Self::Man(args) => help::manual(&args),
            Self::Help(args) => help::help(&args),
        }
    }
}
