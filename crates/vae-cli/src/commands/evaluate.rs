//! `vae evaluate`.

use std::process::ExitCode;

use anyhow::Result;
use ndarray::Array3;
use serde::Serialize;
use topo_data::{Connectivity, components, holes, one_piece_share};
use vae_train::diagnosis::Diagnosis;
use vae_train::evaluate::Reconstruction;
use vae_train::evaluation::{Evaluation, Reconstructions, evaluate};
use vae_train::explore::{decode, prior_draws};
use vae_train::response::Follows;

use crate::latent;
use crate::mechanics::{self, Mechanics};
use crate::opened::{OpenedRun, RunArgs};
use crate::output::{json, line, note};
use crate::progress::Progress;
use crate::race::{self, Made};

/// Score a model on its test split, with simple controls beside it
///
/// Bounds are in nats per design, over the test split. IoU, pieces and holes are at 0.5; reconstructions come from the posterior mean unless they
/// are called sampled. With many --samples the tighter bound is the importance-sampled ln p(x); its error and the effective sample size
/// say how far to trust it. Where the data set states the mechanics of its
/// designs, reconstructions and new designs for the test conditions are judged by their stiffness.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae evaluate
  vae evaluate runs/cantilever-default-1 --samples 64
  vae evaluate runs/cantilever-default-1 --samples 5000 --no-mechanics
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
    /// Share of reconstructions with as many pieces and holes as their design.
    topology: Vec<Topology>,
    /// What each latent dimension learned.
    latent: Diagnosis,
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

/// How often reconstructions of one kind have the topology of the design, at 0.5.
#[derive(Serialize)]
struct Topology {
    name: String,
    /// As many pieces, joined by edges or corners.
    pieces: f64,
    /// As many holes.
    holes: f64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut opened = args.run.open()?;
    if args.state_noise {
        let sigma = opened.state_noise()?;
        note(format!("a Gaussian of σ = {sigma:.4}, that of the training residuals"));
    }
    let OpenedRun { vae, split, device, .. } = &opened;
    let designs = opened.designs();
    let draws = split.test.len() as u64 * args.samples as u64;
    let mut bar = Progress::new("evaluate", "draws", draws, 0);
    let (evaluation, found) =
        evaluate(vae, &opened.config, &designs, split, args.samples, device, &mut |n| {
            bar.add(n as u64);
        })?;
    bar.finish();

