//! MNIST, and other pictures in IDX files.

use std::path::{Path, PathBuf};

use vae_base::{Note, Remedy};

use crate::error::{DataError, FormatError, ReadingError, SetError};
use crate::foreign::arrays;
use crate::foreign::elements::Elements;
use crate::foreign::facts::Facts;
use crate::foreign::reading::Reading;
use crate::formats::idx;
use crate::formats::npy::Element;
use crate::set::checks::check_count;
use crate::set::designs::Designs;
use crate::set::details::Details;
use crate::set::opening::Opening;
use crate::set::stored::Stored;

/// Opens MNIST: the four files of its training and its test pictures with their labels, plain or
/// with `.gz`. The test pictures stand behind the training ones, and the set states that they are
/// to test with.
pub(crate) fn open_folder(folder: &Path) -> Result<Opening, DataError> {
    if !folder.exists() {
        return Err(FormatError::NotFound { path: folder.into() }.into());
    }
    let file = |name: &str| {
        // Both spellings are handed around.
        let dotted = name.replacen("-idx", ".idx", 1);
        [name, &dotted].into_iter().find_map(|name| either(folder, name)).ok_or_else(|| {
            let why = format!(
                "it has no {name} (nor {name}.gz); MNIST is train- and t10k- files of \
                 images-idx3-ubyte and labels-idx1-ubyte"
            );
            ReadingError::NotADataSet { path: folder.into(), why }
        })
    };
    // All four are looked for before any is read.
    let train = (file("train-images-idx3-ubyte")?, file("train-labels-idx1-ubyte")?);
    let test = (file("t10k-images-idx3-ubyte")?, file("t10k-labels-idx1-ubyte")?);
    let (train_images, test_images) = (images(&train.0)?, images(&test.0)?);
    if train_images.size() != test_images.size() {
        return Err(ReadingError::MixedSizes {
            first: train.0,
            first_size: train_images.size(),
            other: test.0,
            other_size: test_images.size(),
        }
        .into());
    }
    let n = (train_images.len(), test_images.len());
    let mut digits = labels(&train.1, n.0)?;
    digits.extend(labels(&test.1, n.1)?);
    let joined = Joined { first: train_images, second: test_images };
    let mut set = Opening::new("mnist", joined, Details::default())?;
    set.put_condition("label", digits)?;
    set.parts.stated_test = Some(n.0..n.0 + n.1);
    set.grouped = true; // Every picture is a digit of its own.
    set.note(
        Note::new(format!(
            "the files say which pictures are to train with ({}) and which to test with ({})",
            n.0, n.1
        ))
        .or(Remedy::set("split", "random", "mixes them")),
    );
    Ok(set)
}

/// Opens designs in an IDX file, with the labels beside it if its name says where they are.
pub(crate) fn open_images(path: &Path, reading: &Reading) -> Result<Opening, DataError> {
    let (shape, element, data) = idx::read(path)?;
    let mut elements = Elements::in_rows(data, element, shape);
    elements.big_endian = true;
    let mut notes = Vec::new();
    let (images, groups) =
        arrays::open_elements(elements, reading, Facts::of(reading), false, &mut notes)?;
    let ends = images.ends();
    let n = images.len();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let label_name = name.replace("images", "labels").replace("idx3", "idx1");
    let beside = path.with_file_name(label_name.trim_end_matches(".gz"));
    let beside = (beside != path.with_file_name(name.trim_end_matches(".gz")))
        .then(|| either(beside.parent()?, &beside.file_name()?.to_string_lossy()))
        .flatten();
    let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let mut set = Opening::new(&parent, images, Details { groups, ..Details::default() })?;
    set.ends = Some(ends);
    set.parts.notes = notes;
    if let Some(beside) = beside {
        set.put_condition("label", labels(&beside, n)?)?;
    }
    Ok(set)
}

/// The pictures of a file.
fn images(path: &Path) -> Result<Stored, DataError> {
    let (sizes, element, data) = idx::read(path)?;
    let ([n @ (1..), height @ (1..), width @ (1..)], Element::U8) = (&sizes[..], element) else {
        let file = path.display().to_string();
        return Err(SetError::DesignShape { file, shape: sizes }.into());
    };
    Ok(Stored::of_elements(data, Element::U8, *n, (*height, *width)))
}

/// The labels of n pictures.
fn labels(path: &Path, n: usize) -> Result<Vec<f32>, DataError> {
    let (sizes, element, data) = idx::read(path)?;
    check_count(&path.display().to_string(), "labels", sizes.iter().product(), n)?;
    let mut labels = vec![0.0; n];
    let mut labels_of = Elements::in_rows(data, element, sizes);
    labels_of.big_endian = true;
    let mut index = 0;
    labels_of.numbers(0, n, 1, |value| {
        labels[index] = value as f32;
        index += 1;
    })?;
    Ok(labels)
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
        let set = open_folder(folder.path()).unwrap().finish();
        let mut out = [0.0; 6];
        set.read_into(&[2, 0, 1], &mut out).unwrap();
        assert_eq!(out.map(|value| (255.0 * value).round() as u8), [102, 1, 0, 255, 51, 0]);
        assert_eq!(set.condition("label").unwrap().to_vec(), [7.0, 3.0, 9.0]);
        assert_eq!(set.stated_test(), Some(&(2..3)));
        assert!(set.file(1).ends_with(NAMES[0]) && set.file(2).ends_with(NAMES[2]));

        let train =
            open_images(&folder.path().join(NAMES[0]), &Reading::default()).unwrap().finish();
        assert_eq!(train.condition("label").unwrap().to_vec(), [7.0, 3.0]);
        assert_eq!(train.stated_test(), None);
    }

    #[test]
    fn each_file_has_to_be_there_whole_and_to_fit() {
        let (folder, files) = four_files();
        let refused = || open_folder(folder.path()).err().unwrap();
        for (name, bytes) in NAMES.iter().zip(&files) {
            let path = folder.path().join(name);
            fs::remove_file(&path).unwrap();
            let DataError::Reading(ReadingError::NotADataSet { why, .. }) = refused() else {
                panic!("{name}")
            };
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
        assert!(matches!(refused(), DataError::Reading(ReadingError::MixedSizes { .. })));
    }

    #[test]
    fn what_is_no_idx_file_of_pictures_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x-ubyte");
        let whole = idx(&[2, 1, 2], &[0, 255, 51, 0]);
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(open_images(&path, &Reading::default()).is_err(), "{len}");
        }
        fs::write(&path, idx(&[u32::MAX; 3], &[])).unwrap();
        assert!(matches!(
            open_images(&path, &Reading::default()),
            Err(DataError::Format(FormatError::ShapeOverflow { .. }))
        ));
        fs::write(&path, idx(&[4], &[0; 4])).unwrap();
        assert!(matches!(
            open_images(&path, &Reading::default()),
            Err(DataError::Set(SetError::DesignShape { .. }))
        ));
        fs::write(&path, idx(&[0, 3, 3], &[])).unwrap();
        assert!(matches!(
            open_images(&path, &Reading::default()),
            Err(DataError::Set(SetError::DesignShape { .. }))
        ));
    }
}
