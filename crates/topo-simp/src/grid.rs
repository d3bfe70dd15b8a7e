//! The rectangular mesh: sizes, and how elements, nodes and degrees of freedom are numbered.

use serde::{Deserialize, Serialize};

/// A mesh of `nelx` × `nely` equal square elements, row 0 on top.
///
/// Everything is numbered row by row: element (row i, column j) is `i * nelx + j`, node (row r,
/// column c) is `r * (nelx + 1) + c`, and node n carries the degrees of freedom `2 n` (x, to the
/// right) and `2 n + 1` (y, **up**). (The classic 99- and 88-line codes number column by column.)
///
/// # Examples
/// ```
/// let grid = topo_simp::Grid { nelx: 60, nely: 20 };
/// assert_eq!((grid.n_elements(), grid.n_nodes()), (1200, 1281));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Elements from left to right.
    pub nelx: usize,
    /// Elements from top to bottom.
    pub nely: usize,
}

impl Grid {
    /// Largest number of elements that a problem may have: 4,194,304 (2,048 × 2,048).
    pub const MAX_ELEMENTS: usize = 1 << 22;

    /// Number of elements, `nelx * nely`.
    pub const fn n_elements(self) -> usize {
        self.nelx * self.nely
    }

    /// Number of nodes, `(nelx + 1) * (nely + 1)`.
    pub const fn n_nodes(self) -> usize {
        (self.nelx + 1) * (self.nely + 1)
    }

    /// Number of degrees of freedom: two a node.
    pub(crate) const fn n_dofs(self) -> usize {
        2 * self.n_nodes()
    }

    /// Number of the node in the given row and column.
    pub(crate) const fn node(self, row: usize, column: usize) -> usize {
        row * (self.nelx + 1) + column
    }

    /// The nodes of an element in the order of the element matrix: lower left, lower right, upper
    /// right, upper left.
    pub(crate) const fn corners(self, row: usize, column: usize) -> [usize; 4] {
        [
            self.node(row + 1, column),
            self.node(row + 1, column + 1),
            self.node(row, column + 1),
            self.node(row, column),
        ]
    }

    /// The elements that touch a node, as (row, column): one to four of them.
    pub(crate) fn elements_at(
        self,
        row: usize,
        column: usize,
    ) -> impl Iterator<Item = (usize, usize)> {
        let rows = row.saturating_sub(1)..(row + 1).min(self.nely);
        rows.flat_map(move |i| {
            (column.saturating_sub(1)..(column + 1).min(self.nelx)).map(move |j| (i, j))
        })
    }
}

impl std::fmt::Display for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.nelx, self.nely)
    }
}
