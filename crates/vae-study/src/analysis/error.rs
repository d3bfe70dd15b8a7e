//! What can go wrong when designs are read, solved for, judged or exported.

use std::path::PathBuf;

use topo_data::TopoDataError;
use topo_export::ExportError;
use topo_simp::{ProblemError, SimpError};
use vae_base::{FileError, Remedy};
use vae_data::{DataError, FormatError};
use vae_report::ReportError;

use crate::error::StudyError;

/// Result of this room's functions.
pub type Result<T> = std::result::Result<T, AnalysisError>;

/// An error of an analysis; each carries the path or value at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// A file that was named cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason that the file system gives.
        source: std::io::Error,
    },
    /// A folder was named where the file of one design is needed.
    #[error("{} is a folder, but the file of one design is needed: .npy, .npz or .csv", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A file of a kind that holds no designs.
    #[error("{} is not a .npy, .npz or .csv file", path.display())]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// A file whose contents are not a design.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        reason: String,
    },
    /// A design that does not exist.
    #[error("{name} has no design {index}: they are numbered from 0 to {}", len.saturating_sub(1))]
    NoDesign {
        /// The set or file.
        name: String,
        /// The position asked for.
        index: usize,
        /// How many designs there are.
        len: usize,
    },
    /// Several designs where one is needed.
    #[error("{name} holds {len} designs, but one is needed")]
    Several {
        /// The set.
        name: String,
        /// How many designs there are.
        len: usize,
    },
    /// A set that does not say which problem its designs solve.
    #[error("{name} does not say under which loads and supports its designs stand")]
    NoProblem {
        /// The set.
        name: String,
    },
    /// The text of a problem file is invalid.
    #[error("{}", path.display())]
    ProblemFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ProblemError,
    },
    /// A named problem does not exist, or not on this grid or at this volume fraction.
    #[error(transparent)]
    NamedProblem(ProblemError),
    /// Two axes of symmetry in one direction.
    #[error(
        "a half model has one axis of symmetry in each direction: name one side, or two that meet in a corner"
    )]
    TwoAxes,
    /// An output that is the input.
    #[error("{} would be written over itself", path.display())]
    Overwrites {
        /// The file.
        path: PathBuf,
    },
    /// From reading a run or a set.
    #[error(transparent)]
    Study(Box<StudyError>),
    /// From the solver.
    #[error(transparent)]
    Simp(#[from] SimpError),
    /// From the judge of designs.
    #[error(transparent)]
    Judge(#[from] TopoDataError),
    /// A design cannot be drawn in the format asked for.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A figure cannot be drawn.
    #[error("cannot draw {}", path.display())]
    Figure {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: ReportError,
    },
    /// A file or folder cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<StudyError> for AnalysisError {
    fn from(error: StudyError) -> Self {
        Self::Study(Box::new(error))
    }
}

impl From<FormatError> for AnalysisError {
    fn from(error: FormatError) -> Self {
        DataError::from(error).into()
    }
}

impl From<DataError> for AnalysisError {
    fn from(error: DataError) -> Self {
        Self::Study(Box::new(error.into()))
    }
}

impl AnalysisError {
    /// What helps; empty if nothing is known.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Several { len, .. } => vec![
                Remedy::set("design", "N", format!("says which, from 0 to {}", len - 1)),
                Remedy::set("all", "", "takes every one"),
            ],
            Self::NoProblem { .. } => {
                vec![Remedy::set("problem", "problem.toml", "states the problem of the designs")]
            }
            Self::Export(ExportError::TooManyPoints { .. } | ExportError::TooManyCells { .. }) => {
                vec![Remedy::set("resize", "ROWSxCOLUMNS", "brings it to a coarser grid")]
            }
            Self::Overwrites { .. } => vec![Remedy::set("out", "FILE", "names another file")],
            Self::Study(error) => error.remedies(),
            Self::Simp(error) => error.remedies(),
            Self::Judge(error) => error.remedies(),
            _ => Vec::new(),
        }
    }

    /// Whether the caller asked for something impossible, rather than a file being damaged or a
    /// computation failing.
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::Unreadable { .. }
            | Self::Folder { .. }
            | Self::Extension { .. }
            | Self::NoDesign { .. }
            | Self::Several { .. }
            | Self::NoProblem { .. }
            | Self::NamedProblem(_)
            | Self::TwoAxes
            | Self::Overwrites { .. }
            | Self::File(FileError::Occupied { .. }) => true,
            Self::Study(error) => error.is_callers_mistake(),
            Self::Simp(error) => error.is_callers_mistake(),
            Self::Judge(error) => error.is_callers_mistake(),
            _ => false,
        }
    }
}
