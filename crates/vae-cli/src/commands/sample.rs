//! `vae sample`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use ndarray::{Array3, ArrayView2, Axis, concatenate};
use topo_data::{Connectivity, components};
use vae_models::Vae;
use vae_report::{Grid, grid};
use vae_train::explore::{conditions, decode, prior_draws, repeated};
use vae_train::run::write;

use crate::failure::UsageError;
use crate::figures::under;
use crate::opened::{ModelArgs, OpenedModel};
use crate::output::{self, line, shown};

/// Generate new designs from the prior
///
/// Writes the mean designs (densities 0 to 1), a contact sheet, and a table with what was asked and what came out. Conditions
/// that are not set stay at their training mean. With `--rows`, each row of the sheet has another value of one condition, and
/// each column another draw from the prior.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae sample --set volume_fraction=0.4 --set load_y=0.5 --count 16 --out samples
  vae sample --rows volume_fraction=0.3,0.4,0.5 --count 6 --out by-volume
  vae sample runs/cantilever-default-1 --count 8 --seed 7 --out more-samples")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// A condition, NAME=VALUE, in the data's own unit; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// A condition with one value for each row of the sheet
    #[arg(long, value_name = "NAME=V1,V2,...", value_parser = series)]
    rows: Option<Series>,
    /// How many draws: designs, or columns of the sheet with --rows
    #[arg(long, value_name = "N", default_value_t = 16)]
    count: usize,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "samples")]
    out: PathBuf,
}

/// Reads `NAME=VALUE`.
pub(crate) fn assignment(text: &str) -> Result<(String, f32), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let value: f32 = value.parse().map_err(|_| format!("{value:?} is not a number"))?;
    Ok((name.to_owned(), value))
}

/// A condition and the values that it takes.
#[derive(Clone)]
struct Series {
    name: String,
    values: Vec<f32>,
}

/// Reads `NAME=V1,V2,...`.
fn series(text: &str) -> Result<Series, String> {
    let (name, values) = text.split_once('=').ok_or("write it as NAME=V1,V2,...")?;
    let number = |text: &str| text.trim().parse().map_err(|_| format!("{text:?} is not a number"));
    let values = values.split(',').map(number).collect::<Result<_, _>>()?;
    Ok(Series { name: name.to_owned(), values })
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.count == 0 {
        return Err(UsageError::new("--count 0 leaves nothing to do").into());
    }
    let OpenedModel { vae, device, .. } = args.model.open()?;
    let rows = conditions_of_rows(&vae, args)?;
    let draws = prior_draws(vae.config().latent_dim, args.count, args.seed);
    let zs = concatenate(Axis(0), &vec![draws.view(); rows.len()])?;
    let blocks: Vec<_> = rows.iter().map(|row| repeated(row, args.count)).collect();
    let cs = concatenate(Axis(0), &blocks.iter().map(|block| block.view()).collect::<Vec<_>>())?;
    let designs = decode(&vae, &zs, &cs, &device)?;

    output::folder(&args.out)?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &designs, &cs, &zs)?;
    let table = args.out.join("designs.csv");
    write(&table, judged(&vae, &designs, cs.view()).as_bytes())?;
    let picture = args.out.join("designs.png");
    draw(&vae, args, &rows[0], &designs, &picture)?;
    line(format!(
        "{} designs: {}, {}, {}",
        designs.len_of(Axis(0)),
        shown(&arrays),
        shown(&picture),
        shown(&table)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// One condition vector for each row of the sheet; one in all without `--rows`.
fn conditions_of_rows(vae: &Vae, args: &Args) -> Result<Vec<Vec<f32>>> {
    let Some(series) = &args.rows else { return Ok(vec![conditions(vae, &args.set)?]) };
    let rows = series.values.iter().map(|&value| {
        let mut set = args.set.clone();
        set.push((series.name.clone(), value));
        Ok(conditions(vae, &set)?)
    });
    rows.collect()
}

fn draw(
    vae: &Vae,
    args: &Args,
    condition: &[f32],
    designs: &Array3<f32>,
    out: &std::path::Path,
) -> Result<()> {
    let captions: Vec<String> =
        designs.outer_iter().map(|design| format!("volume {:.3}", mean(design))).collect();
    let (name, values) = args
        .rows
        .as_ref()
        .map_or(("", &[][..]), |series| (series.name.as_str(), series.values.as_slice()));
    let title = format!("Prior samples{}", under(vae, condition, name));
    let row_labels: Vec<String> = values.iter().map(ToString::to_string).collect();
    let draws = if values.is_empty() { 0 } else { args.count };
    let column_labels: Vec<String> = (1..=draws).map(|draw| format!("draw {draw}")).collect();
    let figure = Grid {
        title: &title,
        columns: (0 < draws).then_some(draws),
        row_axis: name,
        row_labels: &row_labels,
        column_labels: &column_labels,
        captions: &captions,
        ..Grid::new(designs.view())
    };
    grid(&figure, out).with_context(|| format!("cannot draw {}", out.display()))
}

/// One row per design: the conditions asked for, the volume fraction that came out, pieces at 0.5 and the share outside the largest.
fn judged(vae: &Vae, designs: &Array3<f32>, cs: ArrayView2<'_, f32>) -> String {
    let mut text = String::from("design");
    for condition in &vae.config().conditions {
        let _ = write!(text, ",{}", condition.name);
    }
    text.push_str(",volume_fraction_realized,pieces,floating_share\n");
    for (i, (design, condition)) in designs.outer_iter().zip(cs.axis_iter(Axis(0))).enumerate() {
        let _ = write!(text, "{i}");
        condition.iter().for_each(|value| {
            let _ = write!(text, ",{value}");
        });
        let pieces = components(design, Connectivity::Eight);
        let _ = writeln!(text, ",{:.4},{},{:.4}", mean(design), pieces.count(), pieces.floating());
    }
    text
}

fn mean(design: ArrayView2<'_, f32>) -> f64 {
    design.iter().map(|&value| f64::from(value)).sum::<f64>() / design.len() as f64
}
