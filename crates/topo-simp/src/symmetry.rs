//! Designs that are their own mirror images.

use serde::{Deserialize, Serialize};

use crate::grid::Grid;

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

    /// An element, as (row, column), and its mirror images: each once, the element first.
    ///
    /// # Examples
    /// ```
    /// use topo_simp::{Grid, Symmetry};
    /// let grid = Grid { nelx: 3, nely: 4 };
    /// assert_eq!(Symmetry::Both.images(grid, (0, 0)), [(0, 0), (0, 2), (3, 0), (3, 2)]);
    /// assert_eq!(Symmetry::LeftRight.images(grid, (0, 1)), [(0, 1)]);
    /// ```
    pub fn images(self, grid: Grid, (row, column): (usize, usize)) -> Vec<(usize, usize)> {
        let Grid { nelx, nely } = grid;
        let mut images = vec![(row, column)];
        if matches!(self, Self::LeftRight | Self::Both) {
            images.push((row, nelx - 1 - column));
        }
        if matches!(self, Self::TopBottom | Self::Both) {
            let mirrored: Vec<_> = images.iter().map(|&(i, j)| (nely - 1 - i, j)).collect();
            images.extend(mirrored);
        }
        images.sort_unstable();
        images.dedup();
        let first = images.iter().position(|&image| image == (row, column)).unwrap_or(0);
        images[..=first].rotate_right(1);
        images
    }
}
