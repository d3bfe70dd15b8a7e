//! The sum of this crate's errors.

use std::convert::Infallible;

use thiserror::Error;
use vae_base::{FileError, Remedy};

use super::format::FormatError;
use super::reading::ReadingError;
use super::set::SetError;
use super::split::SplitError;

/// Everything this crate can fail with, by the part that failed.
///
/// A message is one line that names the file and, where there is one, the design and the value.
/// What a caller can do about it is in [`DataError::remedies`]; the reason that the operating
/// system gave is in [`source`](std::error::Error::source).
///
/// # Examples
///
/// ```
/// use vae_data::{DataError, FormatError, Source, open};
///
/// let error = open(&Source::Path("no/such/folder".into())).unwrap_err();
/// assert!(matches!(error, DataError::Format(FormatError::NotFound { .. })));
/// assert_eq!(error.to_string(), "no data at no/such/folder");
/// assert!(error.is_callers_mistake());
/// assert!(!error.remedies().is_empty());
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A data set, or what is asked of it, is invalid.
    #[error(transparent)]
    Set(#[from] SetError),
    /// A source cannot be opened in the way asked for.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// A set cannot be split in the way asked for.
    #[error(transparent)]
    Split(#[from] SplitError),
}

impl DataError {
    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Format(error) => error.remedies(),
            Self::Set(error) => error.remedies(),
            Self::Reading(error) => error.remedies(),
            Self::Split(error) => error.remedies(),
        }
    }

    /// Whether what was asked for is at fault, rather than the contents of a file or the system.
    #[must_use]
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::Format(error) => error.is_callers_mistake(),
            Self::Set(error) => error.is_callers_mistake(),
            Self::Reading(error) => error.is_callers_mistake(),
            Self::Split(error) => error.is_callers_mistake(),
        }
    }
}

impl From<FileError> for DataError {
    fn from(error: FileError) -> Self {
        Self::Format(error.into())
    }
}

impl From<Infallible> for DataError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
