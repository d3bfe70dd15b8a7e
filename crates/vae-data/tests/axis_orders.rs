//! Designs whose truth is known, in arrays of every order of axes, memory order and element type:
//! each is read right, or refused, or taken with a line that offers the right order.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml lets tests unwrap, but does not see that these helpers are tests"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ndarray::{Array3, Array4, ArrayD, Axis, IxDyn};
use vae_base::Remedy;
use vae_data::{DataError, DataSet, Reading, ReadingError, Source, open_with};

const NELX: usize = 36;
const NELY: usize = 14;
const N: usize = 12;

/// A truss of bars between four points: one piece, and no symmetry. `path` from 0 to 1 moves it.
fn truss((height, width): (usize, usize), path: f64) -> impl Fn(usize, usize) -> f32 {
    let (h, w) = (height as f64 - 1.0, width as f64 - 1.0);
    let wave = |k: f64| 0.5 + 0.5 * (6.3 * k * path).sin();
    let points = [
        (0.0, 0.0),
        (h, 0.0),
        (h * (0.15 + 0.6 * wave(1.0)), w),
        (0.6 * h, w * (0.2 + 0.4 * wave(1.7))),
    ];
    move |row, column| {
        let (y, x) = (row as f64, column as f64);
        let near = points.iter().enumerate().any(|(i, a)| {
            points[..i].iter().any(|b| {
                let (dy, dx) = (b.0 - a.0, b.1 - a.1);
                let along = ((y - a.0) * dy + (x - a.1) * dx) / (dy * dy + dx * dx);
                let along = along.clamp(0.0, 1.0);
                (y - a.0 - along * dy).hypot(x - a.1 - along * dx) < 0.9
            })
        });
        f32::from(u8::from(near))
    }
}

/// Designs in no order, or in that of a sweep, in which neighbors are nearly alike.
fn truth(n: usize, size: (usize, usize), sweep: bool) -> Array3<f32> {
    let place = |i: usize| if sweep { i } else { (5 * i + 2) % n };
    Array3::from_shape_fn((n, size.0, size.1), |(i, row, column)| {
        truss(size, 0.4 * place(i) as f64 / n as f64)(row, column)
    })
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Bool,
    Bytes,
    ZeroOne,
    F32,
    BigF64,
    I64,
}

const KINDS: [Kind; 6] =
    [Kind::Bool, Kind::Bytes, Kind::ZeroOne, Kind::F32, Kind::BigF64, Kind::I64];

impl Kind {
    fn descr(self) -> &'static str {
        match self {
            Self::Bool => "|b1",
            Self::Bytes | Self::ZeroOne => "|u1",
            Self::F32 => "<f4",
            Self::BigF64 => ">f8",
            Self::I64 => "<i8",
        }
    }

    fn put(self, value: f32, out: &mut Vec<u8>) {
        match self {
            Self::Bool | Self::ZeroOne => out.push(value as u8),
            Self::Bytes => out.push((255.0 * value) as u8),
            Self::F32 => out.extend(value.to_le_bytes()),
            Self::BigF64 => out.extend(f64::from(value).to_be_bytes()),
            Self::I64 => out.extend((value as i64).to_le_bytes()),
        }
    }
}

/// A `.npy` file.
fn npy(array: &ArrayD<f32>, kind: Kind, fortran: bool) -> Vec<u8> {
    let shape: Vec<String> = array.shape().iter().map(|n| format!("{n}, ")).collect();
    let order = if fortran { "True" } else { "False" };
    let text = format!(
        "{{'descr': '{}', 'fortran_order': {order}, 'shape': ({}), }}",
        kind.descr(),
        shape.concat()
    );
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{text:<117}\n").bytes());
    let lies = if fortran { array.view().reversed_axes() } else { array.view() };
    lies.iter().for_each(|value| kind.put(*value, &mut bytes));
    bytes
}

fn idx(array: &ArrayD<f32>) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, array.ndim() as u8];
    array.shape().iter().for_each(|n| bytes.extend((*n as u32).to_be_bytes()));
    array.iter().for_each(|value| bytes.push((255.0 * value) as u8));
    bytes
}

/// The array with its axes in this order, of the letters n, h, w and c.
fn in_order(truth: &Array3<f32>, order: &str, channels: usize) -> ArrayD<f32> {
    let wide = truth.view().insert_axis(Axis(3));
    let wide: Array4<f32> =
        wide.broadcast((wide.dim().0, wide.dim().1, wide.dim().2, channels)).unwrap().to_owned();
    let wide = if order.contains('c') {
        wide.into_dyn()
    } else {
        wide.index_axis(Axis(3), 0).to_owned().into_dyn()
    };
    let letters = if order.contains('c') { "nhwc" } else { "nhw" };
    let axes: Vec<usize> = order.chars().map(|c| letters.find(c).unwrap()).collect();
    let turned = wide.permuted_axes(IxDyn(&axes));
    turned.as_standard_layout().into_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn read(path: &Path, reading: &Reading) -> Result<(Array3<f32>, DataSet), DataError> {
    let set = open_with(&Source::Path(path.into()), reading)?;
    let mut out = vec![f32::NAN; set.len() * set.design_len()];
    set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut out)?;
    let designs = Array3::from_shape_vec((set.len(), set.height(), set.width()), out).unwrap();
    Ok((designs, set))
}

