//! The proposals, as data.

use topo_simp::Problem;
use vae_design::{Candidate, Proposal, Yield};

use super::reference::Reference;
use super::settings::ProposeSettings;

/// Everything that was found for a task.
#[derive(Clone, Debug)]
pub struct Proposals {
    /// The problem at the volume asked for.
    pub problem: Problem,
    /// The conditions that the model was told, with their names.
    pub conditions: Vec<(String, f32)>,
    /// Compliance of the SIMP optimum, cut at the volume of the problem; `None` if the cut takes it
    /// apart.
    pub optimum: Option<f64>,
    /// What compliances are compared with.
    pub reference: Reference,
    /// The largest compliance that a proposal may have.
    pub limit: f64,
    /// All candidates that were tried.
    pub candidates: Vec<Candidate>,
    /// The proposals, the stiffest first, at most as many as were asked for.
    pub accepted: Vec<Proposal>,
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
    /// Number of candidates within the limit, after any repair.
    pub fn stiff_enough(&self) -> usize {
        self.candidates.iter().filter(|candidate| candidate.compliance <= self.limit).count()
    }
}
