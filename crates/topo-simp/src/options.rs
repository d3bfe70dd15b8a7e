//! How a problem is solved.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::{Grid, Projection, SimpError};

/// How a problem is solved.
///
/// The 99- and 88-line rules are two named sets of options of one solver: [`Options::top99`] and
/// [`Options::top88`].
///
/// # Examples
/// ```
/// use topo_simp::{Filter, Options};
/// let options = Options { max_iterations: 100, ..Options::top88(Filter::Density, 2.4) };
/// assert_eq!(options.penalty, 3.0);
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
    /// How the penalty grows to its value; without, it has it from the start.
    pub penalty_continuation: Option<PenaltyContinuation>,
    /// Axes about which the design is forced to be its own mirror image, whatever the loads.
    pub symmetry: Option<Symmetry>,
    /// Largest change of a design variable in one iteration, in (0, 1].
    pub move_limit: f64,
    /// The optimization ends after so many iterations at the latest; at least 1.
    pub max_iterations: usize,
    /// The optimization has converged once no design variable changes by more than this.
    pub tolerance: f64,
    /// A second rule to end: that nothing is gained any more.
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
            penalty: 3.0,
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
            Start::Design(design) => crate::analysis::check_density(grid, &design.view()),
        }
    }
}

impl Default for Options {
    /// The rules of the 88-line code with the density filter and a radius of 1.5 elements.
    fn default() -> Self {
        Self::top88(Filter::Density, 1.5)
    }
}

/// Whose rules to follow where the classic codes differ.
///
/// | | `Top99` | `Top88` |
/// |---|---|---|
/// | stiffness | xᵖ | 1e-9 + xᵖ (1 − 1e-9) |
/// | design variables | in [0.001, 1] | in [0, 1] |
/// | multiplier λ | bisection of [0, 1e5] to 1e-4 absolute | bisection of [0, 1e9] to 1e-3 relative |
/// | passive elements | hold 0.001 or 1 from the start | hold 0 or 1 after the first update |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// Andreassen et al. 2011.
    #[serde(rename = "88")]
    Top88,
    /// Sigmund 2001.
    #[serde(rename = "99")]
    Top99,
}

/// What keeps the design free of checkerboards and independent of the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// The sensitivities are averaged: `Σ w x dc / (max(0.001, x) Σ w)`. Crisp, but no gradient of
    /// anything.
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

/// When to give up: the best compliance of the last `iterations` iterations is not below the best
/// one before them by more than the share `gain`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stagnation {
    /// How many iterations must pass without a gain, at least 1.
    pub iterations: usize,
    /// The relative gain that counts, in [0, 1).
    pub gain: f64,
}

/// About which axes a design is its own mirror image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symmetry {
    /// The left half is the mirror image of the right half.
    LeftRight,
    /// The upper half is the mirror image of the lower half.
    TopBottom,
    /// Both.
    Both,
}

impl std::fmt::Display for Symmetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LeftRight => "left-right",
            Self::TopBottom => "top-bottom",
            Self::Both => "doubly",
        })
    }
}

impl Symmetry {
    /// Replaces the values of mirrored elements by their mean: the nearest symmetric values, and
    /// its own transpose as a linear map.
    ///
    /// # Panics
    /// If there is not one value per element, row by row.
    #[track_caller]
    pub fn average(self, grid: Grid, values: &mut [f64]) {
        let Grid { nelx, nely } = grid;
        assert_eq!(values.len(), grid.n_elements(), "there is one value per element");
        if matches!(self, Self::LeftRight | Self::Both) {
            for row in values.chunks_exact_mut(nelx) {
                for j in 0..nelx / 2 {
                    let mean = 0.5 * (row[j] + row[nelx - 1 - j]);
                    (row[j], row[nelx - 1 - j]) = (mean, mean);
                }
            }
        }
        if matches!(self, Self::TopBottom | Self::Both) {
            let (upper, lower) = values.split_at_mut(nelx * nely.div_ceil(2));
            for (upper, lower) in
                upper.chunks_exact_mut(nelx).zip(lower.chunks_exact_mut(nelx).rev())
            {
                for (a, b) in upper.iter_mut().zip(lower) {
                    let mean = 0.5 * (*a + *b);
                    (*a, *b) = (mean, mean);
                }
            }
        }
    }
}

/// What solves the equations of elasticity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Direct up to 16,384 elements, so that the published histories hold to the last digit;
    /// multigrid beyond.
    #[default]
    Auto,
    /// Sparse Cholesky: exact to round-off, at a cost of about n^1.5.
    Direct,
    /// Conjugate gradients with a multigrid preconditioner, started from the last displacements and
    /// ended as soon as they are good enough for the next step, at a cost of about n. Histories
    /// differ from the exact ones; all of 200 random problems ended within 0.1 % of the direct
    /// solver's compliance. Where the conjugate gradients fail, which they did in none of these,
    /// the direct solver takes over.
    Multigrid,
}

impl Solver {
    /// Largest number of elements that [`Solver::Auto`] solves directly: multigrid is faster from
    /// the smallest grids on, and published histories are those of exact solutions.
    const DIRECT_ELEMENTS: usize = 1 << 14;

    pub(crate) const fn is_multigrid(self, grid: Grid) -> bool {
        match self {
            Self::Auto => grid.n_elements() > Self::DIRECT_ELEMENTS,
            Self::Direct => false,
            Self::Multigrid => true,
        }
    }
}
