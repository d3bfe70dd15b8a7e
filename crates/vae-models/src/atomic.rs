//! Files that are whole or absent.

use std::io::{self, Write};
use std::path::Path;

/// Writes `bytes` to `path` so that a reader, or a restart after a power cut, finds either what was
/// there before or all of it.
///
/// A temporary file beside `path` is written, synced, and renamed over it; the folder is synced
/// too. The new file has the mode that an ordinary new file would have (0666 less the umask), not
/// the 0600 of a temporary one.
///
/// # Errors
/// Whatever the file system says: no such folder, no permission, no space left. `path` is then as
/// it was, and the temporary file is gone.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// vae_models::write_atomically(&path, b"old")?;
/// vae_models::write_atomically(&path, b"new")?;
/// assert_eq!(std::fs::read(&path)?, b"new");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // open(2) takes the umask off
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // A rename is durable once the folder is. Only Unix lets a folder be opened and synced.
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}
