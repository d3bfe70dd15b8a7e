//! Why an optimization or an analysis failed.

use vae_base::Remedy;

use crate::{grid::Grid, problem::ProblemError, symmetry::Symmetry};

/// Why an optimization or an analysis failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimpError {
    /// The problem itself is at fault.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// An option outside its range.
    #[error("option {name} is {value}, but must be {range}")]
    Option {
        /// Which option.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A projection without the density filter, or with the 99-line rules.
    #[error("a projection needs the density filter and the rules of the 88-line code")]
    ProjectionNeeds,
    /// A symmetry that the passive regions do not have.
    #[error(
        "no {symmetry} symmetric design is possible: the passive regions at row {row}, column {column} are not mirrored"
    )]
    NotSymmetric {
        /// The symmetry asked for.
        symmetry: Symmetry,
        /// Row of an element whose mirror image has another role.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// A design of another shape than the grid's.
    #[error("the design has {got_rows} rows and {got_columns} columns, but the grid is {grid}")]
    DesignShape {
        /// Rows of the design.
        got_rows: usize,
        /// Columns of the design.
        got_columns: usize,
        /// The grid of the problem.
        grid: Grid,
    },
    /// A density that is not a number in [0, 1].
    #[error("the density in row {row}, column {column} is {value}, but must be in [0, 1]")]
    Density {
        /// Row from the top.
        row: usize,
        /// Column.
        column: usize,
        /// The value.
        value: f64,
    },
    /// An optimizer made for another grid.
    #[error("the optimizer was made for the grid {expected}, but the problem has {got}")]
    GridMismatch {
        /// The grid of the optimizer.
        expected: Grid,
        /// The grid of the problem.
        got: Grid,
    },
    /// The stiffness matrix is not positive definite in double precision.
    #[error("the stiffness matrix is singular in double precision at iteration {iteration}")]
    Singular {
        /// The iteration, from 0; 0 also for a single analysis.
        iteration: usize,
    },
    /// Not enough memory for the factorization, or more entries than an index can count.
    #[error("the factorization of a {grid} grid does not fit in memory")]
    Memory {
        /// The grid.
        grid: Grid,
    },
}

impl SimpError {
    /// What helps.
    pub fn remedies(&self) -> Vec<Remedy> {
        match *self {
            Self::DesignShape { got_rows, got_columns, grid }
                if (got_rows, got_columns) == (grid.nelx, grid.nely) =>
            {
                vec![Remedy::advice(
                    "nely counts rows and nelx columns: are the designs transposed?",
                )]
            }
            _ => Vec::new(),
        }
    }

    /// Whether what was asked for is at fault, rather than a file or the computation.
    pub fn is_callers_mistake(&self) -> bool {
        matches!(
            self,
            Self::DesignShape { .. }
                | Self::Option { .. }
                | Self::ProjectionNeeds
                | Self::NotSymmetric { .. }
        )
    }
}
