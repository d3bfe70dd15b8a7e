//! Files and folders that are either whole or absent: written beside their place, synced, renamed
//! into it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use crate::error::FileError;
use crate::kill_point::kill_point;
use crate::lock::Lock;
use crate::paths::parent;
pub use crate::reading::{is_no_file, read, read_text};
use crate::unfinished::{self, UNFINISHED};

/// Writes a file in one piece, synced: a reader, or a restart after a power cut, finds the old file
/// or the whole new one.
///
/// The new file has the mode of any new file (0666 less the umask), not the 0600 of a temporary
/// one. The temporary file of a process that was killed is removed by the next process that writes
/// into the same folder.
///
/// # Errors
/// [`FileError`]; `path` is then as it was, and the temporary file is gone.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// vae_base::files::write(&path, b"old")?;
/// vae_base::files::write(&path, b"new")?;
/// assert_eq!(std::fs::read(&path)?, b"new");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    write_with(path, |out| {
        out.write_all(contents).map_err(|source| FileError::writing(path, source))
    })
}

/// Writes a file in one piece, like [`write()`], with a function that writes its contents.
///
/// # Errors
/// The error of `write`, or a [`FileError`] as that error.
pub fn write_with<E: From<FileError>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |source| FileError::writing(path, source);
    if path.exists() && !path.is_file() {
        return Err(FileError::Occupied { path: path.into() }.into());
    }
    unfinished::clear_once(parent(path));
    kill_point();
    let beside = new_file_beside(path).map_err(fail)?;
    let mut writer = BufWriter::new(beside.as_file());
    write(&mut writer)?;
    writer.flush().map_err(fail)?;
    drop(writer);
    kill_point();
    beside.as_file().sync_all().map_err(fail)?;
    kill_point();
    beside.persist(path).map_err(|error| fail(error.error))?;
    kill_point();
    sync_folder(parent(path)).map_err(fail)?;
    kill_point();
    Ok(())
}

/// Appends to an open file, as a log does: what a killed process leaves is whole, or lacks its end.
///
/// # Errors
/// When the file cannot be written.
pub fn append(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    kill_point();
    // A test that kills at points finds a line cut in two.
    let (first, rest) = bytes.split_at(if cfg!(debug_assertions) { bytes.len() / 2 } else { 0 });
    file.write_all(first)?;
    kill_point();
    file.write_all(rest)?;
    kill_point();
    Ok(())
}

/// A folder that appears at its place only when it is complete. If it is dropped before, nothing
/// of it remains; what a killed process leaves is removed by the next one that begins a folder
/// beside it.
#[derive(Debug)]
pub struct FolderBeside {
    target: PathBuf,
    /// Holds the growing folder, so that this one carries the permissions of an ordinary folder.
    around: TempDir,
    inside: PathBuf,
    /// Shows to others that this process lives.
    _alive: Option<File>,
    /// The lock of the target, unless the caller holds it.
    _lock: Option<Lock>,
}

impl FolderBeside {
    /// Begins a folder that will stand at `target`, which may exist only as an empty folder, and
    /// which nobody else may begin meanwhile. `doing` is said to those who try: see [`Lock::of`].
    ///
    /// # Errors
    /// [`FileError::Occupied`] if something is at `target`; [`FileError::Busy`] if another process
    /// writes it; [`FileError::Io`].
    pub fn create(target: &Path, doing: &str) -> Result<Self, FileError> {
        let lock = Lock::of(target, doing)?;
        Ok(Self { _lock: Some(lock), ..Self::create_under(target)? })
    }

    /// Likewise, for a caller who holds the lock of `target`.
    ///
    /// # Errors
    /// [`FileError::Occupied`] if something is at `target`; [`FileError::Io`].
    pub fn create_under(target: &Path) -> Result<Self, FileError> {
        let fail = |source| FileError::writing(target, source);
        refuse_occupied(target)?;
        fs::create_dir_all(parent(target)).map_err(fail)?;
        unfinished::clear_once(parent(target));
        kill_point();
        let (around, alive) = unfinished::claimed_folder(|| {
            tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(parent(target))
        })
        .map_err(fail)?;
        let inside = around.path().join("data");
        fs::create_dir(&inside).map_err(fail)?;
        kill_point();
        Ok(Self { target: target.into(), around, inside, _alive: alive, _lock: None })
    }

    /// Where the files of the folder are to be written for now.
    pub fn path(&self) -> &Path {
        &self.inside
    }

    /// The place it will have, for messages.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Renames the folder to its place. Every file in it must be synced already.
    ///
    /// # Errors
    /// [`FileError::Occupied`] if something has come to stand there; [`FileError::Io`].
    pub fn finish(self) -> Result<(), FileError> {
        let fail = |source| FileError::writing(&self.target, source);
        sync_folder(&self.inside).map_err(fail)?;
        refuse_occupied(&self.target)?;
        if self.target.is_dir() {
            fs::remove_dir(&self.target).map_err(fail)?;
        }
        kill_point();
        fs::rename(&self.inside, &self.target).map_err(fail)?;
        kill_point();
        drop(self.around);
        sync_folder(parent(&self.target)).map_err(fail)?;
        kill_point();
        Ok(())
    }
}

/// Refuses a target that is a file or a folder with something in it.
fn refuse_occupied(target: &Path) -> Result<(), FileError> {
    if !target.exists() {
        return Ok(());
    }
    let reading = |source| FileError::Io { action: "reading", path: target.into(), source };
    let empty = target.is_dir() && fs::read_dir(target).map_err(reading)?.next().is_none();
    if empty { Ok(()) } else { Err(FileError::Occupied { path: target.into() }) }
}

/// A new file beside a path, locked as long as it is open.
fn new_file_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // Temporary files are private by default, but this one becomes an ordinary file; open(2) takes
    // the umask off.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    unfinished::claimed_file(|| builder.tempfile_in(parent(path)))
}

/// Makes a rename in `folder` durable. Only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let failed = write_with(&path, |out| {
            out.write_all(b"half").unwrap();
            Err(FileError::Occupied { path: "b".into() })
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_write_replaces_a_file_but_not_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for text in ["one", "two"] {
            write(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let refused = write(folder.path(), b"");
        assert!(matches!(refused, Err(FileError::Occupied { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write(&ours, b"").unwrap();
        File::create(&plain).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_folder_appears_when_finished_and_vanishes_when_dropped() {
        let around = tempfile::tempdir().unwrap();
        let target = around.path().join("deep/set");
        let begun = FolderBeside::create(&target, "testing").unwrap();
        fs::write(begun.path().join("x"), "1").unwrap();
        assert!(!target.exists());
        drop(begun);
        assert!(!around.path().join("deep").exists());

        fs::create_dir_all(&target).unwrap(); // an empty folder is not in the way
        let begun = FolderBeside::create(&target, "testing").unwrap();
        fs::write(begun.path().join("x"), "1").unwrap();
        begun.finish().unwrap();
        assert_eq!(fs::read_to_string(target.join("x")).unwrap(), "1");
        assert_eq!(fs::read_dir(around.path().join("deep")).unwrap().count(), 1);
        assert!(matches!(
            FolderBeside::create(&target, "testing"),
            Err(FileError::Occupied { .. })
        ));
    }
}
