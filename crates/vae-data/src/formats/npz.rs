//! NumPy's `.npz` files: several named arrays in one zip archive.

use std::fmt;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, ArrayView, Dimension};
use zip::ZipWriter;

use crate::error::FormatError;
use crate::formats::archive::{Archive, add_member, is_plain};
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Scalar};

/// An open `.npz` file, its arrays read by name.
///
/// # Examples
///
/// ```
/// use ndarray::{arr1, arr2};
/// use vae_data::npz::{self, Npz};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("codes.npz");
/// npz::write(&path, |out| {
///     out.add("z", arr2(&[[0.5_f32, -1.25]]).view())?;
///     out.add("groups", arr1(&[7_u32]).view())
/// })?;
/// let mut arrays = Npz::open(&path)?;
/// assert_eq!(arrays.names(), ["z", "groups"]);
/// assert_eq!(arrays.read::<f32>("z")?.shape(), [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Npz {
    archive: Archive,
    names: Vec<String>,
}

impl Npz {
    /// Opens the file `path` and reads its directory.
    ///
    /// # Errors
    ///
    /// A missing file, or one that is not an archive of members with plain names.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        if !path.exists() {
            return Err(FormatError::NotFound { path: path.into() });
        }
        let archive = Archive::open(Bytes::open(path)?)?;
        let names = array_names(&archive);
        Ok(Self { archive, names })
    }

    /// Names of the arrays, without `.npy`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads the array `name`, its numbers converted to `T`.
    ///
    /// # Errors
    ///
    /// [`FormatError::MissingArray`] names those there are; otherwise as [`npy::read`].
    pub fn read<T: Scalar>(&mut self, name: &str) -> Result<ArrayD<T>, FormatError> {
        let member = self.archive.member(&format!("{name}.npy"))?.ok_or_else(|| {
            FormatError::MissingArray {
                file: self.archive.label().into(),
                wanted: name.into(),
                names: self.names.clone(),
            }
        })?;
        npy::read_bytes(&member, "numbers")
    }
}

/// Writes the file `path`, replacing it in one piece, with the arrays that `fill` adds. They are
/// deflated.
///
/// # Errors
///
/// [`FormatError::Io`] or [`FormatError::File`] if the file cannot be written, and whatever `fill`
/// returns.
pub fn write(
    path: &Path,
    fill: impl FnOnce(&mut NpzWriter<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    vae_base::files::write_with(path, |out| {
        let out: &mut dyn Sink = out;
        let mut writer = NpzWriter { zip: ZipWriter::new(out), path: path.into() };
        fill(&mut writer)?;
        writer.zip.finish().map_err(|error| FormatError::io_path("writing", path, error.into()))?;
        Ok(())
    })
}

/// A `.npz` file being written by [`write()`].
pub struct NpzWriter<'a> {
    zip: ZipWriter<&'a mut (dyn Sink + 'a)>,
    path: PathBuf,
}

impl fmt::Debug for NpzWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NpzWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

impl NpzWriter<'_> {
    /// Adds an array under a name that Python will know it by.
    ///
    /// # Errors
    ///
    /// [`FormatError::Io`] if it cannot be written or its name is used twice;
    /// [`FormatError::ArchiveMember`] if the name is not a plain file name.
    pub fn add<T: Scalar, D: Dimension>(
        &mut self,
        name: &str,
        array: ArrayView<'_, T, D>,
    ) -> Result<(), FormatError> {
        if !is_plain(name) {
            return Err(FormatError::ArchiveMember {
                file: self.path.display().to_string(),
                member: name.into(),
                why: "a member has a plain file name, not a path",
            });
        }
        let bytes = npy::to_bytes(array);
        add_member(&mut self.zip, &format!("{name}.npy"), bytes.len() as u64)
            .and_then(|()| self.zip.write_all(&bytes))
            .map_err(|source| FormatError::io_path("writing", &self.path, source))
    }
}

/// What an archive is written into.
trait Sink: Write + Seek {}
impl<W: Write + Seek> Sink for W {}

/// Names of the members that are arrays, without `.npy`.
pub(crate) fn array_names(archive: &Archive) -> Vec<String> {
    archive.names().iter().filter_map(|name| name.strip_suffix(".npy")).map(str::to_owned).collect()
}
