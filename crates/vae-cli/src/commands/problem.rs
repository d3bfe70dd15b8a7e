//! `vae problem`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use vae_base::FileError;
use vae_study::analysis::AnalysisError;
use vae_study::checks::moved_supports;
use vae_study::pictures::draw_task;

use crate::args::SizeArgs;
use crate::output::{blocks, line, note, shown, typed};
use crate::words;

/// State a task: supports, loads, regions and volume
#[derive(Subcommand)]
pub(crate) enum Command {
    New(New),
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
        Command::Check(args) => check(args),
    }
}

fn new(args: &New) -> Result<ExitCode> {
    if args.out.exists() {
        return Err(AnalysisError::from(FileError::Occupied { path: args.out.clone() }).into());
    }
    let problem = args.size.of(&args.like).read()?;
    vae_base::files::write(&args.out, problem.to_annotated_toml().as_bytes())?;
    line(format!(
        "{}: to be changed in an editor; then\n  vae problem check {} --picture task.png",
        shown(&args.out),
        typed(&args.out)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn check(args: &Check) -> Result<ExitCode> {
    let problem = args.size.of(&args.problem).read()?;
    moved_supports(&problem).iter().map(words::note).for_each(note);
    blocks(&vae_study::words::task(&problem)?)?;
    if let Some(picture) = &args.picture {
        draw_task(&problem, problem.name.as_deref().unwrap_or_default(), picture)?;
        line(format!("picture: {}", shown(picture)))?;
    }
    Ok(ExitCode::SUCCESS)
}
