//! Files and folders that are being written, and what killed processes left of them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{NamedTempFile, TempDir};

use crate::attempt::{Attempt, attempt};

/// Begins the names of files and folders that are being written.
pub(crate) const UNFINISHED: &str = ".unfinished-";

/// Attempts to make something that nobody else takes for a leftover; one is nearly always enough.
const ATTEMPTS: usize = 16;

/// A new file that is locked as long as it is open.
pub(crate) fn claimed_file(
    new: impl Fn() -> io::Result<NamedTempFile>,
) -> io::Result<NamedTempFile> {
    for _ in 0..ATTEMPTS {
        let file = new()?;
        if is_ours(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// A new folder, and the handle that locks it; without one where folders cannot be opened.
pub(crate) fn claimed_folder(
    new: impl Fn() -> io::Result<TempDir>,
) -> io::Result<(TempDir, Option<File>)> {
    for _ in 0..ATTEMPTS {
        let folder = new()?;
        match File::open(folder.path()) {
            Ok(handle) if is_ours(&handle, folder.path()) => return Ok((folder, Some(handle))),
            Ok(_) => {}
            Err(_) => return Ok((folder, None)),
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Whether this process now has what it made: another one may have taken it for a leftover before
/// it was locked. Where the system has no locks, nobody removes anything.
fn is_ours(file: &File, path: &Path) -> bool {
    !matches!(attempt(file, path), Ok(Attempt::Held | Attempt::Gone))
}

/// Removes what killed processes left in a folder, the first time that this process writes there.
pub(crate) fn clear_once(folder: &Path) {
    static CLEARED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let Ok(folder) = fs::canonicalize(folder) else { return };
    if CLEARED.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone()) {
        clear(&folder);
    }
}

/// Removes what is unfinished and belongs to no living process. What cannot be removed does no
/// harm.
fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        // A pipe would not let itself be opened.
        if !kind.is_file() && !kind.is_dir() {
            continue;
        }
        let path = entry.path();
        let Ok(file) = File::open(&path) else { continue };
        if matches!(attempt(&file, &path), Ok(Attempt::Locked)) {
            let _ = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_dead_processes_left_is_removed_and_what_living_ones_write_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at(".unfinished-a"), "left").unwrap();
        fs::create_dir_all(at(".unfinished-b/data")).unwrap();
        fs::write(at(".unfinished-b/data/x"), "left").unwrap();
        fs::write(at("unfinished-c"), "somebody's").unwrap();
        let new_file = || tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder.path());
        let new_folder = || tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(folder.path());
        let file = claimed_file(new_file).unwrap();
        let (growing, handle) = claimed_folder(new_folder).unwrap();
        assert!(handle.is_some());

        clear(folder.path());
        assert!(file.path().exists() && growing.path().exists());
        assert!(at("unfinished-c").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
