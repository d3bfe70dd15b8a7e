//! IDX files, the format of MNIST: a magic number, sizes, bytes.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;

use crate::DataError;
use crate::bytes::Bytes;
use crate::data_set::{DataSet, Details, check_count};
use crate::designs::Stored;

/// Compressed files are unpacked in memory up to this size.
const MAX_UNPACKED: u64 = 1 << 30;

/// The names under which MNIST's training pictures are handed around, and the part that differs for their labels.
const IMAGES: [&str; 2] = ["train-images-idx3-ubyte", "train-images.idx3-ubyte"];

/// Opens a folder with `train-images-idx3-ubyte` and, if it is there, `train-labels-idx1-ubyte`, plain or with `.gz`.
pub(crate) fn open_folder(folder: &Path) -> Result<DataSet, DataError> {
    if !folder.exists() {
        return Err(DataError::NotFound { path: folder.into() });
    }
    let images = IMAGES.iter().find_map(|name| either(folder, name)).ok_or_else(|| {
        DataError::NotADataSet {
            path: folder.into(),
            why: format!("it has no {} (nor {0}.gz)", IMAGES[0]),
        }
    })?;
    open_images(&images)
}

/// Opens pictures in an IDX file, with the labels beside it if its name says where they are.
pub(crate) fn open_images(path: &Path) -> Result<DataSet, DataError> {
    let (sizes, data) = read(path)?;
    let [n, height, width] = sizes[..] else {
        let expected = "(designs, rows, columns), none of them 0,".into();
        return Err(DataError::Shape { file: path.display().to_string(), shape: sizes, expected });
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let label_name = name.replace("images", "labels").replace("idx3", "idx1");
    let labels = path.with_file_name(label_name.trim_end_matches(".gz"));
    let labels = (labels != path.with_file_name(name.trim_end_matches(".gz")))
        .then(|| either(labels.parent()?, &labels.file_name()?.to_string_lossy()))
        .flatten();
    let stored = Stored::of_bytes(data, n, (height, width), Vec::new());
    let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let mut set = DataSet::from_parts(&parent, Arc::new(stored), Details::default())?;
    if let Some(labels) = labels {
        let (sizes, data) = read(&labels)?;
        let file = labels.display().to_string();
        check_count(&file, "labels", sizes.iter().product(), n)?;
        let values = data.read_all(MAX_UNPACKED)?.into_iter().map(f32::from).collect();
        set.put_condition("label", "", values)?;
    }
    Ok(set)
}

/// A file of this name, plain or compressed.
fn either(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.is_file())
}

/// Sizes and elements of an IDX file of bytes.
fn read(path: &Path) -> Result<(Vec<usize>, Bytes), DataError> {
    let label = path.display().to_string();
    let wrong = |why: &str| DataError::NotADataSet { path: path.into(), why: why.into() };
    let mut bytes = Bytes::open(path)?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut unpacked = Vec::new();
        GzDecoder::new(bytes.reader())
            .take(MAX_UNPACKED + 1)
            .read_to_end(&mut unpacked)
            .map_err(|source| DataError::Archive { file: label.clone(), source })?;
        if MAX_UNPACKED < unpacked.len() as u64 {
            return Err(DataError::TooLarge {
                file: label,
                bytes: unpacked.len() as u64,
                limit: MAX_UNPACKED,
            });
        }
        bytes = Bytes::from_vec(unpacked, &label);
    }
    let mut magic = [0; 4];
    if bytes.len() < 4 {
        return Err(wrong("it is no IDX file: it has less than 4 bytes"));
    }
    bytes.read_exact_at(&mut magic, 0)?;
    let [0, 0, 0x08, rank @ 1..=3] = magic else {
        return Err(wrong("it is no IDX file of bytes with 1 to 3 axes"));
    };
    let start = 4 + 4 * u64::from(rank);
    let header = bytes.slice(4, start - 4, &label)?.read_all(12)?;
    let sizes: Vec<usize> =
        header.as_chunks().0.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let len = sizes.iter().try_fold(1_u64, |product, n| product.checked_mul(*n as u64));
    let len =
        len.ok_or_else(|| DataError::ShapeOverflow { file: label.clone(), shape: sizes.clone() })?;
    Ok((sizes, bytes.slice(start, len, &label)?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, sizes.len() as u8];
        for size in sizes {
            bytes.extend(size.to_be_bytes());
        }
        bytes.extend(values);
        bytes
    }

    #[test]
    fn pictures_and_labels_are_read_plain_and_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let images = idx(&[2, 1, 2], &[0, 255, 51, 0]);
        fs::write(folder.path().join("train-images-idx3-ubyte"), &images).unwrap();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&idx(&[2], &[7, 3])).unwrap();
        fs::write(folder.path().join("train-labels-idx1-ubyte.gz"), gz.finish().unwrap()).unwrap();
        let set = open_folder(folder.path()).unwrap();
        let mut out = [0.0; 4];
        set.read_into(&[0, 1], &mut out).unwrap();
        assert_eq!(out.map(|value| (255.0 * value).round() as u8), [0, 255, 51, 0]);
        assert_eq!(set.condition("label").unwrap().to_vec(), [7.0, 3.0]);
    }

    #[test]
    fn what_is_not_there_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(open_folder(folder.path()), Err(DataError::NotADataSet { .. })));
        let path = folder.path().join("x-ubyte");
        let whole = idx(&[2, 1, 2], &[0, 255, 51, 0]);
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(open_images(&path).is_err(), "{len}");
        }
        fs::write(&path, idx(&[u32::MAX; 3], &[])).unwrap();
        assert!(matches!(open_images(&path), Err(DataError::ShapeOverflow { .. })));
        fs::write(&path, idx(&[4], &[0; 4])).unwrap();
        assert!(matches!(open_images(&path), Err(DataError::Shape { .. })));
    }
}
