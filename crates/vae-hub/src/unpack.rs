//! Zip archives from elsewhere, unpacked so that nothing leaves the folder and nothing fills the
//! disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write as _};
use std::path::Path;

use vae_base::paths;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::checksum::Hasher;
use crate::error::HubError;
use crate::event::{Event, Observer};
use crate::note::is_receipt;
use crate::receipt::StoredFile;

/// What an archive may unpack to.
///
/// # Examples
///
/// ```
/// let limits = vae_hub::Limits::default();
/// assert_eq!(limits.allowed(1 << 20), 200 << 20); // 1 MiB may become 200 MiB
/// assert_eq!(limits.allowed(0), limits.always);
/// assert_eq!(limits.allowed(u64::MAX), limits.bytes);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in all.
    pub bytes: u64,
    /// Members in all.
    pub members: u64,
    /// Bytes per byte of the archive. Pictures hardly shrink, arrays shrink by tens; bombs by a
    /// thousand.
    pub ratio: u64,
    /// Bytes that any archive may unpack to, however small it is.
    pub always: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 32 << 30, members: 1_000_000, ratio: 200, always: 64 << 20 }
    }
}

impl Limits {
    /// Bytes that an archive of `packed` bytes may unpack to.
    pub const fn allowed(&self, packed: u64) -> u64 {
        let by_ratio = packed.saturating_mul(self.ratio);
        let allowed = if by_ratio < self.always { self.always } else { by_ratio };
        if allowed < self.bytes { allowed } else { self.bytes }
    }
}

/// Unpacks the archive `from`, called `name`, into the folder `into`, to which nobody else
/// writes, and returns the files in it.
///
/// Files that operating systems add for themselves (`__MACOSX`, `.DS_Store`) are left out. Sizes
/// are counted while unpacking, whatever the archive announces.
pub(crate) fn unpack(
    from: &Path,
    name: &str,
    into: &Path,
    limits: &Limits,
    observer: &mut Observer<'_>,
) -> Result<Vec<StoredFile>, HubError> {
    let file = File::open(from).map_err(|source| HubError::io("opening", from, source))?;
    let packed = file.metadata().map_err(|source| HubError::io("reading", from, source))?.len();
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(name, error))?;
    let total = zip.len() as u64;
    if limits.members < total {
        return Err(HubError::Bomb {
            archive: name.into(),
            limit: limits.members,
            unit: "members",
        });
    }
    let irregular = |why| HubError::Irregular { archive: name.into(), why };
    // The reader would give the last of them only.
    if zip.has_duplicate_names() {
        return Err(irregular("two members have the same name"));
    }
    // As in bombs that hold the same bytes many times.
    if zip.has_overlapping_entries().map_err(|error| unreadable(name, error))? {
        return Err(irregular("two members share bytes"));
    }
    let allowed = limits.allowed(packed);
    let mut unpacker = Unpacker { archive: name, into, left: allowed, allowed };
    let mut stored = Vec::new();
    for index in 0..zip.len() {
        let member = zip.by_index(index).map_err(|error| unreadable(name, error))?;
        stored.extend(unpacker.member(member)?);
        observer(Event::Unpacking { file: name, done: index as u64 + 1, total });
    }
    Ok(stored)
}

struct Unpacker<'a> {
    archive: &'a str,
    into: &'a Path,
    /// Bytes that may still come.
    left: u64,
    allowed: u64,
}

impl Unpacker<'_> {
    /// Writes a member; folders and leftovers of operating systems give nothing.
    fn member<R: Read>(
        &mut self,
        mut member: ZipFile<'_, R>,
    ) -> Result<Option<StoredFile>, HubError> {
        let name = member.name().map_err(|error| unreadable(self.archive, error))?.into_owned();
        let refuse =
            |why| HubError::Member { archive: self.archive.into(), member: name.clone(), why };
        let is_folder = name.ends_with(['/', '\\']);
        let relative = paths::below(name.trim_end_matches(['/', '\\'])).map_err(refuse)?;
        // Unix file types: 0 where the archive does not say, regular file, folder.
        if member.is_symlink()
            || !matches!(member.unix_mode().unwrap_or(0) & 0o170_000, 0 | 0o100_000 | 0o040_000)
        {
            return Err(refuse("it is a link or a device"));
        }
        if member.encrypted() {
            return Err(refuse("it is encrypted"));
        }
        if is_receipt(&relative) {
            return Err(refuse("it has the name of the note on what was fetched"));
        }
        if is_folder || is_leftover(&relative) {
            return Ok(None);
        }
        let path = self.into.join(&relative);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| match source.kind() {
                io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                    refuse("another member has the name of its folder")
                }
                _ => HubError::io("creating", parent, source),
            })?;
        }
        let mut out =
            OpenOptions::new().write(true).create_new(true).open(&path).map_err(|source| {
                if source.kind() == io::ErrorKind::AlreadyExists {
                    refuse("another member has the same name")
                } else {
                    HubError::io("creating", &path, source)
                }
            })?;
        let announced = member.size();
        let mut hasher = Hasher::sha256();
        let mut buffer = vec![0; 1 << 16];
        let mut size = 0;
        loop {
            let n = match member.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(source) => {
                    return Err(HubError::Archive {
                        archive: format!("{}:{name}", self.archive),
                        source,
                    });
                }
            };
            size += n as u64;
            self.left = self.left.checked_sub(n as u64).ok_or_else(|| HubError::Bomb {
                archive: self.archive.into(),
                limit: self.allowed,
                unit: "bytes",
            })?;
            hasher.update(&buffer[..n]);
            out.write_all(&buffer[..n]).map_err(|source| HubError::io("writing", &path, source))?;
        }
        if size != announced {
            return Err(refuse("it has another size than the archive announces"));
        }
        out.sync_all().map_err(|source| HubError::io("writing", &path, source))?;
        Ok(Some(StoredFile::new(&relative, size, hasher.finish())))
    }
}

/// What a Mac puts into archives beside the files.
fn is_leftover(path: &Path) -> bool {
    path.starts_with("__MACOSX") || path.file_name().is_some_and(|name| name == ".DS_Store")
}

/// Wraps the error of the zip reader.
fn unreadable(archive: &str, error: ZipError) -> HubError {
    HubError::Archive { archive: archive.into(), source: error.into() }
}
