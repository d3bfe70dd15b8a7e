//! `vae propose`.

mod asked;
mod written;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;
use topo_data::{Judge, Silhouette, cut_designs};
use topo_simp::Symmetry;
use vae_design::{
    Candidate, Criteria, Projection, Proposal, Search, Task, TrustRegion, Yield, candidates,
};
use vae_train::evaluate::posteriors;

use crate::args::ModelArgs;
use crate::args::SamplerArg;
use crate::args::assignment;
use crate::cad::{Format, LengthArgs};
use crate::failure::FAILED;
use crate::output::{line, note};
use crate::progress::Progress;
use asked::{Asked, NearArg, Percent, Reference};
use vae_study::Run as OpenedRun;

/// Propose new designs for a real task
///
/// Candidates are drawn from what was fitted to the codes of the data under these conditions, or
/// near given designs; each is made stiffer through the decoder by gradient descent that stays
/// where the codes of the training designs lie, cut to 0/1 at exactly the volume, and judged by
/// finite elements. What is too soft, in pieces, or nearly a copy of a training design or of
/// another proposal is dropped, and counted. The rest is ranked by compliance: a contact sheet, a
/// table, and one folder per design.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae propose --volume 0.4 --set load_y=0.5 --out proposals
  vae propose runs/mine --problem part.toml --volume 0.40 --compliance-within 10% --count 10 --out proposals
  vae propose runs/mine --problem part.toml --near 17 --near best.npy --reference best.npy --volume 0.35 --out near-mine
  vae propose runs/mine --problem part.toml --volume 0.4 --refine 5 --out repaired
  vae propose runs/mine --problem part.toml --volume 0.4 --to stl,dxf --cell-size 2mm --thickness 5mm --out for-cad

A design is a number, for a design of the run's data, or a .npy, .npz or .csv file; FILE:3 is its fourth design.")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// What is to be designed; its values may name conditions [default: the problem that the run's
    /// data state]
    #[arg(long, value_name = "FILE")]
    problem: Option<PathBuf>,
    /// A condition, NAME=VALUE, in the data's own unit; may be repeated [default: the training
    /// mean]
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// Share of the domain to fill, exactly [default: the problem's]
    #[arg(long, value_name = "X")]
    volume: Option<f64>,
    /// Look in the neighborhood of this design instead of everywhere; may be repeated
    #[arg(long, value_name = "DESIGN")]
    near: Vec<NearArg>,
    /// Where codes are drawn from without --near: the prior, or what was fitted to the codes of the
    /// data under these conditions
    #[arg(long, value_enum, default_value_t = SamplerArg::Mixture)]
    sampler: SamplerArg,
    /// How far from --near candidates are drawn, in deviations of the training codes
    #[arg(long, value_name = "X", default_value_t = 0.5)]
    spread: f64,
    /// How much softer than the reference a proposal may be
    #[arg(long, value_name = "PERCENT", default_value = "10%")]
    compliance_within: Percent,
    /// Design to compare with, cut at the same volume [default: the SIMP optimum of the problem]
    #[arg(long, value_name = "DESIGN")]
    reference: Option<NearArg>,
    /// How many designs to propose
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// Candidates to try at most [default: 20 for each proposal]
    #[arg(long, value_name = "N")]
    candidates: Option<usize>,
    /// Steps of the latent search of each candidate at most; 0 takes candidates as they are drawn
    #[arg(long, value_name = "N", default_value_t = 20)]
    search: usize,
    /// SIMP iterations of repair after the search, reported apart
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
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',')]
    to: Vec<Format>,
    #[command(flatten)]
    lengths: LengthArgs,
    /// Folder to write into, new or empty
    #[arg(long, value_name = "DIR", default_value = "proposals")]
    out: PathBuf,
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

/// Sharpness of the densities that the search sees: the decoder's own probabilities.
const SHARPNESS: f64 = 1.0;
/// Draws from q(z|x) of each training design that the search region is fitted to.
const DRAWS: usize = 4;

/// Everything that was found, for words and files.
struct Outcome<'a> {
    asked: &'a Asked,
    candidates: Vec<Candidate>,
    proposals: Vec<Proposal>,
    counts: Yield,
    /// Candidates within the limit before any repair; none without one.
    unrepaired: Option<usize>,
    /// Where the training designs stand in the data.
    training: Vec<usize>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let lengths = args.lengths.lengths()?;
    let opened = args.model.open_run()?;
    let asked = Asked::of(args, &opened)?;
    written::claim(&args.out)?;
    asked.say()?;
    let region = region(&opened, args)?;
    let projection = Projection::new(&asked.problem, SHARPNESS, symmetry(args))?;
    let task = Task {
        vae: &opened.vae,
        conditions: &asked.conditions,
        problem: &asked.problem,
        projection: &projection,
        region: &region,
        search: Search { steps: args.search, goal: None },
        repair: args.refine,
    };
    let training = opened.split.train.clone();
    let criteria = Criteria {
        compliance: asked.limit(),
        overlap: args.overlap,
        training: cut_designs(&opened.data, &training)?
            .outer_iter()
            .map(|design| Silhouette::of(&design.iter().copied().collect::<Vec<_>>()))
            .collect(),
    };
    let most = args.candidates.unwrap_or(20 * args.count);
    let mut bar = Progress::new("propose", "candidates", most as u64, 0);
    let mut tried = Vec::new();
    let (mut proposals, mut counts) = criteria.select(&tried);
    while tried.len() < most && counts.accepted < args.count {
        let round = (most - tried.len()).min(2 * args.count);
        let origins = asked.origins(tried.len()..tried.len() + round, &opened.vae, &region);
        tried.extend(candidates(task, &origins)?);
        (proposals, counts) = criteria.select(&tried);
        bar.set(tried.len() as u64, &format!("{} accepted", counts.accepted));
    }
    bar.finish();
    proposals.truncate(args.count);
    let unrepaired = (0 < args.refine).then(|| {
        tried.iter().filter(|candidate| candidate.compliance_searched <= asked.limit()).count()
    });
    let outcome =
        Outcome { asked: &asked, candidates: tried, proposals, counts, unrepaired, training };
    outcome.yields()?;
    if outcome.proposals.is_empty() {
        outcome.relax(args);
        return Ok(ExitCode::from(FAILED));
    }
    let saved = (0 < args.refine).then(|| outcome.saved(args.refine)).transpose()?;
    if let Some(saved) = &saved {
        say_saved(saved)?;
    }
    outcome.write(&args.out, &opened, saved.as_deref(), (&args.to, lengths))?;
    Ok(ExitCode::SUCCESS)
}

