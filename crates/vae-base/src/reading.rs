//! Files that are read whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a pipe or a device, which is not opened, because it may never
/// answer and never end; [`ErrorKind::FileTooLarge`]; the reason of the file system.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// std::fs::write(&path, "four")?;
/// assert_eq!(vae_base::files::read(&path, 4)?, b"four");
/// assert!(vae_base::files::read(&path, 3).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Before it is opened, which would wait for somebody to write into a pipe.
    let kind = fs::metadata(path)?;
    if !kind.is_file() && !kind.is_dir() {
        let why = "it is a pipe or a device, and not a file";
        return Err(io::Error::new(ErrorKind::InvalidInput, why));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if limit < bytes.len() as u64 {
        let why = format!("it is larger than {limit} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Reads a whole text of at most `limit` bytes.
///
/// # Errors
/// As [`read`]; [`ErrorKind::InvalidData`] if it is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
}

/// Whether what was named is at fault, rather than its contents or the system: it is not there, or
/// is no file.
#[must_use]
pub fn is_no_file(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::IsADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_or_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"\xff\xff").unwrap();
        assert_eq!(read(&path, 2).unwrap(), b"\xff\xff");
        assert_eq!(read(&path, 1).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read_text(&path, 2).unwrap_err().kind(), ErrorKind::InvalidData);
        let missing = read(&folder.path().join("b"), 2).unwrap_err();
        let of_folder = read(folder.path(), 2).unwrap_err();
        assert!(is_no_file(&missing) && is_no_file(&of_folder), "{missing} {of_folder}");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_not_read() {
        for device in ["/dev/zero", "/dev/null"] {
            let error = read(Path::new(device), 2).unwrap_err();
            assert!(is_no_file(&error) && error.to_string().contains("a device"), "{error}");
        }
    }
}
