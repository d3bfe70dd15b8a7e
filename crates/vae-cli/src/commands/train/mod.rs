//! `vae train`.

mod observer;
mod settings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;
use vae_base::Note;
use vae_data::DataSet;
use vae_report::Block;
use vae_study::Run;
use vae_study::checks::{check_cuts, check_problem, mirrors};
use vae_study::latent::logged_epochs;
use vae_study::pictures::draw_run;
use vae_study::report::Report;
use vae_study::run::{recorded_data, with_problems};
use vae_study::words::{latent, reached, summary, warning};
use vae_train::data::Augment;
use vae_train::learn::{Estimate, go_back, split};
use vae_train::{Config, Ending, Layer, RunFolder, TargetKind, Targets};

use self::observer::{Observer, Preview};
pub(crate) use self::settings::Settings;
use crate::args::{RUNS, fitted_flow};
use crate::failure::{INTERRUPTED, UsageError};
use crate::interrupt::Stop;
use crate::machine::manifest;
use crate::output::{complain, json, line, note, page, shown, typed};
use crate::progress::working;
use crate::reading::{absolute_source, open_data, say_notes};
use crate::words;

/// Train a model on designs
///
/// Without arguments it trains the default preset on the built-in set of cantilevers, which takes a
/// few minutes. A flag outranks the configuration file, and the file outranks the preset. Ctrl-C
/// writes a checkpoint and stops. At the end, report.html in the folder of the run states what was
/// trained, shows figures, and tells how to repeat the run.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae train
  vae train --data my-designs/ --latent-dim 16 --epochs 60
  vae train --data pictures/ --resize 64x192 --labels '{volume_fraction%}_{iterate}'
  vae train --data densities.npy --layout columns:60x20 --conditions loads.csv
  vae train --config study.toml --run runs/study
  vae train --resume runs/cantilever-default-1 --epochs 60")]
pub(crate) struct Args {
    /// Preset to start from: default, pool, the lecture's models tutorial-conv, tutorial-mlp, or
    /// burda-1layer for MNIST
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// TOML file with settings over the preset's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the new run [default: runs/DATA-PRESET-N]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Continue this run exactly where it stopped; a finished run goes on with more --epochs
    ///
    /// Only --epochs, --patience and --learning-rate may change, and --data if the same data are in
    /// another place now.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "config", "run"])]
    resume: Option<PathBuf>,
    /// Continue from the end of this earlier epoch: the best one, or one that is kept (the last two
    /// of 0, 1, 2, 4, 8, ...)
    #[arg(long, value_name = "EPOCH", requires = "resume", hide_short_help = true)]
    back_to: Option<u64>,
    /// Draw validation designs above their reconstructions every N epochs, as figures/epoch-N.png
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), hide_short_help = true)]
    preview_every: Option<u64>,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let settings = Layer::new(&args.settings)?;
    let (config, data, folder) = match &args.resume {
        Some(path) => resumed(path, args.back_to, &settings)?,
        None => begun(args, &settings)?,
    };
    let data = with_problems(data, &config)?;
    let manifest = manifest(data.fingerprint()?, config.seed);

    // Training.
    if args.resume.is_none() {
        let split = split(&config, &data)?;
        note(words::estimate(&Estimate::of(&config, &data, &split)?));
    }
    let told = config.data.told.columns(&data)?;
    let designs = Targets::new(&data, config.data.targets, told);
    let preview = args.preview_every.map(|every| Preview { every, designs, chosen: Vec::new() });
    let mut observer = Observer::new(&folder, &config, preview);
    let stop = Stop::new(true)?;
    let asked = &stop.asked;
    let outcome = vae_train::train(&config, &data, &folder, &manifest, asked, &mut |progress| {
        observer.observe(&progress);
    })?;
    let _ = stop.flow(false);
    observer.finish();
    let root = shown(folder.root());
    let (epochs, steps) = (outcome.position.epoch, outcome.position.step);
    let ended =
        |ended: &str| json!({ "run": root, "ended": ended, "epochs": epochs, "steps": steps });
    match outcome.ending {
        // Unless it was killed before there was everything to see.
        Ending::WasFinished if folder.report().is_file() => {
            json(&ended("was finished"))?;
            line(format!(
                "{root} is finished already: {} epochs; to go on: vae train --resume {} --epochs {}",
                outcome.position.epoch,
                typed(folder.root()),
                2 * outcome.position.epoch
            ))?;
            return Ok(ExitCode::SUCCESS);
        }
        Ending::Interrupted => {
            json(&ended("interrupted"))?;
            complain(format!(
                "stopped at step {}; to continue: vae train --resume {}",
                outcome.position.step,
                typed(folder.root())
            ));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        Ending::Finished | Ending::StoppedEarly | Ending::WasFinished => {}
    }

    // What there is to see.
    let split = folder.recorded_split(&data)?;
    let opened = Run::new(folder.clone(), config, data, split)?;
    fitted_flow(&opened)?;
    working("drawing figures", || draw_run(&opened))?;
    let epochs_logged = logged_epochs(&folder)?;
    let Some(result) = reached(&opened.config, &epochs_logged) else {
        bail!("the run ended without a model")
    };
    let (diagnosis, compared) =
        working("comparing with controls", || (opened.diagnose(), opened.compared()));
    let (diagnosis, compared) = (diagnosis?, compared?);
    let mut known: Vec<Block> =
        compared.iter().map(|compared| Block::Text(vae_study::words::compared(compared))).collect();
    known.push(Block::Heading("Latent space".into()));
    known.extend(latent(&diagnosis, &words::remedy));
    let page = page(Report::begin(&opened)?, &folder, (Vec::new(), known), None)?;
    let best = epochs_logged.iter().rfind(|epoch| epoch.best);
    let how = if outcome.ending == Ending::StoppedEarly { "stopped early" } else { "finished" };
    let files = ["model.safetensors", "metrics.jsonl", "figures"];
    let files = files.map(|name| shown(&folder.root().join(name)));
    json(&json!({
        "run": root, "ended": how, "epochs": epochs, "steps": steps, "page": page, "files": files,
        "best": best, "controls": compared, "latent": diagnosis,
    }))?;
    for sentence in result {
        line(sentence)?;
    }
    compared.iter().map(vae_study::words::compared).try_for_each(line)?;
    line(summary(&diagnosis))?;
    line(format!(
        "results: {page} (all in one page), {root}/figures (pictures), {root}/model.safetensors (weights), {root}/metrics.jsonl"
    ))?;
    let judged = matches!(topo_data::problem_of(&opened.data, 0), Ok(Some(_)));
    next(&typed(folder.root()), judged)?;
    let worse = compared.and_then(|compared| warning(&compared, &words::remedy));
    worse.into_iter().try_for_each(line)?;
    Ok(ExitCode::SUCCESS)
}

