//! `vae export`: every format, sizes in words and numbers, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::fs;

use failure::Failure as _;
use ndarray::{Array2, Array3};
use serde_json::Value;
use support::{Bench, bytes};
use vae_data::npy;

/// A frame of 12 × 20 cells with a bar across, as `beam.npy`; nothing, everything and grey beside
/// it; and two designs in one file.
fn bench() -> (Bench, Array2<f32>) {
    let bench = Bench::empty();
    let beam = Array2::from_shape_fn((12, 20), |(r, c)| {
        f32::from(u8::from(
            !(2..10).contains(&r) || !(2..18).contains(&c) || r == c / 2 || r == c / 2 + 1,
        ))
    });
    let write = |name: &str, design: &Array2<f32>| {
        npy::write(&bench.path(name), design.view()).unwrap();
    };
    write("beam.npy", &beam);
    write("empty.npy", &Array2::zeros((4, 6)));
    write("full.npy", &Array2::ones((4, 6)));
    write("grey.npy", &Array2::from_elem((4, 6), 0.4));
    let two =
        Array3::from_shape_fn((2, 12, 20), |(i, r, c)| if i == 0 { 1.0 } else { beam[(r, c)] });
    npy::write(&bench.path("two.npy"), two.view()).unwrap();
    (bench, beam)
}

#[test]
fn every_format_with_its_size() {
    let (bench, beam) = bench();
    let cells = f64::from(beam.sum());
    for (format, start) in [
        ("svg", &b"<?xml"[..]),
        ("dxf", b"0\nSECTION\n2\nHEADER\n"),
        ("stl", b""),
        ("vtk", b"# vtk DataFile Version 3.0\nbeam.npy, design 0\n"),
        ("npy", b"\x93NUMPY"),
        ("png", b"\x89PNG"),
    ] {
        let out = format!("out.{format}");
        let flags = format!("--to {format} --cell-size 0.2cm --thickness 5mm --out {out}");
        let ran = bench.vae(&format!("export beam.npy {flags} --json")).succeeds();
        let found: Value = serde_json::from_str(&ran.stdout).unwrap();
        let number = |name: &str| found[name].as_f64().unwrap_or_else(|| panic!("{name}: {found}"));
        assert_eq!((number("width"), number("height"), number("thickness")), (40.0, 24.0, 5.0));
        assert!((number("area") / (4.0 * cells) - 1.0).abs() < 1e-8, "{found}");
        assert!((number("volume") / (20.0 * cells) - 1.0).abs() < 1e-8, "{found}");
        if ["svg", "dxf", "stl"].contains(&format) {
            assert!(number("volume_error").abs() < 1e-8);
            assert_eq!((&found["pieces"], &found["holes"]), (&1.into(), &2.into()));
        } else {
            assert!(found.get("volume_error").is_none(), "{found}");
        }
        let file = bytes(&bench.path(&out));
        assert!(file.starts_with(start), "{format}: {:?}", &file[..40]);
    }
    let text = String::from_utf8(bytes(&bench.path("out.svg"))).unwrap();
    assert!(text.contains("width=\"40mm\" height=\"24mm\" viewBox=\"0 0 40 24\""), "{text}");
    // A picture and an array are read again as the same design.
    // Material all around a picture would pass for its frame.
    for (file, flags) in [("out.npy", ""), ("out.png", "--crop none --invert no")] {
        bench.vae(&format!("export {file} {flags} --to npy --out again.npy")).succeeds();
        let again = npy::read::<f32>(&bench.path("again.npy")).unwrap();
        assert_eq!(again, beam.clone().into_dyn(), "{file}");
    }
    // In words; the file is named after the design.
    let ran = bench.vae("export two.npy --design 1 --to dxf --cell-size 1in").succeeds();
    for words in
        ["508 × 304.8 × 5 mm", "volume error                +0.0000 %", "written: two-1.dxf"]
    {
        assert!(ran.stdout.contains(words), "{words:?} is not in {}", ran.stdout);
    }
    assert!(bench.path("two-1.dxf").is_file());
    bench.vae("export full.npy --to stl").succeeds();
    assert_eq!(bytes(&bench.path("full.stl")).len(), 84 + 50 * 12, "a box");
}

