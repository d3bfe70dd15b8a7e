//! What can be wrong with data, each case with the file, position and value at fault.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::foreign::reading::Layout;

/// Everything this crate can fail with.
///
/// A message is one line that names the file and, where there is one, the design and the value.
/// What a person can do about it is in [`DataError::hint`]; what the operating system said is in
/// [`source`](std::error::Error::source).
///
/// # Examples
///
/// ```
/// use vae_data::{DataError, Source, open};
///
/// let error = open(&Source::Path("no/such/folder".into())).unwrap_err();
/// assert!(matches!(error, DataError::NotFound { .. }));
/// assert_eq!(error.to_string(), "no data at no/such/folder");
/// assert!(error.hint().is_some());
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    // ---- What was asked for
    // ---------------------------------------------------------------------------------
    /// The path given as data does not exist.
    #[error("no data at {}", path.display())]
    NotFound {
        /// The missing path.
        path: PathBuf,
    },
    /// The path exists but holds nothing this crate reads.
    #[error("{} is not a data set: {why}", path.display())]
    NotADataSet {
        /// The path given.
        path: PathBuf,
        /// What was missing or unexpected.
        why: String,
    },
    /// The built-in set was asked for, and this library was built without its feature `builtin`.
    #[error("this program was built without the built-in data set")]
    NoBuiltin,
    /// Writing would have replaced something.
    #[error("{} exists already", path.display())]
    TargetExists {
        /// The path that is in the way.
        path: PathBuf,
    },
    /// A design was asked for by a position that the set does not have.
    #[error("design {index} was asked for, and {name} has {n} (0 to {})", n.saturating_sub(1))]
    DesignIndex {
        /// Name of the set.
        name: String,
        /// The position asked for.
        index: usize,
        /// Number of designs.
        n: usize,
    },
    /// A text that is no setting of how to read.
    #[error("{text:?} is not {wanted}")]
    Option {
        /// The text.
        text: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A setting that these data leave no room for.
    #[error("{option} does not apply: {why}")]
    NotApplicable {
        /// The setting, as a flag.
        option: &'static str,
        /// The reason.
        why: String,
    },
    /// Flat vectors of another length than the layout has cells.
    #[error("{file}: shape {shape:?} holds no vectors of {} values, which the layout {layout} asks for", layout.nelx * layout.nely)]
    Layout {
        /// The file.
        file: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The layout asked for.
        layout: Layout,
    },
    /// The name of a file does not follow the pattern of labels.
    #[error("{file}: the name does not follow the pattern {pattern}")]
    LabelPattern {
        /// The file.
        file: String,
        /// The pattern.
        pattern: String,
    },
    /// A condition was named that the set does not have.
    #[error("no condition is called {column:?}; there are {}", list(known))]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The names there are.
        known: Vec<String>,
    },

    // ---- Input and output
    // ------------------------------------------------------------------------------------
    /// The operating system refused, or a file ended early.
    #[error("{action} {file}")]
    Io {
        /// What was being done, as a participle: "reading".
        action: &'static str,
        /// The file it was done to.
        file: String,
        /// The operating system's reason.
        source: io::Error,
    },

    // ---- Pictures and tables
    // ---------------------------------------------------------------------------------
    /// A picture that cannot be read.
    #[error("{}: the picture cannot be read: {why}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        why: String,
    },
    /// Designs of different sizes where all must be alike.
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
    /// A text file that holds no designs.
    #[error("{file}: line {line}: {why}")]
    Text {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A table of conditions without a row for a design.
    #[error("{file}: there is no row for {design}")]
    MissingRow {
        /// The table.
        file: String,
        /// The design's file, or its position.
        design: String,
    },

    // ---- Arrays
    // ----------------------------------------------------------------------------------------------
    /// A file that should be a NumPy array is not one.
    #[error("{file}: not a NumPy array: {why}")]
    NotNpy {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// An array holds elements that are not numbers this crate reads.
    #[error("{file}: elements of NumPy type {descr:?} cannot be read as {wanted}")]
    Element {
        /// The file.
        file: String,
        /// The type as the file states it.
        descr: String,
        /// What they were to be read as: "densities", "groups".
        wanted: &'static str,
    },
    /// An array has the wrong number of axes or rows.
    #[error("{file}: shape {shape:?} where {expected} is expected")]
    Shape {
        /// The file.
        file: String,
        /// The shape it has.
        shape: Vec<usize>,
        /// The shape it should have.
        expected: String,
    },
    /// A shape whose product does not fit any memory.
    #[error("{file}: shape {shape:?} is too large to be real")]
    ShapeOverflow {
        /// The file.
        file: String,
        /// The shape it states.
        shape: Vec<usize>,
    },
    /// A file is shorter than its header says.
    #[error("{file}: truncated: {found} bytes where its header announces {expected}")]
    Truncated {
        /// The file.
        file: String,
        /// Bytes that the header promises.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// A large array whose first index varies fastest, so that no design lies in one piece.
    #[error("{file}: {bytes} bytes in Fortran order, where no design lies in one piece")]
    FortranOrder {
        /// The file.
        file: String,
        /// Size of the array.
        bytes: u64,
    },
    /// A member that has to be held in memory is larger than this crate is willing to hold.
    #[error("{file}: {bytes} bytes are more than the {limit} that can be read here")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The largest size accepted.
        limit: u64,
    },

    // ---- Values
    // ----------------------------------------------------------------------------------------------
    /// A density is not a number, or lies outside 0 to 1.
    #[error(
        "{file}: design {design} has the value {value} at row {row}, column {column}; densities lie in 0 to 1"
    )]
    Density {
        /// The file.
        file: String,
        /// Position of the design.
        design: usize,
        /// Row, counted from 0 at the top.
        row: usize,
        /// Column, counted from 0 at the left.
        column: usize,
        /// The value found.
        value: f32,
    },
    /// A condition is not a finite number, or lies outside its stated range.
    #[error(
        "{file}: condition {condition:?} of design {design} is {value}, outside {min} to {max}"
    )]
    ConditionValue {
        /// The file.
        file: String,
        /// Name of the condition.
        condition: String,
        /// Position of the design.
        design: usize,
        /// The value found.
        value: f32,
        /// Smallest value allowed.
        min: f32,
        /// Largest value allowed.
        max: f32,
    },
    /// A number that cannot be stored as what it has to be: a negative group, a fraction where a
    /// count belongs.
    #[error("{file}: element {index} is {value}, which is not a valid {wanted}")]
    ElementValue {
        /// The file.
        file: String,
        /// Position in the array, counted row by row.
        index: usize,
        /// The value found.
        value: f64,
        /// The type wanted.
        wanted: &'static str,
    },
    /// A mask holds something else than 0 (void), 1 (free) or 2 (solid).
    #[error(
        "{file}: mask of design {design} has the value {value}; masks hold 0 (void), 1 (free) or 2 (solid)"
    )]
    MaskValue {
        /// The file.
        file: String,
        /// Position of the design, 0 for a mask shared by all.
        design: usize,
        /// The value found.
        value: u8,
    },

    // ---- Archives
    // --------------------------------------------------------------------------------------------
    /// A zip archive that cannot be read.
    #[error("{file}: reading the archive")]
    Archive {
        /// The archive.
        file: String,
        /// What the reader said.
        source: io::Error,
    },
    /// An archive member with a name that means a place elsewhere, twice the same name, or a locked
    /// member.
    #[error("{file}: archive member {member:?} is refused: {why}")]
    ArchiveMember {
        /// The archive.
        file: String,
        /// The member's name.
        member: String,
        /// The reason.
        why: &'static str,
    },
    /// A member that holds more or fewer bytes than the archive announces.
    #[error("{file}: {found} bytes where the archive announces {declared}")]
    ArchiveSize {
        /// The archive and its member.
        file: String,
        /// Bytes announced.
        declared: u64,
        /// Bytes found; one too many stands for any number too many.
        found: u64,
    },
    /// An archive without the array wanted.
    #[error("{file}: holds no array {wanted:?}; it holds {}", list(names))]
    MissingArray {
        /// The archive.
        file: String,
        /// Name of the array wanted.
        wanted: String,
        /// Names of the arrays there are.
        names: Vec<String>,
    },

    // ---- Folder contents
    // -------------------------------------------------------------------------------------
    /// `dataset.json` states a format that this version does not know.
    #[error("{file}: format {found} is unknown; this version reads format {supported}")]
    Version {
        /// The file.
        file: String,
        /// What the file states, as JSON.
        found: String,
        /// The format this version reads.
        supported: u32,
    },
    /// `dataset.json` is not what it should be.
    #[error("{file}: not a description of a data set")]
    Metadata {
        /// The file.
        file: String,
        /// The reader's reason, with line and column.
        source: serde_json::Error,
    },
    /// A table that cannot be read or written.
    #[error("{file}: not a table")]
    Table {
        /// The file.
        file: String,
        /// The reader's reason, with line and field.
        source: csv::Error,
    },
    /// A cell of a table that should be a number.
    #[error("{file}: column {column:?} of row {row} is {text:?}, which is not a number")]
    Cell {
        /// The file.
        file: String,
        /// Name of the column.
        column: String,
        /// Position of the row, 0 for the first below the header.
        row: usize,
        /// The text found.
        text: String,
    },
    /// Two parts of a set have different lengths.
    #[error("{file}: {found} {what} where {expected} are expected")]
    Count {
        /// The file.
        file: String,
        /// What is counted.
        what: &'static str,
        /// The number found.
        found: usize,
        /// The number expected.
        expected: usize,
    },
    /// A problem text that does not fit one line of `problems.jsonl`.
    #[error("{file}: the problem of design {design} contains a line break")]
    ProblemLines {
        /// The file.
        file: String,
        /// Position of the design.
        design: usize,
    },

    // ---- Splits
    // ----------------------------------------------------------------------------------------------
    /// A text that names no split rule.
    #[error("{text:?} is not a split rule")]
    SplitRule {
        /// The text.
        text: String,
    },
    /// Shares that leave nothing to train on.
    #[error(
        "validation share {validation} and test share {test} are not a split; both are at least 0, and together below 1"
    )]
    Shares {
        /// Share of the validation side.
        validation: f64,
        /// Share of the test side.
        test: f64,
    },
    /// Fewer groups than sides to fill.
    #[error("{groups} groups cannot fill {sides} sides of a split")]
    TooFewGroups {
        /// Number of groups in the set.
        groups: usize,
        /// Number of sides that may not be empty.
        sides: usize,
    },
    /// A condition whose values allow no band to be held out.
    #[error("no {rule} split by {column:?}: {why}")]
    NoBand {
        /// `interpolate` or `extrapolate`.
        rule: &'static str,
        /// Name of the condition.
        column: String,
        /// The reason.
        why: &'static str,
    },
    /// A recorded split does not name this group, or names it twice.
    #[error("group {group} stands on {sides} sides of the recorded split")]
    SplitGroup {
        /// The group.
        group: u32,
        /// Number of sides that name it: 0, 2 or 3.
        sides: usize,
    },
}

