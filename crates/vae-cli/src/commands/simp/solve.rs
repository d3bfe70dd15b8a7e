//! `vae simp solve`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::Serialize;
use topo_simp::{Code, Filter, Grid, NamedProblem, Optimizer, Options, Problem, ProblemError};
use vae_report::grid;

use crate::failure::UsageError;
use crate::output::{json, line, shown};
use crate::progress::Progress;

/// Optimize one structure with SIMP
///
/// PROBLEM is mbb, cantilever, two-loads, hole, l-bracket, or the path of a problem.toml, whose own grid and volume fraction then
/// count.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae simp solve mbb --nelx 60 --nely 20 --volume-fraction 0.5 --filter-radius 2.4 --filter density --json
  vae simp solve cantilever --nelx 96 --nely 48 --volume-fraction 0.4 --out beam.png
  vae simp solve mbb --code 99 --filter sensitivity --filter-radius 1.5")]
pub(crate) struct Args {
    /// A problem's name or file
    #[arg(value_name = "PROBLEM")]
    problem: String,
    /// Elements from left to right [default: 60, or the file's]
    #[arg(long, value_name = "N")]
    nelx: Option<usize>,
    /// Elements from top to bottom [default: 20, or the file's]
    #[arg(long, value_name = "N")]
    nely: Option<usize>,
    /// Share of the domain to fill [default: 0.5, or the file's]
    #[arg(long, value_name = "X")]
    volume_fraction: Option<f64>,
    /// SIMP exponent
    #[arg(long, value_name = "P", default_value_t = 3.0)]
    penalty: f64,
    /// Filter radius in elements
    #[arg(long, value_name = "R", default_value_t = 2.4)]
    filter_radius: f64,
    /// What is filtered
    #[arg(long, value_enum, default_value_t = FilterArg::Density)]
    filter: FilterArg,
    /// Whose rules: the 88-line or the 99-line code
    #[arg(long, value_enum, default_value_t = CodeArg::Top88)]
    code: CodeArg,
    /// Iterations at most
    #[arg(long, value_name = "N", default_value_t = 2000)]
    max_iterations: usize,
    /// Picture of the design to write
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Threads to use; one design is solved on one thread
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FilterArg {
    Sensitivity,
    Density,
}

#[derive(Clone, Copy, ValueEnum)]
enum CodeArg {
    /// Andreassen et al. 2011
    #[value(name = "88")]
    Top88,
    /// Sigmund 2001
    #[value(name = "99")]
    Top99,
}

#[derive(Serialize)]
struct Solved<'a> {
    problem: &'a str,
    compliance: f64,
    compliance_returned: f64,
    iterations: usize,
    converged: bool,
    volume_fraction: f64,
    greyness: f64,
    seconds: f64,
    history: &'a [f64],
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let started = Instant::now();
    let problem = args.problem()?;
    let filter = match args.filter {
        FilterArg::Sensitivity => Filter::Sensitivity,
        FilterArg::Density => Filter::Density,
    };
    let code = match args.code {
        CodeArg::Top88 => Code::Top88,
        CodeArg::Top99 => Code::Top99,
    };
    let options = Options {
        code,
        penalty: args.penalty,
        max_iterations: args.max_iterations,
        ..Options::top88(filter, args.filter_radius)
    };
    let mut bar = Progress::new("solve", "iterations", args.max_iterations as u64, 0);
    let solution =
        Optimizer::new(problem.grid)?.optimize_with(&problem, &options, |iteration| {
            bar.set(
                iteration.iteration as u64,
                &format!("compliance {:.4}, change {:.3}", iteration.compliance, iteration.change),
            );
            ControlFlow::Continue(())
        })?;
    bar.finish();
    if let Some(out) = &args.out {
        let design = solution.design.mapv(|density| density as f32).insert_axis(ndarray::Axis(0));
        grid(
            &vae_report::Grid { title: &args.problem, ..vae_report::Grid::new(design.view()) },
            out,
        )
        .with_context(|| format!("cannot draw {}", out.display()))?;
    }
    let solved = Solved {
        problem: &args.problem,
        compliance: solution.compliance,
        compliance_returned: solution.compliance_returned,
        iterations: solution.iterations,
        converged: solution.converged,
        volume_fraction: solution.volume_fraction,
        greyness: solution.greyness,
        seconds: started.elapsed().as_secs_f64(),
        history: &solution.history,
    };
    if args.json {
        json(&solved)?;
    } else {
        let Solved {
            compliance,
            compliance_returned,
            iterations,
            volume_fraction,
            greyness,
            seconds,
            ..
        } = solved;
        let end = if solved.converged { "converged" } else { "stopped" };
        line(format!(
            "{}: compliance {compliance:.6} ({end} after {iterations} iterations, {seconds:.2} s)",
            args.problem
        ))?;
        line(format!(
            "returned design: compliance {compliance_returned:.6}, volume fraction {volume_fraction:.4}, greyness {greyness:.3}"
        ))?;
        if let Some(out) = &args.out {
            line(format!("picture: {}", shown(out)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn problem(&self) -> Result<Problem> {
        let path = Path::new(&self.problem);
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(path)
                .map_err(|err| UsageError::new(format!("cannot read {}: {err}", path.display())))?;
            let mut problem =
                Problem::from_toml(&text).with_context(|| path.display().to_string())?;
            problem.grid.nelx = self.nelx.unwrap_or(problem.grid.nelx);
            problem.grid.nely = self.nely.unwrap_or(problem.grid.nely);
            problem.volume_fraction = self.volume_fraction.unwrap_or(problem.volume_fraction);
            return Ok(problem);
        }
        let grid = Grid { nelx: self.nelx.unwrap_or(60), nely: self.nely.unwrap_or(20) };
        // What is wrong with a named problem is wrong with the flags.
        let wrong_flag = |err: ProblemError| UsageError::new(err.to_string());
        let named: NamedProblem = self.problem.parse().map_err(wrong_flag)?;
        let problem = named.problem(grid, self.volume_fraction.unwrap_or(0.5));
        problem.validate().map_err(wrong_flag)?;
        Ok(problem)
    }
}
