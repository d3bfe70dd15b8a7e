//! `vae traverse`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use vae_base::text::counted;
use vae_study::sweep::{Sweep, SweepSettings};

use crate::args::{ModelArgs, ProblemArgs, TwoDimensions, two_dimensions};
use crate::failure::UsageError;
use crate::output::{self, json, line, shown};

/// Sweep a square of latent space
///
/// Decodes a grid of points over two latent dimensions around a real design: the training design
/// whose code is nearest to the median of all, with the other dimensions as in its code, and its
/// conditions unless some are set. Without data the middle is the mean of the prior. By default the
/// two dimensions are those that change the design most.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae traverse
  vae traverse runs/cantilever-default-1 --dims 1,2 --steps 8 --reach 2 --out square
  vae traverse --set volume_fraction=0.4")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    problem: ProblemArgs,
    /// Two latent dimensions, across and up, counted from 1
    #[arg(long, value_name = "I,J", value_parser = two_dimensions)]
    dims: Option<TwoDimensions>,
    /// How far both dimensions reach from the middle
    #[arg(long, value_name = "X", default_value_t = 2.0)]
    reach: f32,
    /// Designs along each side
    #[arg(long, value_name = "N", default_value_t = 8)]
    steps: usize,
    /// A condition, NAME=VALUE, in the data's own unit; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::args::assignment)]
    set: Vec<(String, f32)>,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "traversal")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if !(2..=32).contains(&args.steps) {
        return Err(UsageError::new("--steps must be from 2 to 32").into());
    }
    if !(0.0 < args.reach && args.reach.is_finite()) {
        return Err(UsageError::new("--reach must be a positive number").into());
    }
    let model = args.model.open()?;
    let dims = args.dims.map(|dims| dims.of(model.vae.config().latent_dim)).transpose()?;
    let run = args.model.with_data();
    let briefing = args.problem.briefing(run.as_ref())?;
    let settings = SweepSettings { dims, reach: args.reach, steps: args.steps, set: &args.set };
    let sweep = Sweep::new(&model, run.as_ref(), &briefing, settings)?;

    output::folder(&args.out)?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &sweep.designs, sweep.given.conditions(), &sweep.zs)?;
    let picture = args.out.join("designs.png");
    sweep.draw(&picture)?;
    let designs = sweep.zs.nrows();
    let (dims, files) = (sweep.dimensions(), [shown(&arrays), shown(&picture)]);
    json(&json!({ "designs": designs, "dimensions": dims, "files": files }))?;
    let designs = counted(designs, "design");
    line(format!("{designs}: {}, {}", shown(&arrays), shown(&picture)))?;
    Ok(ExitCode::SUCCESS)
}
