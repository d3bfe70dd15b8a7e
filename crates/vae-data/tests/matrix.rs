//! Twelve designs whose truth is known, in every container, depth, polarity, color and margin that
//! the container can have: each is read right, or refused with a line; none is silently wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![cfg(feature = "builtin")]

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage};
use ndarray::{Array3, ArrayD, Axis, s};
use tiff::encoder::{TiffEncoder, colortype};
use vae_data::{Reading, Source, npy, npz, open, open_with};

const N: usize = 12;
const HEIGHT: usize = 48;
const WIDTH: usize = 96;

/// What is asked of designs that are read: the least correlation with the truth, and the furthest
/// volume.
#[derive(Clone, Copy)]
struct Close {
    correlation: f64,
    volume: f64,
}

const CLOSE: Close = Close { correlation: 0.95, volume: 0.01 };
/// JPEG stores color at half the resolution, and designs of 48 x 96 have bars of two pixels.
const CLOSE_IN_JPEG: Close = Close { correlation: 0.93, volume: 0.02 };

/// Twelve of the built-in designs, (N, H, W).
fn truth() -> Array3<f32> {
    let set = open(&Source::Builtin).unwrap();
    let indices: Vec<usize> = (0..N).map(|i| i * (set.len() - 1) / (N - 1)).collect();
    let mut values = vec![0.0; N * HEIGHT * WIDTH];
    set.read_into(&indices, &mut values).unwrap();
    Array3::from_shape_vec((N, HEIGHT, WIDTH), values).unwrap()
}

/// What came of one combination.
enum Outcome {
    Right,
    Refused(String),
}

/// Combinations tried, and those that were refused.
struct Matrix {
    truth: Array3<f32>,
    around: tempfile::TempDir,
    tried: usize,
    refused: Vec<String>,
}

impl Matrix {
    fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        Self { truth: truth(), around, tried: 0, refused: Vec::new() }
    }

    /// A path below which nothing is yet.
    fn place(&self, name: &str) -> PathBuf {
        self.around.path().join(format!("{}-{name}", self.tried))
    }

    /// Reads a source and holds it against the truth.
    fn check(&mut self, what: &str, path: &Path, reading: Reading, close: Close) -> Outcome {
        self.tried += 1;
        let outcome = self.outcome(what, path, reading, close);
        if let Outcome::Refused(why) = &outcome {
            self.refused.push(format!("{what}: {why}"));
        }
        outcome
    }

    fn outcome(&self, what: &str, path: &Path, reading: Reading, close: Close) -> Outcome {
        let resize = format!("{HEIGHT}x{WIDTH}").parse().unwrap();
        let set = match open_with(&Source::Path(path.into()), &Reading { resize, ..reading }) {
            Ok(set) => set,
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "{what}: {error}");
                return Outcome::Refused(error.to_string());
            }
        };
        assert_eq!(set.len(), N, "{what}: {set:?}");
        let mut values = vec![0.0; N * HEIGHT * WIDTH];
        if let Err(error) = set.read_into(&(0..N).collect::<Vec<_>>(), &mut values) {
            return Outcome::Refused(error.to_string());
        }
        let said: Vec<&str> = set.notes().iter().map(|note| note.found.as_str()).collect();
        for (index, found) in values.chunks_exact(HEIGHT * WIDTH).enumerate() {
            let truth = self.truth.index_axis(Axis(0), index);
            let truth: Vec<f64> = truth.iter().map(|value| f64::from(*value)).collect();
            let found: Vec<f64> = found.iter().map(|value| f64::from(*value)).collect();
            let (correlation, volume) = agreement(&found, &truth);
            assert!(
                close.correlation < correlation && volume < close.volume,
                "{what}: design {index} is silently wrong: correlation {correlation:.3}, volume \
                 off by {volume:.3}; said: {said:?}"
            );
        }
        Outcome::Right
    }

    /// [`Matrix::check`] for what has to be read, not refused.
    fn right(&mut self, what: &str, path: &Path, reading: Reading, close: Close) {
        if let Outcome::Refused(why) = self.check(what, path, reading, close) {
            panic!("{what} is refused: {why}");
        }
    }
}

/// Correlation, and the difference of the means.
fn agreement(a: &[f64], b: &[f64]) -> (f64, f64) {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        both += (a - mean_a) * (b - mean_b);
        of_a += (a - mean_a).powi(2);
        of_b += (b - mean_b).powi(2);
    }
    (both / (of_a * of_b).sqrt(), (mean_a - mean_b).abs())
}

