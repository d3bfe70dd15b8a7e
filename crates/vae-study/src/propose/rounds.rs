//! Candidates in rounds, until enough of them are accepted.

use topo_data::{Judge, cut_designs};
use vae_design::{
    Candidate, Criteria, Projection, Proposal, Search, Task, TrustRegion, Yield, candidates,
};
use vae_train::codes::posteriors;

use super::error::Result;
use super::proposals::Proposals;
use super::settings::ProposeSettings;
use super::task::ProposalTask;
use crate::run::{Run, silhouette};

/// Sharpness of the densities that the search sees: the decoder's own probabilities.
const SHARPNESS: f64 = 1.0;
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
    /// Tries candidates in rounds until enough are accepted or none is left, and ranks those that
    /// are accepted by compliance. The observer sees each round.
    ///
    /// # Errors
    /// If the decoder or the solver fails, or a training design cannot be read.
    pub fn propose(self, mut observe: impl FnMut(ProposeProgress)) -> Result<Proposals> {
        let Self { run, settings, .. } = &self;
        let region = region(run, settings.trust)?;
        let projection = Projection::new(&self.problem, SHARPNESS, settings.symmetry)?;
        let common = Task {
            vae: &run.vae,
            given: &self.given,
            problem: &self.problem,
            projection: &projection,
            region: &region,
            search: Search { steps: settings.search, goal: None },
            repair: settings.refine,
        };
        let training = cut_designs(&run.data, &run.split.train)?;
        let criteria = Criteria {
            compliance: self.limit(),
            overlap: settings.overlap,
            training: training.outer_iter().map(silhouette).collect(),
        };
        let most = settings.most_candidates();
        let mut tried: Vec<Candidate> = Vec::new();
        let (mut accepted, mut counts) = criteria.select(&tried);
        observe(progress(&counts, most));
        while tried.len() < most && counts.accepted < settings.count {
            let round = (most - tried.len()).min(2 * settings.count);
            let codes = self.origins.codes(tried.len()..tried.len() + round, &run.vae, &region)?;
            tried.extend(candidates(common, &codes)?);
            (accepted, counts) = criteria.select(&tried);
            observe(progress(&counts, most));
        }
        accepted.truncate(settings.count);
        self.found(tried, accepted, counts)
    }

    /// What was found, with what a repair brought.
    fn found(
        self,
        candidates: Vec<Candidate>,
        accepted: Vec<Proposal>,
        counts: Yield,
    ) -> Result<Proposals> {
        let Self { run, settings, problem, conditions, optimum, reference, .. } = &self;
        let limit = self.limit();
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
            optimum: *optimum,
            reference: reference.clone(),
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
    ProposeProgress { tried: counts.tried, most, accepted: counts.accepted }
}

/// The ball of the aggregate posterior.
fn region(run: &Run, trust: f64) -> Result<TrustRegion> {
    let (means, log_vars) = posteriors(&run.vae, &run.designs(), &run.split.train, &run.device)?;
    let codes = vae_design::aggregate_draws(means.view(), log_vars.view(), DRAWS);
    Ok(TrustRegion::fit(codes.view(), trust)?)
}
