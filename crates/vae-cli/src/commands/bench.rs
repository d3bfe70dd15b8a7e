//! `vae bench`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use vae_base::text::counted;
use vae_data::Size;
use vae_train::learn::{Times, Workload};
use vae_train::{Config, Layer};

use crate::failure::UsageError;
use crate::output::{json, line};
use crate::{machine, threads};

/// Measure speed on random data
#[derive(Subcommand)]
pub(crate) enum Command {
    Train(TrainArgs),
    /// Time the encoder: from designs to means and deviations of the latent variables
    Encode(CallArgs),
    /// Time the decoder: from latent variables to designs
    Decode(CallArgs),
}

/// Time whole training steps: forward, loss, backward, clipping, update
///
/// The code is that of `vae train`, on one batch of random designs. Three steps are made before
/// timing begins.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae bench train
  vae bench train --preset tutorial-conv --batch-size 32 --json
  vae bench train --preset pool --batch-size 64 --threads 1")]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Number of steps to time
    #[arg(long, value_name = "N", default_value_t = 10)]
    steps: usize,
}

/// Time calls of one half of a model
///
/// Three calls are made before timing begins.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae bench decode --preset pool --batch-size 1 --count 200 --json
  vae bench encode --preset pool --batch-size 64 --count 10000")]
pub(crate) struct CallArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Number of designs in all, rounded up to whole batches
    #[arg(long, value_name = "N", default_value_t = 1000)]
    count: usize,
}

#[derive(clap::Args)]
struct ModelArgs {
    /// Preset to measure: default, pool, the lecture's models tutorial-conv, tutorial-mlp, or
    /// burda-1layer
    #[arg(long, value_name = "NAME", default_value = "default")]
    preset: String,
    /// Designs per step or call [default: that of the preset]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Rows and columns of a design [default: those that the preset is meant for, such as 128x128
    /// for tutorial-conv]
    #[arg(long, value_name = "HxW")]
    size: Option<Size>,
}

/// What was measured, and on what.
#[derive(Serialize)]
struct Conditions {
    preset: String,
    size: [usize; 2],
    batch_size: usize,
    /// Weights and biases.
    parameters: usize,
    threads: usize,
    device: &'static str,
    instruction_set: &'static str,
    peak_rss_mb: Option<f64>,
}

#[derive(Serialize)]
struct Trained {
    images_per_s: f64,
    step_ms_median: f64,
    gflops: f64,
    steps: usize,
    loss_first: f64,
    loss_last: f64,
    #[serde(flatten)]
    conditions: Conditions,
}

#[derive(Serialize)]
struct Called {
    designs_per_s: f64,
    call_ms_median: f64,
    gflops: f64,
    designs: usize,
    seconds: f64,
    #[serde(flatten)]
    conditions: Conditions,
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Train(args) => train(args),
        Command::Encode(args) => encode(args),
        Command::Decode(args) => decode(args),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn train(args: &TrainArgs) -> Result<()> {
    at_least_one("steps", args.steps)?;
    let workload = args.model.workload()?;
    let speed = workload.training(args.steps)?;
    let images_per_s = speed.steps.designs_per_s();
    // Three passes: forward, gradient of the inputs, gradient of the weights.
    let operations = 3 * 2 * workload.network().multiply_adds().total();
    let trained = Trained {
        images_per_s,
        step_ms_median: speed.steps.median_ms(),
        gflops: gigaflops(operations, images_per_s),
        steps: args.steps,
        loss_first: speed.loss_first,
        loss_last: speed.loss_last,
        conditions: args.model.conditions(&workload),
    };
    json(&trained)?;
    let Trained { images_per_s, step_ms_median, gflops, loss_first, loss_last, conditions, .. } =
        trained;
    line(conditions)?;
    line(format!(
        "{step_ms_median:.2} ms a step, {images_per_s:.1} images/s, {gflops:.1} GF/s, loss {loss_first:.1} to {loss_last:.1}"
    ))
}

fn encode(args: &CallArgs) -> Result<()> {
    at_least_one("count", args.count)?;
    let workload = args.model.workload()?;
    let times = workload.encoding(args.calls(&workload))?;
    args.report(&workload, &times, workload.network().multiply_adds().encode)
}

fn decode(args: &CallArgs) -> Result<()> {
    at_least_one("count", args.count)?;
    let workload = args.model.workload()?;
    let times = workload.decoding(args.calls(&workload))?;
    args.report(&workload, &times, workload.network().multiply_adds().decode)
}

impl CallArgs {
    fn calls(&self, workload: &Workload) -> usize {
        self.count.div_ceil(workload.batch_size())
    }

    fn report(&self, workload: &Workload, times: &Times, multiply_adds: u64) -> Result<()> {
        let designs_per_s = times.designs_per_s();
        let called = Called {
            designs_per_s,
            call_ms_median: times.median_ms(),
            gflops: gigaflops(2 * multiply_adds, designs_per_s),
            designs: self.calls(workload) * workload.batch_size(),
            seconds: times.total_s(),
            conditions: self.model.conditions(workload),
        };
        json(&called)?;
        let Called { designs_per_s, call_ms_median, gflops, designs, seconds, conditions } = called;
        line(conditions)?;
        line(format!(
            "{call_ms_median:.3} ms a call, {designs_per_s:.0} designs/s, {gflops:.1} GF/s; {designs} designs in {seconds:.2} s"
        ))
    }
}

impl ModelArgs {
    fn workload(&self) -> Result<Workload> {
        #[derive(Serialize)]
        struct Training {
            batch_size: Option<usize>,
        }
        let training = Training { batch_size: self.batch_size };
        let settings = Layer::new(&BTreeMap::from([("training", training)]))?;
        let config = Config::resolve(Some(&self.preset), None, &settings)?;
        // Sizes and conditions for which the presets are known: the lecture's, and those of the
        // built-in set.
        let (size, n_conditions) = match config.preset.as_str() {
            "tutorial-conv" => ((128, 128), 1),
            "tutorial-mlp" => ((126, 349), 1),
            "burda-1layer" => ((28, 28), 0),
            "pool" => ((64, 64), 0),
            _ => ((48, 96), 3),
        };
        Ok(Workload::new(
            &config,
            self.size.map_or(size, |size| (size.height, size.width)),
            n_conditions,
        )?)
    }

    fn conditions(&self, workload: &Workload) -> Conditions {
        Conditions {
            preset: self.preset.clone(),
            size: [workload.network().height, workload.network().width],
            batch_size: workload.batch_size(),
            parameters: workload.network().weight_count(),
            threads: threads::current(),
            device: "cpu",
            instruction_set: vae_nn::instruction_set(),
            peak_rss_mb: machine::peak_rss_mb(),
        }
    }
}

impl std::fmt::Display for Conditions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { preset, size: [height, width], batch_size, threads, instruction_set, .. } = self;
        write!(
            f,
            "{preset}, {height} x {width}, batches of {batch_size}, {}, {instruction_set}",
            counted(*threads, "thread")
        )?;
        self.peak_rss_mb.map_or(Ok(()), |mb| write!(f, ", peak memory {mb:.0} MB"))
    }
}

fn at_least_one(flag: &str, value: usize) -> Result<()> {
    if value == 0 {
        return Err(UsageError::new(format!("--{flag} is 0, but something has to be timed")).into());
    }
    Ok(())
}

fn gigaflops(operations_per_design: u64, designs_per_s: f64) -> f64 {
    1e-9 * operations_per_design as f64 * designs_per_s
}