// Pictures.

/// The color of a density.
type Paint = fn(f32) -> [u8; 3];

fn level(value: f32) -> u8 {
    (255.0 * value.clamp(0.0, 1.0)).round() as u8
}

/// Grey, material white; and the maps whose formulas are short enough to stand here. Their tables
/// are tested beside the code, and with pictures of matplotlib in `plots.rs`.
const PAINTS: [(&str, Paint); 8] = [
    ("white", |v| [level(v); 3]),
    ("black", |v| [level(1.0 - v); 3]),
    ("pale", |v| [level(0.9 - 0.65 * v); 3]),
    ("jet", |v| {
        let hat = |center: f32| level(1.5 - (4.0 * v - center).abs());
        [hat(3.0), hat(2.0), hat(1.0)]
    }),
    ("hot", |v| {
        let at = |from: f32, to: f32| level((v - from) / (to - from));
        [at(-0.0416, 0.365), at(0.365, 0.746), at(0.746, 1.0)]
    }),
    ("cool", |v| [level(v), level(1.0 - v), 255]),
    // As segmentation masks paint two classes.
    ("classes", |v| if 0.5 <= v { [192, 128, 128] } else { [0, 0, 0] }),
    ("two", |v| if 0.5 <= v { [30, 60, 200] } else { [250, 230, 90] }),
];

/// Margins (top, right, bottom, left) and the paper in them.
const MARGINS: [(&str, [usize; 4], [u8; 3]); 4] = [
    ("none", [0; 4], [255; 3]),
    ("paper", [13, 37, 20, 28], [255; 3]),
    ("grey", [13, 37, 20, 28], [200; 3]),
    ("even", [7; 4], [255; 3]),
];

/// A picture of a design, each cell `zoom` pixels wide, in margins of paper.
fn painted(matrix: &Matrix, index: usize, paint: Paint, zoom: usize, margin: usize) -> RgbImage {
    let (_, [top, right, bottom, left], paper) = MARGINS[margin];
    let (height, width) = (zoom * HEIGHT + top + bottom, zoom * WIDTH + left + right);
    let design = matrix.truth.index_axis(Axis(0), index);
    ImageBuffer::from_fn(width as u32, height as u32, |x, y| {
        let (row, column) = (y as usize, x as usize);
        let inside =
            (top..height - bottom).contains(&row) && (left..width - right).contains(&column);
        if inside {
            Rgb(paint(design[[(row - top) / zoom, (column - left) / zoom]]))
        } else {
            Rgb(paper)
        }
    })
}

fn save(picture: &DynamicImage, path: &Path) {
    if path.extension().is_some_and(|extension| extension == "jpg") {
        let out = BufWriter::new(File::create(path).unwrap());
        picture.write_with_encoder(JpegEncoder::new_with_quality(out, 92)).unwrap();
    } else {
        picture.save(path).unwrap();
    }
}

#[test]
fn pictures_in_color_and_margins() {
    let mut matrix = Matrix::new();
    for (name, paint) in PAINTS {
        for (margin, (margin_name, ..)) in MARGINS.iter().enumerate() {
            for extension in ["png", "jpg", "bmp", "tif"] {
                let zoom = if extension == "jpg" { 2 } else { 1 };
                let what = format!("{name} in margins {margin_name} as {extension}");
                let folder = matrix.place("pictures");
                fs::create_dir(&folder).unwrap();
                for index in 0..N {
                    let picture = painted(&matrix, index, paint, zoom, margin);
                    let picture = DynamicImage::ImageRgb8(picture);
                    let is_grey = ["white", "black", "pale"].contains(&name);
                    let picture = if is_grey {
                        DynamicImage::ImageLuma8(picture.to_luma8())
                    } else {
                        picture
                    };
                    save(&picture, &folder.join(format!("d{index}.{extension}")));
                }
                let lossy = extension == "jpg";
                let close = if lossy { CLOSE_IN_JPEG } else { CLOSE };
                let outcome = matrix.check(&what, &folder, Reading::default(), close);
                if margin == 0 && !lossy {
                    assert!(matches!(outcome, Outcome::Right), "{:?}", matrix.refused.last());
                }
            }
        }
    }
    assert!(128 <= matrix.tried && matrix.refused.len() <= 24, "{:#?}", matrix.refused);
}

