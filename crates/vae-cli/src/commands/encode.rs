//! `vae encode`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use ndarray::Array1;
use serde_json::json;
use vae_data::npz;
use vae_train::codes::posteriors;

use crate::args::{PartArg, RunArgs};
use crate::output::{json, line, shown};

/// Write the latent codes of designs
///
/// The `.npz` holds `z`, the posterior means (N, Z), `log_var`, the log-variances of q(z|x),
/// `conditions` (N, C) if the model has any, `groups`, and `index`, the positions in the data set.
/// `vae decode` reads the file.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae encode --out z.npz
  vae encode runs/cantilever-default-1 --data my-designs/ --out z.npz
  vae encode --part test --out test.npz")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Which designs
    #[arg(long, value_enum, default_value = "all")]
    part: PartArg,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "z.npz")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let opened = args.run.open()?;
    let (designs, indices) = (opened.designs(), opened.part(args.part.into()));
    let (means, log_vars) = posteriors(&opened.vae, &designs, &indices, &opened.device)?;
    let cs = designs.conditions(&indices);
    let groups: Array1<u32> = indices.iter().map(|&index| opened.data.groups()[index]).collect();
    let index: Array1<u32> = indices.iter().map(|&index| index as u32).collect();
    npz::write(&args.out, |out| {
        out.add("z", means.view())?;
        out.add("log_var", log_vars.view())?;
        if 0 < cs.ncols() {
            out.add("conditions", cs.view())?;
        }
        out.add("groups", groups.view())?;
        out.add("index", index.view())
    })?;
    let (codes, latent_dim) = means.dim();
    json(&json!({ "codes": codes, "latent_dim": latent_dim, "file": shown(&args.out) }))?;
    line(format!("{} codes of {} numbers in {}", means.nrows(), means.ncols(), shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}
