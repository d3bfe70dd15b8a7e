//! What can go wrong when a run is explored.

use std::net::SocketAddr;
use std::path::PathBuf;

use vae_base::{FileError, Remedy};
use vae_study::StudyError;
use vae_study::analysis::AnalysisError;

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, ExploreError>;

/// An error of opening or serving a run, or of one answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExploreError {
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system gives no random numbers or no thread.
    #[error("cannot {action}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A request that asks for something impossible.
    #[error("{0}")]
    Request(String),
    /// A design that was asked for under a problem that nothing states.
    #[error("the problem of this design is not known, so there are no mechanics")]
    NoProblem,
    /// A decoder that gives something else than numbers.
    #[error("the decoder gives values that are not finite at this code")]
    NotFinite,
    /// Data of which too few codes are known, or whose codes lie on a plane.
    #[error("there is no trust region for the codes of this run")]
    NoRegion,
    /// A folder that holds no proposals.
    #[error("{} holds no proposals", path.display())]
    NoProposals {
        /// The folder.
        path: PathBuf,
    },
    /// A file that holds something else than it should.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A text that is no saved session.
    #[error("this is not a session as the page saves it: {0}")]
    Session(String),
    /// A page that grew too large to be sent on.
    #[error("the page has {bytes} bytes, and at most {most} can be sent on")]
    PageSize {
        /// Bytes of the page.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// A picture that cannot be encoded.
    #[error("cannot encode a picture")]
    Picture(#[from] png::EncodingError),
    /// An archive that cannot be written.
    #[error("cannot write an archive")]
    Archive(#[from] zip::result::ZipError),
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A question to the run that failed.
    #[error(transparent)]
    Study(Box<StudyError>),
    /// A design that cannot be judged or exported.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// A design that cannot be solved for.
    #[error(transparent)]
    Mechanics(#[from] topo_data::TopoDataError),
    /// A code that cannot be decoded or searched from.
    #[error(transparent)]
    Design(#[from] vae_design::DesignError),
    /// A model that cannot be asked.
    #[error(transparent)]
    Train(Box<vae_train::TrainError>),
    /// A network that cannot be asked.
    #[error(transparent)]
    Model(#[from] vae_models::ModelError),
    /// A tensor operation.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl From<vae_train::TrainError> for ExploreError {
    fn from(error: vae_train::TrainError) -> Self {
        Self::Train(Box::new(error))
    }
}

impl From<StudyError> for ExploreError {
    fn from(error: StudyError) -> Self {
        Self::Study(Box::new(error))
    }
}

impl From<topo_simp::ProblemError> for ExploreError {
    fn from(error: topo_simp::ProblemError) -> Self {
        Self::Mechanics(error.into())
    }
}

impl ExploreError {
    /// Whether the caller asked for something that cannot be, rather than something failing.
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::Listen { .. } | Self::Request(_) | Self::NoProposals { .. } => true,
            Self::Study(error) => error.is_callers_mistake(),
            Self::Analysis(error) => error.is_callers_mistake(),
            _ => false,
        }
    }

    /// What helps, in terms of settings.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Listen { .. } => {
                vec![Remedy::set("port", "0", "takes any port that is free")]
            }
            Self::NoProposals { .. } => {
                vec![Remedy::advice("name a folder that proposals were written into")]
            }
            Self::Study(error) => error.remedies(),
            Self::Analysis(error) => error.remedies(),
            _ => Vec::new(),
        }
    }
}
