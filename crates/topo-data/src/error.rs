//! What can go wrong when a data set is made.

use std::path::PathBuf;

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, TopoDataError>;

/// An error of a family, a specification or a generation; each carries the name, value or path at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopoDataError {
    /// A family of this name does not exist.
    #[error("unknown family `{name}`; the families are {}", .known.join(", "))]
    UnknownFamily {
        /// The name as given.
        name: String,
        /// All names.
        known: Vec<String>,
    },
    /// Values that lie on no problem of the family.
    #[error("the family `{family}` has no problem at {values:?}")]
    NoSuchProblem {
        /// The family.
        family: String,
        /// The values as given, one per axis.
        values: Vec<f64>,
    },
    /// A setting of the specification outside its domain.
    #[error("`{field}` = {value} is not possible: {reason}")]
    Spec {
        /// The setting.
        field: &'static str,
        /// The value as given.
        value: String,
        /// What holds for this setting.
        reason: &'static str,
    },
    /// The output folder is there already.
    #[error("{} exists already", .path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The log beside the output folder belongs to another specification.
    #[error("{} belongs to another generation, made with other settings", .path.display())]
    OtherGeneration {
        /// The log.
        path: PathBuf,
    },
    /// The log beside the output folder is damaged before its last line.
    #[error("{} is damaged at line {line}: {reason}", .path.display())]
    DamagedLog {
        /// The log.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("cannot {verb} {}", .path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The observer asked to stop; the log beside the output folder holds what is done.
    #[error("stopped after {done} of {total} designs; the same command goes on from there")]
    Stopped {
        /// Designs done.
        done: usize,
        /// Designs to do.
        total: usize,
    },
    /// No design was kept, so there is nothing to write.
    #[error("none of the {candidates} designs could be kept; the first failure: {first_failure}")]
    NothingKept {
        /// Designs that were tried.
        candidates: usize,
        /// Why the first one failed.
        first_failure: String,
    },
    /// A problem that the solver refuses.
    #[error("the problem {problem} of the family cannot be optimized")]
    Simp {
        /// The problem's number in its family.
        problem: usize,
        /// The solver's words.
        source: topo_simp::SimpError,
    },
    /// The data set could not be written.
    #[error("the data set cannot be written")]
    Data(#[from] vae_data::DataError),
}
