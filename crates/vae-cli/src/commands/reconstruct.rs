//! `vae reconstruct`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use vae_base::text::counted;
use vae_study::pictures::draw_reconstructions;

use crate::args::RunArgs;
use crate::output::{json, line, shown};

/// Draw test designs above their reconstructions
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae reconstruct
  vae reconstruct runs/cantilever-default-1 --count 12 --out reconstructions.png")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// How many test designs, evenly spaced over the split
    #[arg(long, value_name = "N", default_value_t = 8)]
    count: usize,
    /// Picture to write
    #[arg(long, value_name = "FILE", default_value = "reconstructions.png")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let opened = args.run.open()?;
    let (count, part) = draw_reconstructions(&opened, args.count, &args.out)?;
    let designs = counted(count, &format!("{} design", part.name()));
    json(&json!({ "designs": count, "part": part, "picture": shown(&args.out) }))?;
    line(format!("{designs} in {}", shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}