#[test]
fn one_design_of_a_data_set() {
    let bench = Bench::new();
    bench.vae("export beams --to svg").fails(2, &["beams holds", "--design", "from 0 to"]);
    bench.vae("export beams --design 3 --to dxf").succeeds();
    assert!(bench.path("beams-3.dxf").is_file());
}

#[test]
fn several_designs_at_once_and_whole_ones_of_halves() {
    let (bench, beam) = bench();
    let ran = bench.vae("export two.npy --all --to npy --out both --json").succeeds();
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["files"].as_array().map(Vec::len), Some(2), "{found}");
    let read = |name: &str| npy::read::<f32>(&bench.path(name)).unwrap();
    assert_eq!(read("both/two-1.npy"), beam.clone().into_dyn());
    fs::create_dir(bench.path("other")).unwrap();
    fs::copy(bench.path("full.npy"), bench.path("other/beam.npy")).unwrap();
    bench.vae("export beam.npy other/beam.npy --to svg --out drawn").succeeds();
    assert!(bytes(&bench.path("drawn/beam.svg")) != bytes(&bench.path("drawn/beam-2.svg")));

    bench.vae("export beam.npy --mirror left,top --to npy --out whole.npy").succeeds();
    let whole = read("whole.npy");
    assert_eq!(whole.shape(), [24, 40]);
    for ((r, c), &density) in beam.indexed_iter() {
        let images = [[12 + r, 20 + c], [12 + r, 19 - c], [11 - r, 20 + c], [11 - r, 19 - c]];
        assert!(
            images.iter().all(|at| (whole[&at[..]] - density).abs() < f32::EPSILON),
            "{r}, {c}"
        );
    }
    let ran = bench.vae("export beam.npy --mirror right --to stl --cell-size 2mm").succeeds();
    assert!(ran.stdout.contains("80 × 24 × 5 mm"), "{}", ran.stdout);
    bench.vae("export beam.npy --mirror left,right --to npy --out x.npy").fails(2, &["one axis"]);
}

#[test]
fn what_cannot_be_exported() {
    let (bench, _) = bench();
    for (flags, words) in [
        ("--cell-size 2", &["--cell-size", "needs its unit", "2mm"][..]),
        ("--cell-size 2ft", &["--cell-size 2ft", "unknown unit 'ft'", "mm, cm, m and in"]),
        ("--cell-size 0mm", &["--cell-size 0mm", "must be positive"]),
        ("--cell-size -1mm", &["must be positive"]),
        ("--cell-size wide", &["'wide' is not a number"]),
        ("--thickness 0in", &["--thickness 0in", "must be positive"]),
        ("--design 1", &["no design 1", "from 0 to 0"]),
    ] {
        bench.vae(&format!("export beam.npy --to svg {flags}")).fails(2, words);
    }
    bench.vae("export two.npy --to svg").fails(2, &["holds 2 designs", "--design", "from 0 to 1"]);
    bench.vae("export nowhere.npy --to svg").fails(2, &["nowhere.npy"]);
    bench.vae("export beam.npy --to npy").fails(2, &["beam.npy", "over itself", "--out"]);
    bench.vae("export beam.npy --to svg --out nowhere/a.svg").fails(1, &["nowhere/a.svg"]);
    bench.vae("export empty.npy --to stl").fails(1, &["empty.npy, design 0", "empty"]);
    bench.vae("export grey.npy --to svg").fails(1, &["9.600 cells", "24.000"]);
    // A cell that STL cannot hold.
    bench.vae("export beam.npy --to stl --cell-size 1e-60mm").fails(1, &["cell size"]);
    fs::create_dir(bench.path("folder.svg")).unwrap();
    bench.vae("export beam.npy --to svg --out folder.svg").fails(2, &["folder.svg"]);
    // Nothing was written, whole or half.
    let left: Vec<_> =
        fs::read_dir(bench.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 6, "{left:?}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_to() {
    use std::os::unix::fs::PermissionsExt;
    let (bench, _) = bench();
    let folder = bench.path("locked");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.svg"), "old").unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let ran = bench.vae("export beam.npy --to svg --out locked/a.svg");
    // Permissions do not bind root.
    if ran.code != Some(0) {
        ran.fails(1, &["locked/a.svg", "denied"]);
        assert_eq!(bytes(&folder.join("a.svg")), b"old");
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
}
