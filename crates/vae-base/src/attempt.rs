//! One attempt to lock an open file or folder, by the advisory locks of the operating system.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// What came of an attempt to lock a file or folder.
pub(crate) enum Attempt {
    /// This process has it until the file is closed.
    Locked,
    /// Another one has it.
    Held,
    /// What was locked is no longer at its path.
    Gone,
}

/// Tries to lock what was opened at `path`.
pub(crate) fn attempt(file: &File, path: &Path) -> io::Result<Attempt> {
    match file.try_lock() {
        Ok(()) if is_at(file, path) => Ok(Attempt::Locked),
        Ok(()) => Ok(Attempt::Gone),
        Err(TryLockError::WouldBlock) => Ok(Attempt::Held),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the open file is the one that its path names now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let open = file.metadata().map(identity);
    open.is_ok_and(|open| fs::symlink_metadata(path).map(identity).is_ok_and(|at| open == at))
}

/// Elsewhere an open file keeps its path.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}
