//! New designs for a task from the command line, and what is said when there are none.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::float_cmp, reason = "what is cut is exactly 0 or 1")]

#[path = "support/failure.rs"]
mod failure;
#[expect(dead_code, reason = "other tests want the bytes of files")]
mod support;

use std::fs;
use std::path::Path;

use failure::Failure as _;
use ndarray::Array2;
use serde_json::Value;
use support::Bench;
use vae_data::npy;

/// The cantilever that the beams are made for, with names for what varies.
const PART: &str = r#"
volume_fraction = "$volume_fraction"
grid = { nelx = 24, nely = 12 }
supports = [{ at = { edge = "left" }, fix = "xy" }]
load_cases = [{ loads = [{ at = { point = [1.0, "$load_y"] }, force = [0.0, -1.0] }] }]
"#;

/// A bench with beams, a run that has learned them, and `part.toml`.
fn trained() -> Bench {
    let bench = Bench::new();
    bench
        .vae("train --data beams --problems none --augment none --run run --epochs 600 --latent-dim 4 --batch-size 16")
        .succeeds();
    fs::write(bench.path("part.toml"), PART).unwrap();
    bench
}

/// Width, height and thickness of the plate in a binary STL file, in millimeters; a triangle takes
/// 50 bytes.
fn plate(path: &Path) -> [f32; 3] {
    let stl = fs::read(path).unwrap();
    let number =
        |bytes: &[u8], at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let corners: Vec<[f32; 3]> = stl[84..]
        .chunks_exact(50)
        .flat_map(|triangle| {
            [12, 24, 36].map(|corner| [0, 4, 8].map(|axis| number(triangle, corner + axis)))
        })
        .collect();
    [0, 1, 2].map(|axis| {
        let along = corners.iter().map(|corner| corner[axis]);
        along.clone().fold(f32::NEG_INFINITY, f32::max) - along.fold(f32::INFINITY, f32::min)
    })
}

#[test]
fn proposals_have_their_volume_and_keep_what_was_asked() {
    let bench = trained();
    let command = "propose run --problem part.toml --set load_y=0.5 --set load_angle=90 --volume 0.4 --compliance-within 150% \
                   --overlap 0.98 --count 3 --candidates 24 --search 8 --refine 3 --to stl,dxf --cell-size 2mm --out found";
    let ran = bench.vae(command).succeeds();
    for words in ["SIMP optimum", "150 % softer", "proposals in found", "repair", "uniform start"] {
        assert!(ran.stdout.contains(words), "{words:?} is not in: {}", ran.stdout);
    }
    for file in ["proposals.png", "proposals.csv", "problem.toml"] {
        assert!(bench.path("found").join(file).is_file(), "{file}");
    }
    let folder = bench.path("found/01");
    assert!(folder.join("design.dxf").is_file());
    let size = plate(&folder.join("design.stl"));
    assert!(size[0] <= 48.0 && size[1] <= 24.0 && size[2] == 5.0 && 40.0 < size[0], "{size:?}");
    let said: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("design.json")).unwrap()).unwrap();
    let design = npy::read::<f32>(&folder.join("design.npy")).unwrap();
    assert_eq!(design.shape(), [12, 24]);
    // 0.4 of 288 elements is 115.2.
    assert!((design.sum() - 115.0).abs() < 1e-6 && design.iter().all(|x| *x == 0.0 || *x == 1.0));
    let [compliance, limit] = [&said["compliance"], &said["reference_compliance"]];
    assert!(compliance.as_f64().unwrap() <= 2.5 * limit.as_f64().unwrap());
    let reference = said["reference"].as_str().unwrap();
    assert!(reference.contains("SIMP optimum") || reference.contains("candidate"), "{reference}");
    assert!(said["novelty"].as_f64().unwrap() >= 0.02);

    // The same seed proposes the same; a folder that holds something is left alone. A half model is
    // completed in the files for CAD, and stays a half in the others.
    bench.vae(command).fails(2, &["found is not empty", "--out"]);
    bench.vae(&command.replace("--out found", "--mirror left --out again")).succeeds();
    let whole = plate(&bench.path("again/01/whole.stl"));
    assert!((whole[0] - 2.0 * size[0]).abs() < 1e-3 && whole[1..] == size[1..], "{whole:?}");
    assert_eq!(npy::read::<f32>(&bench.path("again/01/design.npy")).unwrap(), design);
    let table = |out: &str| fs::read(bench.path(out).join("proposals.csv")).unwrap();
    assert_eq!(table("found"), table("again"));
}

