//! How flat vectors hold designs.

use std::fmt;
use std::str::FromStr;

use crate::error::ReadingError;
use crate::foreign::setting::wrong;
use crate::set::size::two_numbers;

/// How a flat vector holds a design of nelx x nely elements: `rows:NELXxNELY` goes along the rows
/// from the top, `columns:NELXxNELY` down the columns from the left, as the classic codes number
/// their elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Whether neighbors in the vector stand below each other.
    pub columns: bool,
    /// Elements along x: the width of a design.
    pub nelx: usize,
    /// Elements along y: the height of a design.
    pub nely: usize,
}

impl Layout {
    /// Number of cells of a design.
    pub(crate) fn cells(self) -> usize {
        self.nelx * self.nely
    }

    /// A flat vector row by row from the top.
    pub(crate) fn in_rows(self, vector: &[f32]) -> Vec<f32> {
        if !self.columns {
            return vector.to_vec();
        }
        let rows = (0..self.nely).flat_map(|row| vector[row..].iter().step_by(self.nely));
        rows.copied().collect()
    }

    /// The error of data of another shape than this layout asks for.
    pub(crate) fn error(self, file: &str, shape: Vec<usize>) -> ReadingError {
        let (cells, layout) = (self.cells(), self.to_string());
        ReadingError::Layout { file: file.into(), shape, cells, layout }
    }
}

impl FromStr for Layout {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let parse = || {
            let (order, size) = text.split_once(':')?;
            let columns = match order {
                "rows" => false,
                "columns" => true,
                _ => return None,
            };
            let (nelx, nely) = two_numbers(size)?;
            Some(Self { columns, nelx, nely })
        };
        parse().ok_or_else(|| {
            wrong(text, "rows:NELXxNELY or columns:NELXxNELY, such as columns:60x20")
        })
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.columns { "columns" } else { "rows" };
        write!(f, "{order}:{}x{}", self.nelx, self.nely)
    }
}
