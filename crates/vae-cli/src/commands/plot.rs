//! `vae plot`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use ndarray::Axis;
use vae_data::{Reading, Setting, open_with, shuffled};
use vae_report::{
    Comparison, Grid, Histogram, Scatter, Shade, Version, comparison, curves, grid, histogram,
    latent_scatter,
};
use vae_train::evaluate::{encode, unit_activity};
use vae_train::{TargetKind, Targets};

use crate::dimensions::{TwoDimensions, two_dimensions};
use crate::failure::UsageError;
use crate::opened::{ModelArgs, Part, RunArgs};
use crate::output::{self, line, shown};
use crate::reading::{ReadingArgs, open_data};

/// Draw one figure: training curves, latent space, or samples of data
#[derive(Subcommand)]
pub(crate) enum Command {
    Curves(CurvesArgs),
    Latent(LatentArgs),
    Samples(SamplesArgs),
}

/// Draw the training curves of a run
///
/// Bound or loss, its two terms, KL per latent dimension, reconstruction, rates.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae plot curves
  vae plot curves runs/cantilever-default-1 --out curves.png")]
pub(crate) struct CurvesArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Picture to write
    #[arg(long, value_name = "FILE", default_value = "curves.png")]
    out: PathBuf,
}

/// Draw the posterior means of designs, colored by a condition
///
/// Prints mean and deviation of the posterior means in every latent dimension. Without a choice the
/// two dimensions with the largest deviations are drawn.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae plot latent
  vae plot latent --color volume_fraction --dims 1,2 --part train --out latent.png")]
pub(crate) struct LatentArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Condition that colors the points [default: the first one]
    #[arg(long, value_name = "NAME")]
    color: Option<String>,
    /// Two latent dimensions, across and up, counted from 1
    #[arg(long, value_name = "I,J", value_parser = two_dimensions)]
    dims: Option<TwoDimensions>,
    /// Which designs
    #[arg(long, value_enum, default_value = "test")]
    part: Part,
    /// Picture to write
    #[arg(long, value_name = "FILE", default_value = "latent.png")]
    out: PathBuf,
}

/// Draw some designs of a data set, and how its conditions are distributed
///
/// With `--resize` also the same designs before and after it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae plot samples builtin
  vae plot samples my-designs/ --count 40 --seed 3 --out my-designs-shown
  vae plot samples pictures/ --resize 64x192 --count 8 --out resized")]
pub(crate) struct SamplesArgs {
    /// `builtin`, a folder of pictures, arrays or tables, a data-set folder, a .npy or .npz file,
    /// `mnist:FOLDER`
    #[arg(value_name = "SOURCE", default_value = "builtin")]
    source: String,
    #[command(flatten)]
    reading: ReadingArgs,
    /// How many designs
    #[arg(long, value_name = "N", default_value_t = 24)]
    count: usize,
    /// Seed of the choice
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder to write into: samples.png, histogram-NAME.png, and with --resize also resized.png
    #[arg(long, value_name = "DIR", default_value = "data-figures")]
    out: PathBuf,
}

impl Command {
    pub(crate) fn threads(&self) -> Option<usize> {
        match self {
            Self::Curves(args) => args.model.threads,
            Self::Latent(args) => args.run.model.threads,
            Self::Samples(_) => None,
        }
    }
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Curves(args) => draw_curves(args),
        Command::Latent(args) => draw_latent(args),
        Command::Samples(args) => draw_samples(args),
    }
}

