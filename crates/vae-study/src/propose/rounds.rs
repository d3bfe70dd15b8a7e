//! Candidates in rounds, until enough of them are accepted.

use topo_data::{Judge, cut_designs};
use vae_design::{
    Candidate, Criteria, Projection, Proposal, Search, Task, TrustRegion, Yield, candidates,
    diverse,
};
use vae_train::codes::posteriors;

use super::error::Result;
use super::proposals::{EXPLORED, Proposals};
use super::settings::{Differ, ProposeSettings};
use super::task::ProposalTask;
use crate::run::{Run, silhouette};

/// Sharpness of the densities that the search sees: the decoder's own probabilities.
const SHARPNESS: f64 = 1.0;
/// Times the volume of the task that the model is told in further rounds: what is drawn for another
/// volume, and cut at that of the task, often has another topology.
const VOLUMES: [f64; 5] = [0.7, 1.4, 0.5, 1.2, 0.85];
/// Topologies that are looked for in further rounds.
const TOPOLOGIES: usize = 5;
/// Scale of the noise that candidates of those rounds begin with.
const TEMPERATURE: f64 = 2.0;
/// Steps of the search of those candidates, at most.
const STEPS: usize = 2;
/// SIMP iterations that make structures of them.
const REPAIR: usize = 20;
/// Draws from q(z|x) of each training design that the search region is fitted to.
const DRAWS: usize = 4;

/// How far a proposal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposeProgress {
    /// Number of candidates tried.
    pub tried: usize,
    /// Largest number of candidates.
    pub most: usize,
    /// Number of candidates accepted so far.
    pub accepted: usize,
    /// Number of their topologies.
    pub topologies: usize,
}

impl Run {
    /// Proposes new designs: puts the task together, tries candidates and selects from them.
    ///
    /// # Errors
    /// As [`ProposalTask::new`] and [`ProposalTask::propose`].
    pub fn propose(
        &self,
        settings: &ProposeSettings,
        observe: impl FnMut(ProposeProgress),
    ) -> Result<Proposals> {
        ProposalTask::new(self, settings)?.propose(observe)
    }
}

impl ProposalTask<'_> {
    /// Tries candidates in rounds, chooses from those that are accepted, and ranks what is chosen.
    /// The observer sees each round.
    ///
    /// The first round is told the task as it is. Further ones explore as long as there are fewer
    /// than five topologies, or than the number asked for: they are told other volumes in turn,
    /// begin with warmer noise, and are made structures by SIMP iterations instead of a search.
    /// Afterwards rounds as the first one follow until enough candidates are accepted or the
    /// largest number is tried.
    ///
    /// # Errors
    /// If the decoder or the solver fails, or a training design cannot be read.
    pub fn propose(self, mut observe: impl FnMut(ProposeProgress)) -> Result<Proposals> {
        let Self { run, settings, .. } = &self;
        let region = region(run, settings.trust)?;
        let projection = Projection::new(&self.problem, SHARPNESS, settings.symmetry)?;
        let training = cut_designs(&run.data, &run.split.train)?;
        let criteria = Criteria {
            reference: self.comparison.reference().map(|reference| reference.compliance),
            replaceable: self.comparison.named.is_none(),
            within: settings.compliance_within.get(),
            softest: self.comparison.softest(),
            overlap: settings.overlap,
            requirements: settings.requirements.clone(),
            minimize: settings.minimize,
            training: training.outer_iter().map(silhouette).collect(),
        };
        let most = settings.most_candidates();
        let mut tried: Vec<Candidate> = Vec::new();
        let (mut accepted, mut counts) = criteria.select(&tried);
        observe(progress(&counts, most));
        let wanted = match settings.differ {
            Differ::Topology => settings.count.min(TOPOLOGIES),
            Differ::Overlap => 0,
        };
        let mut volumes = VOLUMES.into_iter();
        loop {
            let explores = !tried.is_empty() && counts.topologies < wanted;
            let volume = if explores { volumes.next() } else { None };
            if most <= tried.len() || (settings.count <= counts.accepted && volume.is_none()) {
                break;
            }
            let factor = volume.unwrap_or(1.0);
            let (number, temperature, steps, repair) = if volume.is_some() {
                (
                    settings.count,
                    TEMPERATURE,
                    settings.search.min(STEPS),
                    settings.refine.max(REPAIR),
                )
            } else {
                (2 * settings.count, 1.0, settings.search, settings.refine)
            };
            let numbers = tried.len()..(tried.len() + number).min(most);
            let (told, given) = self.told_at(factor)?;
            let mut codes =
                self.origins.codes(numbers, &run.vae, &region, (&told, &given), temperature)?;
            for origin in codes.iter_mut().filter(|_| volume.is_some()) {
                origin.source = EXPLORED;
            }
            let task = Task {
                vae: &run.vae,
                given: &given,
                problem: &self.problem,
                projection: &projection,
                region: &region,
                search: Search { steps, goal: None },
                repair,
            };
            tried.extend(candidates(task, &codes)?);
            (accepted, counts) = criteria.select(&tried);
            observe(progress(&counts, most));
        }
        match settings.differ {
            Differ::Topology => accepted = diverse(&accepted, &tried, settings.count),
            Differ::Overlap => accepted.truncate(settings.count),
        }
        let stiffest = criteria.reference_beside(&tried);
        self.found(tried, (accepted, counts), stiffest)
    }

    /// What was found, with what a repair brought.
    fn found(
        self,
        candidates: Vec<Candidate>,
        (accepted, counts): (Vec<Proposal>, Yield),
        stiffest: Option<f64>,
    ) -> Result<Proposals> {
        let Self { run, settings, problem, conditions, comparison, .. } = &self;
        let reference = comparison.reference_beside(stiffest);
        let limit = reference.as_ref().map_or(comparison.softest(), |reference| {
            reference.compliance * (1.0 + settings.compliance_within.get())
        });
        let (mut unrepaired, mut saved) = (None, None);
        if 0 < settings.refine {
            let stiff = |candidate: &&Candidate| candidate.compliance_searched <= limit;
            unrepaired = Some(candidates.iter().filter(stiff).count());
            if !accepted.is_empty() {
                let mut judge = Judge::new(problem.grid)?;
                let uniform = judge.uniform_start(problem)?;
                let each = accepted.iter().map(|proposal| {
                    let start = candidates[proposal.candidate].searched.view();
                    Ok(judge.refine(problem, &uniform, start, settings.refine)?.iterations_saved)
                });
                saved = Some(each.collect::<Result<Vec<isize>>>()?);
            }
        }
        let names = run.vae.config().conditions.iter().map(|condition| condition.name.clone());
        Ok(Proposals {
            problem: problem.clone(),
            conditions: names.zip(conditions.iter().copied()).collect(),
            comparison: comparison.clone(),
            reference,
            limit,
            candidates,
            accepted,
            counts,
            unrepaired,
            iterations_saved: saved,
            training: run.split.train.clone(),
            settings: settings.clone(),
        })
    }
}

fn progress(counts: &Yield, most: usize) -> ProposeProgress {
    let Yield { tried, accepted, topologies, .. } = *counts;
    ProposeProgress { tried, most, accepted, topologies }
}

/// The ball of the aggregate posterior.
fn region(run: &Run, trust: f64) -> Result<TrustRegion> {
    let (means, log_vars) = posteriors(&run.vae, &run.designs(), &run.split.train, &run.device)?;
    let codes = vae_design::aggregate_draws(means.view(), log_vars.view(), DRAWS);
    Ok(TrustRegion::fit(codes.view(), trust)?)
}
