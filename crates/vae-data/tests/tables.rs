//! One set of designs as pandas, NumPy, MATLAB, `ParaView`, Abaqus and German spreadsheets write it
//! (`make_tables.py`), and what lies beside designs: read right, or refused with what was seen.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml lets tests unwrap, but does not see that these helpers are tests"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array3, Ix3};
use vae_base::Remedy;
use vae_data::{DataError, DataSet, Reading, ReadingError, Source, npy, npz, open_with};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(name)
}

fn truth() -> Array3<f32> {
    npy::read::<f32>(&fixture("truth.npy")).unwrap().into_dimensionality::<Ix3>().unwrap()
}

fn open(path: &Path, reading: &Reading) -> Result<DataSet, DataError> {
    open_with(&Source::Path(path.into()), reading)
}

fn read(path: &Path, reading: &Reading) -> Result<Array3<f32>, DataError> {
    let set = open(path, reading)?;
    let mut out = vec![f32::NAN; set.len() * set.design_len()];
    set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut out)?;
    Ok(Array3::from_shape_vec((set.len(), set.height(), set.width()), out).unwrap())
}

#[track_caller]
fn check(found: &Array3<f32>, expected: &Array3<f32>, name: &str) {
    assert_eq!(found.dim(), expected.dim(), "{name}");
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{name}");
}

fn settings(remedies: &[Remedy]) -> Vec<&str> {
    let setting = |remedy: &Remedy| match remedy {
        Remedy::Set { setting, .. } => Some(*setting),
        _ => None,
    };
    remedies.iter().filter_map(setting).collect()
}

