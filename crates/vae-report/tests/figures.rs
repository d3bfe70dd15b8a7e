//! Every figure through its public function and back from the file.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use ndarray::{Array1, Array2, Array3, s};
use vae_report::{
    Comparison, Grid, Histogram, Pairs, Scatter, Series, Shade, Splits, Strip, Training, Version,
    comparison, curves, grid, histogram, latent_scatter, pairs, strip,
};

/// Width, height, and whether a pixel is black.
struct Picture {
    width: usize,
    height: usize,
    channels: usize,
    bytes: Vec<u8>,
}

impl Picture {
    fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or("too large")?];
        let info = reader.next_frame(&mut bytes)?;
        let (width, height) = (info.width as usize, info.height as usize);
        Ok(Self { width, height, channels: bytes.len() / (width * height), bytes })
    }

    fn is_black(&self, x: usize, y: usize) -> bool {
        let start = (y * self.width + x) * self.channels;
        self.bytes[start..start + self.channels].iter().all(|&channel| channel == 0)
    }
}

fn designs(count: usize) -> Array3<f32> {
    Array3::from_shape_fn((count, 48, 96), |(n, y, x)| if (x + n * y) % 17 < 6 { 1.0 } else { 0.0 })
}

fn training() -> Training {
    let over = |values: [f64; 2]| -> Series { vec![(2, Some(values[0])), (4, Some(values[1]))] };
    let steps = |values: [f64; 2]| -> Series { vec![(1, Some(values[0])), (2, Some(values[1]))] };
    let both =
        |training, validation| Splits { training: over(training), validation: over(validation) };
    Training {
        epochs: 2,
        bound: both([-799.0, -601.0], [-650.0, -550.0]),
        loss: steps([900.5, 700.5]),
        log_likelihood: both([-790.0, -590.0], [-640.0, -540.0]),
        kl: both([9.0, 11.0], [10.0, 10.0]),
        kl_by_dimension: vec![over([6.0, 7.0]), over([4.0, 3.0])],
        mse: over([0.1, 0.05]),
        iou: over([0.5, 0.75]),
        learning_rate: steps([1e-4, 2e-4]),
        kl_weight: steps([0.1, 0.2]),
        gradient_norm: steps([80.0, 8.0]),
    }
}

/// Writes every figure into a folder; the names of the files.
fn draw_all(folder: &Path) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let designs = designs(6);
    let blurred = designs.mapv(|density| 0.2 + 0.6 * density);
    let labels: Vec<String> = (0..6).map(|n| format!("IoU 0.9{n}")).collect();
    let at = |name: &str| folder.join(name);
    curves(&training(), &at("curves.png"))?;
    let (originals, reconstructions) = (designs.view(), blurred.view());
    pairs(
        &Pairs { title: "Pairs", originals, reconstructions, captions: &labels, marks: &[] },
        &at("pairs.png"),
    )?;
    let versions = [
        Version { name: "whole", designs: originals, captions: &[], marks: &[] },
        Version {
            name: "part",
            designs: designs.slice(s![.., ..24, ..]),
            captions: &labels,
            marks: &[],
        },
    ];
    comparison(&Comparison { title: "Versions", versions: &versions }, &at("comparison.png"))?;
    let sheet =
        Grid { title: "Grid", columns: Some(3), row_labels: &labels[..2], ..Grid::new(originals) };
    grid(&sheet, &at("grid.png"))?;
    strip(
        &Strip { title: "Strip", designs: originals, labels: &labels, marks: &[] },
        &at("strip.png"),
    )?;
    let points = Array2::from_shape_fn((40, 3), |(n, dim)| (n as f32 * 0.37 + dim as f32).sin());
    let condition = Some(Shade { name: "load", values: points.column(2) });
    let scatter = Scatter {
        title: "Latent",
        points: points.view(),
        columns: (2, 0),
        names: &[],
        condition,
        designs: &[],
    };
    latent_scatter(&scatter, &at("latent.png"))?;
    let values = Array1::from_shape_fn(100, |n| (n as f32 * 0.61).fract());
    histogram(
        &Histogram { title: "Volume", name: "v", values: values.view(), bins: None },
        &at("histogram.png"),
    )?;
    Ok(vec![
        "curves.png",
        "pairs.png",
        "comparison.png",
        "grid.png",
        "strip.png",
        "latent.png",
        "histogram.png",
    ])
}

