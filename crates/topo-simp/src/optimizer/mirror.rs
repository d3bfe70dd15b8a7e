//! Whether a problem allows a design that is its own mirror image.

use crate::{
    error::SimpError,
    problem::{Model, Problem},
    symmetry::Symmetry,
};

impl Problem {
    /// Checks that the passive regions are their own mirror images, so that a design can be.
    ///
    /// # Errors
    /// [`SimpError::NotSymmetric`] with the first element that has another role than its image,
    /// otherwise as [`Problem::validate`].
    pub fn check_symmetry(&self, symmetry: Symmetry) -> Result<(), SimpError> {
        check_symmetry(&Model::new(self)?, symmetry)
    }
}

/// Refuses a symmetry that the roles of the elements do not have.
pub(crate) fn check_symmetry(model: &Model, symmetry: Symmetry) -> Result<(), SimpError> {
    let grid = model.grid;
    for (e, &cell) in model.cells.iter().enumerate() {
        let (row, column) = (e / grid.nelx, e % grid.nelx);
        let mirrored = |flip: bool, upside: bool| {
            let i = if upside { grid.nely - 1 - row } else { row };
            let j = if flip { grid.nelx - 1 - column } else { column };
            model.cells[i * grid.nelx + j]
        };
        let same = match symmetry {
            Symmetry::LeftRight => mirrored(true, false) == cell,
            Symmetry::TopBottom => mirrored(false, true) == cell,
            Symmetry::Both => mirrored(true, false) == cell && mirrored(false, true) == cell,
        };
        if !same {
            return Err(SimpError::NotSymmetric { symmetry, row, column });
        }
    }
    Ok(())
}
