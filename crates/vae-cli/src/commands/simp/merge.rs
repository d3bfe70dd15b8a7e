//! `vae simp merge`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use topo_data::merge;

use super::command_line::command_line;
use super::made::{self, Pictures};

/// Put the parts of a generation together
///
/// PARTS are the files that `vae simp generate --shard` wrote, all of them; the data set has the
/// same bytes as that of an undivided generation.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae simp merge data/random.part-*.jsonl --out data/random")]
pub(crate) struct Args {
    /// Files of all parts
    #[arg(value_name = "PARTS", required = true)]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    pictures: Pictures,
    /// Folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    args.pictures.check()?;
    let report = merge(&args.parts, command_line, &args.out)?;
    made::finish(&report, &args.out, &args.pictures)
}
