//! `vae interpolate`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use candle_core::Device;
use ndarray::{Array2, Axis};
use vae_models::Vae;
use vae_report::{Strip, strip};
use vae_train::TrainError;
use vae_train::evaluate::encode;
use vae_train::explore::{
    Path as Way, condition_column, conditions, decode, path, prior_draws, repeated, set_conditions,
};

use crate::failure::UsageError;
use crate::figures::Ends;
use crate::opened::{OpenedModel, OpenedRun, RunArgs};
use crate::output::{self, line, shown};

/// Walk from one design to another, between random points, or along one condition
///
/// Between two designs both the latent code and the conditions go on a straight line; between two
/// draws from the prior the conditions stay at their training mean; along a condition the latent
/// code stays at the prior's mean. `--set` holds a condition, `--set-end` makes it move. Without a
/// choice: between two designs of one problem.
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
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::sample::assignment)]
    set: Vec<(String, f32)>,
    /// The value of a condition at the end, NAME=VALUE; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::sample::assignment, conflicts_with = "along")]
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
    /// On a great circle: the length changes evenly
    Spherical,
}

/// Latent codes, conditions and labels of the pictures.
struct Walk {
    title: String,
    zs: Array2<f32>,
    cs: Array2<f32>,
    labels: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.steps < 2 {
        return Err(UsageError::new("--steps counts both ends, so there are at least 2").into());
    }
    if args.random || args.along.is_some() {
        let OpenedModel { vae, device, .. } = args.run.model.open()?;
        let walk = match &args.along {
            Some(name) => along(&vae, name, args)?,
            None => between_draws(&vae, args)?,
        };
        return write(args, &vae, &device, &walk);
    }
    let opened = args.run.open()?;
    let ends = match args.from.zip(args.to) {
        Some((from, to)) => {
            let len = opened.data.len();
            if let Some(index) = [from, to].into_iter().find(|&index| len <= index) {
                return Err(TrainError::Index { index, part: "data set", len }.into());
            }
            Ends::chosen(&opened, from, to)
        }
        None => Ends::in_test_split(&opened)?.ok_or_else(|| {
            UsageError::new("the test split is empty; choose two designs with --from and --to")
        })?,
    };
    let walk = between_designs(&opened, &ends, args)?;
    write(args, &opened.vae, &opened.device, &walk)
}

fn write(args: &Args, vae: &Vae, device: &Device, walk: &Walk) -> Result<ExitCode> {
    let designs = decode(vae, &walk.zs, &walk.cs, device)?;
    output::folder(&args.out)?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &designs, &walk.cs, &walk.zs)?;
    let picture = args.out.join("designs.png");
    let figure = Strip { title: &walk.title, designs: designs.view(), labels: &walk.labels };
    strip(&figure, &picture).with_context(|| format!("cannot draw {}", picture.display()))?;
    line(format!("{} designs: {}, {}", args.steps, shown(&arrays), shown(&picture)))?;
    Ok(ExitCode::SUCCESS)
}

fn between_designs(opened: &OpenedRun, ends: &Ends, args: &Args) -> Result<Walk> {
    let (designs, pair) = (opened.designs(), [ends.from, ends.to]);
    let codes = encode(&opened.vae, &designs, &pair, &opened.device)?;
    let names = pair.map(|index| format!("design {index}"));
    walk(&opened.vae, ends.title().to_owned(), &codes, designs.conditions(&pair), names, args)
}

fn between_draws(vae: &Vae, args: &Args) -> Result<Walk> {
    let draws = prior_draws(vae.config().latent_dim, 2, args.seed);
    let cs = repeated(&conditions(vae, &[])?, 2);
    let names = ["draw 1", "draw 2"].map(str::to_owned);
    walk(vae, "Interpolation between two prior draws".into(), &draws, cs, names, args)
}

/// The way between two codes, under conditions of which some are held and some moved.
fn walk(
    vae: &Vae,
    title: String,
    codes: &Array2<f32>,
    mut cs: Array2<f32>,
    [from, to]: [String; 2],
    args: &Args,
) -> Result<Walk> {
    for (row, also) in [(0, &[][..]), (1, args.set_end.as_slice())] {
        let mut values = cs.row(row).to_vec();
        set_conditions(vae, &mut values, &args.set)?;
        set_conditions(vae, &mut values, also)?;
        cs.row_mut(row).assign(&ndarray::ArrayView1::from(&values));
    }
    let way = match args.path {
        PathArg::Linear => Way::Linear,
        PathArg::Spherical => Way::Spherical,
    };
    let share = |step: usize| format!("{:.2}", step as f64 / (args.steps - 1) as f64);
    let mut labels: Vec<String> = (0..args.steps).map(share).collect();
    labels[0] = from;
    labels[args.steps - 1] = to;
    let cs = path(&cs, args.steps, Way::Linear);
    Ok(Walk { title, zs: path(codes, args.steps, way), cs, labels })
}

fn along(vae: &Vae, name: &str, args: &Args) -> Result<Walk> {
    let held = conditions(vae, &args.set)?;
    let column = condition_column(vae, name)?;
    let range = &vae.config().conditions[column];
    let mut ends = repeated(&held, 2);
    (ends[[0, column]], ends[[1, column]]) = (range.min, range.max);
    let cs = path(&ends, args.steps, Way::Linear);
    let labels =
        cs.index_axis(Axis(1), column).iter().map(|value| format!("{name} {value:.3}")).collect();
    let title = format!("The prior's mean along {name}");
    Ok(Walk { title, zs: Array2::zeros((args.steps, vae.config().latent_dim)), cs, labels })
}