/// What a density becomes, in 8 or 16 bits.
type Store = fn(f32) -> u16;

#[test]
fn depths_and_classes_of_pictures() {
    let mut matrix = Matrix::new();
    let kinds: [(&str, bool, Store); 12] = [
        ("8 bits", false, |v| (v * 255.0).round() as u16),
        ("8 bits, inverted", false, |v| 255 - (v * 255.0).round() as u16),
        ("0 and 1", false, |v| u16::from(0.5 <= v)),
        ("1 and 0", false, |v| u16::from(v < 0.5)),
        ("1 and 2", false, |v| 1 + u16::from(0.5 <= v)),
        ("class 15", false, |v| 15 * u16::from(0.5 <= v)),
        ("percent", false, |v| (v * 100.0).round() as u16),
        ("16 bits", true, |v| (v * 65535.0).round() as u16),
        ("12 in 16 bits", true, |v| (v * 4095.0).round() as u16),
        ("12 in 16 bits, inverted", true, |v| 4095 - (v * 4095.0).round() as u16),
        ("10 in 16 bits", true, |v| (v * 1023.0).round() as u16),
        ("0 and 1 in 16 bits", true, |v| u16::from(0.5 <= v)),
    ];
    for (name, wide, store) in kinds {
        for extension in ["png", "tif", "bmp"] {
            if wide && extension == "bmp" {
                continue;
            }
            let folder = matrix.place("depths");
            fs::create_dir(&folder).unwrap();
            for (index, design) in matrix.truth.outer_iter().enumerate() {
                let path = folder.join(format!("d{index}.{extension}"));
                let at = |x: u32, y: u32| store(design[[y as usize, x as usize]]);
                if wide {
                    ImageBuffer::from_fn(96, 48, |x, y| Luma([at(x, y)])).save(path).unwrap();
                } else {
                    let picture: GrayImage =
                        ImageBuffer::from_fn(96, 48, |x, y| Luma([at(x, y) as u8]));
                    picture.save(path).unwrap();
                }
            }
            let what = format!("{name} as {extension}");
            matrix.right(&what, &folder, Reading::default(), CLOSE);
        }
    }
    // Three classes and more are no densities.
    let folder = matrix.place("classes");
    fs::create_dir(&folder).unwrap();
    let class = |v: f32| {
        if v < 0.3 {
            0
        } else if v < 0.7 {
            7
        } else {
            15_u8
        }
    };
    for (index, design) in matrix.truth.outer_iter().enumerate() {
        let picture: GrayImage =
            ImageBuffer::from_fn(96, 48, |x, y| Luma([class(design[[y as usize, x as usize]])]));
        picture.save(folder.join(format!("d{index}.png"))).unwrap();
    }
    let outcome = matrix.check("three classes", &folder, Reading::default(), CLOSE);
    assert!(matches!(outcome, Outcome::Refused(_)));
}

#[test]
fn stacks_of_tiff_pages() {
    let mut matrix = Matrix::new();
    for kind in ["u8", "u16", "f32", "f64"] {
        let path = matrix.place("stack.tif");
        let mut file = TiffEncoder::new(File::create(&path).unwrap()).unwrap();
        for design in matrix.truth.outer_iter() {
            let all = design.iter().copied();
            let (width, height) = (WIDTH as u32, HEIGHT as u32);
            match kind {
                "u8" => {
                    let levels: Vec<u8> = all.map(level).collect();
                    file.write_image::<colortype::Gray8>(width, height, &levels).unwrap();
                }
                "u16" => {
                    let levels: Vec<u16> = all.map(|v| (v * 4095.0).round() as u16).collect();
                    file.write_image::<colortype::Gray16>(width, height, &levels).unwrap();
                }
                "f32" => {
                    let values: Vec<f32> = all.collect();
                    file.write_image::<colortype::Gray32Float>(width, height, &values).unwrap();
                }
                _ => {
                    let values: Vec<f64> = all.map(f64::from).collect();
                    file.write_image::<colortype::Gray64Float>(width, height, &values).unwrap();
                }
            }
        }
        drop(file);
        matrix.right(&format!("a stack of {kind}"), &path, Reading::default(), CLOSE);
    }
}

