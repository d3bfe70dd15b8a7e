//! IDX files, the format of MNIST: a magic number, sizes, bytes.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;

use crate::formats::bytes::Bytes;
use crate::set::data_set::{DataSet, Details, check_count};
use crate::set::designs::{Designs, Stored};
use crate::{DataError, Element};

/// Compressed files are unpacked in memory up to this size.
const MAX_UNPACKED: u64 = 1 << 30;

/// Opens MNIST: the four files of its training and its test pictures with their labels, plain or
/// with `.gz`. The test pictures stand behind the training ones, and the set states that they are
/// to test with.
pub(crate) fn open_folder(folder: &Path) -> Result<DataSet, DataError> {
    if !folder.exists() {
        return Err(DataError::NotFound { path: folder.into() });
    }
    let file = |name: &str| {
        // Both spellings are handed around.
        let dotted = name.replacen("-idx", ".idx", 1);
        [name, &dotted].into_iter().find_map(|name| either(folder, name)).ok_or_else(|| {
            let why = format!(
                "it has no {name} (nor {name}.gz); MNIST is train- and t10k- files of images-idx3-ubyte and labels-idx1-ubyte"
            );
            DataError::NotADataSet { path: folder.into(), why }
        })
    };
    // All four are looked for before any is read.
    let train = (file("train-images-idx3-ubyte")?, file("train-labels-idx1-ubyte")?);
    let test = (file("t10k-images-idx3-ubyte")?, file("t10k-labels-idx1-ubyte")?);
    let (train_images, test_images) = (images(&train.0)?, images(&test.0)?);
    if train_images.size() != test_images.size() {
        return Err(DataError::MixedSizes {
            first: train.0,
            first_size: train_images.size(),
            other: test.0,
            other_size: test_images.size(),
        });
    }
    let n = (train_images.len(), test_images.len());
    let mut digits = labels(&train.1, n.0)?;
    digits.extend(labels(&test.1, n.1)?);
    let joined = Joined { first: train_images, second: test_images };
    let mut set = DataSet::from_parts("mnist", Arc::new(joined), Details::default())?;
    set.put_condition("label", "", digits)?;
    set.stated_test = Some(n.0..n.0 + n.1);
    set.grouped = true; // Every picture is a digit of its own.
    set.notes.push(format!(
        "the files say which pictures are to train with ({}) and which to test with ({}); --split random mixes them",
        n.0, n.1
    ));
    Ok(set)
}

/// Opens pictures in an IDX file, with the labels beside it if its name says where they are.
pub(crate) fn open_images(path: &Path) -> Result<DataSet, DataError> {
    let images = images(path)?;
    let n = images.len();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let label_name = name.replace("images", "labels").replace("idx3", "idx1");
    let beside = path.with_file_name(label_name.trim_end_matches(".gz"));
    let beside = (beside != path.with_file_name(name.trim_end_matches(".gz")))
        .then(|| either(beside.parent()?, &beside.file_name()?.to_string_lossy()))
        .flatten();
    let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let mut set = DataSet::from_parts(&parent, Arc::new(images), Details::default())?;
    if let Some(beside) = beside {
        set.put_condition("label", "", labels(&beside, n)?)?;
    }
    Ok(set)
}

/// The pictures of a file.
fn images(path: &Path) -> Result<Stored, DataError> {
    let (sizes, data) = read(path)?;
    let [n @ (1..), height @ (1..), width @ (1..)] = sizes[..] else {
        let expected = "(designs, rows, columns), none of them 0,".into();
        return Err(DataError::Shape { file: path.display().to_string(), shape: sizes, expected });
    };
    Ok(Stored::of_bytes(data, n, (height, width), Vec::new()))
}

/// The labels of n pictures.
fn labels(path: &Path, n: usize) -> Result<Vec<f32>, DataError> {
    let (sizes, data) = read(path)?;
    check_count(&path.display().to_string(), "labels", sizes.iter().product(), n)?;
    Ok(data.read_all(MAX_UNPACKED)?.into_iter().map(f32::from).collect())
}

