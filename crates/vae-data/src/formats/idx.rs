//! IDX files, the format of MNIST: a magic number, sizes, bytes.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::error::FormatError;
use crate::formats::bytes::Bytes;

/// Compressed files are unpacked in memory up to this size.
pub(crate) const MAX_UNPACKED: u64 = 1 << 30;

/// Sizes and elements of an IDX file of bytes, plain or (with the extension `.gz`) compressed.
pub(crate) fn read(path: &Path) -> Result<(Vec<usize>, Bytes), FormatError> {
    let label = path.display().to_string();
    let wrong = |why: &str| FormatError::WrongFormat {
        file: label.clone(),
        format: "an IDX file of bytes",
        why: why.into(),
    };
    let mut bytes = Bytes::open(path)?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut unpacked = Vec::new();
        GzDecoder::new(bytes.reader())
            .take(MAX_UNPACKED + 1)
            .read_to_end(&mut unpacked)
            .map_err(|source| FormatError::Archive { file: label.clone(), source })?;
        if MAX_UNPACKED < unpacked.len() as u64 {
            return Err(FormatError::TooLarge {
                file: label,
                bytes: unpacked.len() as u64,
                limit: MAX_UNPACKED,
            });
        }
        bytes = Bytes::from_vec(unpacked, &label);
    }
    let mut magic = [0; 4];
    if bytes.len() < 4 {
        return Err(wrong("it has less than 4 bytes"));
    }
    bytes.read_exact_at(&mut magic, 0)?;
    let [0, 0, 0x08, rank @ 1..=3] = magic else {
        return Err(wrong("it does not begin with 0, 0, 8 and a number of axes from 1 to 3"));
    };
    let start = 4 + 4 * u64::from(rank);
    let header = bytes.slice(4, start - 4, &label)?.read_all(12)?;
    let sizes: Vec<usize> =
        header.as_chunks().0.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let len = sizes.iter().try_fold(1_u64, |product, n| product.checked_mul(*n as u64));
    let len = len
        .ok_or_else(|| FormatError::ShapeOverflow { file: label.clone(), shape: sizes.clone() })?;
    Ok((sizes, bytes.slice(start, len, &label)?))
}