fn draw_curves(args: &CurvesArgs) -> Result<ExitCode> {
    let folder = args.model.folder()?;
    let events = vae_train::metrics::read(&folder.metrics())?;
    curves(&vae_study::course(&events), &args.out)
        .with_context(|| format!("cannot draw {}", args.out.display()))?;
    line(format!("training curves of {} in {}", shown(folder.root()), shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}

fn draw_latent(args: &LatentArgs) -> Result<ExitCode> {
    let opened = args.run.open()?;
    let indices = opened.part(args.part);
    let means = encode(&opened.vae, &opened.designs(), &indices, &opened.device)?;
    let activity = unit_activity(&means);
    let columns = match args.dims {
        Some(dims) => dims.of(means.ncols())?,
        None => most_active(&activity)
            .ok_or_else(|| UsageError::new("a scatter takes two latent dimensions"))?,
    };
    let table = opened.data.conditions().select(Axis(0), &indices);
    let infos = opened.data.condition_info();
    let column = match &args.color {
        Some(name) => {
            opened.data.condition(name)?;
            infos.iter().position(|info| info.name == *name)
        }
        None => (!infos.is_empty()).then_some(0),
    };
    let condition =
        column.map(|column| Shade { name: &infos[column].name, values: table.column(column) });
    let figure =
        Scatter { title: "Posterior means", points: means.view(), columns, names: &[], condition };
    latent_scatter(&figure, &args.out)
        .with_context(|| format!("cannot draw {}", args.out.display()))?;
    for (dim, (column, variance)) in means.columns().into_iter().zip(&activity).enumerate() {
        let mean = column.iter().map(|&z| f64::from(z)).sum::<f64>() / column.len().max(1) as f64;
        line(format!("z{}: mean {mean:.4}, deviation {:.4}", dim + 1, variance.sqrt()))?;
    }
    line(format!("{} designs in {}", means.nrows(), shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}

/// The two dimensions of largest variance, the larger first.
pub(crate) fn most_active(activity: &[f64]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..activity.len()).collect();
    order.sort_by(|&a, &b| activity[b].total_cmp(&activity[a]));
    Some((*order.first()?, *order.get(1)?))
}

fn draw_samples(args: &SamplesArgs) -> Result<ExitCode> {
    if args.count == 0 {
        return Err(UsageError::new("--count 0 leaves nothing to do").into());
    }
    let reading = args.reading.reading()?;
    let data = open_data(&args.source, &reading)?;
    let all: Vec<usize> = (0..data.len()).collect();
    let mut chosen = shuffled(&all, &mut vae_base::stream(args.seed, "plot", 0));
    chosen.truncate(args.count);
    chosen.sort_unstable();
    output::folder(&args.out)?;

    let designs = Targets::new(&data, TargetKind::Grey, Vec::new()).array(&chosen)?;
    let captions: Vec<String> = chosen
        .iter()
        .map(|&index| {
            let values = data.conditions();
            let words = data.condition_info().iter().zip(values.row(index));
            // Two digits at most, and none for whole numbers.
            let words = words
                .map(|(info, value)| format!("{} {}", info.name, (value * 100.0).round() / 100.0));
            std::iter::once(format!("design {index}")).chain(words).collect::<Vec<_>>().join("\n")
        })
        .collect();
    let title = format!("{} of {} designs of {}", chosen.len(), data.len(), data.name());
    let figure = Grid { title: &title, captions: &captions, ..Grid::new(designs.view()) };
    let sheet = args.out.join("samples.png");
    grid(&figure, &sheet).with_context(|| format!("cannot draw {}", sheet.display()))?;
    line(format!("{} designs in {}", chosen.len(), shown(&sheet)))?;

    if let Some(size) = reading.resize.given() {
        let reading = Reading { resize: Setting::None, ..reading.clone() };
        let as_found = open_with(&args.source.parse()?, &reading)?;
        let originals = Targets::new(&as_found, TargetKind::Grey, Vec::new()).array(&chosen)?;
        let (height, width) = (as_found.height(), as_found.width());
        let versions = [
            Version {
                name: &format!("{height} x {width}"),
                designs: originals.view(),
                captions: &[],
            },
            Version { name: &format!("as {size}"), designs: designs.view(), captions: &[] },
        ];
        let out = args.out.join("resized.png");
        comparison(&Comparison { title: "Before and after resizing", versions: &versions }, &out)
            .with_context(|| format!("cannot draw {}", out.display()))?;
        line(format!("originals and resized copies in {}", shown(&out)))?;
    }

    for (info, values) in data.condition_info().iter().zip(data.conditions().columns()) {
        let name = if info.unit.is_empty() {
            info.name.clone()
        } else {
            format!("{} ({})", info.name, info.unit)
        };
        let title = format!("{} designs of {}", data.len(), data.name());
        let figure = Histogram { title: &title, name: &name, values, bins: None };
        let out = args.out.join(format!("histogram-{}.png", file_name(&info.name)));
        histogram(&figure, &out).with_context(|| format!("cannot draw {}", out.display()))?;
        line(format!("{name} in {}", shown(&out)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A name of a condition as part of a file's name.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect()
}
