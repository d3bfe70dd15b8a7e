//! How a problem is solved.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::{Grid, SimpError};

/// How a problem is solved.
///
/// The 99- and 88-line rules are two named sets of options of one solver: [`Options::top99`] and [`Options::top88`].
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
    /// Filter radius in elements; 1 or less filters nothing (the rmin of the classic codes).
    pub filter_radius: f64,
    /// Exponent of the density in the stiffness, at least 1 (the penal of the classic codes).
    pub penalty: f64,
    /// Largest change of a design variable in one iteration, in (0, 1].
    pub move_limit: f64,
    /// The optimization ends after so many iterations at the latest; at least 1.
    pub max_iterations: usize,
    /// The optimization has converged once no design variable changes by more than this.
    pub tolerance: f64,
    /// Where it begins.
    pub start: Start,
}

impl Options {
    /// The rules of the 88-line code: modified SIMP with void stiffness 1e-9, volume of the physical density.
    ///
    /// Penalty 3, move limit 0.2, at most 2,000 iterations, converged at a change of 0.01 or less, uniform start.
    ///
    /// Reference: Andreassen, Clausen, Schevenels, Lazarov and Sigmund, "Efficient topology optimization in MATLAB using
    /// 88 lines of code", 2011.
    pub const fn top88(filter: Filter, filter_radius: f64) -> Self {
        Self {
            code: Code::Top88,
            filter,
            filter_radius,
            penalty: 3.0,
            move_limit: 0.2,
            max_iterations: 2000,
            tolerance: 0.01,
            start: Start::Uniform,
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

    pub(crate) fn check(&self, grid: Grid) -> Result<(), SimpError> {
        let check = |name, value: f64, fine: bool, range| {
            if fine { Ok(()) } else { Err(SimpError::Option { name, value, range }) }
        };
        let (radius, penalty) = (self.filter_radius, self.penalty);
        check("filter_radius", radius, radius > 0.0 && radius.is_finite(), "positive and finite")?;
        check("penalty", penalty, penalty >= 1.0 && penalty.is_finite(), "at least 1 and finite")?;
        check(
            "move_limit",
            self.move_limit,
            self.move_limit > 0.0 && self.move_limit <= 1.0,
            "in (0, 1]",
        )?;
        check("max_iterations", self.max_iterations as f64, self.max_iterations > 0, "at least 1")?;
        check("tolerance", self.tolerance, self.tolerance >= 0.0, "0 or more")?;
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
    /// The sensitivities are averaged: `Σ w x dc / (max(0.001, x) Σ w)`. Crisp, but no gradient of anything.
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
