//! `vae reconstruct`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use ndarray::Axis;
use vae_report::{Pairs, pairs};
use vae_train::evaluate::reconstruct;

use crate::figures::iou_captions;
use crate::opened::RunArgs;
use crate::output::{line, shown};

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
    let designs = opened.designs();
    let chosen = evenly_spaced(&opened.split.test, args.count);
    let originals = designs.array(&chosen)?;
    let reconstructions = reconstruct(&opened.vae, &designs, &chosen, &opened.device)?;
    let captions = iou_captions(originals.view(), reconstructions.view());
    let figure = Pairs {
        title: "Test designs and their reconstructions",
        originals: originals.view(),
        reconstructions: reconstructions.view(),
        captions: &captions,
    };
    pairs(&figure, &args.out).with_context(|| format!("cannot draw {}", args.out.display()))?;
    line(format!(
        "{} designs of {} in {}",
        chosen.len(),
        originals.len_of(Axis(0)),
        shown(&args.out)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// At most `count` of the items, evenly spaced.
pub(crate) fn evenly_spaced(items: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(items.len());
    (0..count).map(|i| items[i * items.len() / count]).collect()
}
