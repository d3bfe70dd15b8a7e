//! What can go wrong between arrays in memory and a picture on disk.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use vae_base::FileError;

/// Why a figure was not written, with the value, position or path at fault.
///
/// A figure that fails leaves an existing file at its path unchanged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason that the file system gives.
        source: io::Error,
    },
    /// A picture or page could not be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// There is nothing to draw.
    #[error("no {what} to draw")]
    Empty {
        /// What is missing, in the plural.
        what: &'static str,
    },
    /// A value is NaN or infinite.
    #[error("{what}: the value at {position:?} is {value}")]
    NotFinite {
        /// Which input.
        what: &'static str,
        /// The index of the value in that input, outermost axis first.
        position: Vec<usize>,
        /// The value.
        value: f32,
    },
    /// Two inputs that belong together have different lengths.
    #[error("{got} {what}, but {expected} are needed")]
    Count {
        /// What was counted, in the plural.
        what: &'static str,
        /// How many are needed.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Designs that are compared pixel by pixel have different shapes.
    #[error("{what} are {got:?} pixels (height, width), but {expected:?} are needed")]
    Shape {
        /// Which designs.
        what: &'static str,
        /// The shape needed, (height, width).
        expected: (usize, usize),
        /// The shape given, (height, width).
        got: (usize, usize),
    },
    /// The array does not have the requested column.
    #[error("column {column} of an array of {columns} columns")]
    Column {
        /// The column, counted from 0.
        column: usize,
        /// How many there are.
        columns: usize,
    },
    /// A setting that must be positive is zero.
    #[error("{what} must be at least 1")]
    Zero {
        /// Which setting.
        what: &'static str,
    },
    /// The picture would be larger than any viewer shows. Fewer designs make it smaller.
    #[error("the picture would be {width} × {height} pixels; draw fewer designs")]
    TooLarge {
        /// Its width in pixels.
        width: usize,
        /// Its height in pixels.
        height: usize,
    },
}
