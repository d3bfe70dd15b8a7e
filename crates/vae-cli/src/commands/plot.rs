//! `vae plot`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use ndarray::ArrayView1;
use serde_json::json;
use vae_base::text::counted;
use vae_data::{Reading, Setting, open_with};
use vae_study::StudyError;
use vae_study::latent::most_active;
use vae_study::pictures::{Quantity, draw_curves, draw_latent, draw_resizing, draw_samples};

use crate::args::{ModelArgs, PartArg, RunArgs, TwoDimensions, two_dimensions};
use crate::failure::UsageError;
use crate::output::{self, json, line, shown};
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
/// Prints the mean and the deviation of the posterior means in every latent dimension. By default
/// the two dimensions with the largest deviations are drawn.
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
    part: PartArg,
    /// Picture to write
    #[arg(long, value_name = "FILE", default_value = "latent.png")]
    out: PathBuf,
}

/// Draw some designs of a data set, and how its conditions are distributed
///
/// With `--resize`, also draw the same designs before and after resizing.
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

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Curves(args) => curves(args),
        Command::Latent(args) => latent(args),
        Command::Samples(args) => samples(args),
    }
}

fn curves(args: &CurvesArgs) -> Result<ExitCode> {
    let folder = args.model.folder()?;
    draw_curves(&folder, &args.out)?;
    json(&json!({ "picture": shown(&args.out) }))?;
    line(format!("training curves of {} in {}", shown(folder.root()), shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}

fn latent(args: &LatentArgs) -> Result<ExitCode> {
    let run = args.run.open()?;
    let codes = run.codes(args.part.into())?;
    let latent_dim = codes.means.ncols();
    let columns = match args.dims {
        Some(dims) => dims.of(latent_dim)?,
        None => most_active(&codes.activity).ok_or(StudyError::OneDimension { latent_dim })?,
    };
    draw_latent(&run, &codes, columns, args.color.as_deref(), "Posterior means", &args.out)?;
    let mean = |column: ArrayView1<'_, f32>| {
        column.iter().map(|&z| f64::from(z)).sum::<f64>() / column.len().max(1) as f64
    };
    let means: Vec<f64> = codes.means.columns().into_iter().map(mean).collect();
    let deviations: Vec<f64> = codes.activity.iter().map(|variance| variance.sqrt()).collect();
    json(&json!({
        "designs": codes.means.nrows(), "means": means, "deviations": deviations,
        "picture": shown(&args.out),
    }))?;
    for (dim, (mean, deviation)) in means.iter().zip(&deviations).enumerate() {
        line(format!("z{}: mean {mean:.4}, deviation {deviation:.4}", dim + 1))?;
    }
    line(format!("{} in {}", counted(codes.means.nrows(), "design"), shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}

fn samples(args: &SamplesArgs) -> Result<ExitCode> {
    if args.count == 0 {
        return Err(UsageError::new("--count 0 leaves nothing to do").into());
    }
    let reading = args.reading.reading()?;
    let data = open_data(&args.source, &reading)?;
    output::folder(&args.out)?;
    let sheet = args.out.join("samples.png");
    let chosen = draw_samples(&data, args.count, args.seed, &sheet)?;
    let mut pictures = vec![shown(&sheet)];
    line(format!("{} in {}", counted(chosen.len(), "design"), shown(&sheet)))?;

    if let Some(size) = reading.resize.given() {
        let reading = Reading { resize: Setting::None, ..reading.clone() };
        let as_found = open_with(&args.source.parse()?, &reading)?;
        let out = args.out.join("resized.png");
        draw_resizing(&as_found, &data, &size.to_string(), &chosen, &out)?;
        pictures.push(shown(&out));
        line(format!("originals and resized copies in {}", shown(&out)))?;
    }

    for quantity in Quantity::conditions(&data) {
        let title = format!("{} of {}", counted(data.len(), "design"), data.name());
        let out = args.out.join(format!("histogram-{}.png", quantity.file));
        quantity.draw(&title, &out)?;
        pictures.push(shown(&out));
        line(format!("{} in {}", quantity.name, shown(&out)))?;
    }
    json(&json!({ "designs": chosen, "pictures": pictures }))?;
    Ok(ExitCode::SUCCESS)
}
