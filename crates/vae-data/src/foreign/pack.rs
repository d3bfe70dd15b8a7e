//! A data-set folder in one compressed file.

use std::fs::File;
use std::io::{self, Cursor, Seek, Write};
use std::path::Path;

use zip::ZipWriter;

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::open::open;
use crate::foreign::source::Source;
use crate::formats::archive::add_member;
use crate::set::folder::FILES;

/// Packs a data-set folder into the bytes of a zip archive, one deflated member per file.
///
/// The same folder gives the same bytes, and the archive has the fingerprint of the folder.
/// [`open`] reads it, and so does `numpy.load`.
///
/// # Errors
///
/// As [`open`] if the folder is not a data set; [`FormatError::Io`].
pub fn pack(folder: &Path) -> Result<Vec<u8>, DataError> {
    let mut bytes = Cursor::new(Vec::new());
    pack_into(folder, &mut bytes)?;
    Ok(bytes.into_inner())
}

/// [`pack`] to the file `path`, which is replaced in one piece; nothing is held in memory.
///
/// # Errors
///
/// As [`pack`].
pub fn pack_to(folder: &Path, path: &Path) -> Result<(), DataError> {
    vae_base::files::write_with(path, |out| pack_into(folder, out))
}

fn pack_into(folder: &Path, out: &mut (impl Write + Seek)) -> Result<(), DataError> {
    if folder.is_file() {
        let why = "only a folder can be packed".into();
        return Err(ReadingError::NotADataSet { path: folder.into(), why }.into());
    }
    open(&Source::Path(folder.into()))?;
    let mut zip = ZipWriter::new(out);
    for name in FILES {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let mut copy = || -> io::Result<()> {
            let mut file = File::open(&path)?;
            add_member(&mut zip, name, file.metadata()?.len())?;
            io::copy(&mut file, &mut zip)?;
            Ok(())
        };
        copy().map_err(|source| FormatError::io_path("packing", &path, source))?;
    }
    zip.finish().map_err(|error| FormatError::io_path("packing", folder, error.into()))?;
    Ok(())
}
