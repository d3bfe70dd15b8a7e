//! What can go wrong when a data set is made.

use std::path::PathBuf;

use topo_simp::ProblemError;
use vae_base::{FileError, Remedy, files::is_no_file, layers::UnknownKey, text::nearest};

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, TopoDataError>;

/// An error of a family, a specification or a generation; each carries the name, value or path at
/// fault.
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
    /// The text of a family is invalid.
    #[error("the family `{name}` cannot be used: {reason}")]
    Family {
        /// Its name; `family` if the name could not be read.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Nothing can be guessed of the problem of some designs.
    #[error(
        "no support can be guessed: at no edge or lower corner have most designs material that a load could strain"
    )]
    NoGuess,
    /// The family has fewer well-posed problems than asked for.
    #[error(
        "the family `{family}` has only {found} of the {wanted} well-posed problems asked for on this grid"
    )]
    TooFewProblems {
        /// The family.
        family: String,
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// Values at which the family has no problem.
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
    /// A layer of settings names one that does not exist.
    #[error(transparent)]
    UnknownSetting(#[from] UnknownKey),
    /// A layer of settings holds a value of another type.
    #[error("the settings are invalid: {0}")]
    Setting(String),
    /// The output folder is there already.
    #[error("{} exists already", .path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The place is taken.
    #[error(transparent)]
    Place(#[from] FileError),
    /// The log beside the output folder belongs to another specification, or is another file.
    #[error("{} belongs to another generation, made with other settings, or is another file; move it away", .path.display())]
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
    /// A part of a generation that does not exist.
    #[error("there is no part {index} of {count}: parts are numbered from 1")]
    Shard {
        /// The part asked for.
        index: usize,
        /// How many there are said to be.
        count: usize,
    },
    /// A file handed to the merge is not a part of a generation.
    #[error("{} is not a part of a generation", .path.display())]
    NoShard {
        /// The file.
        path: PathBuf,
    },
    /// Two files handed to the merge are the same part.
    #[error("{} is part {index} again, which another file is too", .path.display())]
    ShardTwice {
        /// The file.
        path: PathBuf,
        /// Which part it is.
        index: usize,
    },
    /// The merge misses parts.
    #[error("part {} of {count} is missing", .missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    MissingShards {
        /// The parts that are missing.
        missing: Vec<usize>,
        /// How many there are.
        count: usize,
    },
    /// A part is not complete.
    #[error("{} has {done} of its {total} designs: generate that part again to complete it", .path.display())]
    UnfinishedShard {
        /// The file.
        path: PathBuf,
        /// Jobs done.
        done: usize,
        /// Jobs to do.
        total: usize,
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
    #[error("stopped after {done} of {total} designs; the same generation continues from there")]
    Stopped {
        /// Designs done.
        done: usize,
        /// Designs to do.
        total: usize,
    },
    /// No design was kept, so there is nothing to write.
    #[error("none of the {candidates} designs could be kept: {why}")]
    NothingKept {
        /// Designs that were tried.
        candidates: usize,
        /// How many were dropped for which reason, and the first failure.
        why: String,
    },
    /// A problem of which there are no maps.
    #[error("no maps can be made of the problem of design {design}")]
    Fields {
        /// A design that has this problem.
        design: usize,
        /// Why.
        source: Box<TopoDataError>,
    },
    /// The problem that a set states for a design is invalid.
    #[error("the problem of design {design}, from {file}")]
    Stated {
        /// The file of the data-set folder that states it.
        file: &'static str,
        /// The design, from 0.
        design: usize,
        /// The conditions that the problem may name.
        known: Vec<String>,
        /// What is wrong with it.
        source: Box<ProblemError>,
    },
    /// What the solver refuses.
    #[error(transparent)]
    Simp(#[from] topo_simp::SimpError),
    /// The data set could not be written.
    #[error("the data set cannot be written")]
    Data(#[from] vae_data::DataError),
}

impl From<topo_simp::ProblemError> for TopoDataError {
    fn from(error: topo_simp::ProblemError) -> Self {
        Self::Simp(error.into())
    }
}

impl TopoDataError {
    /// What helps.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Simp(error) => error.remedies(),
            Self::Fields { source, .. } => source.remedies(),
            Self::Stated { known, source, .. } => {
                let ProblemError::UnknownCondition { name } = &**source else { return Vec::new() };
                let near = nearest(name, known.iter().map(String::as_str));
                vec![match near {
                    Some(near) => Remedy::advice(format!("write ${near}")),
                    None if known.is_empty() => {
                        Remedy::set("conditions", "FILE", "names a table of conditions")
                    }
                    None => Remedy::advice(format!("the conditions are {}", known.join(", "))),
                }]
            }
            _ => Vec::new(),
        }
    }

    /// Whether what was asked for is at fault, rather than a file or the computation.
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::UnknownFamily { .. }
            | Self::TooFewProblems { .. }
            | Self::Spec { .. }
            | Self::UnknownSetting(_)
            | Self::Setting(_)
            | Self::Shard { .. }
            | Self::NoShard { .. }
            | Self::ShardTwice { .. }
            | Self::MissingShards { .. }
            | Self::UnfinishedShard { .. }
            | Self::Exists { .. }
            | Self::OtherGeneration { .. } => true,
            Self::Io { verb: "read", source, .. } => is_no_file(source),
            Self::Simp(error) => error.is_callers_mistake(),
            Self::Stated { source, .. } => {
                matches!(**source, ProblemError::UnknownCondition { .. })
            }
            Self::Family { .. }
            | Self::NoGuess
            | Self::NoSuchProblem { .. }
            | Self::DamagedLog { .. }
            | Self::Io { .. }
            | Self::Stopped { .. }
            | Self::NothingKept { .. }
            | Self::Fields { .. }
            | Self::Place(_)
            | Self::Data(_) => false,
        }
    }
}