#[test]
fn every_figure_is_a_picture_of_a_reasonable_size() {
    let folder = tempfile::tempdir().unwrap();
    for name in draw_all(folder.path()).unwrap() {
        let path = folder.path().join(name);
        let picture = Picture::read(&path).unwrap();
        assert!((400..=2000).contains(&picture.width), "{name}: {} pixels wide", picture.width);
        assert!((150..=1500).contains(&picture.height), "{name}: {} pixels high", picture.height);
        let bytes = fs::metadata(&path).unwrap().len();
        assert!(bytes < 200_000, "{name}: {bytes} bytes");
        let colored = ["curves.png", "latent.png", "histogram.png"].contains(&name);
        assert_eq!(picture.channels, if colored { 3 } else { 1 }, "{name}");
    }
    // Nothing but the figures is left.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 7);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in draw_all(first.path()).unwrap() {
        draw_all(second.path()).unwrap();
        let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(name)).unwrap();
        assert!(read(&first) == read(&second), "{name}");
    }
}

/// The margin is 28 pixels, the frame one, and a row of three 48 × 96 designs is drawn at five
/// pixels a pixel.
#[test]
fn material_is_black_where_the_design_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.png");
    let designs = designs(3);
    grid(&Grid { columns: Some(3), ..Grid::new(designs.view()) }, &path).unwrap();
    let picture = Picture::read(&path).unwrap();
    assert_eq!(
        (picture.width, picture.height),
        (2 * 28 + 3 * (5 * 96 + 2) + 2 * 14, 2 * 28 + 5 * 48 + 2)
    );
    for ((n, row, column), density) in designs.indexed_iter() {
        let (left, top) = (28 + n * (5 * 96 + 2 + 14) + 1 + 5 * column, 28 + 1 + 5 * row);
        for (x, y) in [(left, top), (left + 4, top), (left, top + 4), (left + 4, top + 4)] {
            assert_eq!(
                picture.is_black(x, y),
                0.5 < *density,
                "design {n}, row {row}, column {column}"
            );
        }
    }
}

#[test]
fn a_figure_that_fails_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.png");
    fs::write(&path, "the picture of yesterday").unwrap();
    let mut designs = designs(2);
    designs[[1, 3, 5]] = f32::NAN;
    let error = grid(&Grid::new(designs.view()), &path).unwrap_err();
    assert_eq!(error.to_string(), "designs: the value at [1, 3, 5] is NaN");
    assert_eq!(fs::read_to_string(&path).unwrap(), "the picture of yesterday");

    // A folder stands where the picture should go: the temporary file must not stay.
    let taken = folder.path().join("taken.png");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("file"), "").unwrap();
    designs[[1, 3, 5]] = 0.0;
    let error = grid(&Grid::new(designs.view()), &taken).unwrap_err();
    assert_eq!(error.to_string(), format!("{} already exists", taken.display()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);

    let nowhere = folder.path().join("no").join("folder.png");
    let error = grid(&Grid::new(designs.view()), &nowhere).unwrap_err();
    assert!(error.to_string().starts_with("writing ") && error.source().is_some(), "{error:?}");
}

#[cfg(unix)]
#[test]
fn a_figure_is_as_readable_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (figure, plain) = (folder.path().join("grid.png"), folder.path().join("plain"));
    grid(&Grid::new(designs(1).view()), &figure).unwrap();
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&figure), mode(&plain));
}

#[test]
fn a_training_without_any_record_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("curves.png");
    let error = curves(&Training::default(), &out).unwrap_err();
    assert_eq!(error.to_string(), "no steps and epochs to draw");
    assert!(!out.exists());
}
