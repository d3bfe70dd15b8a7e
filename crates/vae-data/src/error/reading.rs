//! What can be wrong with a source and with how it is to be read.

use std::convert::Infallible;
use std::path::PathBuf;

use thiserror::Error;
use vae_base::Remedy;

use super::advice::{AXES, is_sheet, matlab, of_columns};

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
    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NotADataSet { .. } => vec![Remedy::advice(
                "designs are read from folders of pictures (JPEG, PNG, BMP, TIFF, PNM), .npy, .npz \
                 or text files, from one such file, and from data-set folders",
            )],
            Self::Matlab { path, hdf5 } => vec![Remedy::advice(matlab(path, *hdf5))],
            Self::Unread { how, .. } => vec![Remedy::advice(how.clone())],
            Self::MixedPolarity { .. } => vec![
                Remedy::advice("exchange black and white in some of them"),
                Remedy::set("invert", "no", "takes black as material in all of them"),
                Remedy::set("invert", "yes", "takes white"),
            ],
            Self::RowOrder { column, .. } => vec![
                Remedy::advice(format!("sort the rows by {column:?}, if it counts the designs")),
                Remedy::advice("take the column out, if the rows are in the order of the designs"),
                Remedy::advice("name the file of each design in a column `file`"),
            ],
            Self::VolumeOrder { .. } => vec![
                Remedy::advice("bring the rows of conditions into the order of the designs"),
                Remedy::advice("name the file of each design in a column `file`"),
                Remedy::set("conditions", "none", "reads the designs without conditions"),
            ],
            Self::Companions { instead: Some(folder), .. } => vec![Remedy::advice(format!(
                "give the folder of the designs alone: {}",
                folder.display()
            ))],
            Self::Companions { .. } => {
                vec![Remedy::advice("move what is no design to a folder beside this one")]
            }
            Self::AxisOrder { .. } => vec![Remedy::set(
                "layout",
                "ORDER",
                "names every axis: n designs, h rows, w columns, c channels, t iterations",
            )],
            Self::UnclearAxes { orders, .. } => orders
                .iter()
                .map(|order| Remedy::set("layout", order, "takes this one"))
                .chain([Remedy::advice(AXES)])
                .collect(),
            Self::Colored { .. } => vec![
                Remedy::advice("make the designs grey first: one value per cell"),
                Remedy::set("iterations", "all", "takes them as trajectories (N, T, H, W)"),
            ],
            Self::NoBuiltin => {
                vec![Remedy::advice("build with the feature `builtin`, or give a folder or file")]
            }
            Self::NotApplicable { .. } | Self::Setting { .. } => Vec::new(),
            Self::Layout { .. } => vec![Remedy::advice(
                "a layout is rows:NELXxNELY or columns:NELXxNELY, and its product the length of a \
                 vector",
            )],
            Self::LabelPattern { .. } => vec![
                Remedy::advice("give a pattern that all names end with"),
                Remedy::set("labels", "none", "ignores the names"),
            ],
            Self::Label { .. } => vec![
                Remedy::advice("name the field {_} to pass over it"),
                Remedy::set("labels", "none", "ignores the names"),
            ],
            Self::MixedSizes { .. } => vec![
                Remedy::set("resize", "ROWSxCOLUMNS", "brings all designs to one size"),
                Remedy::set("resize", "fit:ROWSxCOLUMNS", "does so without stretching them"),
            ],
            Self::Colors { .. } => vec![Remedy::advice(
                "save the pictures in grey or through a map such as viridis, jet or coolwarm, or \
                 save the densities themselves with numpy.save",
            )],
            Self::Lines { .. } => vec![
                Remedy::advice(
                    "save filled pictures (imshow, contourf), or the densities themselves with \
                     numpy.save",
                ),
                Remedy::set("crop", "TOP,RIGHT,BOTTOM,LEFT", "cuts off what is no design"),
            ],
            Self::Margins { found, .. } => vec![
                Remedy::set(
                    "crop",
                    found.as_deref().unwrap_or("TOP,RIGHT,BOTTOM,LEFT"),
                    "cuts these pixels off",
                ),
                Remedy::set("crop", "none", "keeps everything"),
            ],
            Self::Values { .. } => vec![Remedy::set(
                "range",
                "VOID:SOLID",
                "says which values are void and solid, such as 0:255",
            )],
            Self::Polarity { remedies, .. } => remedies.to_vec(),
            Self::SparseGrid { .. } => {
                vec![Remedy::set("grid", "ROWSxCOLUMNS", "bins the elements to a coarser grid")]
            }
            Self::Columns { .. } => of_columns().into(),
            Self::SamePlace { .. } => vec![
                Remedy::advice("give each design a file of its own"),
                Remedy::set("grid", "ROWSxCOLUMNS", "takes means over the cells of a grid"),
            ],
            Self::FlatDesigns { .. } => vec![
                Remedy::set("layout", "columns:NELXxNELY", "takes them apart by columns"),
                Remedy::set("layout", "rows:NELXxNELY", "takes them apart by rows"),
                Remedy::set("layout", "hw", "takes the file as one design"),
            ],
            Self::NoConditions { .. } => vec![Remedy::advice(
                "a condition is a column of numbers, such as 0.4, one row per design",
            )],
            Self::UnusedConditions { file } => vec![
                if file.ends_with("conditions.npy") {
                    Remedy::advice("give the folder instead of the file, which uses it")
                } else if is_sheet(file) {
                    Remedy::set("conditions", "TABLE.csv", "takes it, once it is saved as CSV")
                } else if file.contains(".npz:") {
                    Remedy::advice("save it as (designs, conditions) under the name `conditions`")
                } else {
                    Remedy::set("conditions", file, "takes it as conditions")
                },
                Remedy::set("conditions", "none", "says that none are wanted"),
            ],
            Self::MissingNumber { .. } => vec![
                Remedy::advice("add it to the file"),
                Remedy::set("conditions", "none", "says that no conditions are wanted"),
            ],
            Self::MissingRow { .. } => vec![Remedy::advice(
                "give one row per design: in their order, or with their file names in a column \
                 `file`",
            )],
        }
    }

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
