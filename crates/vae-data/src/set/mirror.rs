//! Mirror images of designs, and what becomes of their conditions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ReadingError;

/// A mirror image of a design. The three make up the eight symmetries of a square.
///
/// # Examples
///
/// ```
/// use vae_data::Mirror;
///
/// let mut design = [1, 2, 3, 4, 5, 6]; // two rows of three
/// Mirror::X.apply(&mut design, 3);
/// assert_eq!(design, [3, 2, 1, 6, 5, 4]);
/// Mirror::Y.apply(&mut design, 3);
/// assert_eq!(design, [6, 5, 4, 3, 2, 1]);
/// assert_eq!("mirror-x".parse::<Mirror>()?, Mirror::X);
/// # Ok::<(), vae_data::ReadingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mirror {
    /// `mirror-x`: left and right change places.
    #[serde(rename = "mirror-x")]
    X,
    /// `mirror-y`: top and bottom change places.
    #[serde(rename = "mirror-y")]
    Y,
    /// `transpose`: rows and columns change places, in square designs only.
    #[serde(rename = "transpose")]
    Transpose,
}

/// What becomes of a condition when its design is mirrored; in `dataset.json` beside the name of
/// the condition, as `"mirror_y": "same"` or `"mirror_y": {"sum": 1.0}`.
///
/// # Examples
///
/// ```
/// use vae_data::MirrorRule;
///
/// // A place from 0 to 1, an angle, a volume.
/// assert_eq!(MirrorRule::Sum(1.0).apply(0.25), 0.75);
/// assert_eq!(MirrorRule::Sum(0.0).apply(30.0), -30.0);
/// assert_eq!(MirrorRule::Same.apply(0.4), 0.4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MirrorRule {
    /// It stays.
    Same,
    /// It and its mirror image have this sum.
    Sum(f32),
}

impl Mirror {
    /// Whether the image of a design of this size has the same size.
    #[must_use]
    pub fn fits(self, height: usize, width: usize) -> bool {
        self != Self::Transpose || height == width
    }

    /// Mirrors the cells of a design of rows of `width` cells, in place.
    ///
    /// # Panics
    ///
    /// If a design that is not square is to be transposed.
    #[track_caller]
    pub fn apply<T>(self, cells: &mut [T], width: usize) {
        match self {
            Self::X => cells.chunks_exact_mut(width).for_each(<[T]>::reverse),
            Self::Y => {
                let rows = cells.len() / width;
                for row in 0..rows / 2 {
                    let (above, below) = cells.split_at_mut((rows - 1 - row) * width);
                    above[row * width..(row + 1) * width].swap_with_slice(&mut below[..width]);
                }
            }
            Self::Transpose => {
                assert_eq!(cells.len(), width * width, "only square designs can be transposed");
                for row in 0..width {
                    for column in 0..row {
                        cells.swap(row * width + column, column * width + row);
                    }
                }
            }
        }
    }
}

impl MirrorRule {
    /// The condition of the mirror image.
    #[must_use]
    pub fn apply(self, value: f32) -> f32 {
        match self {
            Self::Same => value,
            Self::Sum(sum) => sum - value,
        }
    }
}

impl FromStr for Mirror {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        match text {
            "mirror-x" => Ok(Self::X),
            "mirror-y" => Ok(Self::Y),
            "transpose" => Ok(Self::Transpose),
            _ => Err(ReadingError::Setting {
                text: text.into(),
                wanted: "mirror-x, mirror-y or transpose",
            }),
        }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X => "mirror-x",
            Self::Y => "mirror-y",
            Self::Transpose => "transpose",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Twice is nothing, those of rows and columns commute, and each cell goes where the
        /// coordinates say.
        #[test]
        fn mirrors_are_involutions_that_commute(
            (height, width) in prop_oneof![
                (1_usize..7, 1_usize..7),
                (1_usize..7).prop_map(|side| (side, side)),
            ],
        ) {
            let design: Vec<usize> = (0..height * width).collect();
            for mirror in [Mirror::X, Mirror::Y, Mirror::Transpose] {
                if !mirror.fits(height, width) {
                    continue;
                }
                let mut image = design.clone();
                mirror.apply(&mut image, width);
                for (i, cell) in image.iter().enumerate() {
                    let (row, column) = (i / width, i % width);
                    let from = match mirror {
                        Mirror::X => row * width + width - 1 - column,
                        Mirror::Y => (height - 1 - row) * width + column,
                        Mirror::Transpose => column * width + row,
                    };
                    prop_assert_eq!(*cell, from);
                }
                mirror.apply(&mut image, width);
                prop_assert_eq!(&image, &design);
            }
            let (mut xy, mut yx) = (design.clone(), design);
            Mirror::X.apply(&mut xy, width);
            Mirror::Y.apply(&mut xy, width);
            Mirror::Y.apply(&mut yx, width);
            Mirror::X.apply(&mut yx, width);
            prop_assert_eq!(xy, yx);
        }
    }

    #[test]
    fn names_are_read_back() {
        for mirror in [Mirror::X, Mirror::Y, Mirror::Transpose] {
            assert_eq!(mirror.to_string().parse::<Mirror>().unwrap(), mirror);
            assert_eq!(serde_json::to_value(mirror).unwrap(), mirror.to_string());
        }
        assert!("mirror".parse::<Mirror>().is_err());
    }
}
