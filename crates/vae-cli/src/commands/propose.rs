//! `vae propose`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use vae_base::text::{Share, counted};
use vae_design::Yield;
use vae_study::Run;
use vae_study::analysis::{AxisSide, Format};
use vae_study::propose::{
    DesignPlace, ProposalTask, Proposals, ProposeSettings, Shortfall, claim_folder,
};

use crate::args::{ModelArgs, SamplerArg, assignment, fitted_flow};
use crate::choices::{self, SideArg, SymmetryArg};
use crate::failure::FAILED;
use crate::lengths::LengthArgs;
use crate::output::{line, note, shown, typed};
use crate::progress::{Progress, working};
use crate::words;

/// Propose new designs for a real task
///
/// Candidates are drawn from a distribution that was fitted to the codes of the data under these
/// conditions, or near given designs. Each candidate is made stiffer by gradient descent through
/// the decoder, which stays where the codes of the training designs lie; then it is cut to 0/1 at
/// exactly the volume and judged by finite elements. Candidates that are too soft, in pieces, or
/// nearly copies of a training design or of another proposal are dropped and counted. The others
/// are ranked by compliance and written as a contact sheet, a table, and one folder per design.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae propose --volume 0.4 --set load_y=0.5 --out proposals
  vae propose runs/mine --problem part.toml --volume 0.40 --compliance-within 10% --count 10 --out proposals
  vae propose runs/mine --problem part.toml --near 17 --near best.npy --reference best.npy --volume 0.35 --out near-mine
  vae propose runs/mine --problem part.toml --volume 0.4 --refine 5 --out repaired
  vae propose runs/mine --problem part.toml --volume 0.4 --to stl,dxf --cell-size 2mm --thickness 5mm --out for-cad