/// Tasks of one table share a page and a table; one that is impossible does not keep the others.
#[test]
fn tasks_by_the_dozen() {
    let bench = trained();
    fs::write(
        bench.path("tasks.csv"),
        "name,volume,load_y,load_angle,require\nlow,0.4,0.25,90,\nfull,140%,0.5,90,\nthin,0.4,0.5,90,member>=99\n",
    )
    .unwrap();
    let command = "propose run --problem part.toml --tasks tasks.csv --compliance-within 150% --overlap 0.99 \
                   --count 2 --candidates 12 --search 4 --refine 3 --out study";
    bench.vae(&command.replace("tasks.csv", "nowhere.csv")).fails(2, &["nowhere.csv"]);
    assert!(!bench.path("study").exists());
    let ran = bench.vae(command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("of 3 tasks have proposals in study"), "{}", ran.stdout);
    assert!(ran.stderr.contains("thin: none of 12 candidates is accepted"), "{}", ran.stderr);
    assert!(ran.stderr.contains("full: volume 1.4 must be"), "{}", ran.stderr);
    let table = fs::read_to_string(bench.path("study/tasks.csv")).unwrap();
    assert!(table.starts_with("name,volume,load_y,load_angle,require,accepted,"), "{table}");
    assert_eq!(table.lines().count(), 4);
    for file in ["index.html", "low/proposals.html", "low/01/design.npy", "low/task.png"] {
        assert!(bench.path("study").join(file).is_file(), "{file}");
    }
    assert!(!bench.path("study/thin").exists());
}

/// A bound that is kept, and another order of the ranks.
#[test]
fn bounds_are_kept_and_stress_ranks() {
    let bench = trained();
    let command = "propose run --problem part.toml --set load_y=0.5 --set load_angle=90 --volume 0.4 --compliance-within 150% \
                   --overlap 0.99 --count 3 --candidates 24 --search 4 --refine 3 --minimize stress --out free";
    let stresses = |out: &str| -> Vec<f64> {
        let table = fs::read_to_string(bench.path(out).join("proposals.csv")).unwrap();
        let mut lines = table.lines();
        let names = lines.next().unwrap();
        let column = names.split(',').position(|name| name == "stress").unwrap();
        lines.map(|line| line.split(',').nth(column).unwrap().parse().unwrap()).collect()
    };
    bench.vae(command).succeeds();
    let free = stresses("free");
    assert!(1 < free.len() && free.is_sorted(), "{free:?}");
    let bound = format!("--require stress<={} --out", 0.5 * (free[0] + free[1]));
    bench.vae(&command.replace("--out free", &format!("{bound} bounded"))).succeeds();
    let bounded = stresses("bounded");
    assert!(bounded.iter().all(|stress| *stress < free[1]), "{free:?} {bounded:?}");
    // The lightest: below the volume that is allowed, and no softer than that.
    let lightest = command.replace("--minimize stress --out free", "--minimize weight --out light");
    let ran = bench.vae(&lightest.replace("--candidates 24", "--candidates 80")).succeeds();
    assert!(ran.stdout.contains("the lightest proposal fills"), "{}", ran.stdout);
    let said: Value =
        serde_json::from_str(&fs::read_to_string(bench.path("light/01/design.json")).unwrap())
            .unwrap();
    let number = |name: &str| said[name].as_f64().unwrap();
    let design = npy::read::<f32>(&bench.path("light/01/design.npy")).unwrap();
    let filled = f64::from(design.sum()) / 288.0;
    assert!((number("volume_fraction") - filled).abs() < 1e-6 && filled < 0.39, "{filled}");
    assert!(number("compliance") <= 2.5 * number("reference_compliance"));
    for file in ["picture.png", "../tradeoff.png", "../optimum.png"] {
        assert!(bench.path("light/01").join(file).is_file(), "{file}");
    }
    let none = command.replace("--out free", "--require stress<=0 --out none");
    let ran = bench.vae(&none);
    assert!(ran.code == Some(1) && ran.stdout.contains("beyond a bound"), "{}", ran.stdout);
    let ran = bench.vae(&command.replace("--out free", "--require beauty>=2 --out none"));
    assert!(ran.code == Some(2) && ran.stderr.contains("MEASURE<=NUMBER"), "{}", ran.stderr);
}

