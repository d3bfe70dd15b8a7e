//! `vae simp solve`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;
use vae_base::text::significant;
use vae_study::analysis::{Code, DesignFile, Ended, SolveSettings, Stage, Technique, solve};
use vae_study::checks::moved_supports;

use crate::args::SizeArgs;
use crate::choices::{SolverArg, SymmetryArg};
use crate::failure::INTERRUPTED;
use crate::interrupt::Stop;
use crate::output::{complain, json, line, note, shown};
use crate::progress::Progress;
use crate::words;

/// Optimize one structure with SIMP
///
/// PROBLEM is mbb, cantilever, two-loads, hole, l-bracket, or the path of a problem.toml, which has
/// a grid and a volume fraction of its own.
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
    #[command(flatten)]
    size: SizeArgs,
    /// Exponent of the density in the stiffness, at least 1
    #[arg(long, value_name = "P", default_value_t = 3.0)]
    penalty: f64,
    /// Raise the exponent from this value, at least 1, by 0.25 every 20 iterations [default: the
    /// exponent is constant]
    #[arg(long, value_name = "P", hide_short_help = true)]
    penalty_start: Option<f64>,
    /// Filter radius in sides of an element, at least 1; 1 filters nothing
    #[arg(long, value_name = "R", default_value_t = 2.4)]
    filter_radius: f64,
    /// What is filtered, and projected after that
    #[arg(long, value_enum, default_value_t = FilterArg::Density)]
    filter: FilterArg,
    /// Density at which the step of --filter tanh stands, 0 to 1 [default: where it keeps the
    /// volume]
    #[arg(long, value_name = "X", hide_short_help = true)]
    eta: Option<f64>,
    /// Largest sharpness of the step, 1 to 1000; the sharpness starts at 1 and doubles [default:
    /// 512 for heaviside, else 32]
    #[arg(long, value_name = "X", hide_short_help = true)]
    max_beta: Option<f64>,
    /// Rules to follow: those of the 88-line or of the 99-line code
    #[arg(long, value_enum, default_value_t = CodeArg::Top88)]
    code: CodeArg,
    /// Make the design its own mirror image [default: no symmetry is imposed]
    #[arg(long, value_enum)]
    symmetry: Option<SymmetryArg>,
    /// Largest change of a density (0 to 1) in one iteration, above 0
    #[arg(long, value_name = "X", default_value_t = 0.2)]
    move_limit: f64,
    /// The design has converged once no density (0 to 1) changes by more in an iteration
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    tolerance: f64,
    /// Stop after this many iterations without a gain of 0.01 % in compliance [default: never]
    #[arg(long, value_name = "N", hide_short_help = true)]
    stagnation: Option<usize>,
    /// Solver of the equations
    #[arg(long, value_enum, default_value_t = SolverArg::Auto)]
    solver: SolverArg,
    /// Largest number of iterations, at least 1
    #[arg(long, value_name = "N", default_value_t = 2000)]
    max_iterations: usize,
    /// Design to start from (.npy, .npz, .csv); the number of iterations that it saves is reported
    /// [default: the volume fraction everywhere]
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// Position of the design in the file of --start, from 0
    #[arg(long, value_name = "N", default_value_t = 0, hide_short_help = true)]
    start_index: usize,
    /// File to write the design to: a picture, or densities if the name ends in .npy
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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

impl From<&Args> for SolveSettings {
    fn from(args: &Args) -> Self {
        Self {
            problem: args.size.of(&args.problem),
            penalty: args.penalty,
            penalty_start: args.penalty_start,
            filter_radius: args.filter_radius,
            filter: match args.filter {
                FilterArg::Sensitivity => Technique::Sensitivity,
                FilterArg::Density => Technique::Density,
                FilterArg::Heaviside => Technique::Heaviside,
                FilterArg::Tanh => Technique::Tanh,
                FilterArg::Robust => Technique::Robust,
            },
            eta: args.eta,
            max_beta: args.max_beta,
            code: match args.code {
                CodeArg::Top88 => Code::Top88,
                CodeArg::Top99 => Code::Top99,
            },
            symmetry: args.symmetry.map(Into::into),
            move_limit: args.move_limit,
            tolerance: args.tolerance,
            stagnation: args.stagnation,
            solver: args.solver.into(),
            max_iterations: args.max_iterations,
            start: args.start.clone().map(|path| DesignFile { path, index: args.start_index }),
        }
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let started = Instant::now();
    let stop = Stop::new(false)?;
    let mut bar: Option<(Stage, Progress)> = None;
    let settings: SolveSettings = args.into();
    let moved = moved_supports(&settings.problem.read()?);
    moved.iter().map(words::note).for_each(note);
    let solved = solve(&settings, |seen| {
        if bar.as_ref().is_none_or(|(stage, _)| *stage != seen.stage) {
            let what = match seen.stage {
                Stage::Solve => "solve",
                Stage::UniformStart => "uniform start",
            };
            let next = Progress::new(what, "iterations", seen.max_iterations as u64, 0);
            if let Some((_, done)) = bar.replace((seen.stage, next)) {
                done.finish();
            }
        }
        if let Some((_, bar)) = &mut bar {
            let compliance = significant(seen.compliance, 7);
            let text = format!("compliance {compliance}, change {:.3}", seen.change);
            bar.set(seen.iteration as u64, &text);
        }
        stop.flow(true)
    });
    if let Some((_, bar)) = bar {
        bar.finish();
    }
    let mut solved = solved?;
    if let Some(out) = &args.out {
        solved.write(out)?;
    }
    solved.seconds = started.elapsed().as_secs_f64();
    json(&solved)?;
    vae_study::words::solved(&solved).into_iter().try_for_each(line)?;
    if let Some(out) = &args.out {
        line(format!("design: {}", shown(out)))?;
    }
    if solved.ended == Ended::Stopped {
        complain("interrupted: the design is that of the last iteration");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}
