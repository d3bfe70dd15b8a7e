//! `vae simp solve`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::Serialize;
use topo_simp::{
    Code, Ended, Filter, Grid, NamedProblem, Optimizer, Options, PenaltyContinuation, Problem,
    ProblemError, Projection, ProjectionRule, Refined, Solution, Stagnation, Start, Symmetry,
};
use vae_data::npy;
use vae_report::grid;

use super::solver::SolverArg;
use crate::design;
use crate::failure::{INTERRUPTED, UsageError};
use crate::interrupt;
use crate::output::{json, line, note, shown};
use crate::progress::Progress;

/// Optimize one structure with SIMP
///
/// PROBLEM is mbb, cantilever, two-loads, hole, l-bracket, or the path of a problem.toml, whose own
/// grid and volume fraction then count.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae simp solve mbb --nelx 60 --nely 20 --volume-fraction 0.5 --filter-radius 2.4 --filter density --json
  vae simp solve cantilever --nelx 96 --nely 48 --volume-fraction 0.4 --out beam.png
  vae simp solve mbb --code 99 --filter sensitivity --filter-radius 1.5
  vae simp solve mbb --filter heaviside --filter-radius 1.8
  vae simp solve l-bracket --nelx 50 --nely 50 --filter robust --filter-radius 4 --out bracket.npy
  vae simp solve l-bracket --nelx 50 --nely 50 --start bracket.npy --max-iterations 20")]
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
    /// Share of the domain to fill with material, above 0 and below 1 [default: 0.5, or the file's]
    #[arg(long, value_name = "X")]
    volume_fraction: Option<f64>,
    /// Exponent of the density in the stiffness, at least 1
    #[arg(long, value_name = "P", default_value_t = 3.0)]
    penalty: f64,
    /// Raise the exponent from here, at least 1, by 0.25 every 20 iterations [default: it stays
    /// what it is]
    #[arg(long, value_name = "P")]
    penalty_start: Option<f64>,
    /// Filter radius in sides of an element, at least 1; 1 filters nothing
    #[arg(long, value_name = "R", default_value_t = 2.4)]
    filter_radius: f64,
    /// What is filtered, and projected after that
    #[arg(long, value_enum, default_value_t = FilterArg::Density)]
    filter: FilterArg,
    /// Density at which the step of --filter tanh stands, 0 to 1 [default: where it keeps the
    /// volume]
    #[arg(long, value_name = "X")]
    eta: Option<f64>,
    /// Largest sharpness of the step, 1 to 1000; it doubles from 1 on [default: 512 for heaviside,
    /// else 32]
    #[arg(long, value_name = "X")]
    max_beta: Option<f64>,
    /// Whose rules: the 88-line or the 99-line code
    #[arg(long, value_enum, default_value_t = CodeArg::Top88)]
    code: CodeArg,
    /// Make the design its own mirror image [default: as the loads want it]
    #[arg(long, value_enum)]
    symmetry: Option<SymmetryArg>,
    /// Largest change of a density (0 to 1) in one iteration, above 0
    #[arg(long, value_name = "X", default_value_t = 0.2)]
    move_limit: f64,
    /// The design has converged once no density (0 to 1) changes by more in an iteration
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    tolerance: f64,
    /// Stop after so many iterations without a gain of 0.01 % in compliance [default: go on]
    #[arg(long, value_name = "N")]
    stagnation: Option<usize>,
    /// What solves the equations
    #[arg(long, value_enum, default_value_t = SolverArg::Auto)]
    solver: SolverArg,
    /// Iterations at most, at least 1
    #[arg(long, value_name = "N", default_value_t = 2000)]
    max_iterations: usize,
    /// Design to start from (.npy, .npz, .csv); says how many iterations it saves [default: the
    /// volume fraction everywhere]
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// Which design of the file of --start, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    start_index: usize,
    /// Where to write the design: a picture, or densities if the name ends in .npy [default:
    /// nowhere]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FilterArg {
    /// The derivatives
    Sensitivity,
    /// The densities
    Density,
    /// The densities, then a step at 0 as in the 110-line code: no thin bars
    Heaviside,
    /// The densities, then a step in the middle: black and white
    Tanh,
    /// As tanh, optimized for a thinner copy of the design: no thin bars, no thin holes
    Robust,
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

#[derive(Clone, Copy, ValueEnum)]
enum SymmetryArg {
    /// Left and right
    LeftRight,
    /// Top and bottom
    TopBottom,
    /// Both
    Both,
}

#[derive(Serialize)]
struct Solved<'a> {
    problem: &'a str,
    compliance: f64,
    compliance_returned: f64,
    iterations: usize,
    converged: bool,
    ended: Ended,
    volume_fraction: f64,
    greyness: f64,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cold: Option<Cold>,
    history: &'a [f64],
}

