//! Whole designs from half and quarter models.

use ndarray::{Array2, ArrayView2, Axis};

use super::error::{AnalysisError, Result};

/// The side of a design on which an axis of symmetry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisSide {
    /// The left side.
    Left,
    /// The right side.
    Right,
    /// The top.
    Top,
    /// The bottom.
    Bottom,
}

impl AxisSide {
    /// The array axis across the axis of symmetry.
    fn across(self) -> Axis {
        match self {
            Self::Left | Self::Right => Axis(1),
            Self::Top | Self::Bottom => Axis(0),
        }
    }
}

/// The whole design of which this one is the half or the quarter that ends at these sides: it is
/// continued beyond each of them by its mirror image.
///
/// # Errors
/// [`AnalysisError::TwoAxes`] for two sides that face each other, or one that is given twice.
///
/// # Examples
/// ```
/// use ndarray::array;
/// use vae_study::analysis::{AxisSide, whole};
///
/// let half = array![[1.0_f32, 0.5]];
/// assert_eq!(whole(half.view(), &[AxisSide::Left])?, array![[0.5, 1.0, 1.0, 0.5]]);
/// assert_eq!(whole(half.view(), &[AxisSide::Bottom])?, array![[1.0, 0.5], [1.0, 0.5]]);
/// # Ok::<(), vae_study::analysis::AnalysisError>(())
/// ```
pub fn whole(design: ArrayView2<'_, f32>, sides: &[AxisSide]) -> Result<Array2<f32>> {
    let mut found = design.to_owned();
    for (i, side) in sides.iter().enumerate() {
        let across = side.across();
        if sides[..i].iter().any(|other| other.across() == across) {
            return Err(AnalysisError::TwoAxes);
        }
        let (length, before) =
            (found.len_of(across), matches!(side, AxisSide::Left | AxisSide::Top));
        // The cell of the model at each place of the whole design.
        let own = |place: usize| {
            if before == (place < length) { length - 1 - place % length } else { place % length }
        };
        let places: Vec<usize> = (0..2 * length).map(own).collect();
        found = found.select(across, &places);
    }
    Ok(found)
}
