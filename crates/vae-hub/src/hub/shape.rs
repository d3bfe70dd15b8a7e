//! Whether a file has the shape of a Parquet file, before a reader sees it; and whether its
//! metadata can be true.
//!
//! Reference: the Parquet format, "File format" and "Metadata".

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;

use crate::error::HubError;

/// Four bytes at the beginning and at the end.
const MAGIC: &[u8; 4] = b"PAR1";

/// Magic, length of the metadata, magic.
const SHORTEST: u64 = 12;

/// Metadata are read into memory, up to this size.
const MAX_METADATA: u64 = 256 << 20;

/// Rows in one file at most: no set of designs is larger, and a wrong number asks for no memory.
const MAX_ROWS: i64 = 100_000_000;

/// Checks a file and opens it.
pub(super) fn open(path: &Path) -> Result<SerializedFileReader<File>, HubError> {
    check_bytes(path)?;
    let file = File::open(path).map_err(|source| HubError::io("opening", path, source))?;
    let reader = SerializedFileReader::new(file).map_err(|error| wrong(path, &error))?;
    check_metadata(path, reader.metadata())?;
    Ok(reader)
}

/// Checks the bytes that a reader trusts.
pub(super) fn check_bytes(path: &Path) -> Result<(), HubError> {
    let fail = |source| HubError::io("reading", path, source);
    let mut file = File::open(path).map_err(fail)?;
    let len = file.metadata().map_err(fail)?.len();
    if len < SHORTEST {
        return Err(wrong(path, "it is too short"));
    }
    let (mut head, mut tail) = ([0; 4], [0; 8]);
    file.read_exact(&mut head).map_err(fail)?;
    file.seek(SeekFrom::End(-8)).map_err(fail)?;
    file.read_exact(&mut tail).map_err(fail)?;
    let [a, b, c, d, end @ ..] = tail;
    if &end == b"PARE" {
        return Err(wrong(path, "its metadata are encrypted"));
    }
    if &head != MAGIC || &end != MAGIC {
        return Err(wrong(path, "it does not begin and end with PAR1"));
    }
    let metadata = u64::from(u32::from_le_bytes([a, b, c, d]));
    if metadata == 0 || len - SHORTEST < metadata || MAX_METADATA < metadata {
        return Err(wrong(path, "the length of its metadata cannot be true"));
    }
    Ok(())
}

/// Checks that the metadata agree with each other and with the file.
pub(super) fn check_metadata(path: &Path, metadata: &ParquetMetaData) -> Result<(), HubError> {
    let rows = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups();
    let sum = groups.iter().try_fold(0_i64, |sum, group| {
        (0 <= group.num_rows()).then(|| sum.checked_add(group.num_rows()))?
    });
    if rows <= 0 || MAX_ROWS < rows || sum != Some(rows) {
        return Err(wrong(path, "it has no rows, or their number cannot be true"));
    }
    let len = path.metadata().map_err(|source| HubError::io("reading", path, source))?.len();
    if groups.iter().flat_map(RowGroupMetaData::columns).all(|chunk| lies_inside(chunk, len)) {
        Ok(())
    } else {
        Err(wrong(path, "a column lies outside the file"))
    }
}

fn lies_inside(chunk: &ColumnChunkMetaData, len: u64) -> bool {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let inside = |start: i64, size: i64| {
        let (start, size) = (u64::try_from(start).ok()?, u64::try_from(size).ok()?);
        Some(start.checked_add(size)? <= len)
    };
    inside(start, chunk.compressed_size()) == Some(true)
        && inside(chunk.data_page_offset(), 0) == Some(true)
        && 0 <= chunk.num_values()
}

/// What is wrong with a file.
pub(super) fn wrong(path: &Path, why: impl std::fmt::Display) -> HubError {
    HubError::Parquet { file: path.display().to_string(), why: why.to_string() }
}
