//! The choice of a solver.

use serde::{Deserialize, Serialize};

use crate::grid::Grid;

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
    /// Conjugate gradients with a multigrid preconditioner (problems with springs are solved
    /// directly all the same), started from the last displacements and
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
