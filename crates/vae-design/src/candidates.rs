//! From codes, or from designs, to judged designs.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::Serialize;
use topo_data::{Flaw, Judge, Judgement, Topology, smallest_hole};
use topo_simp::Problem;
use vae_models::Vae;
use vae_train::data::Given;

use crate::codes::encode;
use crate::error::Result;
use crate::objective::Objective;
use crate::projection::Projection;
use crate::search::{Coded, Found, Search, search};
use crate::trust::TrustRegion;

/// What all candidates have in common.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The decoder.
    pub vae: &'a Vae,
    /// The one row of what it is told.
    pub given: &'a Given,
    /// What is to be designed.
    pub problem: &'a Problem,
    /// The exact volume.
    pub projection: &'a Projection,
    /// Where the decoder is trusted.
    pub region: &'a TrustRegion,
    /// Settings of the search.
    pub search: Search,
    /// SIMP iterations of repair after the search; 0 leaves the design as it is.
    pub repair: usize,
    /// SIMP iterations for a design that would need no repair but for a member that ends in the air:
    /// what carries nothing goes within a few; 0 leaves it.
    pub mend: usize,
    /// Radius of the filter of a repair, times the one that finds the layout of a whole
    /// optimization.
    pub layout: f64,
}

/// What a candidate begins as.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Where it comes from, in a word.
    pub source: &'static str,
    /// A code or a design.
    pub start: Start,
}

/// The start of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// A code, which is searched from.
    Code(Vec<f64>),
    /// A design, which is not searched from, shape (nely, nelx).
    Design(Array2<f32>),
}

/// A judged design of 0 and 1 at exactly the volume of the problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Where its code comes from.
    pub source: &'static str,
    /// The code that the search ended at; that of the design that it began as.
    pub latent: Vec<f64>,
    /// Share of the training codes that lie at least as far out as that code.
    pub trust: f64,
    /// Compliance before the search.
    pub compliance_start: f64,
    /// Compliance after the search, before any repair.
    pub compliance_searched: f64,
    /// Steps of the search.
    pub steps: usize,
    /// SIMP iterations of repair after it.
    pub repair: usize,
    /// Whether they were made for a member that ended in the air: [`Task::mend`].
    pub mended: bool,
    /// Compliance of the design.
    pub compliance: f64,
    /// What mechanics says of the design.
    pub judgement: Judgement,
    /// How its members hang together.
    pub topology: Topology,
    /// Width of its narrowest hole, in elements; `None` without holes.
    pub hole_size: Option<f64>,
    /// The design after the search, before any repair.
    #[serde(skip)]
    pub searched: Array2<f32>,
    /// The design, shape (nely, nelx).
    #[serde(skip)]
    pub design: Array2<f32>,
}

impl Candidate {
    /// Whether it carries its loads in one piece.
    pub fn holds(&self) -> bool {
        Flaw::of(&self.judgement).is_none()
    }
}

/// Searches from each code, repairs what was found, or the design of the origin, if asked to, and
/// judges, in parallel; the results are in the order of the origins, whatever the number of
/// threads.
///
/// # Errors
///
/// The errors of decoder, solver and judge.
pub fn candidates(task: Task<'_>, origins: &[Origin]) -> Result<Vec<Candidate>> {
    let workplace = || -> Result<_> {
        let Task { vae, given, problem, projection, .. } = task;
        let objective = Objective::new(vae, given, problem, projection)?;
        Ok((objective, Judge::new(problem.grid)?))
    };
    let made = origins.par_iter().map_init(workplace, |place, origin| match place {
        Ok((objective, judge)) => candidate(task, objective, judge, origin),
        // Setting the workplace up again returns the error.
        Err(_) => workplace().and_then(|(mut o, mut j)| candidate(task, &mut o, &mut j, origin)),
    });
    made.collect()
}

fn candidate(
    task: Task<'_>,
    objective: &mut Objective<'_>,
    judge: &mut Judge,
    origin: &Origin,
) -> Result<Candidate> {
    let found = match &origin.start {
        Start::Code(latent) => search(objective, task.region, latent, task.search)?,
        Start::Design(design) => as_found(task, judge, design)?,
    };
    let searched = found.best.design;
    let start = match &origin.start {
        Start::Code(_) => searched.view(),
        // Before it is cut at the volume of the problem, which its members might not survive.
        Start::Design(design) => design.view(),
    };
    let mut made = |iterations: usize| -> Result<Made> {
        let design = match iterations {
            0 => searched.clone(),
            _ => repaired(task, judge, start, iterations)?,
        };
        Made::judged(task.problem, judge, design)
    };
    let mut best = made(task.repair)?;
    let mut mended = false;
    if task.repair == 0 && 0 < task.mend && best.holds() && 0 < best.topology.free_ends {
        let other = made(task.mend)?;
        // Members that are very thin may break.
        mended = other.holds() && other.topology.free_ends < best.topology.free_ends;
        if mended {
            best = other;
        }
    }
    let Made { design, judgement, topology } = best;
    Ok(Candidate {
        topology,
        hole_size: smallest_hole(design.view()),
        source: origin.source,
        trust: task.region.trust(&found.best.latent),
        latent: found.best.latent,
        compliance_start: found.start.compliance,
        compliance_searched: found.best.compliance,
        steps: found.steps,
        repair: if mended { task.mend } else { task.repair },
        mended,
        compliance: judgement.compliance_cut,
        judgement,
        searched,
        design,
    })
}

/// A design, and what is known of it.
struct Made {
    design: Array2<f32>,
    judgement: Judgement,
    topology: Topology,
}

impl Made {
    fn judged(problem: &Problem, judge: &mut Judge, design: Array2<f32>) -> Result<Self> {
        let judgement = judge.judge(problem, design.view())?;
        Ok(Self { topology: Topology::of(&problem.nodal()?, design.view()), judgement, design })
    }

    fn holds(&self) -> bool {
        Flaw::of(&self.judgement).is_none()
    }
}

/// A design after some SIMP iterations, cut at the volume of the problem.
fn repaired(
    task: Task<'_>,
    judge: &mut Judge,
    design: ArrayView2<'_, f32>,
    iterations: usize,
) -> Result<Array2<f32>> {
    let repaired = judge.repair_in_layout(task.problem, design, iterations, task.layout)?.design;
    // Densities order the elements as logits do.
    let values: Vec<f64> = repaired.iter().copied().collect();
    Ok(task.projection.project(&values).cut_whole())
}

/// A design at the volume of the problem, with its code.
fn as_found(task: Task<'_>, judge: &mut Judge, design: &Array2<f32>) -> Result<Found> {
    let logits: Vec<f64> = design.iter().copied().map(f64::from).collect();
    let cut = task.projection.project(&logits).cut_whole();
    let compliance = judge.judge(task.problem, cut.view())?.compliance_cut;
    let latent = encode(task.vae, cut.view(), task.given)?;
    let coded = Coded { latent, design: cut, compliance };
    Ok(Found { start: coded.clone(), best: coded, steps: 0 })
}