fn with_layout(layout: &str) -> Reading {
    Reading { layout: layout.parse().unwrap(), ..Reading::default() }
}

/// The layouts that the notes of a set, or an error, offer.
fn offered<'a>(remedies: impl IntoIterator<Item = &'a Remedy>) -> Vec<String> {
    let layout = |remedy: &Remedy| match remedy {
        Remedy::Set { setting: "layout", value, .. } => Some(value.clone()),
        _ => None,
    };
    remedies.into_iter().filter_map(layout).collect()
}

fn problem(folder: &Path, (nely, nelx): (usize, usize)) -> PathBuf {
    let path = folder.join("problem-of-all.toml");
    std::fs::write(
        &path,
        format!("volume_fraction = 0.4\ngrid = {{ nelx = {nelx}, nely = {nely} }}\n"),
    )
    .unwrap();
    path
}

const ORDERS: [&str; 6] = ["nhw", "nwh", "hwn", "whn", "hnw", "wnh"];

#[test]
fn three_axes_are_read_in_every_order_of_axes_memory_and_type() {
    let folder = folder();
    let problem = Reading { problem: problem(folder.path(), (NELY, NELX)), ..Reading::default() };
    for sweep in [false, true] {
        let truth = truth(N, (NELY, NELX), sweep);
        let transposed = truth.clone().permuted_axes([0, 2, 1]);
        for order in ORDERS {
            let array = in_order(&truth, order, 1);
            let mut files = Vec::new();
            for kind in KINDS {
                for fortran in [false, true] {
                    files.push((
                        format!("{order}-{kind:?}-{fortran}.npy"),
                        npy(&array, kind, fortran),
                    ));
                }
            }
            files.push((format!("{order}-idx3-ubyte"), idx(&array)));
            for (name, bytes) in files {
                let path = folder.path().join(&name);
                std::fs::write(&path, bytes).unwrap();
                assert_eq!(read(&path, &problem).unwrap().0, truth, "{name} with a problem");
                assert_eq!(read(&path, &with_layout(order)).unwrap().0, truth, "{name} as stated");
                let (found, set) = read(&path, &Reading::default()).unwrap();
                let offers = offered(set.notes().iter().flat_map(|note| &note.remedies));
                if order.find('h') < order.find('w') {
                    assert_eq!(found, truth, "{name}");
                } else {
                    // Nothing tells rows from columns, so a line offers the other way.
                    assert_eq!(found, transposed, "{name}");
                    assert!(offers.contains(&order.to_owned()), "{name}: {offers:?}");
                }
                assert!(!offers.is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn square_designs_and_as_many_designs_as_rows_are_read_in_the_order_of_their_designs() {
    let folder = folder();
    for (n, size) in [(20, (20, 44)), (30, (30, 30)), (44, (20, 44)), (3, (24, 40)), (40, (9, 9))] {
        for sweep in [false, true] {
            let truth = truth(n, size, sweep);
            for order in ["nhw", "hwn", "hnw"] {
                let path = folder.path().join("designs.npy");
                std::fs::write(&path, npy(&in_order(&truth, order, 1), Kind::F32, order == "hwn"))
                    .unwrap();
                let name = format!("{n} of {size:?} in {order}, sweep {sweep}");
                match read(&path, &Reading::default()) {
                    Ok((found, set)) => {
                        let guessed = set.notes().iter().any(|note| note.found.contains("a guess"));
                        assert!(found == truth || (guessed && size.0 == 9), "{name}");
                    }
                    // Three designs behind rows and columns look like one picture in color, and very
                    // small ones hardly show what they are.
                    Err(error) => {
                        assert!(order == "hwn" && (n == 3 || size.0 == 9), "{name}: {error}");
                        assert!(offered(&error.remedies()).contains(&order.to_owned()), "{name}");
                    }
                }
                assert_eq!(read(&path, &with_layout(order)).unwrap().0, truth, "{name}");
            }
        }
    }
}

#[test]
fn channels_are_dropped_if_they_are_equal_and_refused_otherwise() {
    let folder = folder();
    let truth = truth(N, (NELY, NELX), false);
    let path = folder.path().join("designs.npy");
    for order in ["nhwc", "nchw", "hwcn", "hwnc"] {
        for channels in [1, 2, 3, 4] {
            for fortran in [false, true] {
                let name = format!("{order} with {channels} channels, Fortran {fortran}");
                let mut array = in_order(&truth, order, channels);
                std::fs::write(&path, npy(&array, Kind::F32, fortran)).unwrap();
                match read(&path, &Reading::default()) {
                    Ok((found, _)) => assert_eq!(found, truth, "{name}"),
                    Err(error) => panic!("{name}: {error}"),
                }
                assert_eq!(read(&path, &with_layout(order)).unwrap().0, truth, "{name}");
                if channels == 1 {
                    continue;
                }
                let axis = order.find('c').unwrap();
                array.index_axis_mut(Axis(axis), 0).mapv_inplace(|value| 1.0 - value);
                std::fs::write(&path, npy(&array, Kind::F32, fortran)).unwrap();
                for reading in [Reading::default(), with_layout(order)] {
                    assert!(
                        matches!(
                            read(&path, &reading),
                            Err(DataError::Reading(ReadingError::Colored { .. }))
                        ),
                        "{name}"
                    );
                }
                // Behind grey there may be an opacity.
                if matches!(channels, 2 | 4) {
                    let mut array = in_order(&truth, order, channels);
                    array.index_axis_mut(Axis(axis), channels - 1).fill(1.0);
                    std::fs::write(&path, npy(&array, Kind::Bytes, fortran)).unwrap();
                    assert_eq!(read(&path, &with_layout(order)).unwrap().0, truth, "{name}");
                }
            }
        }
    }
    // One picture in color is not as many designs as it has colors.
    for channels in [3, 4] {
        let one = in_order(&truth, "nhwc", channels).index_axis(Axis(0), 0).to_owned();
        let one = one.select(Axis(0), &(0..28).map(|row| row % NELY).collect::<Vec<_>>());
        std::fs::write(&path, npy(&one, Kind::Bytes, false)).unwrap();
        let refused = read(&path, &Reading::default()).map(|(found, _)| found.dim()).unwrap_err();
        assert!(refused.is_callers_mistake());
        assert_eq!(offered(&refused.remedies()), ["hwn", "hwc"], "{refused}");
        assert_eq!(read(&path, &with_layout("hwc")).unwrap().0.dim(), (1, 28, NELX));
    }
}

#[test]
fn the_number_of_conditions_says_which_axis_counts_designs() {
    let folder = folder();
    // Of noise, nothing else tells.
    let noise = |(i, row, column): (usize, usize, usize)| {
        ((i * 7919 + row * 104_729 + column * 1_299_709) as u32).wrapping_mul(2_654_435_761) as f32
            / u32::MAX as f32
    };
    let truth = Array3::from_shape_fn((15, 16, 17), noise);
    let mut table = String::from("load\n");
    (0..15).for_each(|i| writeln!(table, "{}", 0.1 + 0.05 * f64::from(i)).unwrap());
    let conditions = folder.path().join("loads-of-all.csv");
    std::fs::write(&conditions, table).unwrap();
    let reading = Reading { conditions, ..Reading::default() };
    let path = folder.path().join("designs.npy");
    for order in ["nhw", "hwn", "hnw"] {
        std::fs::write(&path, npy(&in_order(&truth, order, 1), Kind::F32, false)).unwrap();
        assert_eq!(read(&path, &reading).unwrap().0, truth, "{order}");
    }
    // Without it, an array of MATLAB's memory order is not guessed at.
    std::fs::write(&path, npy(&in_order(&truth, "hwn", 1), Kind::F32, true)).unwrap();
    let error = read(&path, &Reading::default()).map(|(found, _)| found.dim()).unwrap_err();
    assert_eq!(offered(&error.remedies()), ["nhw", "hwn"], "{error}");
}

#[test]
fn flat_vectors_are_rows_or_columns_of_their_array() {
    let folder = folder();
    let truth = truth(N, (NELY, NELX), false);
    let path = folder.path().join("designs.npy");
    let cells = NELX * NELY;
    let by_columns = truth.clone().permuted_axes([0, 2, 1]).as_standard_layout().into_owned();
    for (layout, vectors) in [("rows", truth.clone()), ("columns", by_columns)] {
        let flat = vectors.into_shape_with_order((N, cells)).unwrap();
        let reading = with_layout(&format!("{layout}:{NELX}x{NELY}"));
        for array in [
            flat.clone().into_dyn(),
            flat.t().as_standard_layout().into_owned().into_dyn(),
            flat.clone().insert_axis(Axis(1)).into_dyn(),
        ] {
            for fortran in [false, true] {
                std::fs::write(&path, npy(&array, Kind::BigF64, fortran)).unwrap();
                let name = format!("{layout}, shape {:?}, Fortran {fortran}", array.shape());
                let (found, set) = read(&path, &reading).unwrap();
                assert_eq!(found, truth, "{name}");
                let offers = offered(set.notes().iter().flat_map(|note| &note.remedies));
                assert!(offers.is_empty(), "{name}: {offers:?}");
                assert!(read(&path, &Reading::default()).is_err(), "{name}");
            }
        }
    }
}