fn symmetry(args: &Args) -> Option<Symmetry> {
    args.symmetry.map(|symmetry| match symmetry {
        SymmetryArg::LeftRight => Symmetry::LeftRight,
        SymmetryArg::TopBottom => Symmetry::TopBottom,
        SymmetryArg::Both => Symmetry::Both,
    })
}

/// The ball of the aggregate posterior.
fn region(opened: &OpenedRun, args: &Args) -> Result<TrustRegion, anyhow::Error> {
    let (means, log_vars) =
        posteriors(&opened.vae, &opened.designs(), &opened.split.train, &opened.device)?;
    let codes = vae_design::aggregate_draws(means.view(), log_vars.view(), DRAWS);
    Ok(TrustRegion::fit(codes.view(), args.trust)?)
}

impl Outcome<'_> {
    /// How many candidates each constraint rejected.
    fn yields(&self) -> Result<()> {
        let Yield {
            tried,
            not_carried,
            in_pieces,
            too_soft,
            training_copies,
            duplicates,
            accepted,
        } = self.counts;
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
        if let Some(unrepaired) = self.unrepaired {
            line(format!(
                "before the repair by SIMP {unrepaired} of {tried} are stiff enough, after it {}",
                self.candidates.iter().filter(|c| c.compliance <= self.asked.limit()).count()
            ))?;
        }
        Ok(())
    }

    /// What to ask for when nothing is accepted.
    fn relax(&self, args: &Args) {
        let Yield { not_carried, in_pieces, too_soft, training_copies, .. } = self.counts;
        let broken = not_carried + in_pieces;
        let largest = broken.max(too_soft).max(training_copies);
        let whole = |c: &&Candidate| c.judgement.loads_supported && c.judgement.pieces_4 == 1;
        let stiffest = self.candidates.iter().filter(whole).map(|c| c.compliance);
        let stiffest = stiffest.fold(f64::INFINITY, f64::min);
        note("vae: no candidate is accepted");
        if broken == largest {
            let refine = args.refine + 5;
            note(format!("hint: most break apart: try --refine {refine}, or a larger --volume"));
        } else if too_soft == largest {
            let percent = (100.0 * (stiffest / self.asked.reference() - 1.0)).ceil();
            note(format!(
                "hint: the stiffest whole one is {percent:.0} % softer than the reference: try --compliance-within {percent:.0}%, --search {}, or --refine 5",
                2 * args.search.max(10)
            ));
        } else {
            note(
                "hint: most are known already: raise --overlap, or look elsewhere with --near, --spread or --trust",
            );
        }
    }

    /// How many iterations each proposal's design before repair saves SIMP against the uniform
    /// start.
    fn saved(&self, iterations: usize) -> Result<Vec<isize>> {
        let problem = &self.asked.problem;
        let mut judge = Judge::new(problem.grid)?;
        let saved = self.proposals.iter().map(|proposal| {
            let start = self.candidates[proposal.candidate].searched.view();
            Ok(judge.refine(problem, start, iterations)?.iterations_saved)
        });
        saved.collect()
    }
}

/// What starting from the proposals spares SIMP.
fn say_saved(saved: &[isize]) -> Result<()> {
    let mut saved = saved.to_vec();
    saved.sort_unstable();
    line(format!(
        "from these designs SIMP spares {} iterations of the uniform start (median; {} to {})",
        saved[saved.len() / 2],
        saved[0],
        saved[saved.len() - 1]
    ))
}

impl Asked {
    /// What a proposal is compared with, in words.
    fn say(&self) -> Result<()> {
        let named = match &self.reference {
            Reference::Named { name, compliance } => {
                format!("; {name}, cut at this volume: {compliance:.4}")
            }
            Reference::Optimum => String::new(),
        };
        line(format!(
            "at volume {}: SIMP optimum, cut to 0/1: compliance {:.4}{named}",
            self.problem.volume_fraction, self.optimum
        ))?;
        line(format!(
            "a proposal may have at most {:.4}: {} softer than {}",
            self.limit(),
            self.within,
            match &self.reference {
                Reference::Named { name, .. } => name.as_str(),
                Reference::Optimum => "the SIMP optimum",
            }
        ))
    }
}