/// Two files of designs, one behind the other.
struct Joined {
    first: Stored,
    second: Stored,
}

impl Joined {
    fn part(&self, index: usize) -> (&Stored, usize) {
        match index.checked_sub(self.first.len()) {
            None => (&self.first, index),
            Some(index) => (&self.second, index),
        }
    }
}

impl Designs for Joined {
    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    fn size(&self) -> (usize, usize) {
        self.first.size()
    }

    fn element(&self) -> Element {
        self.first.element()
    }

    fn read(&self, index: usize, out: &mut [f32], scratch: &mut Vec<u8>) -> Result<(), DataError> {
        let (part, index) = self.part(index);
        part.read(index, out, scratch)
    }

    fn file(&self, index: usize) -> String {
        let (part, index) = self.part(index);
        part.file(index)
    }
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

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(bytes).unwrap();
        gz.finish().unwrap()
    }

    const NAMES: [&str; 4] = [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte.gz",
        "t10k-images.idx3-ubyte.gz",
        "t10k-labels.idx1-ubyte",
    ];

    /// Two pictures to train with and one to test with, in files of all spellings.
    fn four_files() -> (tempfile::TempDir, [Vec<u8>; 4]) {
        let files = [
            idx(&[2, 1, 2], &[0, 255, 51, 0]),
            gz(&idx(&[2], &[7, 3])),
            gz(&idx(&[1, 1, 2], &[102, 1])),
            idx(&[1], &[9]),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in NAMES.iter().zip(&files) {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        (folder, files)
    }

    #[test]
    fn four_files_are_one_set_that_states_its_test_side() {
        let (folder, _) = four_files();
        let set = open_folder(folder.path()).unwrap();
        let mut out = [0.0; 6];
        set.read_into(&[2, 0, 1], &mut out).unwrap();
        assert_eq!(out.map(|value| (255.0 * value).round() as u8), [102, 1, 0, 255, 51, 0]);
        assert_eq!(set.condition("label").unwrap().to_vec(), [7.0, 3.0, 9.0]);
        assert_eq!(set.stated_test(), Some(&(2..3)));
        assert!(set.file(1).ends_with(NAMES[0]) && set.file(2).ends_with(NAMES[2]));

        let train = open_images(&folder.path().join(NAMES[0])).unwrap();
        assert_eq!(train.condition("label").unwrap().to_vec(), [7.0, 3.0]);
        assert_eq!(train.stated_test(), None);
    }

    #[test]
    fn each_file_has_to_be_there_whole_and_to_fit() {
        let (folder, files) = four_files();
        let refused = || open_folder(folder.path()).unwrap_err();
        for (name, bytes) in NAMES.iter().zip(&files) {
            let path = folder.path().join(name);
            fs::remove_file(&path).unwrap();
            let DataError::NotADataSet { why, .. } = refused() else { panic!("{name}") };
            assert!(why.contains(&name[..10]), "{why}");
            for len in 0..bytes.len() {
                fs::write(&path, &bytes[..len]).unwrap();
                let error = refused().to_string();
                assert!(error.contains(name), "{len} bytes: {error}");
            }
            fs::write(&path, bytes).unwrap();
        }
        fs::write(folder.path().join(NAMES[3]), idx(&[2], &[9, 9])).unwrap();
        assert!(refused().to_string().contains("2 labels where 1 are expected"));
        fs::write(folder.path().join(NAMES[2]), gz(&idx(&[1, 2, 1], &[9, 9]))).unwrap();
        assert!(matches!(refused(), DataError::MixedSizes { .. }));
    }

    #[test]
    fn what_is_no_idx_file_of_pictures_is_refused() {
        let folder = tempfile::tempdir().unwrap();
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
        fs::write(&path, idx(&[0, 3, 3], &[])).unwrap();
        assert!(matches!(open_images(&path), Err(DataError::Shape { .. })));
    }
}
