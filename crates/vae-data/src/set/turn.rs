//! Designs turned: mirrored, rotated, or with rows and columns exchanged.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{DataError, ReadingError};
use crate::formats::npy::Element;
use crate::set::designs::Designs;

/// A symmetry of the rectangle or of the square.
///
/// # Examples
///
/// ```
/// use vae_data::Turn;
///
/// let design = [1, 2, 3, 4, 5, 6]; // two rows of three
/// let turned = |name: &str| name.parse().map(|turn: Turn| turn.apply(&design, 3));
/// assert_eq!(turned("mirror-y")?, [4, 5, 6, 1, 2, 3]);
/// assert_eq!(turned("transpose")?, [1, 4, 2, 5, 3, 6]);
/// # Ok::<(), vae_data::ReadingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// Left and right change places.
    MirrorX,
    /// Top and bottom change places: arrays whose first row lies at the bottom.
    MirrorY,
    /// Half a turn: both.
    HalfTurn,
    /// Rows and columns change places: arrays whose first axis is x.
    Transpose,
    /// A quarter of a turn to the left: arrays whose first axis is x, with y upward.
    QuarterLeft,
    /// A quarter of a turn to the right.
    QuarterRight,
    /// Rows and columns change places about the other diagonal.
    AntiTranspose,
}

impl Turn {
    /// All of them, with their names; those that are more likely to be needed come first.
    pub const ALL: [(Self, &str); 7] = [
        (Self::MirrorY, "mirror-y"),
        (Self::MirrorX, "mirror-x"),
        (Self::HalfTurn, "half-turn"),
        (Self::Transpose, "transpose"),
        (Self::QuarterLeft, "quarter-left"),
        (Self::QuarterRight, "quarter-right"),
        (Self::AntiTranspose, "anti-transpose"),
    ];

    /// Whether rows become columns.
    #[must_use]
    pub const fn transposes(self) -> bool {
        matches!(
            self,
            Self::Transpose | Self::QuarterLeft | Self::QuarterRight | Self::AntiTranspose
        )
    }

    /// The turned cells, row by row; `width` is the number of columns before.
    ///
    /// # Panics
    ///
    /// If `width` is 0, or the cells are not whole rows.
    #[must_use]
    #[track_caller]
    pub fn apply<T: Copy>(self, cells: &[T], width: usize) -> Vec<T> {
        assert_eq!(cells.len() % width, 0, "a design has whole rows");
        let height = cells.len() / width;
        let (rows, columns) = self.size((height, width));
        let at = |row: usize, column: usize| {
            let (i, j) = match self {
                Self::MirrorX => (row, columns - 1 - column),
                Self::MirrorY => (rows - 1 - row, column),
                Self::HalfTurn => (rows - 1 - row, columns - 1 - column),
                Self::Transpose => (column, row),
                Self::QuarterLeft => (column, rows - 1 - row),
                Self::QuarterRight => (columns - 1 - column, row),
                Self::AntiTranspose => (columns - 1 - column, rows - 1 - row),
            };
            cells[i * width + j]
        };
        (0..rows).flat_map(|row| (0..columns).map(move |column| at(row, column))).collect()
    }

    /// Rows and columns of a turned design.
    #[must_use]
    pub const fn size(self, (height, width): (usize, usize)) -> (usize, usize) {
        if self.transposes() { (width, height) } else { (height, width) }
    }
}

impl FromStr for Turn {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let known = Self::ALL.into_iter().find(|(_, name)| *name == text);
        let wanted = "mirror-y, mirror-x, half-turn, transpose, quarter-left, quarter-right or \
                      anti-transpose";
        known
            .map(|(turn, _)| turn)
            .ok_or_else(|| ReadingError::Setting { text: text.into(), wanted })
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::ALL.into_iter().find(|(turn, _)| turn == self);
        f.write_str(known.map_or("", |(_, name)| name))
    }
}

/// Designs turned when they are read.
pub(crate) struct Turned {
    inner: Arc<dyn Designs>,
    turn: Turn,
}

impl Turned {
    pub(crate) fn new(inner: Arc<dyn Designs>, turn: Turn) -> Self {
        Self { inner, turn }
    }
}

impl Designs for Turned {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn size(&self) -> (usize, usize) {
        self.turn.size(self.inner.size())
    }

    fn element(&self) -> Element {
        self.inner.element()
    }

    fn read(&self, index: usize, out: &mut [f32], scratch: &mut Vec<u8>) -> Result<(), DataError> {
        self.inner.read(index, out, scratch)?;
        let turned = self.turn.apply(out, self.inner.size().1);
        out.copy_from_slice(&turned);
        Ok(())
    }

    fn file(&self, index: usize) -> String {
        self.inner.file(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_those_of_paper() {
        let letters = ['a', 'b', 'c', 'd', 'e', 'f']; // abc over def
        for (turn, name) in Turn::ALL {
            let expected = match turn {
                Turn::MirrorX => "cbafed",
                Turn::MirrorY => "defabc",
                Turn::HalfTurn => "fedcba",
                Turn::Transpose => "adbecf",
                Turn::QuarterLeft => "cfbead",
                Turn::QuarterRight => "daebfc",
                Turn::AntiTranspose => "fcebda",
            };
            assert_eq!(turn.apply(&letters, 3).into_iter().collect::<String>(), expected, "{name}");
            assert_eq!(turn.to_string().parse::<Turn>().unwrap(), turn);
        }
        assert!("upside-down".parse::<Turn>().is_err());
    }

    #[test]
    fn an_array_of_x_and_y_upward_is_a_quarter_to_the_left() {
        // density[x][y], y upward: a bar along the bottom is y = 0 for every x.
        let (nelx, nely) = (4, 3);
        let by_x: Vec<u8> =
            (0..nelx * nely).map(|i| u8::from(i % nely == 0 && i / nely < 3)).collect();
        let rows = Turn::QuarterLeft.apply(&by_x, nely);
        assert_eq!(rows, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0]);
    }
}
