//! Other people's data: folders of pictures, arrays and tables, in one command; and what is wrong
//! with them, in one line.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::float_cmp, reason = "what is written is read")]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use failure::Failure as _;
use image::{ImageBuffer, Luma};
use ndarray::{Array2, Array3, Array4};
use support::{Bench, bytes};
use vae_data::{Source, npy, npz, open};

/// Density of a bar whose place depends on `part` and whose sharpness on `iteration`.
fn density(part: usize, iteration: usize, row: usize, column: usize) -> f32 {
    let middle = 2.0 + 1.3 * (part % 8) as f32 + (part as f32 * 0.37).sin() * column as f32 / 12.0;
    let sharp = (2.5 - (row as f32 - middle).abs()).clamp(0.0, 1.0);
    let progress = (0.6 + 0.1 * iteration as f32).min(1.0);
    progress * sharp + (1.0 - progress) * 0.4
}

const HEIGHT: usize = 16;
const WIDTH: usize = 24;

/// A picture of a bar in white margins of 3 pixels above and left of it, and 5 below and right.
fn picture(part: usize, iteration: usize) -> ImageBuffer<Luma<u8>, Vec<u8>> {
    let (height, width) = (HEIGHT as u32 + 8, WIDTH as u32 + 8);
    ImageBuffer::from_fn(width, height, |x, y| {
        if !(3..width - 5).contains(&x) || !(3..height - 5).contains(&y) {
            return Luma([255]);
        }
        // Ends at the sides, so that no void surrounds it.
        let density = density(part, iteration, y as usize - 3, x as usize - 3);
        Luma([(255.0 * (1.0 - density)).round() as u8])
    })
}

/// Writes `beam_<part>_<iteration>.<extension>`.
fn pictures(folder: &Path, parts: usize, iterations: usize, extension: &str) {
    fs::create_dir_all(folder).unwrap();
    for part in 0..parts {
        for iteration in 0..iterations {
            let path = folder.join(format!("beam_{}_{iteration}.{extension}", 10 + part));
            picture(part, iteration).save(path).unwrap();
        }
    }
}

fn designs(parts: usize, iterations: usize) -> Array4<f32> {
    Array4::from_shape_fn((parts, iterations, HEIGHT, WIDTH), |(p, i, row, column)| {
        density(p, i, row, column)
    })
}

const TRAIN: &str = "--epochs 1 --batch-size 8 --latent-dim 2";

/// The groups on each side of a run's split.
fn sides(run: &Path) -> [BTreeSet<u64>; 3] {
    let splits: serde_json::Value =
        serde_json::from_slice(&bytes(&run.join("splits.json"))).unwrap();
    ["train", "validation", "test"].map(|side| {
        splits[side].as_array().unwrap().iter().map(|group| group.as_u64().unwrap()).collect()
    })
}

