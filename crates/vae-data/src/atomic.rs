//! Files and folders that are either whole or absent: written beside their place, synced, renamed
//! into it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use crate::DataError;

/// Writes a file in one piece, synced: whoever looks sees the old file or the whole new one.
///
/// # Errors
///
/// [`DataError::TargetExists`] if something else than a plain file is in the way; [`DataError::Io`]
/// otherwise.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<(), DataError> {
    write_file(path, |out| {
        out.write_all(contents).map_err(|source| DataError::io_path("writing", path, source))
    })
}

/// Writes `path` in one piece: whoever looks sees the old file or the whole new one.
///
/// # Errors
///
/// [`DataError::TargetExists`] if something else than a plain file is in the way; [`DataError::Io`]
/// otherwise.
pub(crate) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let fail = |source| DataError::io_path("writing", path, source);
    if path.exists() && !path.is_file() {
        return Err(DataError::TargetExists { path: path.into() });
    }
    let beside = new_file_beside(path).map_err(fail)?;
    let mut writer = BufWriter::new(beside.as_file());
    write(&mut writer)?;
    writer.flush().map_err(fail)?;
    drop(writer);
    beside.as_file().sync_all().map_err(fail)?;
    beside.persist(path).map_err(|error| fail(error.error))?;
    sync_folder(parent(path)).map_err(fail)
}

/// A folder that appears at its place only when it is complete. Dropped before, it leaves nothing.
#[derive(Debug)]
pub(crate) struct FolderBeside {
    target: PathBuf,
    /// Holds the growing folder, so that this one carries the permissions of an ordinary folder.
    around: TempDir,
    inside: PathBuf,
}

impl FolderBeside {
    /// Begins a folder that will stand at `target`, which may exist only as an empty folder.
    pub(crate) fn create(target: &Path) -> Result<Self, DataError> {
        let fail = |source| DataError::io_path("writing", target, source);
        refuse_occupied(target)?;
        fs::create_dir_all(parent(target)).map_err(fail)?;
        let around = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(parent(target))
            .map_err(fail)?;
        let inside = around.path().join("data");
        fs::create_dir(&inside).map_err(fail)?;
        Ok(Self { target: target.into(), around, inside })
    }

    /// Where the files of the folder are to be written for now.
    pub(crate) fn path(&self) -> &Path {
        &self.inside
    }

    /// The place it will have, for messages.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Renames the folder to its place. Every file in it must be synced already.
    pub(crate) fn finish(self) -> Result<(), DataError> {
        let fail = |source| DataError::io_path("writing", &self.target, source);
        sync_folder(&self.inside).map_err(fail)?;
        refuse_occupied(&self.target)?;
        if self.target.is_dir() {
            fs::remove_dir(&self.target).map_err(fail)?;
        }
        fs::rename(&self.inside, &self.target).map_err(fail)?;
        drop(self.around);
        sync_folder(parent(&self.target)).map_err(fail)
    }
}

/// Refuses a target that is a file or a folder with something in it.
fn refuse_occupied(target: &Path) -> Result<(), DataError> {
    if !target.exists() {
        return Ok(());
    }
    let empty = target.is_dir()
        && fs::read_dir(target)
            .map_err(|source| DataError::io_path("reading", target, source))?
            .next()
            .is_none();
    if empty { Ok(()) } else { Err(DataError::TargetExists { path: target.into() }) }
}

fn new_file_beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-");
    #[cfg(unix)]
    {
        // Temporary files are private by default, but this one becomes an ordinary file; the umask
        // still applies.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(parent(path))
}

/// Makes a rename in `folder` durable. Only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The folder that holds `path`; the current one for a bare name.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let failed = write_file(&path, |out| {
            out.write_all(b"half").unwrap();
            Err(DataError::NoBuiltin)
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
            write_file(&path, |out| {
                out.write_all(text.as_bytes()).map_err(|e| DataError::io("", "", e))
            })
            .unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let refused = write_file(folder.path(), |_| Ok(()));
        assert!(matches!(refused, Err(DataError::TargetExists { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_file(&ours, |_| Ok(())).unwrap();
        File::create(&plain).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_folder_appears_when_finished_and_vanishes_when_dropped() {
        let around = tempfile::tempdir().unwrap();
        let target = around.path().join("deep/set");
        let begun = FolderBeside::create(&target).unwrap();
        fs::write(begun.path().join("x"), "1").unwrap();
        assert!(!target.exists());
        drop(begun);
        assert_eq!(fs::read_dir(around.path().join("deep")).unwrap().count(), 0);

        fs::create_dir(&target).unwrap(); // an empty folder is not in the way
        let begun = FolderBeside::create(&target).unwrap();
        fs::write(begun.path().join("x"), "1").unwrap();
        begun.finish().unwrap();
        assert_eq!(fs::read_to_string(target.join("x")).unwrap(), "1");
        assert_eq!(fs::read_dir(around.path().join("deep")).unwrap().count(), 1);
        assert!(matches!(FolderBeside::create(&target), Err(DataError::TargetExists { .. })));
    }
}
