//! `vae evaluate`.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;
use topo_data::{Connectivity, one_piece_share};
use vae_train::diagnosis::Diagnosis;
use vae_train::evaluation::{Evaluation, evaluate};
use vae_train::explore::{decode, prior_draws};

use crate::mechanics::{self, Mechanics};
use crate::opened::{OpenedRun, RunArgs};
use crate::output::{blocks, json, note, shown};
use crate::progress::Progress;
use crate::scores::{self, OnePiece, Topology};
use crate::{latent, report};

/// Score a model on its test split, with simple controls beside it
///
/// Bounds are in nats per design, over the test split. IoU, pieces and holes are at 0.5;
/// reconstructions come from the posterior mean unless they are called sampled. With many --samples
/// the tighter bound is the importance-sampled ln p(x); its error and the effective sample size say
/// how far to trust it. Where the data set states the mechanics of its designs, reconstructions and
/// new designs for the test conditions are judged by their stiffness. All of it is written into the
/// report.html of the run, unless --data or flags that say how data are read name other designs.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae evaluate
  vae evaluate runs/cantilever-default-1 --samples 64
  vae evaluate runs/cantilever-default-1 --samples 5000 --no-mechanics
  vae evaluate runs/cantilever-default-1 --json")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Draws per design for the importance-weighted bound
    #[arg(long, value_name = "K", default_value_t = 16)]
    samples: usize,
    /// Give a model of the squared error the Gaussian noise of its training residuals, and so a
    /// likelihood
    #[arg(long)]
    state_noise: bool,
    /// Leave the mechanics out
    #[arg(long)]
    no_mechanics: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
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
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut opened = args.run.open()?;
    let report = if args.run.is_as_trained() { Some(report::start(&opened)?) } else { None };
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
    let topology = scores::topology(&truth, &found);
    let latent = latent::of(&opened)?;
    let mechanics = if args.no_mechanics { None } else { mechanics::mechanics(&opened)? };
    let mut words = scores::words(&evaluation, &topology, &one_piece);
    words.extend(latent::report(&latent, vae));
    words.extend(mechanics.iter().flat_map(mechanics::words));
    if args.json {
        json(&Report { evaluation: &evaluation, one_piece, topology, latent, mechanics })?;
    } else {
        blocks(&words)?;
    }
    // What is known of a run is not what is known of other data.
    if let Some(report) = report {
        let mut command: Vec<String> = std::env::args().collect();
        if args.run.model.path().is_none() {
            command.push(shown(opened.folder.root()));
        }
        // The scores are there, whether or not the folder can be written to.
        match report.write(words, Some(&command)) {
            Ok(page) => note(format!("report: {page}")),
            Err(error) => note(format!("no report: {error:#}")),
        }
    }
    Ok(ExitCode::SUCCESS)
}