#[test]
fn a_folder_of_pictures_trains_in_one_command() {
    let bench = Bench::empty();
    pictures(&bench.path("pics"), 9, 5, "jpg");
    let ran = bench.vae(&format!("train --data pics {TRAIN} --run run")).succeeds();
    for words in ["3,5,5,3", "black is material", "conditions a, b", "same a are a group"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in {}", ran.stderr);
    }
    // Nine groups: one for each part, none on two sides.
    let [train, validation, test] = sides(&bench.path("run"));
    assert!(
        train.is_disjoint(&validation) && train.is_disjoint(&test) && validation.is_disjoint(&test)
    );
    assert_eq!(train.len() + validation.len() + test.len(), 9);
    // The run knows how its data were read.
    let config = fs::read_to_string(bench.path("run/config.toml")).unwrap();
    assert!(config.contains("[data.reading]") && config.contains("crop = \"auto\""), "{config}");
    assert!(bench.vae("train --resume run").succeeds().stdout.contains("finished already"));
    bench.vae("evaluate run --samples 2").succeeds();

    let info = bench
        .vae("data info pics --json --labels {volume_fraction%}_{iterate} --out look")
        .succeeds();
    let info: serde_json::Value = serde_json::from_str(&info.stdout).unwrap();
    assert_eq!((&info["n"], &info["height"], &info["width"]), (&45.into(), &16.into(), &24.into()));
    assert_eq!(info["conditions"][0]["name"], "volume_fraction");
    assert!((info["conditions"][0]["max"].as_f64().unwrap() - 0.18).abs() < 1e-6);
    for file in ["designs", "histogram-volume", "histogram-volume_fraction", "histogram-iterate"] {
        assert!(bench.path(&format!("look/{file}.png")).is_file(), "{file}");
    }
    // Another size, other files of the same size, and the folder that says the same for good.
    bench
        .vae(&format!(
            "train --data pics --resize 32x32 --crop none --unconditional {TRAIN} --run square"
        ))
        .succeeds();
    bench.vae("evaluate square --samples 2").succeeds();
    bench.vae("data convert pics --out folder").succeeds();
    bench.vae("evaluate run --data folder --samples 2").succeeds();
    let (folder, pictures) = (
        open(&Source::Path(bench.path("folder"))).unwrap(),
        open(&Source::Path(bench.path("pics"))).unwrap(),
    );
    assert_eq!(folder.groups(), pictures.groups());
    assert_eq!(folder.conditions(), pictures.conditions());
    let read = |set: &vae_data::DataSet| {
        let mut out = vec![0.0; set.len() * set.design_len()];
        set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut out).map(|()| out)
    };
    assert_eq!(read(&folder).unwrap(), read(&pictures).unwrap());
}

#[test]
fn white_on_black_is_found_out_and_can_be_said() {
    let bench = Bench::empty();
    fs::create_dir_all(bench.path("dark")).unwrap();
    for part in 0..12 {
        let mut picture = picture(part, 0);
        picture.pixels_mut().for_each(|pixel| pixel.0[0] = 255 - pixel.0[0]);
        picture.save(bench.path(&format!("dark/{part}.png"))).unwrap();
    }
    let volume = |flags: &str, words: &str| {
        let ran = bench.vae(&format!("data info dark --json {flags}")).succeeds();
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        let info: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        info["volume_fraction"]["mean"].as_f64().unwrap()
    };
    let found = volume("", "white is material");
    assert!(
        (volume("--invert yes --crop 3,5,5,3", "white is material: asked for") - found).abs()
            < 1e-9
    );
    let inverse = volume("--invert no", "black is material: asked for");
    // Each density is rounded to f32.
    assert!((inverse - (1.0 - found)).abs() < f64::from(f32::EPSILON), "{inverse} {found}");
}

#[test]
fn twins_notes_and_broken_pictures() {
    let bench = Bench::empty();
    pictures(&bench.path("pics"), 5, 3, "jpg");
    picture(0, 0).save(bench.path("pics/beam_10_0.png")).unwrap();
    for name in ["Thumbs.db", ".DS_Store", "notes.csv"] {
        fs::write(bench.path(&format!("pics/{name}")), "x").unwrap();
    }
    let ran = bench.vae("data info pics").succeeds();
    assert!(ran.stderr.contains("beam_10_0.jpg beside beam_10_0.png"), "{}", ran.stderr);
    assert!(ran.stderr.contains("ignored: 2 files other than pictures"), "{}", ran.stderr);
    assert!(ran.stdout.contains("15 designs of 16 x 24"), "{}", ran.stdout);

    let whole = bytes(&bench.path("pics/beam_12_1.jpg"));
    fs::write(bench.path("pics/beam_12_1.jpg"), &whole[..whole.len() / 2]).unwrap();
    bench.vae("train --data pics --run r").fails(1, &["beam_12_1.jpg", "--skip-bad"]);
    assert!(!bench.path("r").exists());
    let ran = bench.vae("data info pics --skip-bad").succeeds();
    assert!(
        ran.stderr.contains("left out: 1 picture; the first: ")
            && ran.stderr.contains("beam_12_1.jpg")
    );
    assert!(ran.stdout.contains("14 designs"), "{}", ran.stdout);

    bench.vae("data info pics --skip-bad --labels x{v}").fails(2, &["beam_10_0.png", "x{v}"]);
    fs::rename(bench.path("pics/beam_14_2.jpg"), bench.path("pics/beam_14_two.jpg")).unwrap();
    bench
        .vae("data info pics --skip-bad --labels {v}_{i}")
        .fails(1, &["beam_14_two.jpg", "label i", "\"two\""]);
    bench.vae("data info pics --skip-bad").succeeds();

    ImageBuffer::from_pixel(5, 4, Luma([0_u8])).save(bench.path("pics/beam_14_3.jpg")).unwrap();
    bench
        .vae("data info pics --skip-bad")
        .fails(1, &["beam_14_3.jpg", "4 x 5", "beam_10_0", "--resize"]);
    bench.vae("data info pics --skip-bad --resize fit:16x16").succeeds();
}

