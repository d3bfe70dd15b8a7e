//! `vae outliers`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use vae_study::outliers::{Outliers, Unusual};

use crate::args::{PartArg, RunArgs};
use crate::failure::UsageError;
use crate::output::{self, json, line, shown};

/// Find designs that the model finds unusual
///
/// By distance: far from the mean code of the training designs, in latent units, in which the
/// deviation of the prior is 1. By likelihood: a low bound on ln p(x) from one draw, or a large
/// loss if the model has no likelihood. By coordinate: beyond a threshold in one latent dimension.
/// Writes a table with the codes and a sheet of the designs, the most unusual first.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae outliers
  vae outliers --by likelihood --count 24 --out unlikely
  vae outliers --below 1=-1.5
  vae outliers runs/cantilever-default-1 --above 2=2 --part test")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// What makes a design unusual
    #[arg(long, value_enum, default_value = "distance", conflicts_with_all = ["below", "above"])]
    by: By,
    /// Designs whose latent dimension I, counted from 1, is below X
    #[arg(long, value_name = "I=X", value_parser = threshold, allow_hyphen_values = true, conflicts_with = "above")]
    below: Option<(usize, f32)>,
    /// Designs whose latent dimension I is above X
    #[arg(long, value_name = "I=X", value_parser = threshold, allow_hyphen_values = true)]
    above: Option<(usize, f32)>,
    /// Largest number of designs
    #[arg(long, value_name = "N", default_value_t = 12)]
    count: usize,
    /// Which designs to look at
    #[arg(long, value_enum, default_value = "all")]
    part: PartArg,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "outliers")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// Distance from the mean code of the training designs
    Distance,
    /// Bound on ln p(x)
    Likelihood,
}

/// Reads `I=X`.
fn threshold(text: &str) -> Result<(usize, f32), String> {
    let wrong = || "write it as I=X: a latent dimension, counted from 1, and a number".to_owned();
    let (dimension, value) = text.split_once('=').ok_or_else(wrong)?;
    dimension.parse().ok().zip(value.parse().ok()).ok_or_else(wrong)
}

impl Args {
    fn unusual(&self) -> Unusual {
        match (self.below, self.above, self.by) {
            (Some((dimension, value)), ..) => Unusual::Below(dimension, value),
            (None, Some((dimension, value)), _) => Unusual::Above(dimension, value),
            (None, None, By::Distance) => Unusual::Distance,
            (None, None, By::Likelihood) => Unusual::Likelihood,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.count == 0 {
        return Err(UsageError::new("--count 0 leaves nothing to do").into());
    }
    let run = args.run.open()?;
    let outliers = run.outliers(args.part.into(), args.unusual())?;
    let Outliers { name, looked_at, found } = &outliers;
    if found.is_empty() {
        json(&json!({ "by": name, "looked_at": looked_at, "found": 0, "designs": [] }))?;
        line(format!("no design of {looked_at} is an outlier by {name}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::folder(&args.out)?;
    let table = args.out.join("outliers.csv");
    outliers.write_table(&run, args.count, &table)?;
    let picture = args.out.join("outliers.png");
    outliers.draw(&run, args.count, &picture)?;
    json(&json!({
        "by": name, "looked_at": looked_at, "found": found.len(),
        "designs": found[..args.count.min(found.len())],
        "files": [shown(&table), shown(&picture)],
    }))?;
    for outlier in found.iter().take(args.count.min(10)) {
        line(outlier.line())?;
    }
    line(format!(
        "{} of {} designs by {name}: {}, {}",
        args.count.min(found.len()),
        found.len(),
        shown(&table),
        shown(&picture)
    ))?;
    Ok(ExitCode::SUCCESS)
}
