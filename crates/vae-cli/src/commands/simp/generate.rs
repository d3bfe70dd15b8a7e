//! `vae simp generate`.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use anyhow::Result;
use topo_data::{GenerateSpec, TopoDataError, generate};

use crate::failure::INTERRUPTED;
use crate::interrupt;
use crate::output::{json, line, note, shown};
use crate::progress::Progress;
use crate::size::rows_by_columns;

/// Make a data set of optimized structures
///
/// One design per thread. An interrupted run goes on where it stopped when the same command is given again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae simp generate cantilever --out data/beams
  vae simp generate cantilever --grid 24x48 --problems 100 --variants 4 --out data/small")]
pub(crate) struct Args {
    /// Family of problems: cantilever
    #[arg(value_name = "FAMILY")]
    family: String,
    /// Rows x columns of elements [default: the family's]
    #[arg(long, value_name = "HxW", value_parser = rows_by_columns)]
    grid: Option<(usize, usize)>,
    /// Seed of every random number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Near-optimal designs tried per problem
    #[arg(long, value_name = "K")]
    variants: Option<usize>,
    /// Problems, drawn at random from the family [default: all]
    #[arg(long, value_name = "N")]
    problems: Option<usize>,
    /// Filter radii of the variants, in elements
    #[arg(long, value_name = "R,R,…", value_delimiter = ',')]
    filter_radii: Option<Vec<f64>>,
    /// Keep designs up to this multiple of the best compliance of their problem
    #[arg(long, value_name = "X")]
    keep_ratio: Option<f64>,
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

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let mut spec = GenerateSpec::for_family(&args.family)?;
    if let Some((height, width)) = args.grid {
        (spec.height, spec.width) = (height, width);
    }
    spec.seed = args.seed.unwrap_or(spec.seed);
    spec.variants = args.variants.unwrap_or(spec.variants);
    spec.problems = args.problems.or(spec.problems);
    spec.keep_ratio = args.keep_ratio.unwrap_or(spec.keep_ratio);
    if let Some(radii) = &args.filter_radii {
        spec.filter_radii.clone_from(radii);
    }
    let stop = interrupt::stop_flag()?;
    let bar: Mutex<Option<Progress>> = Mutex::new(None);
    let done = generate(&spec, &args.out, &|progress: topo_data::Progress| {
        let mut bar = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            Progress::new("generate", "designs", progress.total as u64, progress.replayed as u64)
        });
        bar.set(
            progress.done as u64,
            &if progress.failed == 0 {
                String::new()
            } else {
                format!("{} failed", progress.failed)
            },
        );
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    if let Some(bar) = bar.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        bar.finish();
    }
    let report = match done {
        Err(TopoDataError::Stopped { done, total }) => {
            note(format!(
                "stopped after {done} of {total} designs; give the same command again to go on"
            ));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        done => done?,
    };
    if args.json {
        json(&report)?;
    } else {
        line(format!(
            "{} designs in {} groups from {} candidates of {} problems: {} too weak, {} broken by the cut, {} duplicates, {} failed",
            report.kept,
            report.groups,
            report.candidates,
            report.problems,
            report.weak,
            report.broken,
            report.duplicates,
            report.failures.len()
        ))?;
        for failure in report.failures.iter().take(5) {
            line(format!(
                "failed: problem {}, variant {}: {}",
                failure.problem, failure.variant, failure.reason
            ))?;
        }
        line(format!(
            "mean greyness {:.3}; {:.1} s; written to {}",
            report.mean_greyness,
            report.seconds,
            shown(&args.out)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