#[test]
fn what_is_no_data() {
    let bench = Bench::empty();
    fs::create_dir_all(bench.path("empty")).unwrap();
    bench.vae("train --data empty").fails(1, &["empty", "the folder is empty"]);
    fs::write(bench.path("empty/readme.md"), "x").unwrap();
    bench.vae("train --data empty").fails(1, &["none of its 1 files"]);
    fs::write(bench.path("empty/x.mat"), "x").unwrap();
    bench.vae("train --data empty").fails(1, &["MATLAB", "loadmat("]);
    fs::write(bench.path("half.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    bench.vae("train --data half.png").fails(1, &["half.png"]);
    fs::write(bench.path("x.npz"), b"PK\x03\x04").unwrap();
    bench.vae("train --data x.npz").fails(1, &["x.npz"]);
    bench.vae("data info mnist:empty").fails(1, &["train-images-idx3-ubyte"]);
    let ran = bench.vae("data info empty --resize 10");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("\"10\" is not a size"), "{}", ran.stderr);
    bench.vae("data convert builtin --out empty").fails(2, &["empty"]);
}

#[test]
fn trajectories_are_never_split() {
    let bench = Bench::empty();
    fs::create_dir_all(bench.path("runs-of-solver")).unwrap();
    let all = designs(8, 6);
    for (part, trajectory) in all.outer_iter().enumerate() {
        npz::write(&bench.path(&format!("runs-of-solver/{part}.npz")), |out| {
            out.add("x", trajectory)?;
            out.add("volume", ndarray::arr0(0.1 + part as f32 / 20.0).view())
        })
        .unwrap();
    }
    let set = open(&Source::Path(bench.path("runs-of-solver"))).unwrap();
    assert_eq!((set.len(), set.n_groups()), (48, 8));
    assert_eq!(set.condition("volume").unwrap()[47], 0.1 + 7.0 / 20.0);
    bench.vae(&format!("train --data runs-of-solver {TRAIN} --run run")).succeeds();
    let [train, validation, test] = sides(&bench.path("run"));
    assert!(
        train.is_disjoint(&validation) && train.is_disjoint(&test) && validation.is_disjoint(&test)
    );
    assert_eq!(train.len() + validation.len() + test.len(), 8);
    let ran = bench.vae("data info runs-of-solver --iterations last").succeeds();
    assert!(ran.stdout.contains("8 designs"), "{}", ran.stdout);

    // The same in one array of four axes, and as a heap of designs that nobody grouped.
    npy::write(&bench.path("four.npy"), all.view()).unwrap();
    bench.vae("data info four.npy").fails(1, &["[8, 6, 16, 24]", "--iterations"]);
    let ran = bench.vae("data info four.npy --iterations all").succeeds();
    assert!(ran.stdout.contains("in 8 groups, the largest of 6"), "{}", ran.stdout);
    let heap: Array3<f32> = all.into_shape_with_order((48, HEIGHT, WIDTH)).unwrap();
    npy::write(&bench.path("heap.npy"), heap.view()).unwrap();
    let set = open(&Source::Path(bench.path("heap.npy"))).unwrap();
    // The last iterations of one part are near copies: they may not be apart.
    for part in 0..8 {
        let groups = &set.groups()[part * 6 + 4..part * 6 + 6];
        assert_eq!(groups[0], groups[1], "part {part}");
    }
    assert!(set.notes().iter().any(|note| note.found.contains("warning: ")), "{:?}", set.notes());
}

#[test]
fn flat_vectors_tables_and_conditions() {
    let bench = Bench::empty();
    let all = designs(12, 1).into_shape_with_order((12, HEIGHT, WIDTH)).unwrap();
    // The classic codes count down the columns.
    let flat: Array2<f32> =
        Array2::from_shape_fn((12, HEIGHT * WIDTH), |(n, i)| all[[n, i % HEIGHT, i / HEIGHT]]);
    npy::write(&bench.path("flat.npy"), flat.view()).unwrap();
    bench.vae("train --data flat.npy").fails(1, &["[12, 384]", "--layout"]);
    bench
        .vae("train --data flat.npy --layout columns:20x20")
        .fails(2, &["[12, 384]", "columns:20x20", "400"]);
    let ran = bench.vae("data info flat.npy --layout rows:24x16").succeeds();
    assert!(ran.stderr.contains("columns:24x16"), "{}", ran.stderr);
    let mut table = String::from("volume,load,remark\n");
    for n in 0..12 {
        writeln!(table, "{},{},none", 0.3 + n as f32 / 100.0, n % 3).unwrap();
    }
    fs::write(bench.path("table.csv"), &table).unwrap();
    let train = format!(
        "train --data flat.npy --layout columns:24x16 --conditions table.csv {TRAIN} --batch-size 4 --run run"
    );
    let ran = bench.vae(&train.replacen("--batch-size 8 ", "", 1)).succeeds();
    assert!(ran.stderr.contains("columns of text are ignored: remark"), "{}", ran.stderr);
    bench.vae("evaluate run --samples 2").succeeds();
    fs::write(bench.path("table.csv"), table.lines().take(12).collect::<Vec<_>>().join("\n"))
        .unwrap();
    bench
        .vae("data info flat.npy --layout columns:24x16 --conditions table.csv")
        .fails(1, &["table.csv", "design 11"]);
    bench
        .vae("train --resume run --layout rows:24x16")
        .fails(2, &["data.reading", "cannot change"]);

    // A matrix per file, and a table that names the files.
    fs::create_dir_all(bench.path("text")).unwrap();
    for (n, design) in all.outer_iter().enumerate() {
        let rows: Vec<String> = design
            .outer_iter()
            .map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect();
        fs::write(bench.path(&format!("text/d{n}.txt")), rows.join("\n")).unwrap();
    }
    let rows = |skip: usize| {
        (0..12)
            .rev()
            .filter(|n| *n != skip)
            .fold(String::new(), |lines, n| format!("{lines}d{n}.txt;{n}\n"))
    };
    fs::write(bench.path("named.csv"), format!("file;number\n{}", rows(99))).unwrap();
    bench.vae("data convert text --conditions named.csv --out folder").succeeds();
    let set = open(&Source::Path(bench.path("folder"))).unwrap();
    assert_eq!(set.condition("number").unwrap()[7], 7.0);
    let mut out = vec![0.0; set.design_len()];
    set.read_into(&[7], &mut out).unwrap();
    assert!(out.iter().zip(all.index_axis(ndarray::Axis(0), 7)).all(|(a, b)| (a - b).abs() < 1e-6));
    fs::write(bench.path("named.csv"), format!("file;number\n{}", rows(7))).unwrap();
    bench.vae("data info text --conditions named.csv").fails(1, &["named.csv", "d7.txt"]);

    // Objects in an archive are pickles.
    let objects = include_bytes!("../../vae-data/tests/numpy/objects.npz");
    fs::write(bench.path("objects.npz"), objects).unwrap();
    bench.vae("train --data objects.npz").fails(1, &["objects.npz", "pickles"]);
}

#[test]
fn stated_compliances_are_held_against_the_problem() {
    let bench = Bench::new();
    let set = open(&Source::Path(bench.path("beams"))).unwrap();
    let mut designs = vec![0.0; set.len() * set.design_len()];
    set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut designs).unwrap();
    let designs = Array3::from_shape_vec((set.len(), set.height(), set.width()), designs).unwrap();
    npy::write(&bench.path("designs.npy"), designs.view()).unwrap();
    fs::write(
        bench.path("part.toml"),
        r#"
        volume_fraction = 0.4
        grid = { nelx = 24, nely = 12 }
        supports = [{ at = { edge = "left" }, fix = "xy" }]
        load_cases = [{ loads = [{ at = { point = [1, "$load_y"] }, force = [0, -1] }] }]
    "#,
    )
    .unwrap();
    let problem = fs::read_to_string(bench.path("part.toml")).unwrap();
    let table = |scale: f64| {
        let mut table = String::from("load_y,compliance\n");
        for (index, design) in designs.outer_iter().enumerate() {
            let load_y = f64::from(set.condition("load_y").unwrap()[index]);
            let part = topo_simp::Problem::from_toml_with(&problem, |_| Some(load_y)).unwrap();
            let density = design.mapv(f64::from);
            let compliance = topo_simp::compliance(&part, density.view(), 3.0).unwrap();
            writeln!(table, "{load_y},{}", scale * compliance).unwrap();
        }
        fs::write(bench.path("table.csv"), table).unwrap();
        bench
            .vae("data info designs.npy --conditions table.csv --problem part.toml --out look")
            .succeeds()
            .stdout
    };
    let said = table(1.0);
    assert!(said.contains("they agree"), "{said}");
    let said = table(1000.0);
    assert!(said.contains("they differ by one factor"), "{said}");
    fs::write(bench.path("part.toml"), problem.replace("[0, -1]", "[1, 0]")).unwrap();
    let said = bench
        .vae("data info designs.npy --conditions table.csv --problem part.toml")
        .succeeds()
        .stdout;
    assert!(said.contains("they do not agree"), "{said}");
    fs::write(
        bench.path("part.toml"),
        problem.replace("nelx = 24, nely = 12", "nelx = 12, nely = 24"),
    )
    .unwrap();
    // Exactly one order of the axes fits that grid, and a line says that it was taken.
    let ran =
        bench.vae("data info designs.npy --conditions table.csv --problem part.toml").succeeds();
    assert!(ran.stderr.contains("the grid of the problem says so"), "{}", ran.stderr);
}

