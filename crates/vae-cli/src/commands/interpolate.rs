//! `vae interpolate`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use vae_models::Vae;
use vae_study::Model;
use vae_study::walk::{Course, Ends, Walk};
use vae_train::generate::Path as Way;

use crate::args::{RunArgs, assignment};
use crate::failure::UsageError;
use crate::output::{self, json, line, shown};

/// Walk from one design to another, between random points, or along one condition
///
/// Between two designs, both the latent code and the conditions move on a straight line. Between
/// two draws from the prior, the conditions stay at their training mean. Along a condition, the
/// latent code and the other conditions stay those of the training design whose code is nearest to
/// the median of all; without data, the mean of the prior and the training means. `--set` holds a
/// condition, and `--set-end` moves it. By default the walk is between two designs of one problem.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae interpolate
  vae interpolate --from 3 --to 40 --steps 9 --path spherical --out walk
  vae interpolate --random --seed 5 --set volume_fraction=0.4
  vae interpolate --random --set volume_fraction=0.3 --set-end volume_fraction=0.5
  vae interpolate --along volume_fraction --set load_y=0.5")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// First design, by its position in the data set
    #[arg(long, value_name = "I", requires = "to", conflicts_with_all = ["along", "random"])]
    from: Option<usize>,
    /// Last design
    #[arg(long, value_name = "J", requires = "from")]
    to: Option<usize>,
    /// Walk between two draws from the prior
    #[arg(long, conflicts_with = "along")]
    random: bool,
    /// Seed of those draws
    #[arg(long, value_name = "N", default_value_t = 1, requires = "random")]
    seed: u64,
    /// Condition to walk along, over its training range
    #[arg(long, value_name = "NAME")]
    along: Option<String>,
    /// How the latent code gets from one end to the other
    #[arg(long, value_enum, default_value = "linear", conflicts_with = "along")]
    path: PathArg,
    /// A condition to hold, NAME=VALUE; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// The value of a condition at the end, NAME=VALUE; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment, conflicts_with = "along")]
    set_end: Vec<(String, f32)>,
    /// Number of pictures, both ends included
    #[arg(long, value_name = "N", default_value_t = 8)]
    steps: usize,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "interpolation")]
    out: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum PathArg {
    /// On the straight line
    Linear,
    /// On a great circle, with evenly changing length
    Spherical,
}

impl Args {
    fn course(&self) -> Course<'_> {
        let way = match self.path {
            PathArg::Linear => Way::Linear,
            PathArg::Spherical => Way::Spherical,
        };
        Course { steps: self.steps, way, held: &self.set, at_end: &self.set_end }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if !(2..=256).contains(&args.steps) {
        return Err(UsageError::new("--steps counts both ends: it must be from 2 to 256").into());
    }
    let course = args.course();
    if args.random || args.along.is_some() {
        let Model { vae, .. } = args.run.model.open()?;
        let run =
            args.run.model.with_data_if(args.along.is_some() || vae.config().fields.is_some());
        let briefing = args.run.briefing(run.as_ref())?;
        let walk = match &args.along {
            Some(name) => Walk::along(&vae, run.as_ref(), &briefing, name, course)?,
            None => Walk::between_draws(&vae, &briefing, args.seed, course)?,
        };
        return write(args, &vae, &walk);
    }
    let run = args.run.open()?;
    let ends = match args.from.zip(args.to) {
        Some((from, to)) => Ends::chosen(&run, from, to)?,
        None => Ends::held_out(&run)?,
    };
    let walk = Walk::between_designs(&run, &ends, course)?;
    write(args, &run.vae, &walk)
}

fn write(args: &Args, vae: &Vae, walk: &Walk) -> Result<ExitCode> {
    let designs = walk.designs(vae)?;
    output::folder(&args.out)?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &designs, walk.given.conditions(), &walk.zs)?;
    let picture = args.out.join("designs.png");
    walk.draw(&designs, &picture)?;
    let files = [shown(&arrays), shown(&picture)];
    json(&json!({ "designs": args.steps, "files": files }))?;
    line(format!("{} designs: {}, {}", args.steps, shown(&arrays), shown(&picture)))?;
    Ok(ExitCode::SUCCESS)
}
