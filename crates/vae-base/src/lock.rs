//! One process at a time: locks that end with the process that holds them, however it ends.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::attempt::{Attempt, attempt};
use crate::error::FileError;
use crate::paths::parent;
use crate::unfinished;

/// The right to write at a place, held by one process at a time.
///
/// It is an advisory lock of the operating system on a hidden file beside the place, `.NAME.lock`,
/// which says who holds it. The file is removed when the lock is dropped, and so is the folder
/// around it if it was made for the lock and is empty; the file of a process that was killed is
/// taken over by the next one, which also removes what that process left unfinished beside the
/// place.
///
/// Where the system has no such locks, or the folder around a place that is there already cannot be
/// written, nothing is locked.
///
/// # Examples
/// ```
/// use vae_base::Lock;
///
/// let folder = tempfile::tempdir()?;
/// let place = folder.path().join("run");
/// let lock = Lock::of(&place, "training")?;
/// let refused = Lock::of(&place, "training").unwrap_err().to_string();
/// assert!(refused.contains(&format!("is in use: process {} is training", std::process::id())));
/// drop(lock);
/// Lock::of(&place, "training")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Lock {
    /// The path of the locked file, and the file; `None` where nothing can be locked.
    held: Option<(PathBuf, File)>,
    /// Whether the folder around the place was made for the lock.
    made_folder: bool,
}

impl Lock {
    /// Takes the lock of a place, which need not exist yet; the folder around it is made. `doing`
    /// says to others what this process does there, such as `training`.
    ///
    /// # Errors
    /// [`FileError::Busy`] if another process has it; [`FileError::Io`].
    pub fn of(place: &Path, doing: &str) -> Result<Self, FileError> {
        let fail = |source| FileError::Io { action: "locking", path: place.into(), source };
        let made_folder = !parent(place).exists();
        loop {
            let path = beside(place).map_err(fail)?;
            let mut file = match File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
            {
                Ok(file) => file,
                Err(error) if place.exists() && is_closed(&error) => return Ok(Self::none()),
                // Another process has just removed the folder that it had made for its lock.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(fail(error)),
            };
            match attempt(&file, &path) {
                Ok(Attempt::Locked) => {
                    let mut sign = || {
                        file.set_len(0)?;
                        writeln!(file, "process {} is {doing}", std::process::id())
                    };
                    sign().map_err(fail)?;
                    // A process that was killed after its folder had appeared may go on without
                    // writing beside it again.
                    unfinished::clear_once(parent(place));
                    return Ok(Self { held: Some((path, file)), made_folder });
                }
                Ok(Attempt::Gone) => {}
                Ok(Attempt::Held) => {
                    let mut holder = String::new();
                    // Elsewhere than on Unix a locked file cannot be read.
                    let _ = file.take(200).read_to_string(&mut holder);
                    let holder = match holder.trim() {
                        "" => "another process writes it".to_owned(),
                        holder => holder.to_owned(),
                    };
                    return Err(FileError::Busy { path: place.into(), holder });
                }
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self::none());
                }
                Err(error) => return Err(fail(error)),
            }
        }
    }

    /// No lock, where there can be none.
    fn none() -> Self {
        Self { held: None, made_folder: false }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((path, _file)) = self.held.take() {
            // Before the lock ends, so that nobody else's file is removed.
            let _ = fs::remove_file(&path);
            if self.made_folder {
                // Unless something is in it now.
                let _ = fs::remove_dir(parent(&path));
            }
        }
    }
}

/// Where the lock of a place lies: the same for every way to write its path.
fn beside(place: &Path) -> io::Result<PathBuf> {
    let place = fs::canonicalize(place).or_else(|_| {
        let around = parent(place);
        fs::create_dir_all(around)?;
        Ok::<_, io::Error>(fs::canonicalize(around)?.join(place.file_name().unwrap_or_default()))
    })?;
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(".lock");
    Ok(parent(&place).join(name))
}

/// Whether a folder refuses new files.
fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_however_its_path_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("run");
        let lock = Lock::of(&place, "training").unwrap();
        let other = folder.path().join("new/../run");
        fs::create_dir(folder.path().join("new")).unwrap();
        assert!(matches!(Lock::of(&other, "training"), Err(FileError::Busy { .. })));
        fs::create_dir(&place).unwrap();
        assert!(matches!(Lock::of(&place.join("."), "training"), Err(FileError::Busy { .. })));
        drop(lock);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the lock leaves no file");
    }

    #[test]
    fn the_file_of_a_dead_process_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".run.lock");
        fs::write(&left, "process 1 is training something with a long name\n").unwrap();
        let unfinished = folder.path().join(".unfinished-run");
        fs::create_dir(&unfinished).unwrap();
        let lock = Lock::of(&folder.path().join("run"), "testing").unwrap();
        let text = fs::read_to_string(&left).unwrap();
        assert_eq!(text, format!("process {} is testing\n", std::process::id()));
        assert!(!unfinished.exists());
        drop(lock);
        assert!(!left.exists());
        drop(Lock::of(&folder.path().join("new/run"), "testing").unwrap());
        assert!(!folder.path().join("new").exists());
    }

    /// Many threads that open the file, some of which find it removed, never hold it together.
    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (place, marker) = (folder.path().join("run"), folder.path().join("marker"));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Ok(lock) = Lock::of(&place, "testing") {
                            File::create_new(&marker).unwrap();
                            fs::remove_file(&marker).unwrap();
                            drop(lock);
                        }
                    }
                });
            }
        });
    }
}
