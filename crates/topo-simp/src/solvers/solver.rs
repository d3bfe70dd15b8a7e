//! The choice of a solver.

use serde::{Deserialize, Serialize};

use crate::grid::Grid;

/// What solves the equations of elasticity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Multigrid. Up to 16,384 elements it solves to a relative error of 1e-7 in the energy norm, so
    /// that published histories hold; beyond, it ends as [`Solver::Multigrid`] does.
    #[default]
    Auto,
    /// Sparse Cholesky: exact to round-off, at a cost of about n^1.5.
    Direct,
    /// Conjugate gradients with a multigrid preconditioner (problems with springs are solved
    /// directly all the same), started from the last displacements and ended as soon as they are
    /// good enough for the next step, at a cost of about n. Histories differ from the exact ones;
    /// 199 of 200 random problems ended within 0.1 % of the direct solver's compliance. Where the
    /// conjugate gradients fail, which they did in none of these, the direct solver takes over.
    Multigrid,
}

impl Solver {
    /// Largest number of elements of which a design is analyzed directly, and optimized as if it
    /// were.
    const SMALL: usize = 1 << 14;

    /// The solver of one design: direct on small grids, where designs of one stiffness under many
    /// loads share a factorization.
    pub(crate) const fn for_analysis(grid: Grid) -> Self {
        if grid.n_elements() <= Self::SMALL { Self::Direct } else { Self::Multigrid }
    }

    /// How exactly multigrid solves, in the energy norm, if the last step changed no design variable
    /// by more than `change`: the nearer the end, the better. `tests/shortcuts.rs` shows what these
    /// bounds change.
    pub(crate) fn tolerance(self, grid: Grid, change: f64) -> f64 {
        match self {
            Self::Auto if grid.n_elements() <= Self::SMALL => 1e-7,
            _ => (0.001 * change).clamp(1e-5, 1e-4),
        }
    }
}