#[test]
fn pictures_that_state_how_they_are_turned() {
    use image::ImageEncoder as _;
    let mut matrix = Matrix::new();
    for orientation in 1..=8_u8 {
        let folder = matrix.place("turned");
        fs::create_dir(&folder).unwrap();
        for (index, design) in matrix.truth.outer_iter().enumerate() {
            // Only every other picture is turned.
            let stated = if index % 2 == 0 { orientation } else { 1 };
            let upright: GrayImage = ImageBuffer::from_fn(96, 48, |x, y| {
                Luma([level(design[[y as usize, x as usize]])])
            });
            let mut stored = DynamicImage::ImageLuma8(upright);
            let back = match stated {
                6 => 8,
                8 => 6,
                same => same,
            };
            let back = image::metadata::Orientation::from_exif(back).unwrap();
            stored.apply_orientation(back);
            let mut exif = b"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
            exif.extend([stated, 0, 0, 0, 0, 0, 0, 0]);
            let out = BufWriter::new(File::create(folder.join(format!("d{index}.jpg"))).unwrap());
            let mut encoder = JpegEncoder::new_with_quality(out, 95);
            encoder.set_exif_metadata(exif).unwrap();
            stored.write_with_encoder(encoder).unwrap();
        }
        matrix.right(&format!("orientation {orientation}"), &folder, Reading::default(), CLOSE);
    }
}

// Arrays, tables and IDX files.

/// What a density becomes.
type Number = fn(f32) -> f64;

/// What a density becomes, and by which setting 0 is said to be solid.
const NUMBERS: [(&str, Number, &str); 9] = [
    ("densities", f64::from, "auto"),
    ("inverted densities", |v| 1.0 - f64::from(v), "1:0"),
    ("255 levels", |v| f64::from(level(v)), "auto"),
    ("255 levels, inverted", |v| f64::from(255 - level(v)), "255:0"),
    ("0 and 1", |v| f64::from(u8::from(0.5 <= v)), "auto"),
    ("1 and 2", |v| f64::from(1 + u8::from(0.5 <= v)), "auto"),
    ("-1 and 1", |v| if 0.5 <= v { 1.0 } else { -1.0 }, "auto"),
    ("percent", |v| f64::from((100.0 * v).round()), "auto"),
    ("12 bits", |v| f64::from((4095.0 * v).round()), "auto"),
];

/// The extension of each container of numbers.
const CONTAINERS: [&str; 7] = ["npy", "npz", "csv", "txt", "idx", "npy folder", "csv folder"];

