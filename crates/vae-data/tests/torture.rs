//! Damaged files of every kind are refused or read, never a panic, a flood of memory or a hang.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use ndarray::{Array2, Array3};
use vae_data::{
    Condition, Details, Element, Masks, Metadata, Problems, Source, Table, info, npy, npz, open,
    open_one, pack, write_data_set,
};
use vae_torture::{Campaign, seeds};

/// Opens a source as `vae data info` does, and reads its first designs.
fn accepts(source: &Path) -> bool {
    let Ok(set) = open(&Source::Path(source.into())) else { return false };
    let indices: Vec<usize> = (0..set.len().min(3)).collect();
    let mut designs = vec![0.0; indices.len() * set.design_len()];
    let mut masks = vec![0; designs.len()];
    let read = set.read_into(&indices, &mut designs).is_ok();
    let read = set.read_masks_into(&indices, &mut masks).is_ok() && read;
    let read = set.problem(set.len() - 1).is_ok() && read;
    info(&set).is_ok() && read
}

/// Gives damaged files to [`accepts`], under one name.
fn torture(campaign: &Campaign, file: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    campaign.run(|bytes| {
        fs::write(&path, bytes).unwrap();
        accepts(&path)
    });
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The fixtures of a folder with this ending that are read alone.
fn fixtures(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(fixture(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension) && accepts(path));
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A bar with a hole, in grey.
fn pixels(width: u32, height: u32) -> Vec<u8> {
    let is_solid =
        |x: u32, y: u32| y.abs_diff(height / 2) < height / 4 && !(4..6).contains(&(x % 9));
    (0..width * height).map(|i| if is_solid(i % width, i / width) { 20 } else { 240 }).collect()
}

#[test]
fn arrays() {
    let mut whole = fixtures("numpy", "npy");
    whole.push(seeds::npy("<f4", &[2, 3, 4], &seeds::floats(&[0.25; 24])));
    whole.push(seeds::npy("|b1", &[3, 4, 5], &[1; 60]));
    assert!(6 < whole.len());
    torture(&Campaign::new("arrays", whole), "a.npy");
}

#[test]
fn one_design_and_raw_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let whole = [
        seeds::npy("<f4", &[3, 4], &seeds::floats(&[0.25; 12])),
        seeds::npy("<f8", &[2, 3, 4], &[0; 192]),
        seeds::npy("|u1", &[3, 4], &[7; 12]),
    ];
    Campaign::new("one design", whole).run(|bytes| {
        fs::write(&path, bytes).unwrap();
        let raw = npy::read::<f32>(&path).is_ok();
        open_one(&path, &vae_data::Reading::default()).is_ok() && raw
    });
}

#[test]
fn archives_of_arrays() {
    let mut whole = fixtures("numpy", "npz");
    let designs = seeds::npy("<f4", &[2, 3, 4], &seeds::floats(&[0.25; 24]));
    let conditions = seeds::npy("<f4", &[2, 2], &seeds::floats(&[0.5, 1.0, 0.25, 2.0]));
    let masks = seeds::npy("|u1", &[3, 4], &[1; 12]);
    let members: [(&str, &[u8]); 3] =
        [("designs.npy", &designs), ("conditions.npy", &conditions), ("masks.npy", &masks)];
    whole.push(seeds::zip(&members));
    assert!(2 < whole.len());
    let campaign = Campaign::new("archives", whole);
    torture(&campaign, "a.npz");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    campaign.run(|bytes| {
        fs::write(&path, bytes).unwrap();
        let Ok(mut arrays) = npz::Npz::open(&path) else { return false };
        let names = arrays.names().to_vec();
        names.iter().all(|name| arrays.read::<f32>(name).is_ok())
    });
}

#[test]
fn pictures() {
    let gray = pixels(24, 12);
    let picture = GrayImage::from_vec(24, 12, gray.clone()).unwrap();
    let deep = DynamicImage::from(picture.clone()).to_luma16();
    let color = RgbImage::from_fn(24, 12, |x, y| {
        let Luma([value]) = *picture.get_pixel(x, y);
        Rgb([value, 255 - value, 80])
    });
    let mut whole = vec![
        seeds::png(24, 12, &gray),
        seeds::pgm(24, 12, &gray),
        seeds::bmp(24, 12, [10, 10, 10]),
        seeds::tiff(24, 12, &gray),
        b"P2\n4 3\n9\n0 9 0 9\n9 9 9 9\n0 0 0 9\n".to_vec(),
        b"P1\n4 3\n0 1 0 1\n1 1 1 1\n0 0 0 1\n".to_vec(),
    ];
    for picture in [picture.clone().into(), deep.into(), DynamicImage::from(color)] {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff] {
            let mut file = Cursor::new(Vec::new());
            if format != ImageFormat::Jpeg || matches!(picture, DynamicImage::ImageLuma8(_)) {
                picture.write_to(&mut file, format).unwrap();
                whole.push(file.into_inner());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    whole.retain(|bytes| {
        fs::write(&path, bytes).unwrap();
        accepts(&path)
    });
    assert!(9 < whole.len(), "{} pictures are read", whole.len());
    torture(&Campaign::new("pictures", whole), "a.png");
}

/// Found by [`plots`]: the decoder is not prepared for it.
#[test]
fn a_palette_with_half_a_color_is_refused() {
    let whole = fs::read(fixture("plots/palette/d0.png")).unwrap();
    let palette = whole.windows(4).position(|kind| kind == b"PLTE").unwrap();
    let length = u32::from_be_bytes(*whole[palette - 4..].first_chunk().unwrap()) as usize;
    let contents = &whole[palette..palette + 4 + length - 1];
    let mut bytes = whole[..palette - 4].to_vec();
    bytes.extend((length as u32 - 1).to_be_bytes());
    bytes.extend(contents);
    bytes.extend(vae_torture::checksum(contents).to_be_bytes());
    bytes.extend(&whole[palette + 4 + length + 4..]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    fs::write(&path, bytes).unwrap();
    let error = open(&Source::Path(path)).unwrap_err().to_string();
    assert!(error.contains("bytes, but each color takes 3"), "{error}");
}

/// Drawings with axes and color bars, whose margins and colors are found out.
#[test]
fn plots() {
    let paths =
        ["jet-color-bar/d0.jpg", "palette/d0.png", "grey-axes/d0.png", "saved-turbo/d0.png"];
    let whole: Vec<Vec<u8>> =
        paths.iter().map(|path| fs::read(fixture("plots").join(path)).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    let pair = folder.path().join("pair");
    fs::create_dir(&pair).unwrap();
    fs::write(pair.join("a.png"), &whole[0]).unwrap();
    Campaign::new("plots", whole).one_in(50).run(|bytes| {
        fs::write(pair.join("b.png"), bytes).unwrap();
        // Not every pair of plots is one set.
        accepts(&pair);
        true
    });
}

#[test]
fn idx_files() {
    let images = seeds::idx(&[3, 12, 24], &pixels(24, 12).repeat(3));
    torture(&Campaign::new("idx", [images.clone()]), "train-images-idx3-ubyte");
    let folder = tempfile::tempdir().unwrap();
    let labels = seeds::idx(&[3], &[1, 2, 3]);
    for (name, bytes) in [
        ("train-images-idx3-ubyte", &images),
        ("t10k-images-idx3-ubyte", &images),
        ("train-labels-idx1-ubyte", &labels),
        ("t10k-labels-idx1-ubyte", &labels),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = folder.path().join("t10k-labels-idx1-ubyte");
    Campaign::new("mnist", [labels]).run(|bytes| {
        fs::write(&path, bytes).unwrap();
        open(&Source::Mnist(folder.path().into())).is_ok()
    });
}

#[test]
fn tables() {
    for extension in ["csv", "txt", "tsv", "rpt"] {
        let mut whole = fixtures("tables", extension);
        if extension == "csv" {
            whole.push(b"0,0.5,1\n1,1,0\n0,0,0.25\n".to_vec());
            whole.push(b"x,y,density\n0,0,1\n1,0,0\n0,1,0.5\n1,1,0.25\n".to_vec());
        }
        whole.retain(|bytes| bytes.len() < 1 << 16);
        if !whole.is_empty() {
            torture(&Campaign::new(extension, whole).one_in(4), &format!("a.{extension}"));
        }
    }
}

/// Each file of a data-set folder in turn, and all of them packed.
#[test]
fn data_set_folders() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    let mut results = Table::new(&["compliance", "source"]);
    results.push(&["1.5", "a"]);
    results.push(&["2.5", "b \"c\""]);
    let values = Array2::from_shape_fn((2, 1), |(i, _)| i as f32 + 0.25);
    let details = Details {
        metadata: Metadata { name: Some("named".into()), seed: Some(7), ..Metadata::default() },
        conditions: vec![Condition::covering("a", "m", values.column(0))],
        values,
        groups: Some(vec![0, 1]),
        masks: Some(Masks::Shared(Array2::ones((3, 4)))),
        results: Some(results),
        problems: Problems::PerDesign(vec!["{\"load\": 1}".into(), "{\"load\": 2.5}".into()]),
    };
    let designs =
        Array3::from_shape_fn((2, 3, 4), |(i, row, column)| ((i + row + column) % 2) as f32);
    write_data_set(&set, designs.view(), Element::U8, details).unwrap();
    let packed = pack(&set).unwrap();
    torture(&Campaign::new("packed set", [packed]), "set.zip");
    let mut members = 0;
    for entry in fs::read_dir(&set).unwrap() {
        let path = entry.unwrap().path();
        let whole = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        Campaign::new(name, [whole.clone()]).one_in(2).run(|bytes| {
            fs::write(&path, bytes).unwrap();
            accepts(&set)
        });
        fs::write(&path, whole).unwrap();
        members += 1;
    }
    assert_eq!(members, 7);
}
