//! `vae simp generate`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use toml::Table;
use topo_data::{
    Family, GenerateSpec, Shard, ShardReport, TopoDataError, expected_seconds, generate,
    generate_shard,
};
use vae_data::Size;

use super::command_line::command_line;
use super::made::{self, Pictures};
use crate::choices::SolverArg;
use crate::failure::{INTERRUPTED, UsageError};
use crate::interrupt::Stop;
use crate::output::{complain, json, line, note, shown};
use crate::progress::Progress;
use crate::words;

/// Make a data set of optimized structures
///
/// FAMILY is cantilever, mbb-half, mbb-full, bridge, two-loads, multi-load, l-bracket, mixed,
/// random, beams2d, tutorial, or the path of a family's TOML file. Each thread makes one design at
/// a time. The same command continues an interrupted run where it stopped.
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
    #[command(flatten)]
    draw: Draw,
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
}

/// Which designs are tried; what is not given is the family's.
#[derive(clap::Args, Serialize)]
struct Draw {
    /// Seed of every random number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 63))]
    seed: Option<u64>,
    /// Near-optimal designs tried per problem
    #[arg(long, value_name = "K")]
    variants: Option<usize>,
    /// Problems, drawn at random from the family [default: all]
    #[arg(long, value_name = "N")]
    problems: Option<usize>,
}

/// How each design is made and judged; what is not given is the family's.
#[derive(clap::Args, Serialize)]
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
    #[arg(long, value_name = "N", hide_short_help = true)]
    sharpen_iterations: Option<usize>,
    /// Iterations without filter that take the grey rim away, at most
    #[arg(long, value_name = "N", hide_short_help = true)]
    crisp_iterations: Option<usize>,
    /// Stop when no density moves by more than this
    #[arg(long, value_name = "X", hide_short_help = true)]
    tolerance: Option<f64>,
    /// What solves the equations [default: multigrid]
    #[arg(long, value_enum)]
    solver: Option<SolverArg>,
    /// Keep the designs before each of the first N iterations, in place of the last; 0 for the last
    #[arg(long, value_name = "N", hide_short_help = true)]
    keep_iterates: Option<usize>,
    /// Rows of knots of the random starts
    #[arg(long, value_name = "N", hide_short_help = true)]
    knot_rows: Option<usize>,
    /// Amplitude of the random starts
    #[arg(long, value_name = "X", hide_short_help = true)]
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

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum FilterArg {
    Sensitivity,
    Density,
}

impl Args {
    fn spec(&self) -> Result<GenerateSpec> {
        let mut layer = Table::try_from(&self.draw)?;
        layer.extend(Table::try_from(&self.recipe)?);
        if let Some(Size { height, width }) = self.grid {
            layer.insert("height".to_owned(), toml::Value::try_from(height)?);
            layer.insert("width".to_owned(), toml::Value::try_from(width)?);
        }
        let mut spec = GenerateSpec::layered(&self.family, layer)?;
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

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let spec = args.spec()?;
    args.pictures.check()?;
    let stop = Stop::new(false)?;
    let seconds = expected_seconds(&spec, args.shard.unwrap_or(Shard::WHOLE))?;
    words::long_work(seconds).iter().for_each(note);
    let bar: Mutex<Option<Progress>> = Mutex::new(None);
    let observer = |progress: topo_data::Progress| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            Progress::new("generate", "designs", progress.total as u64, progress.replayed as u64)
        });
        let failed = progress.failed;
        let message = if failed == 0 { String::new() } else { format!("{failed} failed") };
        bar.set(progress.done as u64, &message);
        // Before the first design and after the last one nobody looks at the flag.
        stop.flow(progress.done < progress.total)
    };
    let made = match args.shard {
        Some(shard) => generate_shard(&spec, shard, &args.out, &observer).map(Made::Part),
        None => generate(&spec, &command_line(&spec), &args.out, &observer).map(Made::Whole),
    };
    if let Some(bar) = bar.into_inner().unwrap_or_else(PoisonError::into_inner) {
        bar.finish();
    }
    match made {
        Err(TopoDataError::Stopped { done, total }) => {
            complain(format!(
                "stopped after {done} of {total} designs; give the same command again to continue"
            ));
            Ok(ExitCode::from(INTERRUPTED))
        }
        Ok(Made::Whole(report)) => made::finish(&report, &args.out, &args.pictures),
        Ok(Made::Part(report)) => part(&report),
        Err(other) => Err(other.into()),
    }
}

/// What a run makes.
enum Made {
    Whole(topo_data::GenerateReport),
    Part(ShardReport),
}

fn part(report: &ShardReport) -> Result<ExitCode> {
    json(report)?;
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
    line("when all parts are made: vae simp merge PARTS --out DIR")?;
    Ok(ExitCode::SUCCESS)
}
