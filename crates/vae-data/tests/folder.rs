//! A data-set folder is read back as it was written, packed or not, and damage is found.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml lets tests unwrap, but does not see that these helpers are tests"
)]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use ndarray::{Array2, Array3};
use proptest::prelude::*;
use vae_data::{
    Condition, DataError, DataSet, DataSetWriter, Details, Element, FormatError, Masks, Metadata,
    Problems, ReadingError, SetError, Source, Table, open, pack, pack_to, write_data_set,
};

fn open_path(path: &Path) -> Result<DataSet, DataError> {
    open(&Source::Path(path.into()))
}

fn read_all(set: &DataSet) -> Vec<f32> {
    let mut out = vec![f32::NAN; set.len() * set.design_len()];
    set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut out).unwrap();
    out
}

fn read_masks(set: &DataSet) -> Vec<u8> {
    let mut out = vec![9; set.len() * set.design_len()];
    set.read_masks_into(&(0..set.len()).collect::<Vec<_>>(), &mut out).unwrap();
    out
}

/// Densities that the element type holds exactly.
fn exact(element: Element, raw: u32) -> f32 {
    match element {
        Element::Bool => (raw % 2) as f32,
        Element::U8 => (raw % 256) as f32 / 255.0,
        Element::F16 => (raw % 2049) as f32 / 2048.0,
        _ => (raw % 16_777_217) as f32 / 16_777_216.0,
    }
}

fn details(n: usize, (height, width): (usize, usize), raw: &[u32]) -> Details {
    let values =
        Array2::from_shape_fn((n, 2), |(i, c)| raw[(2 * i + c) % raw.len()] as f32 / 1e5 - 2e4);
    let conditions = ["a", "b"]
        .iter()
        .zip(values.columns())
        .map(|(name, v)| Condition::covering(name, "m", v))
        .collect();
    let mut results = Table::new(&["compliance", "source"]);
    (0..n).for_each(|i| {
        results.push(&[raw[i % raw.len()].to_string(), format!("start \"{i}\", or so")]);
    });
    let problems = (0..n).map(|i| format!("{{\"load\": {i}}}")).collect();
    let mask = |i: usize| (raw[i % raw.len()] % 3) as u8;
    Details {
        metadata: Metadata { name: Some("named".into()), seed: Some(7), ..Metadata::default() },
        conditions,
        values,
        groups: Some((0..n).map(|i| raw[i % raw.len()] % 3).collect()),
        masks: Some(if raw[0].is_multiple_of(2) {
            Masks::Shared(Array2::from_shape_fn((height, width), |(row, column)| {
                mask(row + column)
            }))
        } else {
            Masks::PerDesign(Array3::from_shape_fn((n, height, width), |(i, row, column)| {
                mask(i + row + column)
            }))
        }),
        results: Some(results),
        problems: Problems::PerDesign(problems),
    }
}