/// The same problem from the uniform start.
#[derive(Serialize)]
struct Cold {
    compliance: f64,
    iterations: usize,
    iterations_saved: isize,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let started = Instant::now();
    let problem = args.problem()?;
    let options = args.options()?;
    let stop = interrupt::stop_flag()?;
    let mut optimizer = Optimizer::new(problem.grid)?;
    let mut optimize = |what, options: &Options| {
        let mut bar = Progress::new(what, "iterations", options.max_iterations as u64, 0);
        let solution = optimizer.optimize_with(&problem, options, |iteration| {
            bar.set(
                iteration.iteration as u64,
                &format!("compliance {:.4}, change {:.3}", iteration.compliance, iteration.change),
            );
            if stop.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        bar.finish();
        solution
    };
    let mut solution = optimize("solve", &options)?;
    let mut cold = None;
    if args.start.is_some() && solution.ended != Ended::Stopped {
        let uniform = Options { start: Start::Uniform, max_iterations: 2000, ..options };
        let refined = Refined { warm: solution, cold: optimize("uniform start", &uniform)? };
        cold = (refined.cold.ended != Ended::Stopped).then(|| Cold {
            compliance: refined.cold.compliance,
            iterations: refined.cold.iterations,
            iterations_saved: refined.iterations_saved(),
        });
        solution = refined.warm;
    }
    if let Some(out) = &args.out {
        args.write(&solution, out)?;
    }
    let solved = Solved {
        problem: &args.problem,
        compliance: solution.compliance,
        compliance_returned: solution.compliance_returned,
        iterations: solution.iterations,
        converged: solution.converged(),
        ended: solution.ended,
        volume_fraction: solution.volume_fraction,
        greyness: solution.greyness,
        seconds: started.elapsed().as_secs_f64(),
        cold,
        history: &solution.history,
    };
    if args.json {
        json(&solved)?;
    } else {
        args.print(&solved)?;
    }
    if solution.ended == Ended::Stopped {
        note("interrupted: the design is that of the last iteration");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn print(&self, solved: &Solved<'_>) -> Result<()> {
        let Solved { compliance, compliance_returned, iterations, seconds, .. } = *solved;
        let end = match solved.ended {
            Ended::Converged => "converged",
            Ended::Stagnated => "stagnated",
            Ended::IterationLimit | Ended::Stopped => "stopped",
        };
        line(format!(
            "{}: compliance {compliance:.6} ({end} after {iterations} iterations, {seconds:.2} s)",
            self.problem
        ))?;
        line(format!(
            "returned design: compliance {compliance_returned:.6}, volume fraction {:.4}, greyness {:.3}",
            solved.volume_fraction, solved.greyness
        ))?;
        if let Some(Cold { compliance, iterations, iterations_saved }) = solved.cold {
            line(format!(
                "from the uniform start: compliance {compliance:.6} after {iterations} iterations; the given start saves {iterations_saved} on the way to what both reach"
            ))?;
        }
        if let Some(out) = &self.out {
            line(format!("design: {}", shown(out)))?;
        }
        Ok(())
    }

    fn write(&self, solution: &Solution, out: &Path) -> Result<()> {
        if out.extension().is_some_and(|extension| extension == "npy") {
            return Ok(npy::write(out, solution.design.view())?);
        }
        let design = solution.design.mapv(|density| density as f32).insert_axis(ndarray::Axis(0));
        grid(
            &vae_report::Grid { title: &self.problem, ..vae_report::Grid::new(design.view()) },
            out,
        )
        .with_context(|| format!("cannot draw {}", out.display()))
    }

    fn options(&self) -> Result<Options> {
        let (filter, projection) = match self.filter {
            FilterArg::Sensitivity => (Filter::Sensitivity, None),
            FilterArg::Density => (Filter::Density, None),
            FilterArg::Heaviside => (Filter::Density, Some(Projection::top110())),
            FilterArg::Tanh => {
                let rule = self
                    .eta
                    .map_or(ProjectionRule::VolumePreserving, |eta| ProjectionRule::Tanh { eta });
                (Filter::Density, Some(Projection::tanh(rule)))
            }
            FilterArg::Robust => (Filter::Density, Some(Projection::robust())),
        };
        let code = match self.code {
            CodeArg::Top88 => Code::Top88,
            CodeArg::Top99 => Code::Top99,
        };
        let start = match &self.start {
            Some(path) => Start::Design(design::read(path, self.start_index)?),
            None => Start::Uniform,
        };
        Ok(Options {
            code,
            projection: projection.map(|projection| Projection {
                max_beta: self.max_beta.unwrap_or(projection.max_beta),
                ..projection
            }),
            penalty: self.penalty,
            penalty_continuation: self.penalty_start.map(|first| PenaltyContinuation {
                first,
                step: 0.25,
                iterations_per_step: 20,
            }),
            symmetry: self.symmetry.map(|symmetry| match symmetry {
                SymmetryArg::LeftRight => Symmetry::LeftRight,
                SymmetryArg::TopBottom => Symmetry::TopBottom,
                SymmetryArg::Both => Symmetry::Both,
            }),
            move_limit: self.move_limit,
            tolerance: self.tolerance,
            stagnation: self.stagnation.map(|iterations| Stagnation { iterations, gain: 1e-4 }),
            max_iterations: self.max_iterations,
            start,
            solver: self.solver.into(),
            ..Options::top88(filter, self.filter_radius)
        })
    }

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
            problem.validate().with_context(|| path.display().to_string())?;
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
