//! What was cut off the pictures of a set.

use ndarray::Array2;

/// A picture before it was cut, and what was taken of it, so that a reader can judge the cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Lightness of the picture as it was stored, (H, W), 0 = black and 1 = white; every so many
    /// pixels of a large one.
    pub picture: Array2<f32>,
    /// First row and first column that were kept.
    pub start: (usize, usize),
    /// Row and column behind the last ones that were kept.
    pub end: (usize, usize),
}
