//! What may be asked for.

use std::path::PathBuf;

use topo_simp::Symmetry;
use vae_base::text::Share;
use vae_design::{Measure, Requirement};
use vae_train::generate::Sampler;

use super::error::{ProposeError, Result};
use super::place::DesignPlace;
use crate::analysis::problem_text;

/// Largest number of proposals: nobody looks at more.
const MOST_PROPOSALS: usize = 1000;
/// Largest number of candidates, which are held in memory.
const MOST_CANDIDATES: usize = 100_000;
/// Largest number of steps of a search or a repair, which end long before.
const MOST_STEPS: usize = 10_000;
/// Candidates for each proposal, unless their number is set.
const CANDIDATES_PER_PROPOSAL: usize = 20;

/// What is to be designed, where candidates come from, and what a proposal has to be.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposeSettings {
    /// A `problem.toml`, whose values may name conditions; `None` for the problem that the data of
    /// the run state.
    pub problem: Option<PathBuf>,
    /// Conditions by name, in the unit of the data; the others stay at their training mean.
    pub set: Vec<(String, f32)>,
    /// Share of the domain to fill: exactly, or at most where the lightest designs are looked for;
    /// `None` for that of the problem.
    pub volume: Option<f64>,
    /// Designs in whose neighborhood candidates are drawn; empty for everywhere.
    pub near: Vec<DesignPlace>,
    /// Where codes are drawn from if `near` is empty.
    pub sampler: Sampler,
    /// How far from `near` candidates are drawn, in standard deviations of the training codes.
    pub spread: f64,
    /// How much softer than the reference a proposal may be.
    pub compliance_within: Share,
    /// Design to compare with, cut at the same volume; `None` for the SIMP optimum of the problem.
    pub reference: Option<DesignPlace>,
    /// Number of designs to propose, from 1 to 1000.
    pub count: usize,
    /// Largest number of candidates, from 1 to 100,000; `None` for 20 for each proposal.
    pub candidates: Option<usize>,
    /// Largest number of steps of the latent search of each candidate; 0 takes candidates as they
    /// are drawn.
    pub search: usize,
    /// Number of SIMP iterations of repair after the search.
    pub refine: usize,
    /// Share of the training codes that the search region holds.
    pub trust: f64,
    /// Largest overlap of a proposal with a training design or another proposal: the `IoU` of the
    /// material or of the void, whichever is smaller.
    pub overlap: f64,
    /// What else a proposal must keep.
    pub requirements: Vec<Requirement>,
    /// What proposals are ranked by, the smallest first.
    pub minimize: Measure,
    /// How proposals are chosen from the candidates that are accepted.
    pub differ: Differ,
    /// Axes about which the designs are their own mirror images; `None` for no symmetry.
    pub symmetry: Option<Symmetry>,
    /// Seed of the candidates.
    pub seed: u64,
}

/// How proposals are chosen from the candidates that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differ {
    /// The best of each topology, then those that overlap least with the ones chosen.
    Topology,
    /// The best, as long as they are no near-copies of each other.
    Overlap,
}

impl Default for ProposeSettings {
    fn default() -> Self {
        Self {
            problem: None,
            set: Vec::new(),
            volume: None,
            near: Vec::new(),
            sampler: Sampler::Flow,
            spread: 0.5,
            compliance_within: Share::from(0.1),
            reference: None,
            count: 10,
            candidates: None,
            search: 20,
            refine: 0,
            trust: 0.95,
            overlap: 0.95,
            requirements: Vec::new(),
            minimize: Measure::Compliance,
            differ: Differ::Topology,
            symmetry: None,
            seed: 1,
        }
    }
}

impl ProposeSettings {
    /// How much softer than the reference a proposal may be. A bound of the compliance takes the
    /// place of this one where the lightest designs are looked for.
    pub(super) fn within(&self) -> f64 {
        let bounds = |bound: &Requirement| bound.measure == Measure::Compliance && bound.at_most;
        if self.minimize == Measure::Weight && self.requirements.iter().any(bounds) {
            return f64::INFINITY;
        }
        self.compliance_within.get()
    }

    /// Largest number of candidates.
    pub(super) fn most_candidates(&self) -> usize {
        self.candidates.unwrap_or(CANDIDATES_PER_PROPOSAL * self.count)
    }

    /// Refuses settings outside their ranges, and a problem that is not there: what can be refused
    /// before a run is opened, which may take a while.
    ///
    /// # Errors
    /// [`ProposeError::Setting`]; if the problem cannot be read.
    pub fn check(&self) -> Result<()> {
        let candidates = self.candidates.unwrap_or(1);
        for (setting, n, most) in
            [("count", self.count, MOST_PROPOSALS), ("candidates", candidates, MOST_CANDIDATES)]
        {
            if !(1..=most).contains(&n) {
                return Err(outside(setting, n, &format!("from 1 to {most}")));
            }
        }
        if let Some(volume) = self.volume.filter(|volume| !(0.0 < *volume && *volume < 1.0)) {
            return Err(outside("volume", volume, "above 0 and below 1"));
        }
        if !(0.0 < self.overlap && self.overlap <= 1.0) {
            return Err(outside("overlap", self.overlap, "above 0 and at most 1"));
        }
        if !(0.0 <= self.spread && self.spread.is_finite()) {
            return Err(outside("spread", self.spread, "0 or more, and finite"));
        }
        for (setting, n) in [("search", self.search), ("refine", self.refine)] {
            if MOST_STEPS < n {
                return Err(outside(setting, n, &format!("at most {MOST_STEPS}")));
            }
        }
        self.problem.as_deref().map(problem_text).transpose()?;
        Ok(())
    }
}

fn outside(setting: &'static str, value: impl ToString, range: &str) -> ProposeError {
    ProposeError::Setting { setting, value: value.to_string(), range: range.to_owned() }
}
