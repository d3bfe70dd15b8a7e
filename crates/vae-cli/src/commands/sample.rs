//! `vae sample`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use vae_base::text::counted;
use vae_study::sample_rows::Rows;
use vae_study::samples::{SampleSettings, Samples};
use vae_study::sampling::Round;
use vae_study::trust;

use crate::args::{ModelArgs, ProblemArgs, SamplerArg, assignment};
use crate::failure::UsageError;
use crate::output::{self, json, line, note, shown};
use crate::progress::working;
use crate::words;

/// Generate new designs
///
/// Writes the mean designs (densities from 0 to 1; with --exact-volume only 0 and 1), a contact
/// sheet, and a table with what was asked for and what came out, including the stiffness if the
/// data of the run state the loads. If the data of the run can be read, a trust report follows: the
/// nearest training design and its distance (root mean square over pixels), the share of training
/// designs that are no likelier, and a picture of how uncertain each pixel is. Conditions that are
/// not set stay at their training mean. With `--rows`, each row of the sheet has other conditions,
/// and each column another draw.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae sample --set volume_fraction=0.4 --set load_y=0.5 --count 16 --out samples
  vae sample --sampler prior --set volume_fraction=0.4
  vae sample --exact-volume --set volume_fraction=0.4 --out black-and-white
  vae sample --rows volume_fraction=0.3,0.4,0.5 --count 6 --out by-volume
  vae sample --rows conditions.csv --count 1 --out by-conditions
  vae sample runs/cantilever-default-1 --count 8 --seed 7 --out more-samples")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    problem: ProblemArgs,
    /// A condition, NAME=VALUE, in the data's own unit; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// Conditions of each row of the sheet: values of one, or a table of several
    ///
    /// With 'NAME=V1,V2,...' a column of the sheet is the same draw under each value. In a table
    /// (CSV), columns are conditions and lines are rows; each design is a draw of its own.
    #[arg(long, value_name = "NAME=V1,V2,...|FILE")]
    rows: Option<String>,
    /// Where codes are drawn from
    /// [default: flow, or the prior where there is no flow and no data to fit one to]
    #[arg(long, value_enum)]
    sampler: Option<SamplerArg>,
    /// Rounds of re-encoding after each draw: the design is cut at its volume, encoded and decoded
    /// again [default: 8 for a model that is told the problem, 0 for others]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Draw designs and codes in the rounds, and accept codes by Metropolis's rule: leads to draws
    /// from the model itself, however good they are; needs --rounds
    #[arg(long)]
    metropolis: bool,
    /// Scale of the noise that a draw begins with: below 1 designs are more alike
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    temperature: f64,
    /// Cut designs to 0/1 at exactly the volume asked for, instead of mean densities
    #[arg(long)]
    exact_volume: bool,
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

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.metropolis && args.rounds.is_none() {
        return Err(UsageError::with_hint(
            "--metropolis is a way to do --rounds",
            "--rounds 20 says how many",
        )
        .into());
    }
    let model = args.model.open()?;
    let run = args.model.with_data();
    let flow = match args.sampler {
        Some(SamplerArg::Prior) => None,
        Some(SamplerArg::Flow) => Some(args.model.flow(&model.vae, run.as_ref())?),
        None => {
            let found = args.model.flow_if_there(&model.vae, run.as_ref())?;
            if found.is_none() {
                note("codes come from the prior: there is neither a flow nor data to fit one to");
            }
            found
        }
    };
    let briefing = args.problem.briefing(run.as_ref())?;
    let settings = args.settings()?;
    let seconds = Samples::expected_seconds(&model, &briefing, &settings)?;
    words::long_work(seconds).iter().for_each(note);
    let generate =
        || Samples::generate(&model, (run.as_ref(), &briefing), flow.as_ref(), &settings);
    let samples = working("generating and judging designs", generate)?;

    output::folder(&args.out)?;
    let [arrays, table, picture] =
        ["designs.npz", "designs.csv", "designs.png"].map(|name| args.out.join(name));
    output::arrays(&arrays, &samples.designs, &samples.cs, &samples.zs)?;
    samples.write_table(&model.vae, &table)?;
    samples.draw(&settings, &picture)?;
    let files = [&arrays, &picture, &table].map(|path| shown(path));
    json(&json!({
        "designs": samples.described(), "files": files,
    }))?;
    samples.stiffness().map_or(Ok(()), line)?;
    if let Some(report) = &samples.trust {
        line(trust::sentence(report))?;
        let picture = args.out.join("uncertainty.png");
        trust::draw(report, &picture)?;
        line(format!("how uncertain each pixel is: {}", shown(&picture)))?;
    }
    line(format!(
        "{}: {}, {}, {}",
        counted(samples.cs.nrows(), "design"),
        shown(&arrays),
        shown(&picture),
        shown(&table)
    ))?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn settings(&self) -> Result<SampleSettings> {
        let Self { set, rows, rounds, metropolis, temperature, exact_volume, count, seed, .. } =
            self;
        Ok(SampleSettings {
            set: set.clone(),
            rows: rows.as_deref().map(Rows::stated).transpose()?,
            rounds: *rounds,
            round: if *metropolis { Round::Metropolis } else { Round::Mean },
            temperature: *temperature,
            exact_volume: *exact_volume,
            count: *count,
            seed: *seed,
        })
    }
}