#[test]
fn exchanged_designs_are_stopped_or_named_by_their_problem() {
    let bench = Bench::empty();
    let problem = |volume: f64| {
        let text = format!(
            r#"
            volume_fraction = {volume}
            grid = {{ nelx = 24, nely = 12 }}
            supports = [{{ at = {{ edge = "left" }}, fix = "xy" }}]
            load_cases = [{{ loads = [{{ at = {{ point = [1, 1] }}, force = [0, -1] }}] }}]
        "#
        );
        fs::write(bench.path("part.toml"), text).unwrap();
    };
    // Material fills the lowest rows, where the load is; the file holds 1 for void.
    let exchanged = |rows: usize| {
        let designs =
            Array3::from_shape_fn(
                (4, 12, 24),
                |(_, row, _)| {
                    if 12 - rows <= row { 0.0_f32 } else { 1.0 }
                },
            );
        npy::write(&bench.path("designs.npy"), designs.view()).unwrap();
    };
    problem(0.25);
    exchanged(3);
    let look = "data info designs.npy --problem part.toml";
    bench.vae(look).fails(2, &["volume fraction of the problem", "0.250", "0.750", "--range 1:0"]);
    let ran = bench.vae(&format!("{look} --range 1:0")).succeeds();
    assert!(ran.stdout.contains("volume fraction 0.250"), "{}", ran.stdout);
    // The volume does not tell, but the load does.
    problem(0.5);
    exchanged(6);
    let words = "50 % of the supports and loads touch material, and 100 % would";
    bench.vae(look).fails(2, &[words, "acts on void", "--turn mirror-y", "--range 1:0"]);
}
