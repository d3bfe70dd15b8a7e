//! Files of kinds that are not read, and files beside designs that are none: each is refused with
//! what it is and what helps.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::io::Write as _;
use std::path::Path;

use image::{GrayImage, Luma};
use ndarray::{Array2, Array3};
use vae_data::{DataError, Reading, ReadingError, Source, npy, npz, open_with};

fn refused(path: &Path, reading: &Reading) -> DataError {
    match open_with(&Source::Path(path.into()), reading) {
        Ok(set) => panic!("{} is read as {set:?}", path.display()),
        Err(error) => error,
    }
}

/// The remedies of an error in words.
fn help(error: &DataError) -> String {
    format!("{:?}", error.remedies())
}

fn zip(names: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"contents").unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn files_of_other_kinds_are_called_by_their_name_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, Vec<u8>, &str, &str); 10] = [
        ("designs.h5", b"\x89HDF\r\n\x1a\n0000".to_vec(), "HDF5 files", "h5py"),
        ("designs.npy.gz", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "gzip files", "gunzip"),
        ("designs.parquet", b"PAR1....PAR1".to_vec(), "Parquet files", "read_parquet"),
        ("designs.pkl", b"\x80\x04\x95\0\0\0\0\0".to_vec(), "pickles", "numpy.save"),
        ("designs.json", b"[[0, 1], [1, 0]]".to_vec(), "JSON files", "numpy"),
        ("designs.vtk", b"# vtk DataFile Version 3.0\n".to_vec(), "meshes", "ParaView"),
        ("designs.xlsx", zip(&["xl/worksheets/sheet1.xml"]), "spreadsheets", "CSV"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "spreadsheets", "CSV"),
        ("pictures.zip", zip(&["pictures/1.png"]), "archives of files", "unzip"),
        ("flat.zip", zip(&["1.png", "2.png"]), "archives of files", "unzip"),
    ];
    for (name, bytes, what, how) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = refused(&path, &Reading::default());
        assert!(error.to_string().contains(what), "{name}: {error}");
        assert!(help(&error).contains(how), "{name}: {}", help(&error));
    }
    // The same where a table of conditions is asked for.
    let designs = folder.path().join("designs.npy");
    npy::write(&designs, Array3::<f32>::zeros((2, 8, 8)).view()).unwrap();
    for (name, what) in [("designs.json", "JSON files"), ("designs.xlsx", "spreadsheets")] {
        let reading = Reading { conditions: folder.path().join(name), ..Reading::default() };
        let error = refused(&designs, &reading);
        assert!(error.to_string().contains(what), "{name}: {error}");
    }
}

#[test]
fn sheets_of_conditions_beside_designs_stop() {
    let folder = tempfile::tempdir().unwrap();
    let designs = folder.path().join("designs.npy");
    npy::write(&designs, Array3::<f32>::zeros((2, 8, 8)).view()).unwrap();
    for (name, stops) in [("conditions.json", true), ("labels.xlsx", true), ("params.json", false)]
    {
        let path = folder.path().join(name);
        fs::write(&path, "{}").unwrap();
        let set = open_with(&Source::Path(designs.clone()), &Reading::default());
        let is_unused =
            matches!(&set, Err(DataError::Reading(ReadingError::UnusedConditions { .. })));
        assert_eq!((is_unused, set.is_ok()), (stops, !stops), "{name}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn an_array_of_conditions_in_an_archive_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("designs.npz");
    let write = |shape: (usize, usize), name: &str| {
        npz::write(&path, |out| {
            out.add("designs", Array3::<f32>::zeros((5, 8, 9)).view())?;
            out.add(name, Array2::<f32>::zeros(shape).view())
        })
        .unwrap();
    };
    for shape in [(5, 2), (2, 5)] {
        write(shape, "y");
        let error = refused(&path, &Reading::default());
        assert!(error.to_string().contains("designs.npz:y"), "{error}");
        assert!(help(&error).contains("conditions"), "{}", help(&error));
        let none = Reading { conditions: "none".into(), ..Reading::default() };
        assert!(open_with(&Source::Path(path.clone()), &none).is_ok());
    }
    // What the remedy says works, and an array of something else is passed over.
    for (shape, name) in [((5, 2), "conditions"), ((7, 2), "y"), ((5, 1000), "y")] {
        write(shape, name);
        assert!(open_with(&Source::Path(path.clone()), &Reading::default()).is_ok(), "{name}");
    }
}

#[test]
fn masks_beside_pictures_are_no_designs() {
    let folder = tempfile::tempdir().unwrap();
    let bar = |i: u32| {
        GrayImage::from_fn(24, 12, move |x, y| Luma([if y < 4 + i || x < 6 { 0 } else { 255 }]))
    };
    for (name, invert) in [("images", false), ("masks", true)] {
        fs::create_dir(folder.path().join(name)).unwrap();
        for i in 0..3 {
            let mut picture = bar(i);
            if invert {
                picture.pixels_mut().for_each(|pixel| pixel.0[0] = 255);
            }
            picture.save(folder.path().join(name).join(format!("{i}.png"))).unwrap();
        }
    }
    let error = refused(folder.path(), &Reading::default());
    assert!(matches!(&error, DataError::Reading(ReadingError::Companions { .. })), "{error}");
    assert!(error.to_string().contains("masks/0.png") && help(&error).contains("images"));
    let alone = open_with(&Source::Path(folder.path().join("images")), &Reading::default());
    assert_eq!(alone.unwrap().len(), 3);
}
