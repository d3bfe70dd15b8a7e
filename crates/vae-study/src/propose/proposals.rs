//! The proposals, as data.

use topo_simp::Problem;
use vae_design::{Candidate, Measure, Proposal, Yield};

use super::comparison::{Comparison, Reference};
use super::settings::ProposeSettings;

/// Where the codes of rounds that explore other topologies come from.
pub(super) const EXPLORED: &str = "explored";
/// The source of candidates that begin as others with one hole more or less.
pub(super) const VARIED: &str = "varied";

/// Compliances that differ by less, as a share, are printed as equal.
const AS_STIFF: f64 = 0.0005;

/// Everything that was found for a task.
#[derive(Clone, Debug)]
pub struct Proposals {
    /// The problem at the volume asked for.
    pub problem: Problem,
    /// The conditions that the model was told, with their names.
    pub conditions: Vec<(String, f32)>,
    /// What compliances are compared with.
    pub comparison: Comparison,
    /// The stiffest design that is known now, candidates included, or the one that was named;
    /// `None` if nothing holds.
    pub reference: Option<Reference>,
    /// The largest compliance that a proposal may have, at most that of the softest structure.
    pub limit: f64,
    /// All candidates that were tried.
    pub candidates: Vec<Candidate>,
    /// The proposals, the stiffest first, at most as many as were asked for.
    pub accepted: Vec<Proposal>,
    /// Positions of all accepted candidates, of which the proposals were chosen.
    pub(super) sound: Vec<usize>,
    /// How many candidates each criterion rejected.
    pub counts: Yield,
    /// Number of candidates within the limit before any repair; `None` if nothing was repaired.
    pub unrepaired: Option<usize>,
    /// Number of iterations that each proposal's design before the repair saves SIMP against the
    /// uniform start; `None` if nothing was repaired.
    pub iterations_saved: Option<Vec<isize>>,
    /// Positions of the training designs in the data.
    pub training: Vec<usize>,
    pub(super) settings: ProposeSettings,
}

impl Proposals {
    /// The problem at the volume of a candidate.
    pub(super) fn problem_of(&self, candidate: &Candidate) -> Problem {
        let mut problem = self.problem.clone();
        if self.settings.minimize == Measure::Weight {
            problem.volume_fraction = candidate.judgement.volume_fraction;
        }
        problem
    }

    /// Whether the lightest designs were looked for, so that volumes differ.
    pub fn are_lightest(&self) -> bool {
        self.settings.minimize == Measure::Weight
    }

    /// Whether a proposal may be only so much softer than the reference.
    pub fn is_bounded_by_reference(&self) -> bool {
        self.settings.within().is_finite()
    }

    /// Number of proposals that come from rounds which explored other topologies.
    pub fn explored(&self) -> usize {
        self.from(EXPLORED)
    }

    /// Number of proposals that began as other candidates with one hole more or less.
    pub fn varied(&self) -> usize {
        self.from(VARIED)
    }

    /// Number of proposals from which SIMP iterations took a member that ended in the air.
    pub fn mended(&self) -> usize {
        self.count(|candidate| candidate.mended)
    }

    fn from(&self, source: &str) -> usize {
        self.count(|candidate| candidate.source == source)
    }

    fn count(&self, is: impl Fn(&Candidate) -> bool) -> usize {
        self.accepted.iter().filter(|one| is(&self.candidates[one.candidate])).count()
    }

    /// How much softer the stiffest proposal is than the best design of the data, as a share;
    /// `None` if it is at least as stiff, to the digits that are printed, or if there is no such
    /// design or no proposal.
    pub fn shortfall_of_known(&self) -> Option<f64> {
        let known = self.comparison.known.as_ref()?.compliance;
        let proposed = self.accepted.iter().map(|one| self.candidates[one.candidate].compliance);
        let softer = proposed.reduce(f64::min)? / known - 1.0;
        (AS_STIFF <= softer).then_some(softer)
    }

    /// Number of candidates within the limit, after any repair.
    pub fn stiff_enough(&self) -> usize {
        self.candidates.iter().filter(|candidate| candidate.compliance <= self.limit).count()
    }
}