/// An old run: its configuration, with what changes, its data, and its folder.
fn resumed(
    path: &Path,
    back_to: Option<u64>,
    settings: &Layer,
) -> Result<(Config, DataSet, RunFolder)> {
    let folder = RunFolder::open_to_train(path)?;
    if folder.model().is_file() && !folder.last_checkpoint().is_file() {
        let message = format!("{} was imported: it has no checkpoint", shown(folder.root()));
        return Err(UsageError::new(message).into());
    }
    let mut config = folder.config_to_resume(settings)?;
    config.data.source = absolute_source(&config.data.source)?;
    let data = recorded_data(&folder, &config)?;
    say_notes(&data, &config.data.reading)?;
    folder.check_data(&data)?;
    if let Some(epoch) = back_to {
        go_back(&folder, epoch)?;
    }
    Ok((config, data, folder))
}

/// A new run: its configuration, as far as nobody states it fitted to its data, and its folder.
fn begun(args: &Args, settings: &Layer) -> Result<(Config, DataSet, RunFolder)> {
    let (preset, file) = (args.preset.as_deref(), args.config.as_deref());
    let config = Config::resolve(preset, file, settings)?;
    let data = open_data(&config.data.source, &config.data.reading)?;
    let designs = split(&config, &data)?.train.len();
    let (mut config, taken) = Config::resolve_for(preset, file, settings, designs)?;
    taken.iter().chain(&config.data.told.notes(&data)?).map(words::note).for_each(note);
    config.data.told = config.data.told.by_name(&data)?;
    config.data.source = absolute_source(&config.data.source)?;
    if !config.training.init.is_empty() {
        config.training.init = absolute_source(&config.training.init)?;
    }
    let folder = match &args.run {
        Some(path) => RunFolder::vacant(path)?,
        None => RunFolder::next(Path::new(RUNS), data.name(), &config.preset)?,
    };
    let mut findings = check_problem(&data)?;
    if config.data.targets == TargetKind::Binary {
        findings.extend(check_cuts(&data)?);
    }
    let said = |found: &Note| format!("data: {}", words::note(found));
    findings.iter().map(said).for_each(note);
    config.data.augment = Augment::Mirrors(mirrors(&config.data, &data)?);
    Ok((config, data, folder))
}

/// What to do next; with proposals if the mechanics of the designs are known.
fn next(run: &str, judged: bool) -> Result<()> {
    line(format!(
        "try next:\n  vae explore {run}\n  vae evaluate {run}\n  vae sample {run} --count 16 --out samples\n  vae interpolate {run} --out interpolation"
    ))?;
    if judged {
        line(format!("  vae propose {run} --out proposals"))?;
    }
    Ok(())
}
