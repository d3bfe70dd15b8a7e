//! What can go wrong between densities and a file.

use thiserror::Error;

/// Why a design was not exported, with the value or position at fault.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no material, so there is nothing to cut or print.
    #[error("the design is empty: no cell holds material")]
    Empty,
    /// A density is not a number from 0 to 1.
    #[error("the density in row {row}, column {column} is {value}, not from 0 to 1")]
    Density {
        /// Row of the cell, 0 on top.
        row: usize,
        /// Column of the cell.
        column: usize,
        /// The density.
        value: f64,
    },
    /// No contour around the densest cells holds the volume of the design, which happens if many
    /// cells are of the same grey.
    #[error(
        "no contour encloses the material of {wanted:.3} cells that the grey cells sum up to: the nearest encloses {nearest:.3}"
    )]
    Volume {
        /// Sum of the densities.
        wanted: f64,
        /// Area of the nearest contour, in cells.
        nearest: f64,
    },
    /// A design of more cells than contours are made of.
    #[error("the design has {rows} x {columns} cells, and contours are made of at most {most}")]
    TooManyCells {
        /// Rows of the design.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// The largest number of cells.
        most: usize,
    },
    /// Contours with more points than any structure has.
    #[error(
        "the contours would have more than {most} points: the design is noise rather than a structure"
    )]
    TooManyPoints {
        /// The largest number of points.
        most: usize,
    },
    /// A length is not positive.
    #[error("the {what} is {value} mm, but must be positive")]
    Length {
        /// Which length.
        what: &'static str,
        /// Its value in millimeters.
        value: f64,
    },
    /// The surface would not be closed: contours nearly touch, as seen by the single precision of
    /// STL.
    #[error(
        "the surface has {edges} open edges: the cell size is too small or the grid too large for the single precision of STL"
    )]
    Open {
        /// Number of edges that are not shared by two triangles of opposite direction.
        edges: usize,
    },
    /// No field was given.
    #[error("no field of the elements was given")]
    NoFields,
    /// A field does not fit the grid.
    #[error("the field {field} is of shape {got:?}, but {expected:?} is needed")]
    Shape {
        /// Name of the field.
        field: String,
        /// The shape needed.
        expected: Vec<usize>,
        /// The shape given.
        got: Vec<usize>,
    },
    /// A value of a field is NaN or infinite.
    #[error("the field {field} is {value} at {position:?}")]
    NotFinite {
        /// Name of the field.
        field: String,
        /// Row, 0 on top, and column.
        position: [usize; 2],
        /// The value.
        value: f64,
    },
}
