//! `vae traverse`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use vae_base::text::counted;
use vae_study::pictures::draw_square;
use vae_study::{Model, StudyError};
use vae_train::codes::decode;
use vae_train::generate::{by_effect, conditions, square};

use crate::args::{ModelArgs, ProblemArgs, TwoDimensions, two_dimensions};
use crate::failure::UsageError;
use crate::output::{self, line, shown};

/// Sweep a square of latent space
///
/// Decodes a grid of points over two latent dimensions, with the others at 0 and the conditions
/// fixed. By default the two dimensions are those that change the design most.
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
    /// Range of both dimensions: from -X to X
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
    let Model { vae, device, .. } = args.model.open()?;
    let condition = conditions(&vae, &args.set)?;
    let run = args.model.with_data_if(vae.config().fields.is_some());
    let given = args.problem.briefing(run.as_ref())?.given(&vae, &condition)?;
    let latent_dim = vae.config().latent_dim;
    let (across, up) = match args.dims {
        Some(dims) => dims.of(latent_dim)?,
        None => match by_effect(&vae, &given, &device)?.as_slice() {
            [across, up, ..] => (*across, *up),
            _ => return Err(StudyError::OneDimension { latent_dim }.into()),
        },
    };
    let zs = square(latent_dim, (across, up), args.reach, args.steps);
    let given = given.select(&vec![0; zs.nrows()]);
    let designs = decode(&vae, &zs, &given, &device)?;

    output::folder(&args.out)?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &designs, given.conditions(), &zs)?;
    let picture = args.out.join("designs.png");
    draw_square(&vae, &condition, &zs, (across, up), &designs, &picture)?;
    let designs = counted(zs.nrows(), "design");
    line(format!("{designs}: {}, {}", shown(&arrays), shown(&picture)))?;
    Ok(ExitCode::SUCCESS)
}