DESIGN is the position of a design in the run's data, or a .npy, .npz or .csv file; FILE:3 is the fourth design of a file.")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// The problem to solve; its values may name conditions [default: the problem that the run's
    /// data state]
    #[arg(long, value_name = "FILE")]
    problem: Option<PathBuf>,
    /// A condition, NAME=VALUE, in the unit of the data; may be repeated [default: the training
    /// mean]
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// Share of the domain to fill, exactly: 0.4 or 40% [default: that of the problem]
    #[arg(long, value_name = "X")]
    volume: Option<Share>,
    /// Look in the neighborhood of this design instead of everywhere; may be repeated
    #[arg(long, value_name = "DESIGN")]
    near: Vec<DesignPlace>,
    /// Where codes are drawn from without --near: the prior, or a distribution that was fitted to
    /// the codes of the data under these conditions
    #[arg(long, value_enum, default_value_t = SamplerArg::Flow)]
    sampler: SamplerArg,
    /// How far from --near candidates are drawn, in standard deviations of the training codes
    #[arg(long, value_name = "X", default_value_t = 0.5)]
    spread: f64,
    /// How much softer than the reference a proposal may be
    #[arg(long, value_name = "PERCENT", default_value = "10%")]
    compliance_within: Share,
    /// Design to compare with, cut at the same volume [default: the SIMP optimum of the problem]
    #[arg(long, value_name = "DESIGN")]
    reference: Option<DesignPlace>,
    /// Number of designs to propose
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// Largest number of candidates to try [default: 20 for each proposal]
    #[arg(long, value_name = "N")]
    candidates: Option<usize>,
    /// Largest number of steps of the latent search of each candidate; 0 takes candidates as they
    /// are drawn
    #[arg(long, value_name = "N", default_value_t = 20)]
    search: usize,
    /// Number of SIMP iterations of repair after the search; what they bring is reported
    #[arg(long, value_name = "N", default_value_t = 0)]
    refine: usize,
    /// Share of the training codes that the search region holds
    #[arg(long, value_name = "X", default_value_t = 0.95)]
    trust: f64,
    /// Largest overlap (IoU) of a proposal with a training design or another proposal
    #[arg(long, value_name = "X", default_value_t = 0.95)]
    overlap: f64,
    /// Make the designs their own mirror images
    #[arg(long, value_enum)]
    symmetry: Option<SymmetryArg>,
    /// Seed of the candidates
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Formats of further files in the folder of each design, separated by commas
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = choices::format())]
    to: Vec<Format>,
    /// Complete half and quarter models in these files: the sides on which the axes of symmetry
    /// lie, separated by commas
    #[arg(long, value_name = "SIDES", value_enum, value_delimiter = ',', requires = "to")]
    mirror: Vec<SideArg>,
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
            symmetry: args.symmetry.map(Into::into),
            seed: args.seed,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let lengths = args.lengths.lengths()?;
    let sides: Vec<AxisSide> = args.mirror.iter().map(|&side| side.into()).collect();
    let run: Run = args.model.open_run()?;
    if args.near.is_empty() && args.sampler == SamplerArg::Flow {
        // They are stored beside the model, where the task finds them.
        fitted_flow(&run)?;
    }
    let task = working("solving the problem by SIMP", || -> Result<_> {
        Ok(ProposalTask::new(&run, &args.into())?)
    })?;
    task.notes.iter().for_each(note);
    let folder = claim_folder(&args.out)?;
    say_task(&task, args)?;
    let mut bar: Option<Progress> = None;
    let found = task.propose(|progress| {
        let bar = bar
            .get_or_insert_with(|| Progress::new("propose", "candidates", progress.most as u64, 0));
        bar.set(progress.tried as u64, &format!("{} accepted", progress.accepted));
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    let found = found?;
    say_yield(&found)?;
    if found.accepted.is_empty() {
        say_shortfall(&found);
        return Ok(ExitCode::from(FAILED));
    }
    found.iterations_saved.as_deref().map_or(Ok(()), say_saved)?;
    let written = found.write(folder, &args.to, (lengths, &sides))?;
    line(format!(
        "{} in {}: {}, {}, and a folder for each",
        counted(found.accepted.len(), "proposal"),
        shown(&args.out),
        shown(&written.sheet),
        shown(&written.table)
    ))?;
    line(format!(
        "look at them in the browser: vae explore {} --designs {}",
        typed(run.folder.root()),
        typed(&args.out)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what a proposal is compared with.
fn say_task(task: &ProposalTask<'_>, args: &Args) -> Result<()> {
    let reference = &task.reference;
    let (named, name) = match &args.reference {
        Some(_) => {
            let compliance = reference.compliance;
            let name = reference.name.as_str();
            (format!("; {name}, cut at this volume: {compliance:.4}"), name)
        }
        None => (String::new(), "the SIMP optimum"),
    };
    let optimum = match task.optimum {
        Some(compliance) => format!("compliance {compliance:.4}"),
        None => "does not carry the load".to_owned(),
    };
    line(format!(
        "at volume {}: SIMP optimum, cut to 0/1: {optimum}{named}",
        task.problem.volume_fraction
    ))?;
    line(format!(
        "a proposal may have a compliance of at most {:.4}: {} softer than {name}",
        task.limit(),
        args.compliance_within
    ))
}

/// Prints how many candidates each criterion rejected.
fn say_yield(found: &Proposals) -> Result<()> {
    let Yield { tried, not_carried, in_pieces, too_soft, training_copies, duplicates, accepted } =
        found.counts;
    let share = 100.0 * accepted as f64 / tried.max(1) as f64;
    line(format!("{accepted} of {tried} candidates are accepted ({share:.0} %)"))?;
    for (count, what) in [
        (not_carried, "do not carry the load"),
        (in_pieces, "are in several pieces"),
        (too_soft, "are too soft"),
        (training_copies, "are nearly copies of training designs"),
        (duplicates, "are nearly copies of stiffer candidates"),
    ] {
        line(format!("{count:6} {what}"))?;
    }
    if let Some(unrepaired) = found.unrepaired {
        line(format!(
            "before the repair by SIMP {unrepaired} of {tried} are stiff enough, after it {}",
            found.stiff_enough()
        ))?;
    }
    Ok(())
}

/// Prints why nothing was accepted, and what to ask for instead.
fn say_shortfall(found: &Proposals) {
    note("vae: no candidate is accepted");
    let why = match found.shortfall() {
        Shortfall::Broken => "most break apart".to_owned(),
        Shortfall::TooSoft { least } => format!(
            "the stiffest candidate in one piece is {:.0} % softer than the reference",
            (100.0 * least).ceil()
        ),
        Shortfall::Known => "most are nearly copies of training designs".to_owned(),
    };
    let hint = words::hint(&found.remedies()).unwrap_or_default();
    note(format!("hint: {why}: {hint}"));
}

/// Prints how many iterations the proposals save SIMP.
fn say_saved(saved: &[isize]) -> Result<()> {
    let mut saved = saved.to_vec();
    saved.sort_unstable();
    line(format!(
        "started from these designs, SIMP needs {} iterations fewer than from the uniform start (median; {} to {})",
        saved[saved.len() / 2],
        saved[0],
        saved[saved.len() - 1]
    ))
}
