//! Candidates in rounds, until enough of them are accepted.

use topo_data::{Judge, cut_designs};
use topo_simp::Problem;
use vae_base::evenly_spaced;
use vae_design::{
    Candidate, Criteria, Measure, Projection, Proposal, Search, Task, TrustRegion, Yield,
    candidates, diverse,
};
use vae_train::codes::posteriors;

use super::course::{Course, Round};
use super::error::Result;
use super::neighborhood::Neighborhood;
use super::proposals::{EXPLORED, Proposals};
use super::settings::{Differ, ProposeSettings};
use super::task::ProposalTask;
use crate::run::{Run, silhouette};

/// Sharpness of the densities that the search sees: the decoder's own probabilities.
const SHARPNESS: f64 = 1.0;
/// Scale of the noise that candidates of rounds which explore begin with.
const TEMPERATURE: f64 = 2.0;
/// SIMP iterations that make structures of them.
const REPAIR: usize = 20;
/// SIMP iterations that mend designs with one hole more or less, or with a member that ends in the
/// air.
const MEND: usize = 4;
/// Most training designs that the search region is fitted to. With 1,024 designs the standard error
/// of a share of 95 % is 0.7 percentage points.
const FITTED: usize = 1024;
/// Draws from q(z|x) of each of them.
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

/// The rounds of a task, and what they brought so far.
pub(super) struct Rounds<'a> {
    task: &'a ProposalTask<'a>,
    region: TrustRegion,
    pub(super) criteria: Criteria,
    pub(super) tried: Vec<Candidate>,
    accepted: Vec<Proposal>,
    pub(super) counts: Yield,
    /// Number of codes drawn so far.
    drawn: usize,
    neighborhood: Neighborhood,
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
    /// Where the lightest designs are looked for, rounds at smaller and smaller volumes come first,
    /// and the smallest volume that keeps the bounds is that of the following ones.
    ///
    /// The first round is told the task as it is. As long as there are fewer than five topologies,
    /// or than the number asked for, further ones look for others: they are told other volumes in
    /// turn, begin with warmer noise, and are made structures by SIMP iterations with filters of
    /// several radii instead of a search. One that brings nothing is followed by designs with one
    /// hole more or less than the optimum, the best design of the data and the best of each
    /// topology. The rounds end when enough candidates are accepted, when the largest number is
    /// tried, or when several in a row have brought nothing.
    ///
    /// # Errors
    /// If the decoder or the solver fails, or a training design cannot be read.
    pub fn propose(self, mut observe: impl FnMut(ProposeProgress)) -> Result<Proposals> {
        let settings = &self.settings;
        let mut rounds = Rounds::new(&self)?;
        observe(rounds.progress());
        let problem = match settings.minimize {
            Measure::Weight => rounds.lightest(&mut observe)?,
            _ => self.problem.clone(),
        };
        rounds.fill(&problem, &mut observe)?;
        let Rounds { criteria, tried, mut accepted, counts, .. } = rounds;
        let sound = accepted.iter().map(|proposal| proposal.candidate).collect();
        match settings.differ {
            Differ::Topology => accepted = diverse(&accepted, &tried, settings.count),
            Differ::Overlap => accepted.truncate(settings.count),
        }
        let stiffest = criteria.reference_beside(&tried).map(|compliance| {
            let same = |one: &&Candidate| one.holds() && one.compliance <= compliance;
            (compliance, tried.iter().find(same).and_then(|one| one.judgement.stress))
        });
        let limit = criteria.limit_beside(&tried);
        self.found(tried, (accepted, sound, counts), stiffest, limit)
    }

    /// What was found, with what a repair brought.
    fn found(
        &self,
        candidates: Vec<Candidate>,
        (accepted, sound, counts): (Vec<Proposal>, Vec<usize>, Yield),
        stiffest: Option<(f64, Option<f64>)>,
        limit: f64,
    ) -> Result<Proposals> {
        let Self { run, settings, problem, conditions, comparison, .. } = self;
        let reference = comparison.reference_beside(stiffest);
        let names = run.vae.config().conditions.iter().map(|condition| condition.name.clone());
        let mut found = Proposals {
            problem: problem.clone(),
            conditions: names.zip(conditions.iter().copied()).collect(),
            comparison: comparison.clone(),
            reference,
            limit,
            candidates,
            accepted,
            sound,
            counts,
            unrepaired: None,
            iterations_saved: None,
            training: run.split.train.clone(),
            settings: settings.clone(),
        };
        if 0 < settings.refine {
            let stiff = |candidate: &&Candidate| candidate.compliance_searched <= limit;
            found.unrepaired = Some(found.candidates.iter().filter(stiff).count());
            found.iterations_saved = saved(&found, settings.refine)?;
        }
        Ok(found)
    }
}

