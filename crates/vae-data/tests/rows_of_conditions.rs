//! Which row of a table of conditions belongs to which design: told by names or by the order, or
//! refused; and names of columns that units stand below.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use image::{GrayImage, Luma};
use ndarray::{Array2, Array3, arr1};
use vae_data::{DataError, Reading, ReadingError, Source, npy, open_with};

const N: usize = 8;

/// Beams of different volumes: two flanges and a web that grows from design to design.
fn beams() -> Array3<f32> {
    Array3::from_shape_fn((N, 16, 32), |(i, row, column)| {
        let web = column < 2 + 2 * i;
        f32::from(u8::from(!(2..14).contains(&row) || (web && (6..10).contains(&row))))
    })
}

fn volume(i: usize) -> f64 {
    beams().outer_iter().nth(i).unwrap().mean().unwrap().into()
}

/// An order in which no design keeps its place.
const ORDER: [usize; N] = [7, 6, 5, 4, 3, 2, 1, 0];

fn pictures(folder: &Path) {
    for (i, design) in beams().outer_iter().enumerate() {
        let level = |x: u32, y: u32| Luma([255 - 255 * design[[y as usize, x as usize]] as u8]);
        GrayImage::from_fn(32, 16, level).save(folder.join(format!("beam_{i:03}.png"))).unwrap();
    }
}

/// The beams as an array.
fn array(folder: &Path) -> PathBuf {
    let path = folder.join("designs.npy");
    npy::write(&path, beams().view()).unwrap();
    path
}

/// The beams as pictures in a folder of their own.
fn folder_of_pictures(folder: &Path) -> PathBuf {
    let path = folder.join("pictures");
    fs::create_dir(&path).unwrap();
    pictures(&path);
    path
}

fn table(folder: &Path, header: &str, row: impl Fn(usize) -> String) -> PathBuf {
    let mut text = header.to_owned() + "\n";
    for i in ORDER {
        writeln!(text, "{}", row(i)).unwrap();
    }
    let path = folder.join("table.csv");
    fs::write(&path, text).unwrap();
    path
}

fn open(source: &Path, conditions: &Path) -> Result<vae_data::DataSet, DataError> {
    let reading = Reading { conditions: conditions.into(), ..Reading::default() };
    open_with(&Source::Path(source.into()), &reading)
}

/// Whether each design has its own value in the condition `own`.
fn check_own(set: &vae_data::DataSet, what: &str) {
    for (i, value) in set.condition("own").unwrap().iter().enumerate() {
        assert!((value - i as f32).abs() < 1e-6, "{what}: design {i} has {value}");
    }
}

#[test]
fn files_are_found_by_their_names_in_every_spelling() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    let spellings: [(&str, &dyn Fn(usize) -> String); 6] = [
        ("file", &|i| format!("beam_{i:03}.png")),
        ("name", &|i| format!("beam_{i:03}")),
        ("path", &|i| format!("C:\\data\\beam_{i:03}.png")),
        ("path", &|i| format!("../pictures/beam_{i:03}.png")),
        ("File", &|i| format!("BEAM_{i:03}.PNG")),
        ("what", &|i| format!("beam_{i:03}.png")),
    ];
    for (header, name) in spellings {
        let path = table(folder.path(), &format!("{header},own"), |i| format!("{},{i}", name(i)));
        check_own(&open(folder.path(), &path).unwrap(), &name(3));
    }
    let path = table(folder.path(), "name,own", |i| format!("beam_{i},{i}"));
    let error = open(folder.path(), &path).map(|set| set.len()).unwrap_err().to_string();
    assert!(error.contains("no row for beam_000.png") && error.contains("\"beam_7\""), "{error}");
}

