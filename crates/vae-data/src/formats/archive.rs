//! Members of a zip archive as bytes that can be read by position.
//!
//! A stored member is read where it lies in the archive. A deflated one is unpacked once: into
//! memory if it is small, into a nameless temporary file otherwise. Nothing is ever unpacked under
//! the name that the archive states.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::FormatError;
use crate::formats::bytes::{Bytes, BytesReader};

/// Members up to this size are unpacked into memory.
const IN_MEMORY: u64 = 256 << 20;

/// No member is unpacked beyond this size; an array as large as that is stored, not deflated.
const MAX_UNPACKED: u64 = 16 << 30;

/// Deflate cannot do better than 1032 : 1, so a member that claims more is lying.
const MAX_RATIO: u64 = 1032;

/// An open archive.
#[derive(Debug)]
pub(crate) struct Archive {
    bytes: Bytes,
    zip: ZipArchive<BytesReader>,
    names: Vec<String>,
}

impl Archive {
    /// Reads the directory of an archive and refuses members whose names point elsewhere.
    pub(crate) fn open(bytes: Bytes) -> Result<Self, FormatError> {
        let label = bytes.label().to_owned();
        let refuse = |member: &str, why| FormatError::ArchiveMember {
            file: label.clone(),
            member: member.into(),
            why,
        };
        let mut zip = ZipArchive::new(bytes.reader()).map_err(|error| unreadable(&label, error))?;
        if zip.has_duplicate_names() {
            return Err(refuse("", "two members have the same name"));
        }
        let mut names = Vec::new();
        for index in 0..zip.len() {
            let member = zip.by_index_raw(index).map_err(|error| unreadable(&label, error))?;
            let name = member.name().map_err(|error| unreadable(&label, error))?.into_owned();
            if !is_plain(&name) {
                return Err(refuse(&name, "a member has a plain file name, not a path"));
            }
            if member.encrypted() {
                return Err(refuse(&name, "it is encrypted"));
            }
            names.push(name);
        }
        Ok(Self { bytes, zip, names })
    }

    /// Names of the members, in the order of the archive.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Name of the archive, for messages.
    pub(crate) fn label(&self) -> &str {
        self.bytes.label()
    }

    /// The contents of a member; `None` if there is no member of this name.
    pub(crate) fn member(&mut self, name: &str) -> Result<Option<Bytes>, FormatError> {
        let Some(index) = self.names.iter().position(|other| other == name) else {
            return Ok(None);
        };
        let label = format!("{}:{name}", self.bytes.label());
        let mut member = self.zip.by_index(index).map_err(|error| unreadable(&label, error))?;
        let (declared, packed) = (member.size(), member.compressed_size());
        if member.compression() == CompressionMethod::Stored {
            if declared != packed {
                return Err(FormatError::ArchiveSize { file: label, declared, found: packed });
            }
            let start =
                member.data_start().ok_or_else(|| unreadable(&label, ZipError::FileNotFound))?;
            return self.bytes.slice(start, packed, &label).map(Some);
        }
        let possible = packed.saturating_mul(MAX_RATIO).saturating_add(MAX_RATIO);
        if possible < declared || MAX_UNPACKED < declared {
            return Err(FormatError::TooLarge {
                file: label,
                bytes: declared,
                limit: possible.min(MAX_UNPACKED),
            });
        }
        // One byte more than declared is enough to tell that there are too many.
        let unpacked = unpack(&mut member.by_ref().take(declared + 1), declared, &label)?;
        if unpacked.len() == declared {
            Ok(Some(unpacked))
        } else {
            Err(FormatError::ArchiveSize { file: label, declared, found: unpacked.len() })
        }
    }
}

/// Whether a member's name is a plain file name, not a path.
pub(crate) fn is_plain(name: &str) -> bool {
    !(name.is_empty() || name.contains(['/', '\\', ':', '\0']) || name.starts_with(".."))
}

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

/// Reads everything; `expected` only decides where it is kept.
fn unpack(reader: &mut impl Read, expected: u64, label: &str) -> Result<Bytes, FormatError> {
    let fail = |source| FormatError::Archive { file: label.into(), source };
    if expected <= IN_MEMORY {
        // Grows with what is there, not with what was promised.
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(fail)?;
        return Ok(Bytes::from_vec(bytes, label));
    }
    let file = spool(reader).map_err(fail)?;
    Bytes::from_file(file, label)
}

