//! One design: a problem, a variant, a SIMP run, and what is measured on the result.

use std::ops::ControlFlow;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use topo_simp::{Ended, Grid, Optimizer, Options, PENALTY, Problem, Start};

use super::spec::GenerateSpec;
use crate::{
    error::Result,
    families::Family,
    judging::Domain,
    recipe::{self, SHARP_RADIUS, random_start},
};

/// A finished design and its measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Number of the problem in its family.
    pub problem: usize,
    /// Number of the variant of that problem; 0 started uniformly.
    pub variant: usize,
    /// Number of the iterate, 0 for the start, where iterates are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterate: Option<usize>,
    /// Filter radius of the first stage, in elements.
    #[serde(with = "super::exact")]
    pub filter_radius: f64,
    /// Iterations of all stages.
    pub iterations: usize,
    /// Compliance of the design as the solver handed it back.
    #[serde(with = "super::exact")]
    pub compliance: f64,
    /// Compliance of the stored design after it is cut to 0/1 at exactly its volume fraction, with
    /// the same void stiffness.
    #[serde(with = "super::exact")]
    pub compliance_cut: f64,
    /// Mean of `4 x (1 - x)` over the design, in `[0, 1]`.
    #[serde(with = "super::exact")]
    pub greyness: f64,
    /// The design, row by row, 255 where it is solid.
    #[serde(with = "super::exact::hex")]
    pub design: Vec<u8>,
    /// Compliance before each iteration; the data set leaves it out.
    #[serde(skip)]
    pub history: Vec<f64>,
}

impl Candidate {
    /// The densities of the stored design, row by row.
    pub fn densities(&self) -> Vec<f32> {
        self.design.iter().map(|&byte| f32::from(byte) / 255.0).collect()
    }
}

/// Makes the candidates of one specification; keeps what all its runs share.
pub struct Maker<'a> {
    spec: &'a GenerateSpec,
    family: &'a Family,
    optimizer: Optimizer,
}

impl<'a> Maker<'a> {
    /// Prepares the solver for the grid of the specification.
    ///
    /// # Errors
    ///
    /// The solver's, if the grid does not fit into memory.
    pub fn new(spec: &'a GenerateSpec, family: &'a Family) -> Result<Self> {
        let optimizer = Optimizer::new(Grid { nelx: spec.width, nely: spec.height })?;
        Ok(Self { spec, family, optimizer })
    }

    /// Optimizes one variant of one problem and measures it.
    ///
    /// # Errors
    ///
    /// The solver's, and that of a template that gives no problem.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn make(&mut self, problem: usize, variant: usize) -> Result<Candidate> {
        let made = self.make_while(problem, variant, &|| ControlFlow::Continue(()))?;
        Ok(made.expect("nobody stops it"))
    }

    /// As [`Maker::make`]; `go_on` is asked in every iteration, and `None` follows if it says no.
    pub(super) fn make_while(
        &mut self,
        problem: usize,
        variant: usize,
        go_on: &dyn Fn() -> ControlFlow<()>,
    ) -> Result<Option<Candidate>> {
        let spec = self.spec;
        let job = Job::new(spec, self.family, problem, variant)?;
        let stages = [
            (job.filter_radius, spec.iterations),
            (SHARP_RADIUS, spec.sharpen_iterations),
            (1.0, spec.crisp_iterations),
        ];
        let options = |radius| job.options(radius, spec.tolerance);
        let made =
            recipe::run(&mut self.optimizer, &job.task, job.start(), &stages, options, go_on)?;
        let Some(made) = made else { return Ok(None) };
        let mut candidate = job.candidate(&made.design, made.compliance);
        candidate.iterations = made.history.len();
        candidate.history = made.history;
        candidate.compliance_cut = self.compliance_cut(&job, &candidate)?;
        Ok(Some(candidate))
    }

    /// The designs before each of the first iterations of one variant of one problem, the start
    /// first; `None` if `go_on`, which is asked in every iteration, says no.
    ///
    /// An iterate that the cut disconnects from its load has an infinite `compliance_cut`.
    ///
    /// # Errors
    ///
    /// As [`Maker::make`].
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub(super) fn iterates(
        &mut self,
        problem: usize,
        variant: usize,
        count: usize,
        go_on: &dyn Fn() -> ControlFlow<()>,
    ) -> Result<Option<Vec<Candidate>>> {
        let job = Job::new(self.spec, self.family, problem, variant)?;
        // With a tolerance of 0 a converged run continues in small steps, so every problem has all
        // iterates.
        let options = Options {
            max_iterations: count,
            start: job.start(),
            ..job.options(job.filter_radius, 0.0)
        };
        let mut candidates = Vec::with_capacity(count);
        let solution = self.optimizer.optimize_with(&job.task, &options, |iteration| {
            let mut candidate = job.candidate(&iteration.design.to_owned(), iteration.compliance);
            candidate.iterate = Some(iteration.iteration - 1);
            candidate.iterations = iteration.iteration - 1;
            candidates.push(candidate);
            go_on()
        })?;
        if solution.ended == Ended::Stopped {
            return Ok(None);
        }
        for candidate in &mut candidates {
            candidate.compliance_cut =
                self.compliance_cut(&job, candidate).unwrap_or(f64::INFINITY);
        }
        Ok(Some(candidates))
    }

    /// The compliance of a candidate that is cut to 0/1 at its volume.
    fn compliance_cut(&mut self, job: &Job<'_>, candidate: &Candidate) -> Result<f64> {
        let cut = job.domain.cut(&candidate.densities());
        let shape = (self.spec.height, self.spec.width);
        let density = Array2::from_shape_fn(shape, |(i, j)| f64::from(cut[i * shape.1 + j]));
        Ok(self.optimizer.analyze(&job.task, density.view(), PENALTY)?.compliance)
    }
}

/// What is to be optimized, and how.
struct Job<'a> {
    spec: &'a GenerateSpec,
    problem: usize,
    variant: usize,
    task: Problem,
    domain: Domain,
    filter_radius: f64,
}

impl<'a> Job<'a> {
    fn new(
        spec: &'a GenerateSpec,
        family: &Family,
        problem: usize,
        variant: usize,
    ) -> Result<Self> {
        let task = family.problem(problem, spec.height, spec.width)?;
        let domain = Domain::of(&task)?;
        let filter_radius =
            family.value(problem, "filter_radius").unwrap_or_else(|| spec.filter_radius(variant));
        Ok(Self { spec, problem, variant, task, domain, filter_radius })
    }

    fn start(&self) -> Start {
        if self.variant == 0 {
            return Start::Uniform;
        }
        let spec = self.spec;
        let key = (spec.seed, self.problem, self.variant);
        let noise = (spec.knot_rows, spec.noise);
        let shape = (spec.height, spec.width);
        Start::Design(random_start(shape, self.task.volume_fraction, noise, key))
    }

    fn options(&self, filter_radius: f64, tolerance: f64) -> Options {
        Options {
            tolerance,
            solver: self.spec.solver,
            ..Options::top88(self.spec.filter, filter_radius)
        }
    }

    /// A design before its measures are complete.
    fn candidate(&self, design: &Array2<f64>, compliance: f64) -> Candidate {
        let byte = |x: &f64| (x * 255.0).round().clamp(0.0, 255.0) as u8;
        Candidate {
            problem: self.problem,
            variant: self.variant,
            iterate: None,
            filter_radius: self.filter_radius,
            iterations: 0,
            compliance,
            compliance_cut: f64::INFINITY,
            greyness: self.domain.greyness(design.iter().copied()),
            design: design.iter().map(byte).collect(),
            history: Vec::new(),
        }
    }
}
