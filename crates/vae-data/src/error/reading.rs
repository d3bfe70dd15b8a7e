//! What can be wrong with a source and with how it is to be read.

use std::convert::Infallible;
use std::path::PathBuf;

use thiserror::Error;
use vae_base::Remedy;

/// A source cannot be opened in the way asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadingError {
    /// The path exists but holds nothing this crate reads.
    #[error("{} is not a data set: {why}", path.display())]
    NotADataSet {
        /// The path given.
        path: PathBuf,
        /// What was missing or unexpected.
        why: String,
    },
    /// A MATLAB file, which this crate does not read.
    #[error("{}: MATLAB files are not read, but Python brings them into one that is", path.display())]
    Matlab {
        /// The file.
        path: PathBuf,
        /// Whether it is in the format 7.3, which is HDF5.
        hdf5: bool,
    },
    /// A file of a known kind that this crate does not read.
    #[error("{}: {what} are not read", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// What such files are called.
        what: &'static str,
        /// What brings it into a kind that is read.
        how: String,
    },
    /// An array has another number of axes than the stated order.
    #[error("{file}: shape {shape:?} has other axes than the layout {layout}")]
    AxisOrder {
        /// The file.
        file: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The order asked for.
        layout: String,
    },
    /// The axes of an array can be taken in several ways.
    #[error("{file}: shape {shape:?} can be taken in the order {} or {}", orders[0], orders[1])]
    UnclearAxes {
        /// The file.
        file: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The two likely orders.
        orders: [String; 2],
    },
    /// An array holds designs in color.
    #[error("{file}: shape {shape:?}: the {channels} channels of design {design} differ")]
    Colored {
        /// The file.
        file: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Position of the design, from 0.
        design: usize,
        /// Number of channels.
        channels: usize,
    },
    /// The built-in set was asked for, and this library was built without its feature `builtin`.
    #[error("this program was built without the built-in data set")]
    NoBuiltin,
    /// A text is not a value of a setting.
    #[error("{text:?} is not {wanted}")]
    Setting {
        /// The text.
        text: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A setting does not apply to these data.
    #[error("the setting {setting} does not apply: {why}")]
    NotApplicable {
        /// Key of the setting.
        setting: &'static str,
        /// The reason.
        why: String,
    },
    /// Flat vectors have another length than the layout has cells.
    #[error(
        "{file}: shape {shape:?} holds no vectors of {cells} values, which the layout {layout} \
         asks for"
    )]
    Layout {
        /// The file.
        file: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Number of cells of the layout asked for.
        cells: usize,
        /// The layout asked for, as text.
        layout: String,
    },
    /// The name of a file does not follow the pattern of labels.
    #[error("{file}: the name does not follow the pattern {pattern}")]
    LabelPattern {
        /// The file.
        file: String,
        /// The pattern.
        pattern: String,
    },
    /// A label in the name of a file is not a number.
    #[error("{file}: the label {label} in its name is {text:?}, which is not a number")]
    Label {
        /// The file.
        file: String,
        /// Name of the label.
        label: String,
        /// The text found.
        text: String,
    },
    /// Designs have different sizes where all must be alike.
    #[error(
        "designs of different sizes: {} has {} x {}, {} has {} x {}",
        first.display(), first_size.0, first_size.1, other.display(), other_size.0, other_size.1
    )]
    MixedSizes {
        /// A file.
        first: PathBuf,
        /// Its rows and columns.
        first_size: (usize, usize),
        /// The first file of another size.
        other: PathBuf,
        /// Its rows and columns.
        other_size: (usize, usize),
    },
    /// Colors of pictures follow no color map that is known.
    #[error(
        "{file}: the pictures are in color, and their colors follow no color map known here; most \
         pixels are {seen}"
    )]
    Colors {
        /// The picture or the folder of pictures.
        file: String,
        /// The most frequent colors with their shares, in words.
        seen: String,
    },
    /// It cannot be told what of a picture is the design.
    #[error("{file}: {why}")]
    Margins {
        /// A picture.
        file: String,
        /// What was found, and why that does not tell.
        why: String,
        /// Margins that may be meant, as text.
        found: Option<String>,
    },
    /// Pictures show the outlines of designs, not what is material.
    #[error("{file}: the pictures show thin lines, such as contours, and no filled areas")]
    Lines {
        /// A picture.
        file: String,
    },
    /// Whole numbers reach to none of the usual largest values.
    #[error("{file}: the values are {min} to {max}, and it cannot be told which of them is solid")]
    Values {
        /// The file.
        file: String,
        /// Smallest value found.
        min: f32,
        /// Largest value found.
        max: f32,
    },
    /// Designs fit their stated volume fractions only if material and void are exchanged.
    #[error(
        "{file}: {column} is {stated:.3} at the median and the mean density {found:.3}, so material \
         and void seem to be exchanged"
    )]
    Polarity {
        /// A file of designs.
        file: String,
        /// Name of the condition.
        column: String,
        /// Its median.
        stated: f64,
        /// Median over the designs of the mean density.
        found: f64,
        /// What exchanges them, and what keeps them as they are.
        remedies: Box<[Remedy; 2]>,
    },
    /// A table of elements leaves most cells of its grid empty.
    #[error(
        "{file}: line 1: {elements} elements leave most of a grid of {} x {} empty",
        grid.0, grid.1
    )]
    SparseGrid {
        /// The file.
        file: String,
        /// Number of elements.
        elements: usize,
        /// Rows and columns of the grid.
        grid: (usize, usize),
    },
    /// The columns of a table do not say which are places and which a density.
    #[error("{file}: a table of {rows} rows with the columns {}: {why}", columns.join(", "))]
    Columns {
        /// The file.
        file: String,
        /// Number of rows.
        rows: usize,
        /// Names of its columns, or how many there are.
        columns: Vec<String>,
        /// What is missing.
        why: String,
    },
    /// Two elements of a table lie at one place.
    #[error(
        "{file}: element {element} (from 0) lies at ({}, {}), where another one lies already",
        place[0], place[1]
    )]
    SamePlace {
        /// The file.
        file: String,
        /// Position of the second element.
        element: usize,
        /// Its x and y.
        place: [f64; 2],
    },
    /// A matrix in a text file looks like many designs, each a flat vector.
    #[error("{file}: this looks like {n} designs, each a flat vector of {cells} values")]
    FlatDesigns {
        /// The file.
        file: String,
        /// Number of vectors.
        n: usize,
        /// Their length.
        cells: usize,
    },
    /// A table of conditions has no column of numbers.
    #[error("{file}: no column is a condition; there are {}", columns.join(", "))]
    NoConditions {
        /// The table.
        file: String,
        /// Names of its columns.
        columns: Vec<String>,
    },
    /// A table of conditions lies beside the designs, and nobody said what it is for.
    #[error("{file} lies beside the designs and is not used")]
    UnusedConditions {
        /// The table.
        file: String,
    },
    /// A file lacks a number that stands beside the designs of other files.
    #[error("{}: there is no number {name:?}, which {n} other designs have", file.display())]
    MissingNumber {
        /// The file.
        file: PathBuf,
        /// Name of the number.
        name: String,
        /// Number of designs that have it.
        n: usize,
    },
    /// Lines run across pictures at equal distances, like the edges of elements.
    #[error(
        "{file}: lines run across all pictures every {step} pixels, such as the edges of elements"
    )]
    Mesh {
        /// The picture or the folder of pictures.
        file: String,
        /// From one line to the next.
        step: usize,
    },
    /// Some pictures look as if white were material, and others as if black were.
    #[error(
        "{file}: of {n} pictures {light} look as if white were material, and {dark} as if black were"
    )]
    MixedPolarity {
        /// The picture or the folder of pictures.
        file: String,
        /// Pictures looked at.
        n: usize,
        /// Those whose light pixels hang together, while the dark ones are in several pieces.
        light: usize,
        /// Those in which it is the other way round.
        dark: usize,
    },
    /// A column numbers the designs, but not in the order of the rows.
    #[error(
        "{file}: the column {column:?} numbers the designs in another order than that of the rows"
    )]
    RowOrder {
        /// The table.
        file: String,
        /// Name of the column.
        column: String,
    },
    /// The stated volumes are those of the designs in another order.
    #[error(
        "{file}: {column} and the mean density differ by {off:.2} at the median, and agree if both \
         are sorted, so conditions and designs seem to be in different orders"
    )]
    VolumeOrder {
        /// A file of designs.
        file: String,
        /// Name of the condition.
        column: String,
        /// The median difference.
        off: f64,
    },
    /// A folder holds other pictures or arrays of the same designs beside them.
    #[error(
        "{}: {other} and {n} more files like it show something else of the same designs, such as \
         {design}",
        path.display()
    )]
    Companions {
        /// The folder.
        path: PathBuf,
        /// A file that is no design.
        other: String,
        /// The design that it belongs to.
        design: String,
        /// Number of others.
        n: usize,
        /// What may be read instead.
        instead: Option<PathBuf>,
    },
    /// A table of conditions lacks a row for a design.
    #[error("{file}: there is no row for {design}")]
    MissingRow {
        /// The table.
        file: String,
        /// The design's file, or its position.
        design: String,
    },
}

impl ReadingError {
    /// Whether what was asked for is at fault, rather than the contents of a file.
    #[must_use]
    pub fn is_callers_mistake(&self) -> bool {
        matches!(
            self,
            Self::NoBuiltin
                | Self::Setting { .. }
                | Self::NotApplicable { .. }
                | Self::LabelPattern { .. }
                | Self::Layout { .. }
                | Self::Margins { .. }
                | Self::Lines { .. }
                | Self::Values { .. }
                | Self::Polarity { .. }
                | Self::AxisOrder { .. }
                | Self::UnclearAxes { .. }
                | Self::FlatDesigns { .. }
                | Self::UnusedConditions { .. }
                | Self::MissingNumber { .. }
                | Self::Columns { .. }
                | Self::Mesh { .. }
                | Self::MixedPolarity { .. }
                | Self::RowOrder { .. }
                | Self::VolumeOrder { .. }
                | Self::Companions { .. }
        )
    }
}

impl From<Infallible> for ReadingError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