/// Copies to a temporary file without a name, which vanishes with its last handle.
fn spool(reader: &mut impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(reader, &mut io::BufWriter::with_capacity(1 << 20, &mut file))?;
    file.flush()?;
    Ok(file)
}

/// Wraps the error of the zip reader.
fn unreadable(label: &str, error: ZipError) -> FormatError {
    FormatError::Archive { file: label.into(), source: error.into() }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, SeekFrom};

    use super::*;

    fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, contents) in members {
            zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            zip.write_all(contents).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn open(bytes: Vec<u8>) -> Result<Archive, FormatError> {
        Archive::open(Bytes::from_vec(bytes, "test.zip"))
    }

    fn contents(bytes: Vec<u8>, name: &str) -> Result<Vec<u8>, FormatError> {
        open(bytes)?.member(name)?.unwrap().read_all(u64::MAX)
    }

    #[test]
    fn both_methods_give_the_bytes_back() {
        let text = b"0.5 ".repeat(1000);
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let packed = archive(&[("a", b"first"), ("b", &text)], method);
            assert_eq!(contents(packed.clone(), "b").unwrap(), text);
            let mut opened = open(packed).unwrap();
            assert_eq!(opened.names(), ["a", "b"]);
            assert!(opened.member("c").unwrap().is_none());
        }
    }

    #[test]
    fn spooled_members_are_the_same() {
        let text = b"0.5 ".repeat(1000);
        let mut file = spool(&mut &text[..]).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let bytes = Bytes::from_file(file, "spool").unwrap();
        assert_eq!(bytes.read_all(u64::MAX).unwrap(), text);
    }

    #[test]
    fn names_that_are_paths_are_refused() {
        for name in ["../a.npy", "/etc/a.npy", "a/b.npy", "a\\b.npy", "C:a.npy", ".."] {
            let error = open(archive(&[(name, b"x")], CompressionMethod::Stored)).unwrap_err();
            assert!(matches!(error, FormatError::ArchiveMember { .. }), "{name}: {error}");
        }
    }

    /// Positions in the central directory, whose entry begins with `PK\x01\x02`.
    fn entry(bytes: &[u8]) -> usize {
        bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap()
    }

    #[test]
    fn wrong_sizes_are_found() {
        let text = b"0.5 ".repeat(1000);
        for (method, wrong) in [
            (CompressionMethod::Deflated, 3_999_u32),
            (CompressionMethod::Deflated, 4_001),
            (CompressionMethod::Deflated, u32::MAX - 1),
            (CompressionMethod::Stored, 3_999),
        ] {
            let mut packed = archive(&[("a", &text)], method);
            let size = entry(&packed) + 24; // uncompressed size
            packed[size..size + 4].copy_from_slice(&wrong.to_le_bytes());
            let error = contents(packed, "a").unwrap_err();
            let expected = matches!(
                error,
                FormatError::ArchiveSize { .. }
                    | FormatError::TooLarge { .. }
                    | FormatError::Archive { .. }
            );
            assert!(expected, "{method:?} {wrong}: {error:?}");
        }
    }

    #[test]
    fn a_changed_deflated_byte_is_found() {
        let text: Vec<u8> =
            (0..4000_u32).map(|i| (i.wrapping_mul(2654435761) >> 24) as u8).collect();
        let packed = archive(&[("a", &text)], CompressionMethod::Deflated);
        let contents_end = entry(&packed); // behind it is the directory, whose dates may change
        for position in 31..contents_end {
            let mut changed = packed.clone();
            changed[position] ^= 1;
            assert!(contents(changed, "a").is_err(), "byte {position}");
        }
    }

    #[test]
    fn every_cut_is_an_error() {
        let packed = archive(&[("a", b"some text"), ("b", b"more")], CompressionMethod::Deflated);
        for len in 0..packed.len() {
            assert!(open(packed[..len].to_vec()).is_err(), "{len} bytes");
        }
    }
}
