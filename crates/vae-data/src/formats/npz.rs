//! NumPy's `.npz` files: several named arrays in one zip archive.

use std::fmt;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, ArrayView, Dimension};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::foreign::reading::Reading;
use crate::formats::archive::Archive;
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Header, Scalar};
use crate::{DataError, atomic};

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
    /// A missing file, and one that is no archive of plainly named members.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        if !path.exists() {
            return Err(DataError::NotFound { path: path.into() });
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
    /// [`DataError::MissingArray`] names those there are; otherwise as [`npy::read`].
    pub fn read<T: Scalar>(&mut self, name: &str) -> Result<ArrayD<T>, DataError> {
        let member = self.archive.member(&format!("{name}.npy"))?.ok_or_else(|| {
            DataError::MissingArray {
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
/// [`DataError::Io`] if the file cannot be written, [`DataError::TargetExists`] if `path` is not a
/// plain file, and whatever `fill` returns.
pub fn write(
    path: &Path,
    fill: impl FnOnce(&mut NpzWriter<'_>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    atomic::write_file(path, |out| {
        let out: &mut dyn Sink = out;
        let mut writer = NpzWriter { zip: ZipWriter::new(out), path: path.into() };
        fill(&mut writer)?;
        writer.zip.finish().map_err(|error| DataError::io_path("writing", path, error.into()))?;
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
    /// [`DataError::Io`] if it cannot be written, a name used twice included;
    /// [`DataError::ArchiveMember`] if the name is not a plain file name.
    pub fn add<T: Scalar, D: Dimension>(
        &mut self,
        name: &str,
        array: ArrayView<'_, T, D>,
    ) -> Result<(), DataError> {
        if name.is_empty() || name.contains(['/', '\\', ':', '\0']) || name.starts_with("..") {
            return Err(DataError::ArchiveMember {
                file: self.path.display().to_string(),
                member: name.into(),
                why: "a member has a plain file name, not a path",
            });
        }
        let bytes = npy::to_bytes(array);
        add_member(&mut self.zip, &format!("{name}.npy"), bytes.len() as u64)
            .and_then(|()| self.zip.write_all(&bytes))
            .map_err(|source| DataError::io_path("writing", &self.path, source))
    }
}

/// What an archive is written into.
trait Sink: Write + Seek {}
impl<W: Write + Seek> Sink for W {}

/// Begins a deflated member of `size` bytes whose header depends on nothing but its name and
/// contents.
pub(crate) fn add_member<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    size: u64,
) -> std::io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .large_file(u64::from(u32::MAX) <= size);
    Ok(zip.start_file(name, options)?)
}

/// The arrays that have a meaning of their own.
const KNOWN: [&str; 3] = ["conditions", "groups", "masks"];

/// The array of designs: the one asked for, `designs`, or the only one of enough axes. Beside it
/// all others without a meaning of their own. `single` is a file with all designs of a set;
/// otherwise one design has two axes.
pub(crate) fn designs_and_others(
    archive: &mut Archive,
    reading: &Reading,
    single: bool,
) -> Result<(Bytes, Vec<(String, Bytes)>), DataError> {
    let names = array_names(archive);
    let mut members = Vec::new();
    for name in names.iter().filter(|name| !KNOWN.contains(&name.as_str())) {
        if let Some(bytes) = archive.member(&format!("{name}.npy"))? {
            members.push((name.clone(), bytes));
        }
    }
    let least = if single && reading.layout.given().is_none() { 3 } else { 2 };
    let has_axes = |bytes: &Bytes| {
        Header::read(bytes, "densities").is_ok_and(|header| least <= header.shape.len())
    };
    let wanted = reading.array.given().map_or("designs", String::as_str);
    let position = members.iter().position(|(name, _)| name == wanted).or_else(|| {
        let mut enough = (0..members.len())
            .filter(|i| reading.array.given().is_none() && has_axes(&members[*i].1));
        let only = enough.next();
        only.filter(|_| enough.next().is_none())
            .or((reading.array.given().is_none() && members.len() == 1).then_some(0))
    });
    let position = position.ok_or_else(|| DataError::MissingArray {
        file: archive.label().into(),
        wanted: wanted.into(),
        names,
    })?;
    let (_, designs) = members.remove(position);
    Ok((designs, members))
}

/// Names of the members that are arrays, without `.npy`.
pub(crate) fn array_names(archive: &Archive) -> Vec<String> {
    archive.names().iter().filter_map(|name| name.strip_suffix(".npy")).map(str::to_owned).collect()
}