#[test]
fn numbers_of_designs_in_another_order_stop() {
    let folder = tempfile::tempdir().unwrap();
    let sources = [array(folder.path()), folder_of_pictures(folder.path())];
    for source in &sources {
        for (header, first) in [("id", 0), ("Sample ID", 1), ("design", 0)] {
            let path =
                table(folder.path(), &format!("{header},own"), |i| format!("{},{i}", i + first));
            let error = open(source, &path).map(|set| set.len()).unwrap_err();
            assert!(
                matches!(&error, DataError::Reading(ReadingError::RowOrder { column, .. })
                    if column == header),
                "{error}"
            );
            assert!(!error.remedies().is_empty() && error.is_callers_mistake());
        }
        // A number that happens to count the designs is a condition, unless it is called an index.
        let path = table(folder.path(), "number,own", |i| format!("{},{i}", N - 1 - i));
        assert_eq!(open(source, &path).unwrap().condition_info().len(), 2);
        // Numbers that are no count are like any other.
        let path = table(folder.path(), "id,own", |i| format!("{},{i}", 10 * i));
        assert!(open(source, &path).is_ok());
    }
}

#[test]
fn volumes_of_the_designs_in_another_order_stop() {
    let folder = tempfile::tempdir().unwrap();
    let sources = [array(folder.path()), folder_of_pictures(folder.path())];
    let half = |i: usize| 0.3 + 0.05 * i as f64;
    for source in &sources {
        let path = table(folder.path(), "volfrac", |i| volume(i).to_string());
        // The web is a third of the area, so reversing the order moves the median by enough.
        let error = open(source, &path).map(|set| set.len()).unwrap_err();
        let off = (0..N).map(|i| (volume(i) - volume(N - 1 - i)).abs()).fold(0.0, f64::max);
        assert!(0.1 < off, "{off}");
        let is_order = matches!(&error, DataError::Reading(ReadingError::VolumeOrder { .. }));
        assert!(is_order && error.is_callers_mistake(), "{error}");
        // Other volumes than those of the designs are said, and in their order they are right.
        let path = table(folder.path(), "volume_fraction", |i| half(i).to_string());
        let set = open(source, &path).unwrap();
        let said = set.notes().iter().any(|note| note.found.contains("differ by"));
        assert!(said, "{:?}", set.notes());
    }
}

#[test]
fn conditions_may_be_an_array() {
    let folder = tempfile::tempdir().unwrap();
    let array = array(folder.path());
    let path = folder.path().join("own.npy");
    let own: Vec<f64> = (0..N).map(|i| i as f64).collect();
    npy::write(&path, arr1(&own).view()).unwrap();
    check_own(&open(&array, &path).unwrap(), "one column");
    let two = Array2::from_shape_fn((N, 2), |(i, j)| (10 * j + i) as f64);
    npy::write(&path, two.view()).unwrap();
    let set = open(&array, &path).unwrap();
    assert_eq!(set.condition("condition_1").unwrap()[3].round() as i32, 13);
    // The wrong way round.
    npy::write(&path, two.t()).unwrap();
    assert!(open(&array, &path).is_err());
    npy::write(&path, Array3::<f64>::zeros((N, 2, 2)).view()).unwrap();
    let error = open(&array, &path).map(|set| set.len()).unwrap_err().to_string();
    assert!(error.contains("(8, conditions)"), "{error}");
}

#[test]
fn units_below_the_names_of_columns_are_no_names() {
    let folder = tempfile::tempdir().unwrap();
    let array = array(folder.path());
    let path = folder.path().join("table.csv");
    for (separator, units) in [(',', "[-],[deg]"), (';', "(1);(deg)"), ('\t', "-\tdeg")] {
        let mut text = format!("own{separator}angle\n{units}\n");
        (0..N).for_each(|i| writeln!(text, "{i}{separator}{}", 30 * (i % 3)).unwrap());
        fs::write(&path, text).unwrap();
        let set = open(&array, &path).unwrap();
        check_own(&set, units);
        let names: Vec<&str> = set.condition_info().iter().map(|info| info.name.as_str()).collect();
        assert_eq!(names, ["own", "angle"]);
    }
}
