//! One design: a problem, a variant, a SIMP run, and what is measured on the result.

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use topo_simp::{Filter, Grid, Optimizer, Options, Problem, SimpError, Start};

use crate::{
    family::Family,
    spec::{GenerateSpec, SHARP_RADIUS},
    start::random_start,
};

/// SIMP penalty of every stage and of every compliance in a data set.
const PENALTY: f64 = 3.0;

/// A stage ends early when no density moves by more than this.
const TOLERANCE: f64 = 0.01;

/// A finished design and its measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Number of the problem in its family.
    pub problem: usize,
    /// Number of the variant of that problem; 0 started uniformly.
    pub variant: usize,
    /// Filter radius of the first stage, in elements.
    #[serde(with = "crate::exact")]
    pub filter_radius: f64,
    /// Iterations of all stages.
    pub iterations: usize,
    /// Compliance of the design as the solver handed it back.
    #[serde(with = "crate::exact")]
    pub compliance: f64,
    /// Compliance of the stored design after it is cut to 0/1 at exactly its volume fraction, with the same void stiffness.
    #[serde(with = "crate::exact")]
    pub compliance_cut: f64,
    /// Mean of `4 x (1 - x)` over the design, in `[0, 1]`.
    #[serde(with = "crate::exact")]
    pub greyness: f64,
    /// The design, row by row, 255 where it is solid.
    #[serde(with = "crate::exact::hex")]
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

    /// The design cut to 0/1 at exactly this volume fraction: the densest elements become solid.
    pub fn cut(&self, volume_fraction: f64) -> Vec<f32> {
        let mut design = self.densities();
        vae_data::cut_at_volume(&mut design, None, volume_fraction as f32);
        design
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
    pub fn new(spec: &'a GenerateSpec, family: &'a Family) -> Result<Self, SimpError> {
        let optimizer = Optimizer::new(Grid { nelx: spec.width, nely: spec.height })?;
        Ok(Self { spec, family, optimizer })
    }

    /// Optimizes one variant of one problem and measures it.
    ///
    /// # Errors
    ///
    /// The solver's.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn make(&mut self, problem: usize, variant: usize) -> Result<Candidate, SimpError> {
        let spec = self.spec;
        let task = self.family.problem(problem, spec.height, spec.width);
        let volume_fraction = task.volume_fraction;
        let filter_radius = spec.filter_radius(variant);
        let stages = [
            (filter_radius, spec.iterations),
            (SHARP_RADIUS, spec.sharpen_iterations),
            (1.0, spec.crisp_iterations),
        ];

        let mut start = if variant == 0 {
            Start::Uniform
        } else {
            let key = (spec.seed, problem, variant);
            let noise = (spec.knot_rows, spec.noise);
            Start::Design(random_start((spec.height, spec.width), volume_fraction, noise, key))
        };
        let (mut design, mut compliance, mut history) = (None, 0.0, Vec::new());
        for (filter_radius, max_iterations) in stages.into_iter().filter(|stage| stage.1 > 0) {
            let options = Options {
                penalty: PENALTY,
                max_iterations,
                tolerance: TOLERANCE,
                start,
                ..Options::top88(Filter::Sensitivity, filter_radius)
            };
            let solution = self.optimizer.optimize(&task, &options)?;
            history.extend(solution.history);
            compliance = solution.compliance_returned;
            start = Start::Design(solution.design.clone());
            design = Some(solution.design);
        }
        let design =
            design.unwrap_or_else(|| Array2::from_elem((spec.height, spec.width), volume_fraction));

        let mut candidate = Candidate {
            problem,
            variant,
            filter_radius,
            iterations: history.len(),
            compliance,
            compliance_cut: f64::INFINITY,
            greyness: design.mapv(|x| 4.0 * x * (1.0 - x)).mean().unwrap_or(0.0),
            design: design.iter().map(|&x| (x * 255.0).round().clamp(0.0, 255.0) as u8).collect(),
            history,
        };
        candidate.compliance_cut = self.compliance_of(&task, &candidate.cut(volume_fraction))?;
        Ok(candidate)
    }

    /// The compliance of a cut design.
    fn compliance_of(&mut self, task: &Problem, cut: &[f32]) -> Result<f64, SimpError> {
        let shape = (self.spec.height, self.spec.width);
        let density = Array2::from_shape_fn(shape, |(i, j)| f64::from(cut[i * shape.1 + j]));
        Ok(self.optimizer.analyze(task, density.view(), PENALTY)?.compliance)
    }
}
