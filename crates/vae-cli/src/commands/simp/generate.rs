//! `vae simp generate`.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use clap::ValueEnum;
use topo_data::{
    Family, GenerateSpec, Shard, ShardReport, TopoDataError, generate, generate_shard,
};
use topo_simp::Filter;
use vae_data::Size;

use super::made::{self, Pictures};
use super::solver::SolverArg;
use crate::failure::{INTERRUPTED, UsageError};
use crate::interrupt;
use crate::output::{json, line, note, shown};
use crate::progress::Progress;

/// Make a data set of optimized structures
///
/// FAMILY is cantilever, mbb-half, mbb-full, bridge, two-loads, multi-load, l-bracket, mixed,
/// random, beams2d, tutorial, or the path of a family's TOML file. One design per thread. An
/// interrupted run goes on where it stopped when the same command is given again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae simp generate cantilever --out data/beams
  vae simp generate cantilever --grid 24x48 --problems 100 --variants 4 --out data/small
  vae simp generate mixed --count 2000 --sheet mixed.png --out data/mixed
  vae simp generate random --count 500 --shard 2/8 --out data/random
  vae simp merge data/random.part-*.jsonl --out data/random
  vae simp generate tutorial --render data/lecture --out data/tutorial")]
pub(crate) struct Args {
    /// Family of problems
    #[arg(value_name = "FAMILY")]
    family: String,
    /// Designs to try: problems times variants, rounded up to whole problems
    #[arg(long, value_name = "N", conflicts_with = "problems")]
    count: Option<usize>,
    /// Rows x columns of elements [default: the family's]
    #[arg(long, value_name = "HxW")]
    grid: Option<Size>,
    /// Seed of every random number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Near-optimal designs tried per problem
    #[arg(long, value_name = "K")]
    variants: Option<usize>,
    /// Problems, drawn at random from the family [default: all]
    #[arg(long, value_name = "N")]
    problems: Option<usize>,
    /// Only part I of N, for many machines; `vae simp merge` puts the parts together
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    #[command(flatten)]
    recipe: Recipe,
    #[command(flatten)]
    pictures: Pictures,
    /// Folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads to use [default: all]
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How each design is made and judged; what is not given is the family's.
#[derive(clap::Args)]
#[command(next_help_heading = "Recipe")]
struct Recipe {
    /// What is filtered
    #[arg(long, value_enum)]
    filter: Option<FilterArg>,
    /// Filter radii of the variants, in elements
    #[arg(long, value_name = "R,R,…", value_delimiter = ',')]
    filter_radii: Option<Vec<f64>>,
    /// Iterations that decide the layout, at most
    #[arg(long, value_name = "N")]
    iterations: Option<usize>,
    /// Iterations with a small filter that sharpen it, at most
    #[arg(long, value_name = "N")]
    sharpen_iterations: Option<usize>,
    /// Iterations without filter that take the grey rim away, at most
    #[arg(long, value_name = "N")]
    crisp_iterations: Option<usize>,
    /// Stop when no density moves by more than this
    #[arg(long, value_name = "X")]
    tolerance: Option<f64>,
    /// What solves the equations [default: multigrid]
    #[arg(long, value_enum)]
    solver: Option<SolverArg>,
    /// Keep the designs before each of the first N iterations, in place of the last; 0 for the last
    #[arg(long, value_name = "N")]
    keep_iterates: Option<usize>,
    /// Rows of knots of the random starts
    #[arg(long, value_name = "N")]
    knot_rows: Option<usize>,
    /// Amplitude of the random starts
    #[arg(long, value_name = "X")]
    noise: Option<f64>,
    /// Keep designs up to this multiple of the best compliance of their problem
    #[arg(long, value_name = "X")]
    keep_ratio: Option<f64>,
    /// Keep designs whose compliance the cut to 0/1 multiplies by at most this
    #[arg(long, value_name = "X")]
    cut_ratio: Option<f64>,
    /// Drop designs whose overlap (IoU) with a kept one of their problem is above this
    #[arg(long, value_name = "X")]
    duplicate_iou: Option<f64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FilterArg {
    Sensitivity,
    Density,
}

impl Args {
    fn spec(&self) -> Result<GenerateSpec> {
        let mut spec = GenerateSpec::for_family(&self.family)?;
        if let Some(Size { height, width }) = self.grid {
            (spec.height, spec.width) = (height, width);
        }
        self.recipe.change(&mut spec);
        set(&mut spec.seed, self.seed);
        set(&mut spec.variants, self.variants);
        spec.problems = self.problems;
        if let Some(count) = self.count {
            let per_problem = spec.variants * spec.keep_iterates.unwrap_or(1);
            if count == 0 || per_problem == 0 {
                return Err(UsageError::new(
                    "there is nothing to make: --count or --variants is 0",
                )
                .into());
            }
            let problems = count.div_ceil(per_problem);
            // All of a family, said in designs.
            let all = Family::named(&self.family)?.problems();
            let most = all.saturating_mul(per_problem);
            if problems > all {
                return Err(UsageError::with_hint(
                    format!("--count {count} is more than the {most} designs of `{}`", self.family),
                    "ask for fewer, or for more --variants",
                )
                .into());
            }
            spec.problems = (problems != all).then_some(problems);
        }
        Ok(spec)
    }
}

impl Recipe {
    fn change(&self, spec: &mut GenerateSpec) {
        spec.filter = match self.filter {
            Some(FilterArg::Sensitivity) => Filter::Sensitivity,
            Some(FilterArg::Density) => Filter::Density,
            None => spec.filter,
        };
        set(&mut spec.filter_radii, self.filter_radii.clone());
        set(&mut spec.iterations, self.iterations);
        set(&mut spec.sharpen_iterations, self.sharpen_iterations);
        set(&mut spec.crisp_iterations, self.crisp_iterations);
        set(&mut spec.tolerance, self.tolerance);
        set(&mut spec.solver, self.solver.map(Into::into));
        if let Some(iterates) = self.keep_iterates {
            spec.keep_iterates = Some(iterates).filter(|&iterates| 0 < iterates);
        }
        set(&mut spec.knot_rows, self.knot_rows);
        set(&mut spec.noise, self.noise);
        set(&mut spec.keep_ratio, self.keep_ratio);
        set(&mut spec.cut_ratio, self.cut_ratio);
        set(&mut spec.duplicate_iou, self.duplicate_iou);
    }
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let spec = args.spec()?;
    args.pictures.check()?;
    let stop = interrupt::stop_flag()?;
    let bar: Mutex<Option<Progress>> = Mutex::new(None);
    let observer = |progress: topo_data::Progress| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            Progress::new("generate", "designs", progress.total as u64, progress.replayed as u64)
        });
        let failed = progress.failed;
        let message = if failed == 0 { String::new() } else { format!("{failed} failed") };
        bar.set(progress.done as u64, &message);
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let made = match args.shard {
        Some(shard) => generate_shard(&spec, shard, &args.out, &observer).map(Made::Part),
        None => generate(&spec, &args.out, &observer).map(Made::Whole),
    };
    if let Some(bar) = bar.into_inner().unwrap_or_else(PoisonError::into_inner) {
        bar.finish();
    }
    match made {
        Err(TopoDataError::Stopped { done, total }) => {
            note(format!(
                "stopped after {done} of {total} designs; give the same command again to go on"
            ));
            Ok(ExitCode::from(INTERRUPTED))
        }
        Ok(Made::Whole(report)) => made::finish(&report, &args.out, &args.pictures, args.json),
        Ok(Made::Part(report)) => part(&report, args.json),
        Err(other) => Err(other.into()),
    }
}

/// What a run makes.
enum Made {
    Whole(topo_data::GenerateReport),
    Part(ShardReport),
}

fn part(report: &ShardReport, as_json: bool) -> Result<ExitCode> {
    if as_json {
        json(report)?;
        return Ok(ExitCode::SUCCESS);
    }
    line(format!(
        "part {}: {} designs of {} problems, {} failed; {:.1} s; written to {}",
        report.shard,
        report.jobs,
        report.problems,
        report.failures.len(),
        report.seconds,
        shown(&report.path)
    ))?;
    made::failures(&report.failures)?;
    line("once all parts are there: vae simp merge PARTS --out DIR")?;
    Ok(ExitCode::SUCCESS)
}