impl<'a> Rounds<'a> {
    fn new(task: &'a ProposalTask<'a>) -> Result<Self> {
        let ProposalTask { run, settings, comparison, .. } = task;
        let training = cut_designs(&run.data, &run.split.train)?;
        let criteria = Criteria {
            reference: comparison.reference().map(|reference| reference.compliance),
            replaceable: comparison.named.is_none(),
            within: settings.within(),
            softest: comparison.softest(),
            overlap: settings.overlap,
            requirements: settings.requirements.clone(),
            minimize: settings.minimize,
            training: training.outer_iter().map(silhouette).collect(),
        };
        let (accepted, counts) = criteria.select(&[]);
        let region = region(run, settings.trust)?;
        let (tried, neighborhood) = (Vec::new(), Neighborhood::of(comparison));
        Ok(Self { task, region, criteria, tried, accepted, counts, drawn: 0, neighborhood })
    }

    /// The settings of the task.
    pub(super) fn settings(&self) -> &'a ProposeSettings {
        &self.task.settings
    }

    /// The problem at the volume that was asked for.
    pub(super) fn stated(&self) -> &'a Problem {
        &self.task.problem
    }

    pub(super) fn progress(&self) -> ProposeProgress {
        let Yield { tried, accepted, topologies, .. } = self.counts;
        ProposeProgress { tried, most: self.settings().most_candidates(), accepted, topologies }
    }

    /// Rounds until enough candidates are accepted, of enough topologies.
    fn fill(&mut self, problem: &Problem, observe: &mut impl FnMut(ProposeProgress)) -> Result<()> {
        let mut course = Course::new(self.settings());
        loop {
            let varies = self.neighborhood.has_more(&self.accepted, &self.tried);
            let Some(round) = course.next(self.counts, varies) else { return Ok(()) };
            self.round(problem, round)?;
            observe(self.progress());
        }
    }

    /// Tries candidates for a problem. SIMP iterations make structures of those of rounds that look
    /// for other topologies.
    pub(super) fn round(&mut self, problem: &Problem, round: Round) -> Result<()> {
        let ProposalTask { run, settings, origins, .. } = self.task;
        let room = settings.most_candidates() - self.tried.len();
        let (volume, layout) = match round {
            Round::Stated | Round::Varied => (1.0, 1.0),
            Round::Exploring { volume, layout } => (volume, layout),
        };
        let (steps, repair) = match round {
            Round::Stated => (settings.search, settings.refine),
            // Few iterations: more of them lead back to the same hole.
            Round::Varied => (0, settings.refine.max(MEND)),
            Round::Exploring { .. } => (0, settings.refine.max(REPAIR)),
        };
        let share = problem.volume_fraction / self.task.problem.volume_fraction;
        let (told, given) = self.task.told_at(share * volume)?;
        let mut draw = |number: usize, temperature| {
            let numbers = self.drawn..self.drawn + number.min(room);
            self.drawn = numbers.end;
            origins.codes(numbers, &run.vae, &self.region, (&told, &given), temperature)
        };
        let starts = match round {
            Round::Stated => draw(2 * settings.count, 1.0)?,
            Round::Varied => self.neighborhood.take(settings.count.min(room)),
            Round::Exploring { .. } => {
                let mut drawn = draw(settings.count, TEMPERATURE)?;
                for origin in &mut drawn {
                    origin.source = EXPLORED;
                }
                drawn
            }
        };
        let task = Task {
            vae: &run.vae,
            given: &given,
            problem,
            projection: &Projection::new(problem, SHARPNESS, settings.symmetry)?,
            region: &self.region,
            search: Search { steps, goal: None },
            repair,
            mend: MEND,
            layout,
        };
        self.tried.extend(candidates(task, &starts)?);
        (self.accepted, self.counts) = self.criteria.select(&self.tried);
        Ok(())
    }
}

/// How many iterations each proposal saves SIMP; `None` without proposals.
fn saved(found: &Proposals, iterations: usize) -> Result<Option<Vec<isize>>> {
    if found.accepted.is_empty() {
        return Ok(None);
    }
    let mut judge = Judge::new(found.problem.grid)?;
    let mut uniform = None;
    let mut saved = Vec::new();
    for proposal in &found.accepted {
        let candidate = &found.candidates[proposal.candidate];
        let problem = found.problem_of(candidate);
        // The start is that of the volume before, unless this is another one.
        let start = match uniform.take() {
            Some((volume, start)) if volume == problem.volume_fraction.to_bits() => start,
            _ => judge.uniform_start(&problem)?,
        };
        let refined = judge.refine(&problem, &start, candidate.searched.view(), iterations)?;
        uniform = Some((problem.volume_fraction.to_bits(), start));
        saved.push(refined.iterations_saved);
    }
    Ok(Some(saved))
}

/// The ball of the aggregate posterior, of training designs spread evenly over all of them.
fn region(run: &Run, trust: f64) -> Result<TrustRegion> {
    let fitted = evenly_spaced(&run.split.train, FITTED);
    let (means, log_vars) = posteriors(&run.vae, &run.designs(), &fitted, &run.device)?;
    let codes = vae_design::aggregate_draws(means.view(), log_vars.view(), DRAWS);
    Ok(TrustRegion::fit(codes.view(), trust)?)
}
