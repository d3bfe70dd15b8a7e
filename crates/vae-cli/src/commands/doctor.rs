//! `vae doctor`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use vae_study::doctor::Findings;

use crate::failure::FAILED;
use crate::output::{json, line};
use crate::threads;

/// Say what this machine can do, and what is missing
///
/// Looks at threads, vector instructions, memory, compiled features, folders for results and locks,
/// and says of each what it means. The exit code is 1 if results cannot be written here, or if a
/// second process would not be kept out.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae doctor
  vae doctor --json")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<ExitCode> {
    let (version, hub) = (env!("CARGO_PKG_VERSION"), cfg!(feature = "hub"));
    let found = Findings::of(Path::new("."), version, threads::current(), hub);
    json(&found)?;
    found.lines().into_iter().try_for_each(line)?;
    Ok(if found.is_well() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
