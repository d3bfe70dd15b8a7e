//! A data-set folder in one compressed file.

use std::fs::File;
use std::io::{self, Cursor, Seek, Write};
use std::path::Path;

use zip::ZipWriter;

use crate::foreign::source::{FILES, Source, open};
use crate::formats::npz;
use crate::{DataError, atomic};

/// Packs a data-set folder into the bytes of a zip archive, one deflated member per file.
///
/// The same folder gives the same bytes, and the archive has the fingerprint of the folder.
/// [`open`] reads it, and so does `numpy.load`.
///
/// # Errors
///
/// Whatever [`open`] finds wrong with the folder; [`DataError::Io`].
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
    atomic::write_file(path, |out| pack_into(folder, out))
}

fn pack_into(folder: &Path, out: &mut (impl Write + Seek)) -> Result<(), DataError> {
    if folder.is_file() {
        return Err(DataError::NotADataSet {
            path: folder.into(),
            why: "only a folder can be packed".into(),
        });
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
            npz::add_member(&mut zip, name, file.metadata()?.len())?;
            io::copy(&mut file, &mut zip)?;
            Ok(())
        };
        copy().map_err(|source| DataError::io_path("packing", &path, source))?;
    }
    zip.finish().map_err(|error| DataError::io_path("packing", folder, error.into()))?;
    Ok(())
}
