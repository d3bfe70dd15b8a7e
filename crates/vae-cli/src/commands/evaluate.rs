//! `vae evaluate`.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;
use topo_data::{Connectivity, one_piece_share};
use vae_train::evaluate::Reconstruction;
use vae_train::evaluation::{Evaluation, evaluate};
use vae_train::explore::{decode, prior_draws};

use crate::mechanics::{self, Mechanics};
use crate::opened::{OpenedRun, RunArgs};
use crate::output::{json, line, note};
use crate::progress::Progress;
use crate::race::{self, Made};

/// Score a model on its test split, with simple controls beside it
///
/// Bounds are in nats per design. IoU is at 0.5; reconstructions come from the posterior mean. Where the data set states the mechanics of its
/// designs, reconstructions and new designs for the test conditions are judged by their stiffness.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae evaluate
  vae evaluate runs/cantilever-default-1 --samples 64
  vae evaluate runs/cantilever-default-1 --json
  vae evaluate runs/cantilever-default-1 --race 30 --threads 1")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Draws per design for the importance-weighted bound
    #[arg(long, value_name = "K", default_value_t = 16)]
    samples: usize,
    /// Give a model of the squared error the Gaussian noise of its training residuals, and so a likelihood
    #[arg(long)]
    state_noise: bool,
    /// Leave the mechanics out
    #[arg(long)]
    no_mechanics: bool,
    /// Let the model, the model with 5 SIMP iterations, SIMP from random starts, and the nearest design with 5 SIMP iterations make
    /// designs for so many seconds each, and count the good ones
    #[arg(long, value_name = "SECONDS", conflicts_with = "no_mechanics", value_parser = seconds)]
    race: Option<f64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Reads a time above 0.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if 0.0 < seconds && seconds <= 86_400.0 {
        Ok(seconds)
    } else {
        Err("it is above 0 and at most 86400".to_owned())
    }
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    /// Share of designs that are one piece at 0.5, pixels joined by edges or corners.
    one_piece: OnePiece,
    /// None where the problems are not known, or nobody asked.
    mechanics: Option<Mechanics>,
    /// Likewise.
    race: Option<Vec<Made>>,
}

#[derive(Serialize)]
struct OnePiece {
    /// Prior samples, one per test design, under its conditions.
    prior_samples: f64,
    /// The test designs themselves.
    data: f64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut opened = args.run.open()?;
    if args.state_noise {
        let sigma = opened.state_noise()?;
        note(format!("a Gaussian of σ = {sigma:.4}, that of the training residuals"));
    }
    let OpenedRun { vae, split, device, .. } = &opened;
    let designs = opened.designs();
    let mut bar = Progress::new("evaluate", "designs", split.test.len() as u64, 0);
    let evaluation =
        evaluate(vae, &opened.config, &designs, split, args.samples, device, &mut |n| {
            bar.add(n as u64);
        })?;
    bar.finish();

    let zs = prior_draws(vae.config().latent_dim, split.test.len(), 0);
    let cs = designs.conditions(&split.test);
    let samples = decode(vae, &zs, &cs, device)?;
    let one_piece = OnePiece {
        prior_samples: one_piece_share(samples.outer_iter(), Connectivity::Eight),
        data: one_piece_share(designs.array(&split.test)?.outer_iter(), Connectivity::Eight),
    };
    let mechanics = if args.no_mechanics { None } else { mechanics::mechanics(&opened)? };
    let race = args.race.map(|seconds| race::race(&opened, seconds)).transpose()?.flatten();
    if args.race.is_some() && race.is_none() {
        note("no race: the data set does not state the problems of its designs");
    }
    if args.json {
        json(&Report { evaluation: &evaluation, one_piece, mechanics, race })?;
        return Ok(ExitCode::SUCCESS);
    }
    table(&evaluation, &one_piece)?;
    if let Some(mechanics) = &mechanics {
        mechanics::table(mechanics)?;
    }
    if let Some(made) = &race {
        race::table(made)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(evaluation: &Evaluation, one_piece: &OnePiece) -> Result<()> {
    let Evaluation { n, samples, latent_dim, active_units, .. } = evaluation;
    line(format!("test split: {n} designs; log-probabilities in nats per design"))?;
    let with_errors = (
        evaluation.elbo.zip(evaluation.elbo_standard_error),
        evaluation.iwae.zip(evaluation.iwae_standard_error),
    );
    let number = |name: &str, value: f64| line(format!("  {name:25} {value:10.2}"));
    if let (Some((elbo, elbo_error)), Some((iwae, iwae_error))) = with_errors {
        line(format!("  bound on ln p(x)          {elbo:10.2} ± {elbo_error:.2}"))?;
        number("  expected log-likelihood", elbo + evaluation.kl)?;
        number("  KL", evaluation.kl)?;
        line(format!("  tighter, {samples:4} draws      {iwae:10.2} ± {iwae_error:.2}"))?;
        line(format!("  it is {}", evaluation.measure.spoken()))?;
        if let Some(bits) = evaluation.bits_per_pixel {
            line(format!("  bits per pixel            {bits:10.4}"))?;
        }
    } else if let Some(log_likelihood) = evaluation.expected_log_likelihood {
        line("  a Bernoulli on grey values is no likelihood, so there is no bound")?;
        number("cross-entropy", -log_likelihood)?;
        if let Some(floor) = evaluation.cross_entropy_floor {
            number("  cannot fall below", floor)?;
        }
        number("KL", evaluation.kl)?;
    } else {
        line("  a squared error without a stated noise is no likelihood, so there is no bound")?;
        number("KL", evaluation.kl)?;
    }
    line(format!("  active latent dimensions  {active_units:7} of {latent_dim}"))?;
    line("reconstruction                  MSE     IoU")?;
    let row = |name: &str, scores: &Reconstruction| {
        line(format!("  {name:27} {:.4}   {:.3}", scores.mse, scores.iou))
    };
    line(format!("  {:27} {:.4}   {:.3}", "this model", evaluation.mse, evaluation.iou))?;
    row(&format!("PCA, {latent_dim} components"), &evaluation.controls.pca)?;
    row("nearest training design", &evaluation.controls.nearest_by_pixels)?;
    if let Some(scores) = &evaluation.controls.nearest_by_condition {
        row("nearest by condition", scores)?;
    }
    line(format!(
        "one connected piece: {:.0} % of prior samples, {:.0} % of the data",
        100.0 * one_piece.prior_samples,
        100.0 * one_piece.data
    ))
}
