//! The flag `--solver`.

use clap::ValueEnum;
use serde::Serialize;
use topo_simp::Solver;

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SolverArg {
    /// Direct up to 128 x 128, so that published histories hold to the last digit; multigrid beyond
    Auto,
    /// Sparse Cholesky, exact to round-off
    Direct,
    /// Conjugate gradients with multigrid, for large grids; the final compliance is within 0.1 % of
    /// the exact way
    Multigrid,
}

impl From<SolverArg> for Solver {
    fn from(solver: SolverArg) -> Self {
        match solver {
            SolverArg::Auto => Self::Auto,
            SolverArg::Direct => Self::Direct,
            SolverArg::Multigrid => Self::Multigrid,
        }
    }
}