#[test]
fn a_design_is_read_from_tables_of_every_program() {
    let one = truth().slice_move(ndarray::s![3..4, .., ..]);
    for name in [
        "pandas.csv",
        "pandas_without_index.csv",
        "pandas_without_header.csv",
        "pandas_named.tsv",
        "german.csv",
        "excel.txt",
        "savetxt.txt",
        "savetxt.csv",
        "paraview.csv",
        "paraview_other_name.csv",
        "abaqus.rpt",
        "elements_german.csv",
        "elements_savetxt.txt",
        "elements_without_names.txt",
        "long.csv",
    ] {
        match read(&fixture(name), &Reading::default()) {
            Ok(found) => check(&found, &one, name),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    // Densities without places, in the order of their numbers.
    let layout = |layout: &str| Reading { layout: layout.parse().unwrap(), ..Reading::default() };
    check(&read(&fixture("numbered.csv"), &layout("columns:16x9")).unwrap(), &one, "numbered");
    check(&read(&fixture("vectors.csv"), &layout("columns:16x9")).unwrap(), &truth(), "vectors");
    let turned = read(&fixture("savetxt.csv"), &layout("wh")).unwrap();
    check(&turned, &one.permuted_axes([0, 2, 1]), "turned");
}

#[test]
fn what_is_no_design_is_refused_with_what_was_seen() {
    for (name, words, setting) in [
        ("no_density.csv", "144 rows with the columns Points:0, Points:1, Points:2", "array"),
        ("no_density.txt", "144 rows with the columns 1 to 4 (without names)", "array"),
        ("numbered.csv", "no coordinates", "layout"),
        ("two_designs.csv", "where another one lies already", "grid"),
        ("vectors.csv", "10 designs, each a flat vector of 144 values", "layout"),
    ] {
        let error = read(&fixture(name), &Reading::default()).map(|found| found.dim()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(settings(&error.remedies()).contains(&setting), "{error}");
    }
    let asked = Reading { array: "Points:0".parse().unwrap(), ..Reading::default() };
    let error = read(&fixture("paraview.csv"), &asked).map(|found| found.dim()).unwrap_err();
    assert!(error.to_string().contains("the values are 1 to 31"), "{error}");
}

/// The commands of the hint were run by `make_tables.py`.
#[test]
fn matlab_files_are_read_after_the_command_of_the_hint() {
    let script = fs::read_to_string(fixture("../make_tables.py")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.mat");
    for (begin, name) in
        [("MATLAB 5.0 MAT-file", "matlab.npz"), ("MATLAB 7.3 MAT-file", "hdf5.npz")]
    {
        fs::write(&path, format!("{begin:<200}")).unwrap();
        for source in [&path, folder.path()] {
            let error = open(source, &Reading::default()).map(|set| set.len()).unwrap_err();
            let hint = format!("{:?}", error.remedies());
            let (_, program) = hint.split_once("__import__").unwrap();
            let (program, _) = program.split_once("})").unwrap();
            let loads = if name == "hdf5.npz" { "h5py" } else { "loadmat" };
            assert!(program.contains(loads), "{hint}");
            let here = path.display().to_string();
            let program = program.replace("**{", "**{{").replace(&here, "{path}");
            let joined = script.replace("\"\n    \"", "");
            assert!(joined.contains(&program), "{program} is not what make_tables.py runs");
        }
        let found = read(&fixture(name), &Reading::default()).unwrap();
        check(&found, &truth(), name);
        let set = open(&fixture(name), &Reading::default()).unwrap();
        let volumes = set.condition("volfrac").unwrap().to_vec();
        for (volume, design) in volumes.iter().zip(truth().outer_iter()) {
            assert!((volume - design.mean().unwrap()).abs() < 1e-3, "{name}");
        }
    }
}

/// Designs, and the text of a table with two conditions.
fn beside(folder: &Path) -> String {
    npy::write(&folder.join("designs.npy"), truth().view()).unwrap();
    (0..10).fold("volume;load\n".to_owned(), |mut text, i| {
        writeln!(text, "0,{};{}", 30 + 2 * i, i % 4).unwrap();
        text
    })
}

fn with(conditions: &Path) -> Reading {
    Reading { conditions: conditions.into(), ..Reading::default() }
}

#[test]
fn conditions_are_read_in_every_spelling_or_stop() {
    let folder = tempfile::tempdir().unwrap();
    let text = beside(folder.path());
    let designs = folder.path().join("designs.npy");
    let table = folder.path().join("table.csv");
    let point = text.replace(',', ".");
    for text in [
        text.clone(),
        format!("\u{feff}{text}"),
        text.replace(';', "\t"),
        text.replace(';', " "),
        point.replace(';', ","),
        format!("# {}", point.replace(';', " ")),
    ] {
        fs::write(&table, &text).unwrap();
        let set = open(&designs, &with(&table)).unwrap();
        assert!((set.condition("volume").unwrap()[2] - 0.34).abs() < 1e-6, "{text}");
        assert!((set.condition("load").unwrap()[3] - 3.0).abs() < 1e-6, "{text}");
    }
    for (line, words) in [
        ("0,30 kN;0", "\"0,30 kN\""),
        ("1.000,5;0", "\"1.000,5\""),
        ("30 %;0", "\"30 %\""),
        (";0", "\"\""),
    ] {
        fs::write(&table, text.replace("0,30;0", line)).unwrap();
        let error = open(&designs, &with(&table)).map(|set| set.len()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    // A column in which no number can be read is no text, and a table of text is no conditions.
    fs::write(&table, text.replace("0,", "0'")).unwrap();
    assert!(open(&designs, &with(&table)).is_err());
    let text = "name,kind\n".to_owned() + &"a 1,b\n".repeat(10);
    fs::write(&table, text).unwrap();
    assert!(open(&designs, &with(&table)).is_err());
}

#[test]
fn conditions_that_are_there_and_not_used_stop() {
    let folder = tempfile::tempdir().unwrap();
    let text = beside(folder.path());
    let designs = folder.path().join("designs.npy");
    let unused = |source: &Path, reading: &Reading| match open(source, reading) {
        Err(DataError::Reading(error @ ReadingError::UnusedConditions { .. })) => {
            assert!(error.is_callers_mistake());
            settings(&error.remedies()).iter().all(|setting| *setting == "conditions")
        }
        Err(error) => panic!("{error}"),
        Ok(_) => false,
    };
    assert!(!unused(&designs, &Reading::default()));
    for name in ["conditions.csv", "beam-labels.txt", "Parameters.dat"] {
        let table = folder.path().join(name);
        fs::write(&table, &text).unwrap();
        for source in [&*designs, folder.path()] {
            assert!(unused(source, &Reading::default()), "{name}");
            assert!(!unused(source, &with(&table)), "{name}");
            assert!(!unused(source, &with(Path::new("none"))), "{name}");
        }
        fs::remove_file(&table).unwrap();
    }
    let set = open(&designs, &with(Path::new("none"))).unwrap();
    assert_eq!(set.condition_info(), []);
    // A table of any name in a folder of designs, with a row for each.
    let many = folder.path().join("many");
    fs::create_dir(&many).unwrap();
    for (i, design) in truth().outer_iter().enumerate() {
        npy::write(&many.join(format!("{}.npy", (b'a' + i as u8) as char)), design).unwrap();
    }
    fs::write(many.join("runs.csv"), &text).unwrap();
    assert!(unused(&many, &Reading::default()));
    assert!(!unused(&many, &with(&many.join("runs.csv"))));
    fs::write(many.join("runs.csv"), "volume\n0.3\n").unwrap();
    assert!(!unused(&many, &Reading::default()));
}

#[test]
fn a_number_that_one_of_many_files_lacks_stops() {
    let folder = tempfile::tempdir().unwrap();
    for (i, design) in truth().outer_iter().enumerate() {
        npz::write(&folder.path().join(format!("{i}.npz")), |out| {
            out.add("x", design)?;
            if i == 7 { Ok(()) } else { out.add("volume", ndarray::arr0(0.5 + i as f32).view()) }
        })
        .unwrap();
    }
    let error = open(folder.path(), &Reading::default()).map(|set| set.len()).unwrap_err();
    assert!(error.to_string().contains("7.npz: there is no number \"volume\""), "{error}");
    assert_eq!(settings(&error.remedies()), ["conditions"]);
    let set = open(folder.path(), &with(Path::new("none"))).unwrap();
    check(&read(folder.path(), &with(Path::new("none"))).unwrap(), &truth(), "without");
    assert_eq!(set.condition_info(), []);
}

#[test]
fn numbers_in_names_that_follow_a_condition_are_dropped_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::from("file,volume\n");
    for (i, design) in truth().outer_iter().enumerate() {
        let percent = 30 + 3 * (i / 2);
        let name = format!("beam_{percent}_{}.npy", 7 * (i % 2) + i % 3);
        npy::write(&folder.path().join(&name), design).unwrap();
        writeln!(table, "{name},{}", f64::from(percent as u32) / 100.0 + 0.001).unwrap();
    }
    fs::write(folder.path().join("conditions.csv"), table).unwrap();
    let set = open(folder.path(), &with(&folder.path().join("conditions.csv"))).unwrap();
    let names: Vec<&str> = set.condition_info().iter().map(|info| info.name.as_str()).collect();
    assert_eq!(names, ["b", "volume"]);
    let words = "numbers a in the names of the files follow the condition volume";
    assert!(set.notes().iter().any(|note| note.found.contains(words)), "{:?}", set.notes());
    // Whoever names them, keeps them.
    let reading = Reading {
        labels: "{percent}_{_}".parse().unwrap(),
        ..with(&folder.path().join("conditions.csv"))
    };
    assert_eq!(open(folder.path(), &reading).unwrap().condition_info().len(), 2);
}

#[test]
fn numbers_that_can_be_read_in_two_ways_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("design.csv");
    let mut column = String::new();
    (0..200).for_each(|i| writeln!(column, "0.{i}").unwrap());
    let places = |from: usize| {
        let mut text = String::new();
        (0..100).for_each(|i| {
            writeln!(text, "{} {} 0.{i}", from + i / 10, from + i % 10).unwrap();
        });
        text
    };
    for (text, said) in [
        ("0,075,1,000\n0,500,0,250\n".to_owned(), "commas separate numbers and seem to stand"),
        ("0 1\n1 0\n\n0 1\n1 1\n".to_owned(), "into 2 blocks of equal size"),
        (
            "# New slice\n0 1\n1 0\n# New slice\n0 1\n1 1\n".to_owned(),
            "into 2 blocks of equal size",
        ),
        (column, "a single column does not tell rows from columns"),
        (places(0), "which may be x and y or row and column"),
        (places(1), "which may be x and y or row and column"),
    ] {
        fs::write(&path, &text).unwrap();
        let error = open(&path, &Reading::default()).map(|set| set.len()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn masks_of_words_and_lines_of_old_programs_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("design.csv");
    for text in ["True,False,False\nTrue,True,False\n", "1,0,0\r1,1,0\r"] {
        fs::write(&path, text).unwrap();
        let found = read(&path, &Reading::default()).unwrap();
        assert_eq!(found.into_raw_vec_and_offset().0, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0], "{text:?}");
    }
}

#[test]
fn a_table_with_a_row_for_each_design_beside_an_array_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("designs.npy");
    npy::write(&path, truth().view()).unwrap();
    let mut table = String::from("volume\n");
    truth().outer_iter().for_each(|design| writeln!(table, "{}", design.mean().unwrap()).unwrap());
    let beside = folder.path().join("volumes.csv");
    fs::write(&beside, &table).unwrap();
    let error = open(&path, &Reading::default()).map(|set| set.len()).unwrap_err();
    assert!(matches!(error, DataError::Reading(ReadingError::UnusedConditions { .. })), "{error}");
    assert_eq!(settings(&error.remedies()), ["conditions", "conditions"]);
    // A table of another length has nothing to do with the designs.
    fs::write(&beside, format!("{table}0.5\n")).unwrap();
    open(&path, &Reading::default()).unwrap();
}

/// A design as pandas writes it after `pivot`: the name of the lines and the places along them.
fn pivot(name: &str, design: &ndarray::Array2<f32>, down: bool, step: f64) -> String {
    let (height, width) = design.dim();
    let place = |i: usize| (i as f64 + 0.5) * step;
    let mut text = name.to_owned();
    (0..width).for_each(|column| write!(text, ",{}", place(column)).unwrap());
    text.push('\n');
    for (line, values) in design.outer_iter().enumerate() {
        let from_start = if down { height - 1 - line } else { line };
        write!(text, "{}", place(from_start)).unwrap();
        values.iter().for_each(|value| write!(text, ",{value}").unwrap());
        text.push('\n');
    }
    text
}

#[test]
fn tables_with_coordinates_at_their_sides_are_read_with_y_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("design.csv");
    let all = truth();
    let design = all.index_axis(ndarray::Axis(0), 1).to_owned();
    let expected = design.clone().insert_axis(ndarray::Axis(0));
    let upside_down = design.slice(ndarray::s![..;-1, ..]).to_owned();
    let by_columns = upside_down.t().to_owned();
    for (what, text) in [
        ("y grows downward", pivot("y", &upside_down, false, 0.5)),
        ("y falls", pivot("Y [mm]", &design, true, 0.5)),
        ("whole numbers", pivot("y", &upside_down, false, 2.0)),
        ("lines of equal x", pivot("x", &by_columns, false, 0.5)),
    ] {
        fs::write(&path, text).unwrap();
        check(&read(&path, &Reading::default()).unwrap(), &expected, what);
    }
    // Without a name it is said which flag turns the designs.
    fs::write(&path, pivot("", &upside_down, false, 0.5)).unwrap();
    let set = open(&path, &Reading::default()).unwrap();
    let note = set.notes().iter().find(|note| note.found.contains("grows downward")).unwrap();
    assert_eq!(settings(&note.remedies), ["turn"]);
    let turned = Reading { turn: "mirror-y".parse().unwrap(), ..Reading::default() };
    check(&read(&path, &turned).unwrap(), &expected, "turned");
}

#[test]
fn the_column_that_is_taken_of_two_densities_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("design.csv");
    let mut text = String::from("x,y,rho,rho_filtered\n");
    for (i, j) in (0..12).flat_map(|i| (0..12).map(move |j| (i, j))) {
        writeln!(text, "{j}.5,{i}.5,0.{i:02},0.{j:02}").unwrap();
    }
    fs::write(&path, text).unwrap();
    let set = open(&path, &Reading::default()).unwrap();
    let note = set.notes().iter().find(|note| note.found.contains("\"rho\"")).unwrap();
    assert!(note.found.contains("not rho_filtered"), "{note:?}");
    assert_eq!(settings(&note.remedies), ["array"]);
    let other = Reading { array: "rho_filtered".parse().unwrap(), ..Reading::default() };
    assert!((read(&path, &other).unwrap()[[0, 0, 7]] - 0.07).abs() < 1e-6);
}

#[test]
fn cells_that_are_no_numbers_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("design.csv");
    let points = |cell: &dyn Fn(usize) -> String| {
        (0..144).fold(String::from("x;y;value_1\n"), |mut text, i| {
            writeln!(text, "{};{};{}", i % 12, i / 12, cell(i)).unwrap();
            text
        })
    };
    let mut wide = String::from("id,volume");
    (0..64).for_each(|i| write!(wide, ",p{i}").unwrap());
    (0..3).for_each(|i| write!(wide, "\n{},0.5{}", 10 * i, ",0.5".repeat(64)).unwrap());
    let flat = Reading { layout: "rows:8x8".parse().unwrap(), ..Reading::default() };
    for (text, reading, said) in [
        ("50%,100%\n0%,25%\n".into(), Reading::default(), "write 0.4 instead of 40 %"),
        ("0.5,,1\n0,1,0\n".into(), Reading::default(), "a cell is empty"),
        ("[[0. 1.]\n [1. 0.]]\n".into(), Reading::default(), "without brackets"),
        (
            points(&|i| if i < 9 { "NaN".into() } else { "0.5".into() }),
            Reading::default(),
            "9 cells",
        ),
        ("x;y;rho\n500.0;1,500.0;0,5\n".into(), Reading::default(), "marks for thousands"),
        (wide, flat, "beside 64 densities stand the columns id, volume"),
    ] {
        fs::write(&path, &text).unwrap();
        let error = open(&path, &reading).map(|set| set.len()).unwrap_err();
        assert!(error.to_string().contains(said), "{text:.40}: {error}");
    }
}
