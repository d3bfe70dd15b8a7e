//! `vae sample`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use ndarray::{Array2, ArrayView2, Axis};
use topo_data::{Connectivity, components};
use vae_report::{Grid, grid};
use vae_train::explore::{conditions, decode, prior_draws};
use vae_train::run::write;

use crate::failure::UsageError;
use crate::opened::{OpenedRun, RunArgs};
use crate::output::{self, line, shown};

/// Generate new designs from the prior
///
/// Writes the mean designs (densities 0 to 1), a contact sheet, and a table with what was asked and what came out. Conditions
/// that are not set stay at their training mean.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae sample --set volume_fraction=0.4 --set load_y=0.5 --count 16 --out samples
  vae sample runs/cantilever-default-1 --count 8 --seed 7 --out more-samples")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// A condition, NAME=VALUE, in the data's own unit; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// How many designs
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

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.count == 0 {
        return Err(UsageError::new("--count 0 leaves nothing to do").into());
    }
    let opened = args.run.open()?;
    let OpenedRun { vae, device, .. } = &opened;
    let condition = conditions(vae, &args.set)?;
    let cs = Array2::from_shape_fn((args.count, condition.len()), |(_, column)| condition[column]);
    let designs =
        decode(vae, &prior_draws(vae.config().latent_dim, args.count, args.seed), &cs, device)?;

    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot create {}", args.out.display()))?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &designs, &cs)?;
    let table = args.out.join("designs.csv");
    write(&table, judged(&opened, &designs, cs.view()).as_bytes())?;
    let sheet = args.out.join("designs.png");
    let captions: Vec<String> =
        designs.outer_iter().map(|design| format!("volume {:.3}", mean(design))).collect();
    let title = asked(&opened, &condition);
    let figure = Grid { title: &title, captions: &captions, ..Grid::new(designs.view()) };
    grid(&figure, &sheet).with_context(|| format!("cannot draw {}", sheet.display()))?;
    line(format!(
        "{} designs: {}, {}, {}",
        args.count,
        shown(&arrays),
        shown(&sheet),
        shown(&table)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// One row per design: the conditions asked for, the volume fraction that came out, pieces at 0.5 and the share outside the largest.
fn judged(opened: &OpenedRun, designs: &ndarray::Array3<f32>, cs: ArrayView2<'_, f32>) -> String {
    let mut text = String::from("design");
    for condition in &opened.vae.config().conditions {
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

/// The conditions in words.
fn asked(opened: &OpenedRun, condition: &[f32]) -> String {
    let words: Vec<String> = opened
        .vae
        .config()
        .conditions
        .iter()
        .zip(condition)
        .map(|(c, value)| format!("{} = {value:.3}", c.name))
        .collect();
    if words.is_empty() {
        "Prior samples".to_owned()
    } else {
        format!("Prior samples at {}", words.join(", "))
    }
}