    let zs = prior_draws(vae.config().latent_dim, split.test.len(), 0);
    let cs = designs.conditions(&split.test);
    let samples = decode(vae, &zs, &cs, device)?;
    let truth = designs.array(&split.test)?;
    let one_piece = OnePiece {
        prior_samples: one_piece_share(samples.outer_iter(), Connectivity::Eight),
        data: one_piece_share(truth.outer_iter(), Connectivity::Eight),
    };
    let topology = topology(&truth, &found);
    let latent = latent::of(&opened)?;
    let mechanics = if args.no_mechanics { None } else { mechanics::mechanics(&opened)? };
    let race = args.race.map(|seconds| race::race(&opened, seconds)).transpose()?.flatten();
    if args.race.is_some() && race.is_none() {
        note("no race: the data set does not state the problems of its designs");
    }
    if args.json {
        json(&Report { evaluation: &evaluation, one_piece, topology, latent, mechanics, race })?;
        return Ok(ExitCode::SUCCESS);
    }
    table(&evaluation, &topology, &one_piece)?;
    latent::report(&latent, vae)?;
    if let Some(mechanics) = &mechanics {
        mechanics::table(mechanics)?;
    }
    if let Some(made) = &race {
        race::table(made)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Pieces and holes of reconstructions of the test designs, beside those of the designs.
fn topology(truth: &Array3<f32>, reconstructions: &Reconstructions) -> Vec<Topology> {
    let counts = |designs: &Array3<f32>| -> Vec<(usize, usize)> {
        let both = |design| (components(design, Connectivity::Eight).count(), holes(design));
        designs.outer_iter().map(both).collect()
    };
    let truth = counts(truth);
    let matched = |name: &str, found: &Array3<f32>| {
        let found = counts(found);
        let share = |same: fn(&(usize, usize), &(usize, usize)) -> bool| {
            let hits = truth.iter().zip(&found).filter(|(a, b)| same(a, b)).count();
            hits as f64 / truth.len().max(1) as f64
        };
        Topology {
            name: name.to_owned(),
            pieces: share(|a, b| a.0 == b.0),
            holes: share(|a, b| a.1 == b.1),
        }
    };
    let Reconstructions { model, pca, nearest_by_pixels, nearest_by_condition } = reconstructions;
    let mut all = vec![
        matched("this model", model),
        matched("pca", pca),
        matched("nearest_by_pixels", nearest_by_pixels),
    ];
    all.extend(nearest_by_condition.as_ref().map(|found| matched("nearest_by_condition", found)));
    all
}

fn table(evaluation: &Evaluation, topology: &[Topology], one_piece: &OnePiece) -> Result<()> {
    let n = evaluation.n;
    line(format!("test split: {n} designs; log-probabilities in nats per design"))?;
    bounds(evaluation)?;
    codes(evaluation)?;
    reconstructions(evaluation, topology)?;
    if let Some(found) = &evaluation.calibration {
        line(format!(
            "stated noise of a pixel: σ = {:.4}; pixels scatter by {:.2} σ, {:.1} % within σ (normal: 68.3), {:.1} % within 2 σ (95.4)",
            found.sigma,
            found.ratio,
            100.0 * found.within_1,
            100.0 * found.within_2
        ))?;
    }
    conditions(evaluation)?;
    line(format!(
        "one connected piece: {:.0} % of prior samples, {:.0} % of the data",
        100.0 * one_piece.prior_samples,
        100.0 * one_piece.data
    ))
}

fn bounds(evaluation: &Evaluation) -> Result<()> {
    let samples = evaluation.samples;
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
        let Some(found) = &evaluation.importance else { return Ok(()) };
        if let (Some(error), Some(bias)) = (found.standard_error, found.bias) {
            line(format!(
                "    of the draws: error {error:.2}, below ln p(x) by {:.2} or more; worth {:.1} equal draws (median), one draw decides for {:.0} % of the designs",
                -bias,
                found.effective_sample_size,
                100.0 * found.loose_share
            ))?;
        }
        Ok(())
    } else if let Some(log_likelihood) = evaluation.expected_log_likelihood {
        line("  a Bernoulli on grey values is no likelihood, so there is no bound")?;
        number("cross-entropy", -log_likelihood)?;
        if let Some(floor) = evaluation.cross_entropy_floor {
            number("  cannot fall below", floor)?;
        }
        number("KL", evaluation.kl)
    } else {
        line("  a squared error without a stated noise is no likelihood, so there is no bound")?;
        number("KL", evaluation.kl)
    }
}

fn codes(evaluation: &Evaluation) -> Result<()> {
    let Evaluation { active_units, latent_dim, information, .. } = evaluation;
    line(format!("  active latent dimensions  {active_units:7} of {latent_dim}"))?;
    let full = 0.9 * information.ceiling < information.mutual_information;
    let (least, most) = if full { ("at least ", "at most ") } else { ("", "") };
    line(format!(
        "  codes of {} training designs tell {least}{:.2} nats of a design (the estimate ends at {:.2}) and lie {most}{:.2} nats from the prior",
        information.n,
        information.mutual_information,
        information.ceiling,
        information.aggregate_kl
    ))?;
    let per_dim: Vec<String> = evaluation
        .kl_per_dim
        .iter()
        .zip(&evaluation.unit_activity)
        .enumerate()
        .map(|(dim, (kl, activity))| format!("z{} {kl:.2} ({activity:.2})", dim + 1))
        .collect();
    line(format!("  KL (activity) per dimension: {}", per_dim.join(", ")))
}

fn reconstructions(evaluation: &Evaluation, topology: &[Topology]) -> Result<()> {
    let Evaluation { latent_dim, controls, .. } = evaluation;
    line("reconstruction                  MSE     IoU  volume off  same pieces  same holes")?;
    let row = |name: &str, scores: &Reconstruction, kind: &str| {
        let found = topology.iter().find(|found| found.name == kind);
        let shares = found.map_or(String::new(), |found| {
            format!("  {:9.0} %  {:8.0} %", 100.0 * found.pieces, 100.0 * found.holes)
        });
        let Reconstruction { mse, iou, volume_error } = scores;
        line(format!("  {name:27} {mse:.4}   {iou:.3}  {volume_error:10.4}{shares}"))
    };
    let Evaluation { mse, iou, volume_error, .. } = *evaluation;
    row("this model", &Reconstruction { mse, iou, volume_error }, "this model")?;
    row("this model, sampled codes", &evaluation.sampled, "")?;
    row(&format!("PCA, {latent_dim} components"), &controls.pca, "pca")?;
    row("nearest training design", &controls.nearest_by_pixels, "nearest_by_pixels")?;
    if let Some(scores) = &controls.nearest_by_condition {
        row("nearest by condition", scores, "nearest_by_condition")?;
    }
    Ok(())
}

fn conditions(evaluation: &Evaluation) -> Result<()> {
    if evaluation.responses.is_empty() {
        return Ok(());
    }
    line("conditions, realized over requested     slope  (correlation): 1 is met, 0 is ignored")?;
    for response in &evaluation.responses {
        let text = |follows: &Follows| format!("{:.2} ({:.2})", follows.slope, follows.correlation);
        let nearest = response.nearest_by_condition.as_ref();
        line(format!(
            "  {:22} new designs {}, off by {:.3}; test designs {}{}",
            response.condition,
            text(&response.model),
            response.model.error,
            text(&response.test_designs),
            nearest
                .map_or(String::new(), |found| format!(", nearest by condition {}", text(found)))
        ))?;
    }
    Ok(())
}
