//! `vae interpolate`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use ndarray::{Array2, Axis};
use vae_report::{Strip, strip};
use vae_train::TrainError;
use vae_train::evaluate::encode;
use vae_train::explore::{condition_column, conditions, decode, line as straight};

use crate::failure::UsageError;
use crate::figures::two_designs;
use crate::opened::{OpenedRun, RunArgs};
use crate::output::{self, line, shown};

/// Walk from one design to another, or along one condition
///
/// Between two designs both the latent code and the conditions go on a straight line; along a condition the latent code stays at the
/// prior's mean and the other conditions at their training mean. Without a choice: between two designs of one problem.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae interpolate
  vae interpolate --from 3 --to 40 --steps 9 --out walk
  vae interpolate --along volume_fraction --set load_y=0.5")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// First design, by its position in the data set
    #[arg(long, value_name = "I", requires = "to", conflicts_with = "along")]
    from: Option<usize>,
    /// Last design
    #[arg(long, value_name = "J", requires = "from")]
    to: Option<usize>,
    /// Condition to walk along, over its training range
    #[arg(long, value_name = "NAME")]
    along: Option<String>,
    /// A condition to hold, NAME=VALUE; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::sample::assignment, requires = "along")]
    set: Vec<(String, f32)>,
    /// Number of pictures, both ends included
    #[arg(long, value_name = "N", default_value_t = 8)]
    steps: usize,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "interpolation")]
    out: PathBuf,
}

/// Latent codes, conditions and labels of the pictures.
struct Path {
    zs: Array2<f32>,
    cs: Array2<f32>,
    labels: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.steps < 2 {
        return Err(UsageError::new("--steps counts both ends, so there are at least 2").into());
    }
    let opened = args.run.open()?;
    let path = if let Some(name) = &args.along {
        along(&opened, name, &args.set, args.steps)?
    } else {
        let given = args.from.zip(args.to);
        let ends = if given.is_some() { given } else { two_designs(&opened)? };
        let none =
            || UsageError::new("the test split is empty; choose two designs with --from and --to");
        let (from, to) = ends.ok_or_else(none)?;
        between(&opened, from, to, args.steps)?
    };
    let designs = decode(&opened.vae, &path.zs, &path.cs, &opened.device)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot create {}", args.out.display()))?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &designs, &path.cs)?;
    let picture = args.out.join("designs.png");
    let figure = Strip { title: "Interpolation", designs: designs.view(), labels: &path.labels };
    strip(&figure, &picture).with_context(|| format!("cannot draw {}", picture.display()))?;
    line(format!("{} designs: {}, {}", args.steps, shown(&arrays), shown(&picture)))?;
    Ok(ExitCode::SUCCESS)
}

fn between(opened: &OpenedRun, from: usize, to: usize, steps: usize) -> Result<Path> {
    let len = opened.data.len();
    if let Some(index) = [from, to].into_iter().find(|&index| len <= index) {
        return Err(TrainError::Index { index, part: "data set", len }.into());
    }
    let designs = opened.designs();
    let codes = encode(&opened.vae, &designs, &[from, to], &opened.device)?;
    let ends = designs.conditions(&[from, to]);
    let labels = (0..steps).map(|step| match step {
        0 => format!("design {from}"),
        _ if step + 1 == steps => format!("design {to}"),
        _ => format!("{:.2}", step as f64 / (steps - 1) as f64),
    });
    Ok(Path { zs: straight(&codes, steps), cs: straight(&ends, steps), labels: labels.collect() })
}

fn along(opened: &OpenedRun, name: &str, set: &[(String, f32)], steps: usize) -> Result<Path> {
    let held = conditions(&opened.vae, set)?;
    let column = condition_column(&opened.vae, name)?;
    let range = &opened.vae.config().conditions[column];
    let mut ends = Array2::from_shape_fn((2, held.len()), |(_, i)| held[i]);
    (ends[[0, column]], ends[[1, column]]) = (range.min, range.max);
    let cs = straight(&ends, steps);
    let labels =
        cs.index_axis(Axis(1), column).iter().map(|value| format!("{name} {value:.3}")).collect();
    Ok(Path { zs: Array2::zeros((steps, opened.vae.config().latent_dim)), cs, labels })
}
