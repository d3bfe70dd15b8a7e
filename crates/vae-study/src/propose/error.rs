//! What can go wrong when designs are proposed.

use std::path::PathBuf;

use topo_data::TopoDataError;
use topo_export::ExportError;
use topo_simp::ProblemError;
use vae_base::{FileError, Remedy};
use vae_data::{DataError, FormatError};
use vae_design::DesignError;
use vae_report::ReportError;
use vae_train::TrainError;

use crate::analysis::AnalysisError;
use crate::error::StudyError;

/// Result of this room's functions.
pub type Result<T> = std::result::Result<T, ProposeError>;

/// An error of a proposal; each carries the value or path at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProposeError {
    /// A setting outside its range.
    #[error("{setting} {value} must be {range}")]
    Setting {
        /// The key of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        range: String,
    },
    /// No problem was named, and the data of the run state none.
    #[error("the data of this run state no problem")]
    NoProblem,
    /// The problem does not allow the volume asked for.
    #[error("volume {volume}")]
    Volume {
        /// The volume fraction asked for.
        volume: f64,
        /// What is wrong with it.
        source: ProblemError,
    },
    /// A design of another size than those of the model.
    #[error("{design} is {rows} x {columns}, but the model makes designs of {height} x {width}")]
    Size {
        /// Which design.
        design: String,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Rows of the model's designs.
        height: usize,
        /// Columns of the model's designs.
        width: usize,
    },
    /// A reference that cannot be compared with.
    #[error("{name} cannot be the reference: cut at volume {volume}, it does not carry the load")]
    BrokenReference {
        /// The design.
        name: String,
        /// The volume fraction of the problem.
        volume: f64,
    },
    /// The volume and the condition that stands for it are asked for with different values.
    #[error(
        "the volume is {volume}, but {name}, which is the volume fraction of the designs, is set to {set}"
    )]
    TwoVolumes {
        /// The condition.
        name: String,
        /// Its value.
        set: f32,
        /// The volume fraction asked for, or that of the problem.
        volume: f64,
    },
    /// A condition that the problem names, that the model is not told, and that nobody set.
    #[error("the problem depends on {name}, which this model is not told")]
    Untold {
        /// The condition.
        name: String,
    },
    /// A table of tasks with a line that asks for nothing possible.
    #[error("{at}: {why}")]
    Tasks {
        /// The table, and the task by its number from 1.
        at: String,
        /// What is wrong.
        why: String,
    },
    /// The folder for the proposals holds something.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder for the proposals takes no files.
    #[error("cannot write into {}", path.display())]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// The reason that the file system gives.
        source: std::io::Error,
    },
    /// The contact sheet cannot be drawn.
    #[error("cannot draw {}", path.display())]
    Figure {
        /// The picture.
        path: PathBuf,
        /// Why not.
        source: ReportError,
    },
    /// A design cannot be drawn in a format.
    #[error("{}", path.display())]
    Format {
        /// The file that it was meant for.
        path: PathBuf,
        /// Why not.
        source: ExportError,
    },
    /// From reading designs and problems.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// From the run.
    #[error(transparent)]
    Study(Box<StudyError>),
    /// From the search for designs.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// From the judge of designs.
    #[error(transparent)]
    Judge(#[from] TopoDataError),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<StudyError> for ProposeError {
    fn from(error: StudyError) -> Self {
        Self::Study(Box::new(error))
    }
}

impl From<TrainError> for ProposeError {
    fn from(error: TrainError) -> Self {
        Self::Study(Box::new(error.into()))
    }
}

impl From<FormatError> for ProposeError {
    fn from(error: FormatError) -> Self {
        DataError::from(error).into()
    }
}

impl From<DataError> for ProposeError {
    fn from(error: DataError) -> Self {
        Self::Study(Box::new(error.into()))
    }
}

impl ProposeError {
    /// What helps; empty if nothing is known.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NoProblem => {
                vec![Remedy::set("problem", "part.toml", "states the problem")]
            }
            Self::BrokenReference { .. } => {
                vec![Remedy::set("reference", "DESIGN", "names a design that carries the load")]
            }
            Self::TwoVolumes { .. } => vec![Remedy::advice("give one of them")],
            Self::Untold { name } => vec![Remedy::set("set", format!("{name}=VALUE"), "sets it")],
            Self::NotEmpty { .. } => vec![Remedy::set("out", "DIR", "names another folder")],
            Self::Analysis(error) => error.remedies(),
            Self::Study(error) => error.remedies(),
            Self::Design(error) => error.remedies(),
            Self::Judge(error) => error.remedies(),
            _ => Vec::new(),
        }
    }

    /// Whether the caller asked for something impossible, rather than a file being damaged or a
    /// computation failing.
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::Setting { .. }
            | Self::NoProblem
            | Self::Volume { .. }
            | Self::Size { .. }
            | Self::BrokenReference { .. }
            | Self::TwoVolumes { .. }
            | Self::Untold { .. }
            | Self::Tasks { .. }
            | Self::NotEmpty { .. } => true,
            Self::Analysis(error) => error.is_callers_mistake(),
            Self::Study(error) => error.is_callers_mistake(),
            Self::Design(error) => error.is_callers_mistake(),
            Self::Judge(error) => error.is_callers_mistake(),
            _ => false,
        }
    }
}
