//! How a problem is solved.

use topo_simp::{
    Code, Filter, Options, PenaltyContinuation, Projection, ProjectionRule, Solver, Stagnation,
    Start, Symmetry,
};

use super::design_file::DesignFile;
use super::error::Result;
use super::problem::ProblemSettings;

/// What is filtered, and projected after that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Technique {
    /// The derivatives are filtered.
    Sensitivity,
    /// The densities are filtered.
    #[default]
    Density,
    /// The densities are filtered, then projected by a step at 0 as in the 110-line code, which
    /// leaves no thin bars.
    Heaviside,
    /// The densities are filtered, then projected by a step in the middle, which leaves black and
    /// white.
    Tanh,
    /// As `Tanh`, optimized for a thinner copy of the design, which leaves neither thin bars nor
    /// thin holes.
    Robust,
}

/// A problem and how it is solved; the default is the 88-line code.
#[derive(Clone, Debug, PartialEq)]
pub struct SolveSettings {
    /// The problem.
    pub problem: ProblemSettings,
    /// Exponent of the density in the stiffness, at least 1.
    pub penalty: f64,
    /// The exponent at the start, at least 1, which grows by 0.25 every 20 iterations; `None`
    /// keeps it constant.
    pub penalty_start: Option<f64>,
    /// Filter radius in sides of an element, at least 1; 1 filters nothing.
    pub filter_radius: f64,
    /// What is filtered and projected.
    pub filter: Technique,
    /// Density at which the step of [`Technique::Tanh`] stands, from 0 to 1; `None` for where it
    /// keeps the volume.
    pub eta: Option<f64>,
    /// Largest sharpness of the step; `None` for 512 with [`Technique::Heaviside`], else 32.
    pub max_beta: Option<f64>,
    /// Whose rules are followed where the classic codes differ.
    pub code: Code,
    /// Axes about which the design is its own mirror image; `None` for whatever the loads lead to.
    pub symmetry: Option<Symmetry>,
    /// Largest change of a density in one iteration, above 0 and at most 1.
    pub move_limit: f64,
    /// The design has converged once no density changes by more than this in an iteration.
    pub tolerance: f64,
    /// Number of iterations without a gain of 0.01 % in compliance after which the solution ends;
    /// `None` for no such rule.
    pub stagnation: Option<usize>,
    /// What solves the equations.
    pub solver: Solver,
    /// Largest number of iterations, at least 1.
    pub max_iterations: usize,
    /// Design to start from; `None` for the volume fraction everywhere.
    pub start: Option<DesignFile>,
}

impl Default for SolveSettings {
    fn default() -> Self {
        let code = Options::top88(Filter::Density, 2.4);
        Self {
            problem: ProblemSettings::default(),
            penalty: code.penalty,
            penalty_start: None,
            filter_radius: code.filter_radius,
            filter: Technique::default(),
            eta: None,
            max_beta: None,
            code: code.code,
            symmetry: None,
            move_limit: code.move_limit,
            tolerance: code.tolerance,
            stagnation: None,
            solver: code.solver,
            max_iterations: code.max_iterations,
            start: None,
        }
    }
}

impl SolveSettings {
    /// The options of the solver.
    pub(super) fn options(&self) -> Result<Options> {
        let (filter, projection) = match self.filter {
            Technique::Sensitivity => (Filter::Sensitivity, None),
            Technique::Density => (Filter::Density, None),
            Technique::Heaviside => (Filter::Density, Some(Projection::top110())),
            Technique::Tanh => {
                let rule = self
                    .eta
                    .map_or(ProjectionRule::VolumePreserving, |eta| ProjectionRule::Tanh { eta });
                (Filter::Density, Some(Projection::tanh(rule)))
            }
            Technique::Robust => (Filter::Density, Some(Projection::robust())),
        };
        let start = match &self.start {
            Some(file) => Start::Design(file.read()?),
            None => Start::Uniform,
        };
        Ok(Options {
            code: self.code,
            projection: projection.map(|projection| Projection {
                max_beta: self.max_beta.unwrap_or(projection.max_beta),
                ..projection
            }),
            penalty: self.penalty,
            penalty_continuation: self.penalty_start.map(|first| PenaltyContinuation {
                first,
                step: 0.25,
                iterations_per_step: 20,
            }),
            symmetry: self.symmetry,
            move_limit: self.move_limit,
            tolerance: self.tolerance,
            stagnation: self.stagnation.map(|iterations| Stagnation { iterations, gain: 1e-4 }),
            max_iterations: self.max_iterations,
            start,
            solver: self.solver,
            ..Options::top88(filter, self.filter_radius)
        })
    }
}
