//! `vae problem`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;
use topo_data::guess_problem;
use vae_base::FileError;
use vae_study::analysis::AnalysisError;
use vae_study::checks::moved_supports;
use vae_study::pictures::draw_task;

use crate::args::SizeArgs;
use crate::output::{blocks, json, line, note, shown, texts, typed};
use crate::progress::working;
use crate::reading::{ReadingArgs, open_data};
use crate::words;

/// State a task: supports, loads, regions and volume
#[derive(Subcommand)]
pub(crate) enum Command {
    New(New),
    FromDesigns(Box<FromDesigns>),
    Check(Check),
}

/// Write the file of a task with comments, to be changed in an editor
///
/// The file begins as one of the built-in problems: supports and loads stand there as examples, and
/// comments say how places and forces are counted and what else can be stated.
#[derive(Args)]
#[command(after_help = "Examples:
  vae problem new task.toml
  vae problem new task.toml --like mbb --nelx 96 --nely 48 --volume-fraction 0.4")]
pub(crate) struct New {
    /// File to write; one that exists is kept
    #[arg(value_name = "FILE")]
    out: PathBuf,
    /// Problem to begin with: mbb, cantilever, two-loads, hole or l-bracket
    #[arg(long, value_name = "PROBLEM", default_value = "cantilever")]
    like: String,
    #[command(flatten)]
    size: SizeArgs,
}

/// Guess the task that designs were made for
///
/// Supports and loads that are usual are tried on some of the designs, and ranked by how evenly they
/// strain the material, which is what the stiffest design does. Each guess is marked in the file,
/// with its evidence. The sign of a load and its size cannot be told.
#[derive(Args)]
#[command(after_help = "Examples:
  vae problem from-designs my-designs/ --out part.toml
  vae problem from-designs densities.npy --layout columns:60x20 --count 32")]
pub(crate) struct FromDesigns {
    /// Designs: whatever --data takes
    #[arg(value_name = "SOURCE")]
    source: String,
    /// File to write; one that exists is kept
    #[arg(long, value_name = "FILE", default_value = "problem.toml")]
    out: PathBuf,
    /// Number of designs to try supports and loads on
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// Check a task, say what it states on its nodes, and draw it
///
/// PROBLEM is mbb, cantilever, two-loads, hole, l-bracket, or the path of a problem.toml. Rows and
/// columns of nodes count from 0 at the upper left corner.
#[derive(Args)]
#[command(after_help = "Examples:
  vae problem check task.toml --picture task.png
  vae problem check l-bracket --nelx 50 --nely 50")]
pub(crate) struct Check {
    /// A problem's name or file
    #[arg(value_name = "PROBLEM")]
    problem: String,
    /// Picture of domain, regions, supports and loads
    #[arg(long, value_name = "FILE.png")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    size: SizeArgs,
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::New(args) => new(args),
        Command::FromDesigns(args) => from_designs(args),
        Command::Check(args) => check(args),
    }
}

fn new(args: &New) -> Result<ExitCode> {
    vacant(&args.out)?;
    let problem = args.size.of(&args.like).read()?;
    vae_base::files::write(&args.out, problem.to_annotated_toml().as_bytes())?;
    json(&json!({ "file": shown(&args.out) }))?;
    line(format!(
        "{}: to be changed in an editor; then\n  vae problem check {} --picture task.png",
        shown(&args.out),
        typed(&args.out)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a file that is there.
pub(crate) fn vacant(path: &Path) -> Result<()> {
    let occupied = || AnalysisError::from(FileError::Occupied { path: path.to_owned() });
    if path.exists() { Err(occupied().into()) } else { Ok(()) }
}

fn from_designs(args: &FromDesigns) -> Result<ExitCode> {
    vacant(&args.out)?;
    let data = open_data(&args.source, &args.reading.reading()?)?;
    let trying = || guess_problem(&data, usize::from(args.count));
    let guess = working("trying supports and loads", trying)?;
    vae_base::files::write(&args.out, guess.to_toml().as_bytes())?;
    json(&json!({
        "file": shown(&args.out), "supports": guess.evidence(), "load": guess.load.words(),
        "looked_at": guess.looked_at,
    }))?;
    guess.evidence().iter().take(3).try_for_each(line)?;
    line(format!("load: {}, in {} designs", guess.load.words(), guess.load.agree))?;
    line(format!(
        "{}: every guess is marked; then\n  vae problem check {} --picture task.png",
        shown(&args.out),
        typed(&args.out)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn check(args: &Check) -> Result<ExitCode> {
    let problem = args.size.of(&args.problem).read()?;
    moved_supports(&problem).iter().map(words::note).for_each(note);
    let stated = vae_study::words::task(&problem)?;
    let picture = args.picture.as_deref().map(shown);
    let problem_table: toml::Table = problem.to_toml().parse()?;
    json(&json!({ "problem": problem_table, "states": texts(&stated), "picture": picture }))?;
    blocks(&stated)?;
    if let Some(picture) = &args.picture {
        draw_task(&problem, problem.name.as_deref().unwrap_or_default(), picture)?;
        line(format!("picture: {}", shown(picture)))?;
    }
    Ok(ExitCode::SUCCESS)
}
