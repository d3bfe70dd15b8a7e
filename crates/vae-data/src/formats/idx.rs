//! IDX files, the format of MNIST: a magic number, sizes, big-endian elements.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::error::FormatError;
use crate::formats::bytes::Bytes;
use crate::formats::npy::Element;

/// Compressed files are unpacked in memory up to this size.
pub(crate) const MAX_UNPACKED: u64 = 1 << 30;

/// Sizes, element type and elements of an IDX file, plain or (with the extension `.gz`) compressed.
pub(crate) fn read(path: &Path) -> Result<(Vec<usize>, Element, Bytes), FormatError> {
    let label = path.display().to_string();
    let wrong = |why: &str| FormatError::WrongFormat {
        file: label.clone(),
        format: "an IDX file",
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
    let [0, 0, code, rank @ 1..=4] = magic else {
        return Err(wrong("it does not begin with 0, 0, a type and a number of axes from 1 to 4"));
    };
    let element = match code {
        0x08 => Element::U8,
        0x09 => Element::I8,
        0x0b => Element::I16,
        0x0c => Element::I32,
        0x0d => Element::F32,
        0x0e => Element::F64,
        _ => return Err(wrong("its type is none of 8, 9, 11, 12, 13 and 14")),
    };
    let start = 4 + 4 * u64::from(rank);
    let header = bytes.slice(4, start - 4, &label)?.read_all(16)?;
    let sizes: Vec<usize> =
        header.as_chunks().0.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let len =
        sizes.iter().try_fold(element.bytes() as u64, |product, n| product.checked_mul(*n as u64));
    let len = len
        .ok_or_else(|| FormatError::ShapeOverflow { file: label.clone(), shape: sizes.clone() })?;
    Ok((sizes, element, bytes.slice(start, len, &label)?))
}
