//! How a problem is solved.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{density::check_density, projection::Projection};
use crate::{
    code::Code, error::SimpError, grid::Grid, mechanics::PENALTY, solvers::Solver,
    symmetry::Symmetry,
};

/// How a problem is solved.
///
/// The 99- and 88-line rules are two named sets of options of one solver: [`Options::top99`] and
/// [`Options::top88`].
///
/// # Examples
/// ```
/// use topo_simp::{Filter, Options};
/// let options = Options { max_iterations: 100, ..Options::top88(Filter::Density, 2.4) };
/// assert_eq!(options.penalty, topo_simp::PENALTY);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whose rules to follow where the classic codes differ.
    pub code: Code,
    /// What is filtered.
    pub filter: Filter,
    /// Filter radius in elements, at least 1; 1 filters nothing (the rmin of the classic codes).
    pub filter_radius: f64,
    /// What turns filtered into physical densities; needs the density filter and the 88-line rules.
    pub projection: Option<Projection>,
    /// Exponent of the density in the stiffness, at least 1 (the penal of the classic codes).
    pub penalty: f64,
    /// How the penalty grows to its value; `None` starts with that value.
    pub penalty_continuation: Option<PenaltyContinuation>,
    /// Axes about which the design is forced to be its own mirror image, whatever the loads.
    pub symmetry: Option<Symmetry>,
    /// Largest change of a design variable in one iteration, in (0, 1].
    pub move_limit: f64,
    /// Largest number of iterations, at least 1.
    pub max_iterations: usize,
    /// The optimization has converged when no design variable changes by more than this.
    pub tolerance: f64,
    /// A second rule for ending: the compliance no longer falls.
    pub stagnation: Option<Stagnation>,
    /// Where it begins.
    pub start: Start,
    /// What solves the equations.
    pub solver: Solver,
}

impl Options {
    /// The rules of the 88-line code: modified SIMP with void stiffness 1e-9, volume of the
    /// physical density.
    ///
    /// Penalty 3, move limit 0.2, at most 2,000 iterations, converged at a change of 0.01 or less,
    /// uniform start.
    ///
    /// Reference: Andreassen, Clausen, Schevenels, Lazarov and Sigmund, "Efficient topology
    /// optimization in MATLAB using 88 lines of code", 2011.
    pub const fn top88(filter: Filter, filter_radius: f64) -> Self {
        Self {
            code: Code::Top88,
            filter,
            filter_radius,
            projection: None,
            penalty: PENALTY,
            penalty_continuation: None,
            symmetry: None,
            move_limit: 0.2,
            max_iterations: 2000,
            tolerance: 0.01,
            stagnation: None,
            start: Start::Uniform,
            solver: Solver::Auto,
        }
    }

    /// The rules of the 99-line code: stiffness xᵖ with x ≥ 0.001, sensitivity filter.
    ///
    /// The other options are as in [`Options::top88`].
    ///
    /// Reference: Sigmund, "A 99 line topology optimization code written in Matlab", 2001.
    pub fn top99(filter_radius: f64) -> Self {
        Self { code: Code::Top99, ..Self::top88(Filter::Sensitivity, filter_radius) }
    }

    /// The 110-line code: the 88-line rules with the density filter and [`Projection::top110`].
    ///
    /// Reference: Andreassen et al. 2011, section 5.3. Its first iteration filters nothing, and a
    /// design keeps the densities of the old sharpness for one more solve when the sharpness
    /// doubles; both are kept, for the published value depends on them.
    pub const fn top110(filter_radius: f64) -> Self {
        let mut options = Self::top88(Filter::Density, filter_radius);
        options.projection = Some(Projection::top110());
        options
    }

    pub(crate) fn check(&self, grid: Grid) -> Result<(), SimpError> {
        let check = |name, value: f64, fine: bool, range| {
            if fine { Ok(()) } else { Err(SimpError::Option { name, value, range }) }
        };
        let (radius, penalty) = (self.filter_radius, self.penalty);
        check(
            "filter_radius",
            radius,
            radius >= 1.0 && radius.is_finite(),
            "at least 1 element (1 filters nothing)",
        )?;
        check("penalty", penalty, penalty >= 1.0 && penalty.is_finite(), "at least 1 and finite")?;
        check(
            "move_limit",
            self.move_limit,
            self.move_limit > 0.0 && self.move_limit <= 1.0,
            "in (0, 1]",
        )?;
        check("max_iterations", self.max_iterations as f64, self.max_iterations > 0, "at least 1")?;
        check("tolerance", self.tolerance, self.tolerance >= 0.0, "0 or more")?;
        if let Some(continuation) = self.penalty_continuation {
            let PenaltyContinuation { first, step, iterations_per_step } = continuation;
            check(
                "first penalty",
                first,
                first >= 1.0 && first <= penalty,
                "from 1 to the penalty",
            )?;
            check("penalty step", step, step > 0.0 && step.is_finite(), "positive and finite")?;
            let n = iterations_per_step;
            check("iterations_per_step", n as f64, n > 0, "at least 1")?;
        }
        if let Some(Stagnation { iterations, gain }) = self.stagnation {
            check("stagnation iterations", iterations as f64, iterations > 0, "at least 1")?;
            check("stagnation gain", gain, (0.0..1.0).contains(&gain), "in [0, 1)")?;
        }
        if let Some(projection) = &self.projection {
            if (self.filter, self.code) != (Filter::Density, Code::Top88) {
                return Err(SimpError::ProjectionNeeds);
            }
            projection.check()?;
        }
        match &self.start {
            Start::Uniform => Ok(()),
            Start::Design(design) => check_density(grid, &design.view()),
        }
    }
}

impl Default for Options {
    /// The rules of the 88-line code with the density filter and a radius of 1.5 elements.
    fn default() -> Self {
        Self::top88(Filter::Density, 1.5)
    }
}

/// What keeps the design free of checkerboards and independent of the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// The sensitivities are averaged: `Σ w x dc / (max(0.001, x) Σ w)`. The designs are crisp, but
    /// the result is not the gradient of any function.
    Sensitivity,
    /// The densities are averaged: physical density `Σ w x / Σ w`, with the chain rule.
    Density,
}

/// Where the optimization begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// The volume fraction everywhere.
    Uniform,
    /// Design variables of the shape (nely, nelx), moved a little towards the volume fraction,
    /// `0.9999 x + 0.0001 volume_fraction`, because the update cannot bring back an exact zero.
    Design(Array2<f64>),
}

/// A penalty that grows: it starts at `first` and rises by `step` after `iterations_per_step`
/// iterations, or as soon as the design has settled, until it is [`Options::penalty`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PenaltyContinuation {
    /// The penalty at the start, from 1 to the final one.
    pub first: f64,
    /// How much it rises at a time, above 0.
    pub step: f64,
    /// Iterations after which it rises at the latest, at least 1.
    pub iterations_per_step: usize,
}

/// When to stop without convergence: the best compliance of the last `iterations` iterations is
/// not lower than the best one before them by more than the share `gain`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stagnation {
    /// Iterations without a gain after which the optimization stops, at least 1.
    pub iterations: usize,
    /// The relative gain that counts, in [0, 1).
    pub gain: f64,
}