fn check_same(set: &DataSet, designs: &Array3<f32>, details: &Details) {
    assert_eq!((set.len(), set.height(), set.width()), designs.dim());
    assert_eq!(read_all(set), designs.iter().copied().collect::<Vec<_>>());
    assert_eq!(set.conditions(), details.values);
    assert_eq!(set.condition_info(), details.conditions);
    assert_eq!(Some(set.groups()), details.groups.as_deref());
    assert_eq!(set.metadata(), &details.metadata);
    assert_eq!(set.results(), details.results.as_ref());
    let Problems::PerDesign(problems) = &details.problems else { panic!() };
    for (i, problem) in problems.iter().enumerate() {
        assert_eq!(set.problem(i).unwrap().as_ref(), Some(problem));
    }
    let expected: Vec<u8> = match details.masks.as_ref().unwrap() {
        Masks::Shared(mask) => mask.iter().copied().cycle().take(designs.len()).collect(),
        Masks::PerDesign(masks) => masks.iter().copied().collect(),
    };
    assert_eq!(read_masks(set), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn reading_inverts_writing_for_every_type(
        n in 1_usize..5,
        size in (1_usize..5, 1_usize..6),
        raw in prop::collection::vec(any::<u32>(), 150),
        element in prop::sample::select(vec![Element::Bool, Element::U8, Element::F16, Element::F32, Element::F64]),
    ) {
            let around = tempfile::tempdir().unwrap();
            let path = around.path().join("set");
            let designs = Array3::from_shape_fn((n, size.0, size.1), |(i, row, column)| {
                exact(element, raw[i * 30 + row * 6 + column])
            });
            let details = details(n, size, &raw);
            write_data_set(&path, designs.view(), element, details.clone()).unwrap();
            let set = open_path(&path).unwrap();
            assert_eq!(set.element(), element);
            check_same(&set, &designs, &details);

            // Packed, it is the same set with the same fingerprint; written once more, the same
            // files.
            let packed = around.path().join("set.zip");
            pack_to(&path, &packed).unwrap();
            assert_eq!(fs::read(&packed).unwrap(), pack(&path).unwrap());
            let unpacked = open_path(&packed).unwrap();
            check_same(&unpacked, &designs, &details);
            assert_eq!(unpacked.fingerprint().unwrap(), set.fingerprint().unwrap());
            let again = around.path().join("again");
            unpacked.write_to(&again, element).unwrap();
            assert_eq!(open_path(&again).unwrap().fingerprint().unwrap(), set.fingerprint().unwrap());
    }
}

fn small_set(path: &Path) {
    let designs =
        Array3::from_shape_fn((4, 2, 3), |(i, row, column)| ((i + row + column) % 4) as f32 / 3.0);
    write_data_set(path, designs.view(), Element::U8, details(4, (2, 3), &[2, 5, 11, 4, 9]))
        .unwrap();
}

#[test]
fn every_changed_byte_changes_the_fingerprint() {
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join("set");
    small_set(&path);
    let before = open_path(&path).unwrap().fingerprint().unwrap();
    assert_eq!(before.len(), 32);
    for (file, position) in
        [("designs.npy", 130), ("conditions.npy", 140), ("groups.npy", 128), ("results.csv", 1)]
    {
        let path = path.join(file);
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        fs::write(&path, changed).unwrap();
        // A changed condition may leave its range, and then the set does not open at all.
        if let Ok(set) = open_path(path.parent().unwrap()) {
            assert_ne!(set.fingerprint().unwrap(), before, "{file}");
        } else {
            assert_eq!(file, "conditions.npy");
        }
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(open_path(&path).unwrap().fingerprint().unwrap(), before);
}

#[test]
fn the_fingerprint_is_frozen() {
    // A change here makes every recorded run believe that its data changed.
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join("set");
    let designs = Array3::from_elem((2, 1, 2), 1.0);
    write_data_set(&path, designs.view(), Element::U8, Details::default()).unwrap();
    assert_eq!(
        fs::read_to_string(path.join("dataset.json")).unwrap(),
        "{\n  \"format\": 1,\n  \"conditions\": []\n}\n"
    );
    assert_eq!(
        open_path(&path).unwrap().fingerprint().unwrap(),
        "09753e22d53745c33818660a03c979ee"
    );
}

#[test]
fn a_target_with_something_in_it_is_left_alone() {
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join("set");
    small_set(&path);
    let before = open_path(&path).unwrap().fingerprint().unwrap();
    let error = DataSetWriter::create(&path, (2, 3), Element::U8).unwrap_err();
    assert!(matches!(error, DataError::Format(FormatError::File(_))));
    assert!(!error.remedies().is_empty());
    assert_eq!(open_path(&path).unwrap().fingerprint().unwrap(), before);
    let file = around.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(
        DataSetWriter::create(&file, (2, 3), Element::U8),
        Err(DataError::Format(FormatError::File(_)))
    ));
}

#[test]
fn what_is_not_finished_leaves_nothing() {
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join("set");
    let mut writer = DataSetWriter::create(&path, (1, 2), Element::F32).unwrap();
    writer.push(&[0.0, 1.0]).unwrap();
    let error = writer.push(&[0.0, f32::NAN]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("set/designs.npy: design 1 has the value NaN at row 0, column 1"),
        "{error}"
    );
    drop(writer);
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0);

    let mut writer = DataSetWriter::create(&path, (1, 2), Element::F32).unwrap();
    writer.push(&[0.0, 1.0]).unwrap();
    let error =
        writer.finish(Details { groups: Some(vec![1, 2]), ..Details::default() }).unwrap_err();
    assert!(
        matches!(error, DataError::Set(SetError::Count { found: 2, expected: 1, .. })),
        "{error}"
    );
    let writer = DataSetWriter::create(&path, (1, 2), Element::F32).unwrap();
    assert!(matches!(
        writer.finish(Details::default()),
        Err(DataError::Set(SetError::DesignShape { .. }))
    ));
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0);

    assert!(matches!(
        DataSetWriter::create(&path, (1, 2), Element::I32),
        Err(DataError::Format(FormatError::Element { .. }))
    ));
    assert!(matches!(
        DataSetWriter::create(&path, (0, 2), Element::F32),
        Err(DataError::Set(SetError::DesignShape { .. }))
    ));
}

