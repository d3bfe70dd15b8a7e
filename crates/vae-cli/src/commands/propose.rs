//! `vae propose`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::Result;
use serde_json::json;
use vae_base::text::{Share, counted};
use vae_design::{Measure, Requirement};
use vae_study::Run;
use vae_study::analysis::{AxisSide, Format};
use vae_study::propose::{
    DesignPlace, Files, Outcome, ProposalTask, Proposals, ProposeSettings, Tasks, claim_folder,
};
use vae_study::words::{proposed, references};

use crate::args::{ModelArgs, SamplerArg, assignment, fitted_flow};
use crate::choices::{self, DifferArg, SideArg, SymmetryArg};
use crate::failure::FAILED;
use crate::lengths::LengthArgs;
use crate::output::{complain, json, line, note, open_page, shown, typed};
use crate::progress::{Progress, working};
use crate::{threads, words};

/// Propose new designs for a real task
///
/// Candidates are drawn from a distribution that was fitted to the codes of the data, or near given
/// designs, and each is made stiffer by gradient descent through the decoder. It is cut to 0/1 at
/// exactly the volume and judged by finite elements. What is too soft, in pieces, with a member that
/// ends in the air even after a few SIMP iterations, or nearly a copy is dropped and counted. Of the
/// others the best of each topology come first, beside the stiffest design of the data.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae propose --volume 0.4 --set load_y=0.5 --out proposals
  vae propose runs/mine --problem part.toml --volume 0.4 --compliance-within 10% --out mine
  vae propose runs/mine --tasks tasks.csv --require 'stress<=2' --out study
  vae propose runs/mine --problem part.toml --minimize weight --require 'compliance<=230'
  vae propose runs/mine --problem part.toml --volume 0.4 --to stl,dxf --cell-size 2mm --out cad")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// The problem to solve; its values may name conditions [default: the problem that the run's
    /// data state]
    #[arg(long, value_name = "FILE")]
    problem: Option<PathBuf>,
    /// Table of tasks, a line each: the columns `problem`, `volume`, `compliance_within`, `count`,
    /// `require`, `seed` and `name` stand for the flags, every other one for a condition
    ///
    /// A cell that is empty leaves what the flags say. All tasks are tried in parallel, and have
    /// one page and one table.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["near", "reference"])]
    tasks: Option<PathBuf>,
    /// A condition, NAME=VALUE, in the unit of the data; may be repeated [default: the training
    /// mean]
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// Share of the domain to fill, exactly, or at most with --minimize weight: 0.4 or 40%
    /// [default: that of the problem]
    #[arg(long, value_name = "X")]
    volume: Option<Share>,
    /// Look near this design instead of everywhere, its position or a file; may be repeated
    #[arg(long, value_name = "DESIGN")]
    near: Vec<DesignPlace>,
    /// Where codes are drawn from without --near: the prior, or a distribution that was fitted to
    /// the codes of the data under these conditions
    #[arg(long, value_enum, default_value_t = SamplerArg::Flow, hide_short_help = true)]
    sampler: SamplerArg,
    /// How far from --near candidates are drawn, in standard deviations of the training codes
    #[arg(long, value_name = "X", default_value_t = 0.5, hide_short_help = true)]
    spread: f64,
    /// How much softer a proposal may be than the stiffest design that holds: the SIMP optimum, a
    /// design of the data, or a candidate
    #[arg(long, value_name = "PERCENT", default_value = "10%")]
    compliance_within: Share,
    /// Design to compare with instead, cut at the same volume
    #[arg(long, value_name = "DESIGN", hide_short_help = true)]
    reference: Option<DesignPlace>,
    /// Number of designs to propose
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// Largest number of candidates to try [default: 20 for each proposal]
    #[arg(long, value_name = "N", hide_short_help = true)]
    candidates: Option<usize>,
    /// Largest number of steps of the latent search of each candidate; 0 takes candidates as they
    /// are drawn
    #[arg(long, value_name = "N", default_value_t = 20, hide_short_help = true)]
    search: usize,
    /// Number of SIMP iterations of repair after the search; what they bring is reported
    #[arg(long, value_name = "N", default_value_t = 0, hide_short_help = true)]
    refine: usize,
    /// Share of the training codes that the search region holds
    #[arg(long, value_name = "X", default_value_t = 0.95, hide_short_help = true)]
    trust: f64,
    /// Largest overlap of a proposal with a training design or another proposal: the IoU of the
    /// material or of the void, whichever is smaller
    #[arg(long, value_name = "X", default_value_t = 0.95, hide_short_help = true)]
    overlap: f64,
    /// Bound that a proposal must keep, MEASURE<=NUMBER or MEASURE>=NUMBER; may be repeated
    ///
    /// MEASURE is `compliance`, `stress` (the largest von Mises stress, in the unit of the
    /// problem), `member` and `hole` (the thinnest member and the narrowest hole, in elements),
    /// `holes` (their number), or `weight` (the share of the domain that is material).
    #[arg(long, value_name = "BOUND")]
    require: Vec<Requirement>,
    /// What proposals are ranked by, the smallest first
    ///
    /// With `weight`, smaller volumes than --volume are tried: the lightest designs that keep
    /// --require 'compliance<=NUMBER', or else --compliance-within of the best at --volume.
    #[arg(long, value_name = "MEASURE", default_value = "compliance", value_parser = choices::measure())]
    minimize: Measure,
    /// What makes proposals differ: their topology (number and places of holes), or the overlap
    /// alone
    #[arg(long, value_enum, default_value_t = DifferArg::Topology, hide_short_help = true)]
    differ: DifferArg,
    /// Make the designs their own mirror images
    #[arg(long, value_enum, hide_short_help = true)]
    symmetry: Option<SymmetryArg>,
    /// Seed of the candidates
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Formats of further files in the folder of each design, separated by commas
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = choices::format())]
    to: Vec<Format>,
    /// Complete half and quarter models in these files: the sides on which the axes of symmetry
    /// lie, separated by commas
    #[arg(
        long,
        value_name = "SIDES",
        value_enum,
        value_delimiter = ',',
        requires = "to",
        hide_short_help = true
    )]
    mirror: Vec<SideArg>,
    /// Open the page of the proposals in the browser
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    lengths: LengthArgs,
    /// Folder to write into, new or empty
    #[arg(long, value_name = "DIR", default_value = "proposals")]
    out: PathBuf,
}

