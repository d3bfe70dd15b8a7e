//! Arrays that NumPy wrote are read, and what is written here NumPy reads: see `make_fixtures.py`.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml lets tests unwrap, but does not see that these helpers are tests"
)]

use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array3, arr0, arr1};
use vae_data::npz::{self, Npz};
use vae_data::{
    Condition, DataError, DataSet, Details, Element, FormatError, Reading, Source, npy, open,
    open_with, pack_to, write_data_set,
};

const SHAPE: (usize, usize, usize) = (5, 3, 4);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numpy").join(name)
}

fn open_fixture(name: &str) -> Result<DataSet, DataError> {
    open(&Source::Path(fixture(name)))
}

/// The formula of `make_fixtures.py`.
fn level(i: usize, row: usize, column: usize) -> u8 {
    ((37 * i + 11 * row + 5 * column * column) % 256) as u8
}

fn densities(stored_as: Element) -> Array3<f32> {
    Array3::from_shape_fn(SHAPE, |(i, row, column)| {
        let level = level(i, row, column);
        match stored_as {
            Element::U8 => f32::from(level) / 255.0,
            Element::Bool => f32::from(u8::from(128 <= level)),
            _ => f32::from(level) / 256.0,
        }
    })
}

fn read_all(set: &DataSet) -> Array3<f32> {
    let mut out = vec![f32::NAN; set.len() * set.design_len()];
    set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut out).unwrap();
    Array3::from_shape_vec((set.len(), set.height(), set.width()), out).unwrap()
}

#[test]
fn every_type_and_order_is_read() {
    for (name, element) in [
        ("u8", Element::U8),
        ("bool", Element::Bool),
        ("f16", Element::F16),
        ("f32", Element::F32),
        ("f64", Element::F64),
        ("big_endian", Element::F32),
        ("fortran", Element::F32),
    ] {
        let set = open_fixture(&format!("{name}.npy")).unwrap();
        assert_eq!(set.element(), element);
        assert_eq!(set.name(), name);
        assert_eq!(read_all(&set), densities(element), "{name}");
        assert_eq!(set.len(), 5);
        assert_eq!(set.conditions().shape(), [5, 0]);
    }
}

#[test]
fn keyed_archives_bring_conditions_and_groups() {
    for name in ["keyed.npz", "keyed_deflated.npz"] {
        let set = open_fixture(name).unwrap();
        assert_eq!(read_all(&set), densities(Element::U8), "{name}");
        assert_eq!(set.groups(), [4, 4, 7, 7, 9]);
        assert_eq!(set.n_groups(), 3);
        let names: Vec<&str> =
            set.condition_info().iter().map(|condition| condition.name.as_str()).collect();
        assert_eq!(names, ["condition_0", "condition_1"]);
        assert_eq!(set.condition("condition_1").unwrap().to_vec(), [0.0, 10.0, 20.0, 30.0, 40.0]);
        let covering =
            Condition::covering("condition_1", "", set.condition("condition_1").unwrap());
        assert_eq!(set.condition_info()[1], covering);
    }
    assert_eq!(read_all(&open_fixture("single.npz").unwrap()), densities(Element::U8));
}

#[track_caller]
fn check_refused(name: &str, words: &str, remedy: &str) {
    let error = match open_fixture(name) {
        Err(error) => error,
        Ok(set) => set.read_into(&[0, 1, 2, 3, 4], &mut vec![0.0; 60]).unwrap_err(),
    };
    let message = error.to_string();
    assert!(message.contains(name) && message.contains(words), "{message}");
    assert!(!message.contains('\n'), "{message}");
    let found = format!("{:?}", error.remedies());
    assert!(found.contains(remedy), "{found}");
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_remedy() {
    check_refused("rank2.npy", "shape [3, 4] where (designs, rows, columns)", "rows:NELXxNELY");
    check_refused("int64.npy", "it cannot be told which of them is solid", "VOID:SOLID");
    check_refused("record.npy", "[('x', '<f4'), ('y', '<i2')]", "save designs as");
    check_refused("objects.npy", "\"|O\"", "object arrays are pickles");
    check_refused("objects.npz", "\"|O\"", "object arrays are pickles");
    check_refused("several.npz", "no array \"designs\"; it holds \"a\", \"b\"", "NAME");
    check_refused("nested.npz", "\"../designs.npy\" is refused", "plain names");
    check_refused("nan.npy", "design 3 has the value NaN at row 1, column 2", "remove the design");
    check_refused("outside.npy", "design 0 has the value", "such as 0:255");
}

#[test]
fn a_channel_and_whole_levels_are_read_when_it_is_said_what_they_mean() {
    assert_eq!(read_all(&open_fixture("rank4.npy").unwrap()), densities(Element::U8));
    let reading = Reading { range: "0:255".parse().unwrap(), ..Reading::default() };
    let set = open_with(&Source::Path(fixture("int64.npy")), &reading).unwrap();
    let close = |a: &f32, b: &f32| (a - b).abs() < 1e-6;
    assert!(read_all(&set).iter().zip(&densities(Element::U8)).all(|(a, b)| close(a, b)));
    let reading = Reading { array: "b".parse().unwrap(), ..Reading::default() };
    let set = open_with(&Source::Path(fixture("several.npz")), &reading).unwrap();
    assert_eq!(read_all(&set), densities(Element::U8));
}

#[test]
fn arrays_of_other_kinds_are_read() {
    let levels = npy::read::<f64>(&fixture("int64.npy")).unwrap();
    assert_eq!(levels[[4, 2, 3]] as u8, level(4, 2, 3));
    let mut keyed = Npz::open(&fixture("keyed_deflated.npz")).unwrap();
    assert_eq!(keyed.names(), ["designs", "conditions", "groups"]);
    assert_eq!(keyed.read::<u32>("groups").unwrap(), arr1(&[4, 4, 7, 7, 9]).into_dyn());
    assert!(matches!(keyed.read::<f32>("z"), Err(FormatError::MissingArray { .. })));
    // A condition of 0.3 is no group.
    assert!(matches!(
        keyed.read::<u32>("conditions"),
        Err(FormatError::ElementValue { index: 0, .. })
    ));
}

/// Golden bytes: our files are those of `numpy.save`. What stays in the folder is for
/// `read_back.py`.
#[test]
fn files_are_those_of_numpy() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("numpy_read_back");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    for (name, element) in [
        ("u8", Element::U8),
        ("bool", Element::Bool),
        ("f16", Element::F16),
        ("f32", Element::F32),
        ("f64", Element::F64),
    ] {
        let values = Array2::from_shape_fn((5, 1), |(i, _)| i as f32);
        let conditions = vec![Condition::covering("i", "", values.column(0))];
        let details =
            Details { values, conditions, groups: Some(vec![0, 0, 1, 1, 2]), ..Details::default() };
        let path = folder.join(name);
        write_data_set(&path, densities(element).view(), element, details).unwrap();
        let ours = std::fs::read(path.join("designs.npy")).unwrap();
        assert_eq!(ours, std::fs::read(fixture(&format!("{name}.npy"))).unwrap(), "{name}");
    }
    pack_to(&folder.join("u8"), &folder.join("packed.zip")).unwrap();
    npz::write(&folder.join("written.npz"), |out| {
        out.add(
            "z",
            (Array1::range(0.0_f64, 6.0, 1.0) / 4.0).into_shape_with_order((2, 3)).unwrap().view(),
        )?;
        out.add("truth", arr1(&[true, false]).view())?;
        out.add("one", arr0(7_u32).view())
    })
    .unwrap();
}