impl DataError {
    /// What a person can do about this error, as one line, if there is a remedy to name.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound { .. } => "give a folder of pictures or arrays, a data-set folder, a .npy or .npz file, or `builtin` for the built-in set".into(),
            Self::NotADataSet { why, .. } if why.contains("MATLAB") => {
                "in Python: import numpy, scipy.io; numpy.save(\"designs.npy\", scipy.io.loadmat(\"FILE.mat\")[\"NAME\"])".into()
            }
            Self::NotADataSet { .. } => {
                "designs are read from folders of pictures (JPEG, PNG, BMP, TIFF), .npy, .npz or text files, from one such file, and from data-set folders".into()
            }
            Self::Layout { .. } => "a layout is rows:NELXxNELY or columns:NELXxNELY, and its product the length of a vector".into(),
            Self::LabelPattern { .. } => "give a pattern that all names end with, or --labels none".into(),
            Self::Label { .. } => "name the field {_} to pass over it, or give --labels none".into(),
            Self::Picture { .. } => "--skip-bad leaves out, and counts, what cannot be read".into(),
            Self::MixedSizes { .. } => "--resize ROWSxCOLUMNS brings all to one size, --resize fit:ROWSxCOLUMNS without stretching them".into(),
            Self::MissingRow { .. } => "give one row per design: in their order, or with their file names in a column `file`".into(),
            Self::NoBuiltin => "build with the feature `builtin`, or give a folder or file".into(),
            Self::TargetExists { .. } => "choose another name, or move the old one away".into(),
            Self::Element { descr, wanted: "densities", .. } => element_hint(descr),
            Self::Element { descr, .. } if descr.contains('O') => "object arrays are pickles, which are not read; save plain numbers".into(),
            Self::Shape { shape, .. } => shape_hint(shape)?,
            Self::Truncated { .. } | Self::ArchiveSize { .. } | Self::Archive { .. } => {
                "the file is incomplete or damaged; copy or download it again".into()
            }
            Self::FortranOrder { .. } => "save numpy.ascontiguousarray(designs) instead".into(),
            Self::TooLarge { .. } => "store the array as .npy, or with numpy.savez instead of savez_compressed".into(),
            Self::Density { value, .. } if value.is_nan() => "remove the design, or fill the value".into(),
            Self::Density { value, .. } if 1.0 < *value && *value <= 255.0 => {
                "densities are 0 to 1 as floats, or 0 to 255 as uint8: --range VOID:SOLID says which values are void and solid, such as 0:255".into()
            }
            Self::Density { .. } => "scale the designs to 0 (void) to 1 (material), or give --range VOID:SOLID, such as -1:1".into(),
            Self::ArchiveMember { .. } => "save the arrays with numpy.savez under plain names".into(),
            Self::MissingArray { .. } => "--array NAME says which one holds the designs".into(),
            Self::Version { found, supported, .. } if found == "missing" => format!("add \"format\": {supported}"),
            Self::Version { .. } => "it was made by a newer version; update this program".into(),
            Self::Metadata { .. } => "the least that works is {\"format\": 1}".into(),
            Self::SplitRule { .. } => "the rules are random, interpolate:COLUMN and extrapolate:COLUMN".into(),
            Self::TooFewGroups { .. } => {
                "a group never stands on two sides: give the designs finer groups, or set the validation or test share to 0".into()
            }
            Self::NoBand { .. } => "choose another column, or split at random".into(),
            Self::SplitGroup { .. } => "the data changed since the split was made".into(),
            Self::UnknownColumn { known, .. } if known.is_empty() => "this set has no conditions".into(),
            _ => return None,
        };
        Some(hint)
    }

    /// Wraps what the operating system said about `file`.
    pub(crate) fn io(action: &'static str, file: impl Into<String>, source: io::Error) -> Self {
        Self::Io { action, file: file.into(), source }
    }

    /// [`DataError::io`] for a path.
    pub(crate) fn io_path(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::io(action, path.display().to_string(), source)
    }
}

/// `"a", "b" and "c"`, or "none".
fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return "none".into();
    }
    let mut text =
        names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if SHOWN < names.len() {
        text.push_str(", …");
    }
    text
}

/// The remedy for designs of the wrong element type.
fn element_hint(descr: &str) -> String {
    if descr.contains('O') {
        "object arrays are pickles, which are not read; save one array of numbers of shape (designs, rows, columns)".into()
    } else {
        "save designs as bool, uint8 (0 to 255), float16, float32 or float64 (0 to 1)".into()
    }
}

/// The remedy for a shape, where one can be guessed.
fn shape_hint(shape: &[usize]) -> Option<String> {
    match *shape {
        [_, _, _, _] => Some("for trajectories give --iterations last or all; pictures in color have to be made grey first: one value per cell".into()),
        [_, _] | [_] => Some("flat designs need --layout rows:NELXxNELY or columns:NELXxNELY; a single design needs the shape (1, rows, columns)".into()),
        _ => None,
    }
}
