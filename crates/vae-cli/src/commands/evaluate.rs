//! `vae evaluate`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use vae_study::evaluation::Questions;
use vae_study::report::Report;
use vae_study::words;

use crate::args::RunArgs;
use crate::machine;
use crate::output::{blocks, json, manner, note, open_page, page, shown};
use crate::progress::Progress;
use crate::words::{long_work, remedy};

/// Score a model on its test split, with simple controls beside it
///
/// Three sentences come first: whether the model beats its controls, whether its new designs can be
/// used (at most 5 % of them fail) or can be used once each is judged (at most half fail), and what
/// to do next. Without test designs it is scored on those of the validation, and that is said. Bounds are in
/// nats per design, averaged over these designs. IoU, pieces and holes are those of
/// designs cut at 0.5; reconstructions come from the posterior mean unless they are called sampled.
/// With many --samples the tighter bound approaches ln p(x); its error and the effective sample
/// size show how far it can be trusted. If the data set states the mechanics of its designs,
/// reconstructions and new designs for the test conditions are judged by their stiffness. The
/// results are also written into the report.html of the run, unless other data were named.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae evaluate
  vae evaluate runs/cantilever-default-1 --samples 64
  vae evaluate runs/cantilever-default-1 --samples 5000 --no-mechanics
  vae evaluate runs/cantilever-default-1 --details
  vae evaluate runs/cantilever-default-1 --json")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Draws per design for the importance-weighted bound
    #[arg(long, value_name = "K", default_value_t = 16)]
    samples: usize,
    /// Give a model of the squared error a likelihood: Gaussian noise as large as its training
    /// residuals
    #[arg(long)]
    state_noise: bool,
    /// Leave the mechanics out
    #[arg(long)]
    no_mechanics: bool,
    /// Print all tables: conditions, controls by mechanics, diversity, each latent dimension
    #[arg(long)]
    details: bool,
    /// Open the report in the browser
    #[arg(long)]
    open: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut run = args.run.open()?;
    let report = if args.run.is_as_trained()? { Some(Report::begin(&run)?) } else { None };
    if args.state_noise {
        let sigma = run.state_noise()?;
        note(format!(
            "the model becomes a Gaussian of σ = {sigma:.4}, that of the training residuals"
        ));
    }
    long_work(run.expected_seconds(args.samples)?).iter().for_each(note);
    let questions = Questions { draws: args.samples, mechanics: !args.no_mechanics };
    let mut bar: Option<Progress> = None;
    let scores = run.evaluate_with(questions, &mut |progress| {
        let new = || Progress::new("evaluate", "draws", progress.total, 0);
        let bar = bar.get_or_insert_with(new);
        bar.set(progress.done, "");
        if progress.done == progress.total {
            bar.rest("comparing with controls, and judging by mechanics");
        }
    });
    bar.into_iter().for_each(Progress::finish);
    let scores = scores?;
    scores.notes.iter().for_each(note);
    let verdict = words::verdict(&scores, &remedy);
    let all = words::scores(&scores, &remedy);
    json(&scores)?;
    blocks(&verdict)?;
    let short = (!args.details).then(|| words::answers(&scores, &remedy));
    blocks(short.as_ref().unwrap_or(&all))?;
    // What is known of a run is not what is known of other data.
    if let Some(report) = report {
        let mut command = machine::command();
        if args.run.model.path().is_none() {
            command.push(shown(run.folder.root()));
        }
        let page = page(report, &run.folder, (verdict, all), Some(&command));
        note(format!("report: {}", page.context("the scores are printed, but not in a report")?));
        args.open.then(|| open_page(&run.folder.report()));
    } else if args.open {
        note("there is no report to open, because other data were named");
    }
    if !manner().json && !args.details {
        note("--details prints all tables");
    }
    Ok(ExitCode::SUCCESS)
}