/// Numbers of a set in one container; `None` if it cannot hold them.
fn numbers(matrix: &Matrix, container: &str, number: Number) -> Option<(PathBuf, Reading)> {
    let all: ArrayD<f64> = matrix.truth.mapv(number).into_dyn();
    let text = |separator: &str| {
        let lines = all.outer_iter().map(|design| {
            design.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let flat =
        Reading { layout: format!("rows:{WIDTH}x{HEIGHT}").parse().unwrap(), ..Reading::default() };
    let path = matrix.place(&format!("set.{}", container.replace(' ', "-")));
    match container {
        "npy" => npy::write(&path, all.view()).unwrap(),
        "npz" => npz::write(&path, |out| out.add("designs", all.view())).unwrap(),
        "csv" => {
            fs::write(&path, text(",")).unwrap();
            return Some((path, flat));
        }
        "txt" => {
            fs::write(&path, text(" ")).unwrap();
            return Some((path, flat));
        }
        "idx" => {
            let mut bytes = vec![0, 0, 8, 3];
            for size in [N, HEIGHT, WIDTH] {
                bytes.extend((size as u32).to_be_bytes());
            }
            for value in &all {
                let is_byte = value.fract() == 0.0 && (0.0..=255.0).contains(value);
                bytes.push(is_byte.then_some(*value as u8)?);
            }
            fs::write(&path, bytes).unwrap();
        }
        "npy folder" => {
            fs::create_dir(&path).unwrap();
            for (index, design) in all.outer_iter().enumerate() {
                npy::write(&path.join(format!("d{index}.npy")), design).unwrap();
            }
        }
        _ => {
            fs::create_dir(&path).unwrap();
            for (index, design) in all.outer_iter().enumerate() {
                let rows = design
                    .outer_iter()
                    .map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(";"));
                let rows: Vec<String> = rows.collect();
                fs::write(path.join(format!("d{index}.csv")), rows.join("\n")).unwrap();
            }
        }
    }
    Some((path, Reading::default()))
}

#[test]
fn numbers_of_every_depth_in_every_container() {
    let mut matrix = Matrix::new();
    for (name, number, range) in NUMBERS {
        for container in CONTAINERS {
            let Some((path, reading)) = numbers(&matrix, container, number) else { continue };
            let reading = Reading { range: range.parse().unwrap(), ..reading };
            matrix.right(&format!("{name} in {container}"), &path, reading, CLOSE);
        }
    }
    assert!(50 <= matrix.tried, "{}", matrix.tried);
}

#[test]
fn inverted_arrays_are_stopped_by_their_volumes() {
    let matrix = Matrix::new();
    let inverted = matrix.truth.mapv(|value| 1.0 - value);
    let volumes: Vec<f32> =
        matrix.truth.outer_iter().map(|design| design.mean().unwrap()).collect();
    let path = matrix.place("inverted.npz");
    npz::write(&path, |out| {
        out.add("designs", inverted.view())?;
        out.add("volume_fraction", ndarray::aview1(&volumes))
    })
    .unwrap();
    let read = |range: &str| {
        let reading = Reading { range: range.parse().unwrap(), ..Reading::default() };
        open_with(&Source::Path(path.clone()), &reading)
    };
    let error = read("auto").unwrap_err();
    assert!(error.is_callers_mistake() && error.to_string().contains("volume_fraction"), "{error}");
    assert!(format!("{:?}", error.remedies()).contains("1:0"));
    let set = read("1:0").unwrap();
    let mut values = vec![0.0; HEIGHT * WIDTH];
    set.read_into(&[3], &mut values).unwrap();
    let truth: Vec<f32> = matrix.truth.slice(s![3, .., ..]).iter().copied().collect();
    assert!(values.iter().zip(&truth).all(|(a, b)| (a - b).abs() < 1e-6));
    // Without volumes, the pieces speak.
    let alone = matrix.place("inverted.npy");
    npy::write(&alone, inverted.view()).unwrap();
    let set = open(&Source::Path(alone)).unwrap();
    let said = set.notes().iter().any(|note| {
        note.found.contains("warning: 1 is taken as material, but low values hang together")
    });
    assert!(said, "{:?}", set.notes());
}

/// The orders of the axes of an array of designs, of the letters n, h, w and c.
const ORDERS: [&str; 10] =
    ["nhw", "nwh", "hwn", "whn", "hnw", "wnh", "nhwc", "nchw", "hwcn", "hwnc"];

/// Numbers of a set with its axes in another order; three equal channels where it has them.
fn in_order(matrix: &Matrix, number: Number, order: &str) -> ArrayD<f64> {
    let all: ArrayD<f64> = matrix.truth.mapv(number).insert_axis(Axis(3)).into_dyn();
    let channels = if order.contains('c') { 3 } else { 1 };
    let all = all.broadcast(vec![N, HEIGHT, WIDTH, channels]).unwrap();
    let axes: Vec<usize> = order.chars().map(|axis| "nhwc".find(axis).unwrap()).collect();
    let turned = if order.contains('c') {
        all.permuted_axes(axes)
    } else {
        all.index_axis_move(Axis(3), 0).permuted_axes(axes)
    };
    turned.as_standard_layout().into_owned()
}

/// A `.npy` file in the order of memory of C or of Fortran, as MATLAB's arrays come out of Python.
fn npy_bytes(array: &ArrayD<f64>, fortran: bool) -> Vec<u8> {
    let shape: Vec<String> = array.shape().iter().map(|n| format!("{n}, ")).collect();
    let order = if fortran { "True" } else { "False" };
    let text =
        format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': ({}), }}", shape.concat());
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{text:<117}\n").bytes());
    let lies = if fortran { array.view().reversed_axes() } else { array.view() };
    lies.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    bytes
}

#[test]
fn axes_in_every_order_with_numbers_of_every_depth() {
    let mut matrix = Matrix::new();
    for (name, number, range) in NUMBERS {
        for order in ORDERS {
            let array = in_order(&matrix, number, order);
            for container in ["npy", "npy of Fortran", "npz"] {
                let path = matrix.place(container);
                match container {
                    "npz" => npz::write(&path, |out| out.add("x", array.view())).unwrap(),
                    _ => fs::write(&path, npy_bytes(&array, container != "npy")).unwrap(),
                }
                let what = format!("{name} in the order {order} in {container}");
                let range = range.parse().unwrap();
                let stated =
                    Reading { range, layout: order.parse().unwrap(), ..Reading::default() };
                matrix.right(&what, &path, stated, CLOSE);
                let found = open_with(
                    &Source::Path(path.clone()),
                    &Reading { range, ..Reading::default() },
                );
                // Nothing tells rows from columns but a line that offers the other way.
                let turned = order.find('w') < order.find('h');
                match found {
                    Ok(set) if turned => {
                        assert_eq!((set.height(), set.width()), (WIDTH, HEIGHT), "{what}");
                        let notes = format!("{:?}", set.notes());
                        let offered = format!("setting: \"layout\", value: \"{order}\"");
                        assert!(
                            notes.contains("is a guess") && notes.contains(&offered),
                            "{notes}"
                        );
                    }
                    Ok(_) => {
                        let reading = Reading { range, ..Reading::default() };
                        matrix.right(&what, &path, reading, CLOSE);
                    }
                    Err(error) => {
                        assert!(format!("{:?}", error.remedies()).contains("layout"), "{error}");
                        matrix.refused.push(format!("{what}: {error}"));
                    }
                }
                fs::remove_file(path).unwrap();
            }
        }
    }
    assert!(450 <= matrix.tried && matrix.refused.is_empty(), "{:#?}", matrix.refused);
}

#[test]
fn matlab_files_are_refused_with_the_command_that_converts_them() {
    let mut matrix = Matrix::new();
    let versions: [(&str, &[u8], &str); 3] = [
        ("v5", b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "scipy.io"),
        ("v7.3", b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "h5py"),
        ("HDF5", b"\x89HDF\r\n\x1a\n", "h5py"),
    ];
    for (version, magic, module) in versions {
        for (name, number, _) in NUMBERS {
            // What Python makes of MATLAB's array, and of a .mat file of HDF5 after `.T`.
            let array = in_order(&matrix, number, "hwn");
            let path = matrix.place("set.mat");
            let mut bytes = magic.to_vec();
            bytes.resize(128, b' ');
            bytes.extend(array.iter().flat_map(|value| value.to_le_bytes()));
            fs::write(&path, bytes).unwrap();
            let error = open(&Source::Path(path.clone())).unwrap_err();
            let remedies = format!("{:?}", error.remedies());
            assert!(remedies.contains("numpy") && remedies.contains(module), "{remedies}");
            let what = format!("{name} in a .mat file of {version}");
            let outcome = matrix.check(&what, &path, Reading::default(), CLOSE);
            assert!(matches!(outcome, Outcome::Refused(_)), "{what}");
            fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(matrix.refused.len(), matrix.tried);
}

#[test]
fn what_exceeds_a_range_by_rounding_is_clipped_and_counted() {
    let matrix = Matrix::new();
    let over = matrix.truth.mapv(|value| if 1.0 <= value { 1.000_013_4 } else { value });
    let n = over.iter().filter(|value| 1.0 < **value).count();
    let path = matrix.place("over.npy");
    npy::write(&path, over.view()).unwrap();
    let reading = Reading { range: "0:1".parse().unwrap(), ..Reading::default() };
    let set = open_with(&Source::Path(path), &reading).unwrap();
    assert!(0 < n && set.notes().iter().any(|note| note.found.starts_with(&format!("{n} values"))));
    let mut values = vec![0.0; HEIGHT * WIDTH];
    set.read_into(&[0], &mut values).unwrap();
    assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
    let far = matrix.truth.mapv(|value| 1.01 * value);
    let path = matrix.place("far.npy");
    npy::write(&path, far.view()).unwrap();
    let set = open_with(&Source::Path(path), &reading).unwrap();
    assert!(set.read_into(&[0], &mut values).is_err());
}

#[test]
fn a_format_is_known_by_its_contents() {
    let matrix = Matrix::new();
    let picture = painted(&matrix, 0, PAINTS[0].1, 1, 0);
    let path = matrix.place("named.jpg");
    picture.save_with_format(&path, ImageFormat::Png).unwrap();
    assert_eq!(open(&Source::Path(path)).unwrap().len(), 1);
    let path = matrix.place("moving.gif");
    fs::write(&path, b"GIF89a").unwrap();
    let error = open(&Source::Path(path)).unwrap_err().to_string();
    assert!(error.contains("save pictures as PNG"), "{error}");
}
