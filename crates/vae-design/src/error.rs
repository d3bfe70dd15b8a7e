//! What can go wrong when designs are searched for.

use topo_data::TopoDataError;
use topo_simp::{Grid, ProblemError, SimpError};
use vae_base::Remedy;
use vae_models::ModelError;
use vae_train::TrainError;

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, DesignError>;

/// An error of a projection, an objective or a search; each carries the value at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DesignError {
    /// The problem has another grid than the designs of the model.
    #[error(
        "the problem has {} rows and {} columns, but the model makes designs of {height} x {width}",
        .grid.nely,
        .grid.nelx
    )]
    Grid {
        /// Grid of the problem.
        grid: Grid,
        /// Rows of the model's designs.
        height: usize,
        /// Their columns.
        width: usize,
    },
    /// The passive regions leave nothing to decide at this volume.
    #[error(
        "a volume fraction of {volume_fraction} leaves nothing to decide: the free elements would all be {}",
        if *.solid { "solid" } else { "void" }
    )]
    Volume {
        /// The volume fraction of the problem.
        volume_fraction: f64,
        /// Whether all free elements would be solid.
        solid: bool,
    },
    /// A setting outside its domain.
    #[error("{what} is {value}, but must be {range}")]
    OutOfRange {
        /// Which setting.
        what: &'static str,
        /// The value found.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// A vector of another length than the latent space has dimensions.
    #[error("a latent vector has {found} numbers, but {expected} are needed")]
    LatentLength {
        /// Dimensions of the latent space.
        expected: usize,
        /// Numbers found.
        found: usize,
    },
    /// Codes whose covariance is singular, so that they define no Gaussian.
    #[error("{codes} codes of {latent_dim} latents do not spread in every direction")]
    Codes {
        /// How many codes.
        codes: usize,
        /// How many latents.
        latent_dim: usize,
    },
    /// The problem is invalid.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The solver refused.
    #[error(transparent)]
    Simp(#[from] SimpError),
    /// The judge refused.
    #[error(transparent)]
    Judge(#[from] TopoDataError),
    /// The decoder refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What the model is told does not fit it.
    #[error(transparent)]
    Told(#[from] TrainError),
    /// A tensor operation failed.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl DesignError {
    /// What helps.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Simp(error) => error.remedies(),
            Self::Judge(error) => error.remedies(),
            Self::Told(error) => error.remedies(),
            _ => Vec::new(),
        }
    }

    /// Whether what was asked for is at fault, rather than a file or the computation.
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::Grid { .. } | Self::Volume { .. } | Self::OutOfRange { .. } => true,
            Self::Simp(error) => error.is_callers_mistake(),
            Self::Told(error) => error.is_callers_mistake(),
            _ => false,
        }
    }
}
