//! `vae decode`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use ndarray::{Array2, ArrayView1, Axis, Ix2};
use serde_json::json;
use vae_base::text::counted;
use vae_data::npz::Npz;
use vae_study::Model;
use vae_train::codes::decode;
use vae_train::generate::conditions;

use crate::args::{ModelArgs, ProblemArgs};
use crate::output::{self, json, line, shown};

/// Turn latent codes into designs
///
/// Reads `z` (N, Z) and, for a model with conditions, `conditions` (N, C) in the data's own units,
/// as `vae encode` writes them. With `--set`, or if the file has no conditions, all designs get the
/// same ones. Writes the mean designs, densities from 0 to 1.
#[derive(clap::Args)]
#[command(
    allow_missing_positional = true,
    after_help = "Examples:
  vae decode z.npz --out designs.npz
  vae decode runs/cantilever-default-1 z.npz --set volume_fraction=0.4
  vae decode model.safetensors z.npz"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    problem: ProblemArgs,
    /// The latent codes
    #[arg(value_name = "CODES", required = true)]
    codes: PathBuf,
    /// A condition, NAME=VALUE, in the data's own unit; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::args::assignment)]
    set: Vec<(String, f32)>,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "designs.npz")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Model { vae, device, .. } = args.model.open()?;
    let mut file = Npz::open(&args.codes)?;
    let zs = table(&mut file, args, "z", vae.config().latent_dim)?;
    let stored = file.names().iter().any(|name| name == "conditions");
    let cs = if args.set.is_empty() && stored && !vae.config().conditions.is_empty() {
        table(&mut file, args, "conditions", vae.config().conditions.len())?
    } else {
        let row = ArrayView1::from(&conditions(&vae, &args.set)?).insert_axis(Axis(0)).to_owned();
        row.select(Axis(0), &vec![0; zs.nrows()])
    };
    if cs.nrows() != zs.nrows() {
        bail!(
            "{} has {} codes and {} rows of conditions",
            args.codes.display(),
            zs.nrows(),
            cs.nrows()
        );
    }
    let run = args.model.with_data_if(vae.config().fields.is_some());
    let given = args.problem.briefing(run.as_ref())?.rows(&vae, &cs)?;
    let designs = decode(&vae, &zs, &given, &device)?;
    output::arrays(&args.out, &designs, &cs, &zs)?;
    let (n, height, width) = designs.dim();
    json(&json!({ "designs": n, "height": height, "width": width, "file": shown(&args.out) }))?;
    let designs = counted(n, "design");
    line(format!("{designs} of {height} x {width} in {}", shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}

/// An array with one row per design and so many columns.
fn table(file: &mut Npz, args: &Args, name: &str, columns: usize) -> Result<Array2<f32>> {
    let array = file.read::<f32>(name)?;
    let shape = array.shape().to_vec();
    let wrong = || {
        format!(
            "the array {name} of {} has shape {shape:?}, but the model takes (N, {columns})",
            args.codes.display()
        )
    };
    let table = array.into_dimensionality::<Ix2>().ok().filter(|table| table.ncols() == columns);
    let table = table.with_context(wrong)?;
    match table.iter().find(|value| !value.is_finite()) {
        Some(value) => bail!("the array {name} of {} holds {value}", args.codes.display()),
        None => Ok(table),
    }
}