#[test]
fn a_set_by_hand_needs_little() {
    let around = tempfile::tempdir().unwrap();
    let path = around.path();
    assert!(matches!(open_path(path), Err(DataError::Reading(ReadingError::NotADataSet { .. }))));
    fs::write(path.join("dataset.json"), "{\"format\": 1}").unwrap();
    assert!(matches!(open_path(path), Err(DataError::Reading(ReadingError::NotADataSet { .. }))));
    vae_data::npy::write(&path.join("designs.npy"), Array3::<f32>::zeros((3, 2, 2)).view())
        .unwrap();
    let set = open_path(path).unwrap();
    assert_eq!(set.name(), path.file_name().unwrap().to_str().unwrap());
    assert_eq!(set.groups(), [0, 0, 0], "copies are grouped");
    // One condition may be a plain list; its range is then what is there.
    vae_data::npy::write(&path.join("conditions.npy"), ndarray::arr1(&[3_i32, 1, 2]).view())
        .unwrap();
    fs::write(
        path.join("dataset.json"),
        "{\"format\": 1, \"conditions\": [{\"name\": \"v\", \"max\": 9}]}",
    )
    .unwrap();
    let set = open_path(path).unwrap();
    let covering = Condition::covering("v", "", set.condition("v").unwrap());
    assert_eq!(set.condition_info(), [Condition { min: 1.0, max: 9.0, ..covering }]);
    assert_eq!(set.condition("v").unwrap().to_vec(), [3.0, 1.0, 2.0]);
    fs::write(path.join("problem.toml"), "volume_fraction = 0.5").unwrap();
    let set = open_path(path).unwrap();
    assert_eq!(set.shared_problem(), Some("volume_fraction = 0.5"));
    assert_eq!(set.problem(0).unwrap(), None);
    fs::write(path.join("problems.jsonl"), "{}\n{}\n{}\n").unwrap();
    let error = open_path(path).unwrap_err();
    assert!(error.to_string().contains("both problems.jsonl and problem.toml"), "{error}");
    assert_eq!(read_masks(&set), [1; 12]);
}

#[test]
fn parts_that_do_not_fit_are_named() {
    let check = |file: &str, contents: &[u8], words: &str| {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join("set");
        small_set(&path);
        fs::write(path.join(file), contents).unwrap();
        let message = open_path(&path).unwrap_err().to_string();
        assert!(message.contains(&format!("set/{file}")) && message.contains(words), "{message}");
        assert!(!message.contains('\n'));
    };
    let npy = |shape: &[usize]| {
        vae_data::npy::to_bytes(ndarray::ArrayD::<u8>::from_elem(shape, 1).view())
    };
    check("dataset.json", b"{\"format\": 2}", "format 2 is unknown; this version reads format 1");
    check("dataset.json", b"{}", "format missing is unknown");
    check("dataset.json", b"nonsense", "not a description");
    check("dataset.json", b"\xff\xfe", "reading");
    check("designs.npy", b"nonsense", "not a NumPy array");
    check("designs.npy", b"\x93NUMPY", "not a NumPy array");
    check("conditions.npy", &npy(&[3, 2]), "3 rows of conditions where 4 are expected");
    check("conditions.npy", &npy(&[4, 3]), "3 columns of conditions where 2 are expected");
    check("conditions.npy", &npy(&[4, 2, 1]), "shape [4, 2, 1] where (4, conditions)");
    check("conditions.npy", &npy(&[4, 2]), "condition \"a\" of design 0 is 1, outside");
    check("groups.npy", &npy(&[5]), "5 groups where 4 are expected");
    check("groups.npy", &npy(&[4, 1]), "shape [4, 1] where (4)");
    check("masks.npy", &npy(&[3, 2]), "shape [3, 2] where (2, 3) or (4, 2, 3)");
    check("masks.npy", &vae_data::npy::to_bytes(Array2::from_elem((2, 3), 5_u8).view()), "value 5");
    check(
        "masks.npy",
        &vae_data::npy::to_bytes(Array2::<f32>::zeros((2, 3)).view()),
        "cannot be read as masks",
    );
    check("results.csv", b"a,b\n1,2\n", "1 rows of results where 4 are expected");
    check("results.csv", b"a,b\n1\n", "not a table");
    check("problems.jsonl", b"{}\n{}\n{}\n", "3 problems where 4 are expected");
}