impl From<&Args> for ProposeSettings {
    fn from(args: &Args) -> Self {
        Self {
            problem: args.problem.clone(),
            set: args.set.clone(),
            volume: args.volume.map(Share::get),
            near: args.near.clone(),
            sampler: args.sampler.into(),
            spread: args.spread,
            compliance_within: args.compliance_within,
            reference: args.reference.clone(),
            count: args.count,
            candidates: args.candidates,
            search: args.search,
            refine: args.refine,
            trust: args.trust,
            overlap: args.overlap,
            requirements: args.require.clone(),
            minimize: args.minimize,
            differ: args.differ.into(),
            symmetry: args.symmetry.map(Into::into),
            seed: args.seed,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let lengths = args.lengths.lengths()?;
    let sides: Vec<AxisSide> = args.mirror.iter().map(|&side| side.into()).collect();
    let files = Files { formats: &args.to, lengths, mirror: &sides };
    let settings: ProposeSettings = args.into();
    settings.check()?;
    let tasks = args.tasks.as_deref().map(|table| Tasks::read(table, &settings)).transpose()?;
    let run: Run = args.model.open_run()?;
    if args.near.is_empty() && args.sampler == SamplerArg::Flow {
        // They are stored beside the model, where the task finds them.
        fitted_flow(&run)?;
    }
    if let Some(tasks) = tasks {
        return many(&run, &tasks, args, &files);
    }
    let task = working("solving the problem by SIMP", || -> Result<_> {
        Ok(ProposalTask::new(&run, &settings)?)
    })?;
    task.notes.iter().for_each(note);
    words::long_work(task.seconds / threads::current() as f64).iter().for_each(note);
    let folder = claim_folder(&args.out)?;
    references(&task.comparison, task.problem.volume_fraction).into_iter().try_for_each(line)?;
    let mut bar: Option<Progress> = None;
    let found = task.propose(|progress| {
        let bar = bar
            .get_or_insert_with(|| Progress::new("propose", "candidates", progress.most as u64, 0));
        let topologies = counted(progress.topologies, "topology");
        bar.set(progress.tried as u64, &format!("{} accepted, {topologies}", progress.accepted));
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    let found = found?;
    proposed(&found).into_iter().try_for_each(line)?;
    if found.accepted.is_empty() {
        json(&json!({ "proposals": [], "tried": found.counts.tried, "limit": found.limit }))?;
        say_shortfall(&found);
        return Ok(ExitCode::from(FAILED));
    }
    let written = found.write(folder, &files)?;
    let files = [&written.page, &written.sheet, &written.table].map(|path| shown(path));
    json(&json!({
        "proposals": found.described(), "tried": found.counts.tried, "limit": found.limit,
        "folder": shown(&args.out), "files": files,
    }))?;
    line(format!(
        "{} in {}: {}, {}, {}, and a folder for each",
        counted(found.accepted.len(), "proposal"),
        shown(&args.out),
        shown(&written.page),
        shown(&written.sheet),
        shown(&written.table)
    ))?;
    args.open.then(|| open_page(&written.page));
    line(format!(
        "look at them in the browser: vae explore {} --designs {}",
        typed(run.folder.root()),
        typed(&args.out)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Proposes designs for each task of a table.
fn many(run: &Run, tasks: &Tasks, args: &Args, files: &Files<'_>) -> Result<ExitCode> {
    let folder = claim_folder(&args.out)?;
    let bar = Mutex::new(Progress::new("propose", "tasks", tasks.tasks.len() as u64, 0));
    let outcomes = tasks.propose(run, |done| {
        if let Ok(mut bar) = bar.lock() {
            bar.set(done as u64, "");
        }
    });
    if let Ok(bar) = bar.into_inner() {
        bar.finish();
    }
    tasks.write(&outcomes, folder.path(), files)?;
    let page = folder.target().join("index.html");
    folder.finish()?;
    let found = outcomes.iter().filter(|outcome| outcome.has_proposals()).count();
    let described = |outcome: &Outcome| {
        let proposals = outcome.found.as_ref().map_or_else(|_| Vec::new(), Proposals::described);
        json!({ "task": outcome.name, "proposals": proposals, "remark": outcome.remark() })
    };
    let tasks: Vec<_> = outcomes.iter().map(described).collect();
    json(&json!({ "tasks": tasks, "folder": shown(&args.out), "page": shown(&page) }))?;
    line(format!(
        "{found} of {} have proposals in {}: {}, tasks.csv, and a folder for each",
        counted(outcomes.len(), "task"),
        shown(&args.out),
        shown(&page)
    ))?;
    args.open.then(|| open_page(&page));
    for outcome in &outcomes {
        if let Some(remark) = outcome.remark() {
            complain(format!("{}: {remark}", outcome.name));
        }
    }
    Ok(if found == outcomes.len() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Prints why nothing was accepted, and what to ask for instead.
fn say_shortfall(found: &Proposals) {
    complain("vae: no candidate is accepted");
    let hint = words::hint(&found.remedies()).unwrap_or_default();
    complain(format!("hint: {}: {hint}", found.shortfall()));
}
