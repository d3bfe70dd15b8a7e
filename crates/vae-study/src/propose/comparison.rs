//! What the compliance of proposals is compared with.

use ndarray::Array2;
use topo_data::{Domain, Flaw, Judge, SOFTEST, judge_all};
use topo_simp::Problem;

use super::error::{ProposeError, Result};
use super::place::DesignPlace;
use super::settings::ProposeSettings;
use crate::distance::nearest_designs;
use crate::error::StudyError;
use crate::run::{Run, stored};

/// Designs of the data that are judged under the problem of a task.
const KNOWN: usize = 32;

/// The designs that proposals are compared with, each cut at the volume of the problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// A compliance that no design of the volume can be below.
    pub bound: f64,
    /// Compliance of the SIMP optimum, or why nothing can be compared with it.
    pub optimum: std::result::Result<f64, Flaw>,
    /// The SIMP optimum, cut; `None` if nothing can be compared with it.
    pub optimal: Option<Judged>,
    /// The stiffest design of the data for this problem; `None` if none of those that were made for
    /// the nearest problems holds.
    pub known: Option<Known>,
    /// The design that was named as the reference.
    pub named: Option<Reference>,
}

/// A design that proposals are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// Its compliance, cut at the volume of the problem.
    pub compliance: f64,
    /// Its largest von Mises stress; `None` if it could not be solved for.
    pub stress: Option<f64>,
}

/// A cut design and its largest von Mises stress, `None` if it could not be solved for.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The design.
    pub design: Array2<f32>,
    /// Its stress.
    pub stress: Option<f64>,
}

/// A design of the data, in the problem of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Its position in the data.
    pub position: usize,
    /// Its compliance, cut at the volume of the problem.
    pub compliance: f64,
    /// The design, cut, and its stress.
    pub judged: Judged,
}

impl Comparison {
    /// Solves the problem by SIMP, and judges the known designs under it.
    pub(super) fn new(
        settings: &ProposeSettings,
        run: &Run,
        problem: &Problem,
        conditions: &[f32],
    ) -> Result<Self> {
        let mut judge = Judge::new(problem.grid)?;
        let named = settings.reference.as_ref();
        let named = named.map(|place| Reference::design(place, run, problem, &mut judge));
        let named = named.transpose()?;
        let bound = judge.lower_bound(problem)?;
        let found = judge.optimum_above(problem, bound)?;
        let optimum = found.flaw.map_or(Ok(found.compliance_cut), Err);
        let optimal = match optimum {
            Ok(_) => {
                let stress = judge.judge(problem, found.cut.view())?.stress;
                Some(Judged { design: found.cut, stress })
            }
            Err(_) => None,
        };
        let known = Known::stiffest(run, problem, conditions)?;
        let known = known.filter(|known| known.compliance <= SOFTEST * bound);
        Ok(Self { bound, optimum, optimal, known, named })
    }

    /// The compliance above which a design is no structure.
    pub fn softest(&self) -> f64 {
        SOFTEST * self.bound
    }

    /// The design that was named, or the stiffest one that holds; `None` if nothing holds.
    pub fn reference(&self) -> Option<Reference> {
        let optimum = self.optimum.ok().map(|compliance| Reference {
            name: "the SIMP optimum".to_owned(),
            compliance,
            stress: self.optimal.as_ref().and_then(|optimal| optimal.stress),
        });
        let known = self.known.as_ref().map(|known| Reference {
            name: format!("design {} of the data", known.position),
            compliance: known.compliance,
            stress: known.judged.stress,
        });
        let stiffest = optimum.into_iter().chain(known);
        let stiffest = stiffest.min_by(|a, b| a.compliance.total_cmp(&b.compliance));
        self.named.clone().or(stiffest)
    }

    /// As [`Comparison::reference`], where a candidate of this compliance and stress takes its place
    /// if it is stiffer, unless a design was named.
    pub(super) fn reference_beside(
        &self,
        candidate: Option<(f64, Option<f64>)>,
    ) -> Option<Reference> {
        let reference = self.reference();
        let limit = reference.as_ref().map_or(f64::INFINITY, |reference| reference.compliance);
        match candidate {
            Some((compliance, stress)) if self.named.is_none() && compliance < limit => {
                Some(Reference { name: "the stiffest candidate".to_owned(), compliance, stress })
            }
            _ => reference,
        }
    }
}

impl Reference {
    /// A design that was named.
    fn design(
        place: &DesignPlace,
        run: &Run,
        problem: &Problem,
        judge: &mut Judge,
    ) -> Result<Self> {
        let design = place.read(run)?;
        let judged = judge.judge(problem, design.view())?;
        let name = place.to_string();
        if !judged.loads_supported {
            return Err(ProposeError::BrokenReference { name, volume: problem.volume_fraction });
        }
        Ok(Self { name, compliance: judged.compliance_cut, stress: judged.stress })
    }
}

impl Known {
    /// The stiffest of the designs that were made for the nearest problems.
    fn stiffest(run: &Run, problem: &Problem, conditions: &[f32]) -> Result<Option<Self>> {
        let nearest = nearest_designs(run, problem, conditions, KNOWN)?;
        let designs = stored(&run.data, &nearest)?;
        let judged = judge_all(&vec![problem.clone(); nearest.len()], designs.view())?;
        let holding = judged.iter().enumerate().filter(|(_, judged)| Flaw::of(judged).is_none());
        let stiffest = holding.min_by(|a, b| a.1.compliance_cut.total_cmp(&b.1.compliance_cut));
        let Some((index, judged)) = stiffest else { return Ok(None) };
        let design = designs.index_axis(ndarray::Axis(0), index);
        let domain = Domain::of(problem).map_err(StudyError::from)?;
        Ok(Some(Self {
            position: nearest[index],
            compliance: judged.compliance_cut,
            judged: Judged { design: domain.cut_in_shape(design), stress: judged.stress },
        }))
    }
}