#[test]
fn every_cut_is_found_before_training_starts() {
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join("set");
    small_set(&path);
    for file in ["designs.npy", "conditions.npy", "groups.npy", "masks.npy"] {
        let file = path.join(file);
        let whole = fs::read(&file).unwrap();
        for len in 0..whole.len() {
            fs::write(&file, &whole[..len]).unwrap();
            let error = open_path(&path).unwrap_err();
            assert!(
                matches!(
                    error,
                    DataError::Format(
                        FormatError::Truncated { .. } | FormatError::WrongFormat { .. }
                    )
                ),
                "{len}: {error}"
            );
        }
        fs::write(&file, whole).unwrap();
    }
    // A file that shrinks while it is open gives an error, too.
    let set = open_path(&path).unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(path.join("designs.npy"))
        .unwrap()
        .set_len(130)
        .unwrap();
    assert!(matches!(
        set.read_into(&[3], &mut [0.0; 6]),
        Err(DataError::Format(FormatError::Io { .. }))
    ));
}

static PACKED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join("set");
    small_set(&path);
    pack(&path).unwrap()
});

proptest! {
    #[test]
    fn a_damaged_archive_gives_an_error_or_a_set(
        flips in prop::collection::vec((0_usize..4000, any::<u8>()), 1..8),
        cut in prop_oneof![Just(usize::MAX), 0_usize..4000],
    ) {
        let mut bytes = PACKED.clone();
        for (position, value) in flips {
            let position = position % bytes.len();
            bytes[position] = value;
        }
        bytes.truncate(cut % (bytes.len() + 1));
        let around = tempfile::tempdir().unwrap();
        let file = around.path().join("damaged.zip");
        fs::write(&file, bytes).unwrap();
        if let Ok(set) = open_path(&file) {
            let mut out = vec![0.0; set.design_len()];
            for index in 0..set.len() {
                let _: Result<(), DataError> = set.read_into(&[index], &mut out);
            }
        }
    }
}

#[test]
fn other_files_are_no_data_sets() {
    let around = tempfile::tempdir().unwrap();
    for (name, contents) in [
        ("empty", &b""[..]),
        ("short", b"PK"),
        ("text", b"some text\n"),
        ("zip", b"PK\x03\x04xxxx"),
    ] {
        let path = around.path().join(name);
        fs::write(&path, contents).unwrap();
        let error = open_path(&path).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::Reading(ReadingError::NotADataSet { .. })
                    | DataError::Format(FormatError::Archive { .. })
            ),
            "{name}: {error:?}"
        );
        assert!(!error.remedies().is_empty(), "{name}");
    }
    let error = pack(&around.path().join("text")).unwrap_err();
    assert!(matches!(error, DataError::Reading(ReadingError::NotADataSet { .. })));
    let missing = open_path(&around.path().join("missing")).unwrap_err();
    assert!(
        matches!(&missing, DataError::Format(FormatError::NotFound { .. }))
            && format!("{:?}", missing.remedies()).contains("builtin")
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_reported_and_nothing_left() {
    // `/dev/full` refuses every byte, but it is no place to rename over.
    let error =
        vae_data::npy::write(Path::new("/dev/full"), ndarray::arr1(&[1.0_f32]).view()).unwrap_err();
    assert!(matches!(error, FormatError::File(_)), "{error}");
}