/// A model that is told the fields alone takes any problem on its grid, whose volume is a number.
#[test]
fn a_model_that_is_told_no_condition_takes_any_problem() {
    let bench = Bench::new();
    let train = "train --data beams --told none --epochs 2 --batch-size 8 --latent-dim 4 --run run";
    bench.vae(train).succeeds();
    let numbers = PART.replace("\"$volume_fraction\"", "0.37").replace("\"$load_y\"", "0.3");
    fs::write(bench.path("any.toml"), numbers).unwrap();
    let propose = "propose run --problem any.toml --compliance-within 400% --count 1 --candidates 6 \
                   --search 2 --refine 20 --out found";
    bench.vae(propose).succeeds();
    let found = npy::read::<f32>(&bench.path("found/01/design.npy")).unwrap();
    // 0.37 of 288 elements is 106.6.
    assert!((found.sum() - 107.0).abs() < 1e-6, "{}", found.sum());
    bench.vae(&propose.replace("--problem", "--set nonsense=1 --problem")).fails(2, &["nonsense"]);
}

#[test]
fn what_cannot_be_proposed_is_said_in_one_line() {
    let bench = trained();
    let propose = |rest: &str| bench.vae(&format!("propose run --problem part.toml {rest}"));
    let base = "--set load_y=0.5 --set load_angle=90 --count 2 --candidates 4 --search 2 --out out";
    fs::write(bench.path("wide.toml"), PART.replace("24", "30")).unwrap();
    bench
        .vae(&format!("propose run --problem wide.toml --volume 0.4 {base}"))
        .fails(2, &["12 rows and 30 columns", "designs of 12 x 24"]);
    propose(&format!("--volume 140% {base}")).fails(2, &["volume 1.4", "below 1"]);
    let plain = propose(&format!("--volume 40 {base}"));
    assert!(plain.code == Some(2) && plain.stderr.contains("write it as 10% or 0.1"));
    let solid = "[[passive]]\nkind = \"solid\"\nshape = { rectangle = { min = [0.0, 0.0], max = [1.0, 0.5] } }\n";
    fs::write(bench.path("solid.toml"), format!("{PART}{solid}")).unwrap();
    bench
        .vae(&format!("propose run --problem solid.toml --volume 0.3 {base}"))
        .fails(2, &["volume 0.3", "0.5"]);
    propose(&format!("--volume 0.4 --reference nowhere.npy {base}")).fails(2, &["nowhere.npy"]);
    propose(&format!("--volume 0.4 --reference 100000 {base}")).fails(2, &["no design 100000"]);
    // A reference that is cut apart is not used.
    let specks = Array2::from_shape_fn((12, 24), |(row, column)| {
        f32::from(u8::from(row % 2 == 0 && column % 2 == 0))
    });
    npy::write(&bench.path("specks.npy"), specks.view()).unwrap();
    propose(&format!("--volume 25% --reference specks.npy {base}")).fails(2, &["specks.npy"]);
    assert!(!bench.path("out").exists());
    propose(&format!("--volume 0.4 --near nowhere.npy {base}")).fails(2, &["nowhere.npy"]);
    propose(&format!("--volume 0.4 --set lode_y=1 {base}")).fails(2, &["lode_y", "load_y"]);
    bench
        .vae(&format!("propose run --problem nowhere.toml --volume 0.4 {base}"))
        .fails(2, &["nowhere.toml"]);
    propose(&format!("--volume 0.4 --to stl --cell-size 2furlong {base}"))
        .fails(2, &["--cell-size", "furlong", "mm"]);
    for (wrong, said) in [
        ("--count 0", "count 0 must be from 1"),
        ("--count 99999999999999", "count 99999999999999 must be"),
        ("--candidates 0", "candidates 0 must be from 1"),
        ("--trust 2", "trust"),
    ] {
        propose(&format!("--volume 0.4 {wrong} --out out")).fails(2, &[said]);
    }
    let plain = propose("--volume 0.4 --compliance-within 10 --out out");
    assert!(plain.code == Some(2) && plain.stderr.contains("write it as 10% or 0.1"));
    fs::write(bench.path("file"), "").unwrap();
    let into_file = base.replace("--out out", "--out file/below");
    propose(&format!("--volume 0.4 {into_file}")).fails(1, &["cannot write into file/below"]);

    let ran = propose(&format!("--volume 0.4 --compliance-within 0% {base}"));
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("0 of 4 candidates are accepted"), "{}", ran.stdout);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
}
