//! What can go wrong when a file or folder is written.

use std::io;
use std::path::{Path, PathBuf};

/// A file or folder could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The target is a folder where a file is to be written, or a folder that is not empty.
    #[error("{} already exists", path.display())]
    Occupied {
        /// The target.
        path: PathBuf,
    },
    /// Another process writes there.
    #[error("{} is in use: {holder}; wait for it, or choose another place", path.display())]
    Busy {
        /// The target.
        path: PathBuf,
        /// Which process, and what it does.
        holder: String,
    },
    /// The file system refused.
    #[error("{action} {} failed", path.display())]
    Io {
        /// What was being done, such as `writing`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason that the file system gives.
        source: io::Error,
    },
}

impl FileError {
    pub(crate) fn writing(path: &Path, source: io::Error) -> Self {
        Self::Io { action: "writing", path: path.into(), source }
    }
}
