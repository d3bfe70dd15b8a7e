//! What can be wrong with a file.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use vae_base::{FileError, Remedy};

use super::names::list;

/// A file cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The path does not exist.
    #[error("no data at {}", path.display())]
    NotFound {
        /// The missing path.
        path: PathBuf,
    },
    /// The path is a pipe or a device, which has no positions to read at and may never end.
    #[error("{} is a pipe or a device, and not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A file or folder could not be written, or something is in its place.
    #[error(transparent)]
    File(#[from] FileError),
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
    /// A file is larger than this crate is willing to hold in memory.
    #[error("{file}: {bytes} bytes are more than the {limit} that can be read here")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The largest size accepted.
        limit: u64,
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
    /// A file is not in the format that it should have.
    #[error("{file}: not {format}: {why}")]
    WrongFormat {
        /// The file.
        file: String,
        /// The format with its article: "a NumPy array".
        format: &'static str,
        /// What is wrong with the file.
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
    /// A number cannot be stored as what it has to be, such as a negative group.
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
    /// A shape has more elements than fit any memory.
    #[error("{file}: shape {shape:?} is too large to be real")]
    ShapeOverflow {
        /// The file.
        file: String,
        /// The shape it states.
        shape: Vec<usize>,
    },
    /// In a large array no design lies in one piece, as in Fortran order or with the designs along
    /// the last axis.
    #[error("{file}: {bytes} bytes in an order in which no design lies in one piece")]
    Scattered {
        /// The file.
        file: String,
        /// Size of the array.
        bytes: u64,
    },
    /// A compressed file cannot be read.
    #[error("{file}: reading the archive")]
    Archive {
        /// The archive.
        file: String,
        /// The reader's reason.
        source: io::Error,
    },
    /// An archive member has a name that points elsewhere, shares its name with another one, or is
    /// encrypted.
    #[error("{file}: archive member {member:?} is refused: {why}")]
    ArchiveMember {
        /// The archive.
        file: String,
        /// The member's name.
        member: String,
        /// The reason.
        why: &'static str,
    },
    /// A member holds more or fewer bytes than the archive announces.
    #[error("{file}: {found} bytes where the archive announces {declared}")]
    ArchiveSize {
        /// The archive and its member.
        file: String,
        /// Bytes announced.
        declared: u64,
        /// Bytes found; one too many stands for any number too many.
        found: u64,
    },
    /// An archive lacks the array wanted.
    #[error("{file}: holds no array {wanted:?}; it holds {}", list(names))]
    MissingArray {
        /// The archive.
        file: String,
        /// Name of the array wanted.
        wanted: String,
        /// Names of the arrays there are.
        names: Vec<String>,
    },
    /// A table cannot be read or written.
    #[error("{file}: not a table")]
    Table {
        /// The file.
        file: String,
        /// The reader's reason, with line and field.
        source: csv::Error,
    },
    /// A cell of a table is not a number and should be one.
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
    /// A line of a text file is not what it should be.
    #[error("{file}: line {line}: {why}")]
    Text {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A picture cannot be read.
    #[error("{}: the picture cannot be read: {why}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        why: String,
    },
}

impl FormatError {
    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let remedy = match self {
            Self::NotFound { .. } => Remedy::advice(
                "give a folder of pictures or arrays, a data-set folder, a .npy or .npz file, or \
                 `builtin` for the built-in set",
            ),
            Self::NotAFile { .. } => Remedy::advice("write what it gives to a file, and name that"),
            Self::File(FileError::Occupied { .. }) => {
                Remedy::advice("choose another name, or move the old one away")
            }
            Self::Element { descr, wanted: "densities", .. } if descr.contains('O') => {
                Remedy::advice(
                    "object arrays are pickles, which are not read; save one array of numbers of \
                     shape (designs, rows, columns)",
                )
            }
            Self::Element { wanted: "densities", .. } => Remedy::advice(
                "save designs as bool, uint8 (0 to 255), float16, float32 or float64 (0 to 1)",
            ),
            Self::Element { descr, .. } if descr.contains('O') => {
                Remedy::advice("object arrays are pickles, which are not read; save plain numbers")
            }
            Self::Truncated { .. } | Self::ArchiveSize { .. } | Self::Archive { .. } => {
                Remedy::advice("the file is incomplete or damaged; copy or download it again")
            }
            Self::Scattered { .. } => Remedy::advice(
                "save numpy.ascontiguousarray(designs), with the designs along the first axis",
            ),
            Self::TooLarge { .. } => Remedy::advice(
                "store the array as .npy, or with numpy.savez instead of savez_compressed",
            ),
            Self::ArchiveMember { .. } => {
                Remedy::advice("save the arrays with numpy.savez under plain names")
            }
            Self::MissingArray { .. } => {
                Remedy::set("array", "NAME", "says which array holds the designs")
            }
            Self::Cell { .. } => Remedy::advice(
                "write plain numbers such as 0.4, without units, or take the column out",
            ),
            Self::Picture { .. } => {
                Remedy::set("skip_bad", "", "leaves out, and counts, what cannot be read")
            }
            _ => return Vec::new(),
        };
        vec![remedy]
    }

    /// Whether what was asked for is at fault, rather than the contents of a file or the system.
    #[must_use]
    pub fn is_callers_mistake(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. } | Self::NotAFile { .. } | Self::File(FileError::Occupied { .. })
        )
    }

    /// Wraps what the operating system said about `file`.
    pub(crate) fn io(action: &'static str, file: impl Into<String>, source: io::Error) -> Self {
        Self::Io { action, file: file.into(), source }
    }

    /// [`FormatError::io`] for a path.
    pub(crate) fn io_path(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::io(action, path.display().to_string(), source)
    }
}
