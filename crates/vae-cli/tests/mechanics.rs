//! Designs judged by mechanics from the command line: `analyze`, `evaluate`, `sample`.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::fs;
use std::path::Path;

use failure::Failure as _;
use ndarray::{Array2, Array3, Array4, Axis};
use serde_json::Value;
use support::{Bench, Ran, bytes};
use vae_data::npy;

const PROBLEM: &str = r#"
volume_fraction = 0.5
grid = { nelx = 8, nely = 4 }
supports = [{ at = { edge = "left" }, fix = "xy" }]
load_cases = [{ loads = [{ at = { point = [1, 1] }, force = [0, -1] }] }]
"#;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|err| panic!("{err}: {}", ran.stdout))
}

/// A file of one design of float32.
fn write_design(path: &Path, (rows, columns): (usize, usize), values: &[f32]) {
    let design = Array3::from_shape_vec((1, rows, columns), values.to_vec()).unwrap();
    npy::write(path, design.view()).unwrap();
}

#[test]
fn foreign_designs_are_analyzed_under_a_problem_file() {
    let bench = Bench::new();
    fs::write(bench.path("p.toml"), PROBLEM).unwrap();
    let bar: Vec<f32> = (0..32).map(|i| if i < 16 { 0.0 } else { 1.0 }).collect();
    write_design(&bench.path("bar.npy"), (4, 8), &bar);
    let ran =
        bench.vae("analyze bar.npy --problem p.toml --refine 3 --table t.csv --json").succeeds();
    let found = &json(&ran)["designs"][0];
    assert_eq!(found["pieces_4"], 1);
    assert_eq!(found["member_size"], 2);
    assert_eq!(
        (&found["loads_on_material"], &found["loads_supported"]),
        (&true.into(), &true.into())
    );
    assert_eq!(found["volume_fraction"], 0.5);
    let (compliance, error) =
        (found["compliance_cut"].as_f64().unwrap(), found["compliance_error"].as_f64().unwrap());
    let optimum = found["optimum"].as_f64().unwrap();
    assert!((compliance / optimum - 1.0 - error).abs() < 1e-9 && 0.0 < error, "{found}");
    // The design itself comes first, up to the little that frees its exact zeros.
    let before = found["refinement"]["compliance_before"].as_f64().unwrap();
    assert!((before / compliance - 1.0).abs() < 0.01, "{found}");
    assert_eq!(found["refinement"]["iterations"], 3);
    let table = String::from_utf8(bytes(&bench.path("t.csv"))).unwrap();
    assert!(table.starts_with("source,design,compliance,") && table.lines().count() == 2);
    // One design of two axes, as `vae simp solve --out` writes it.
    let solved = "simp solve p.toml --max-iterations 5 --out solved.npy --json";
    let solved = json(&bench.vae(solved).succeeds());
    let ran = bench.vae("analyze solved.npy --problem p.toml --no-optimum --json").succeeds();
    let (found, stated) = (&json(&ran)["designs"][0]["compliance"], &solved["compliance_returned"]);
    assert!((found.as_f64().unwrap() / stated.as_f64().unwrap() - 1.0).abs() < 1e-5, "{found}");
    // In words.
    let ran = bench.vae("analyze bar.npy --problem p.toml").succeeds();
    assert!(ran.stdout.contains("against the SIMP optimum"), "{}", ran.stdout);
}

#[test]
fn an_array_of_two_axes_is_one_design() {
    let bench = Bench::empty();
    fs::write(bench.path("p.toml"), PROBLEM).unwrap();
    let bar = Array2::from_shape_fn((4, 8), |(row, _)| [0.2_f64, 0.4, 1.0, 1.0][row]);
    let grey = bar.mapv(|x| (255.0 * x).round() as u8);
    npy::write(&bench.path("one.npy"), bar.view().insert_axis(Axis(0))).unwrap();
    npy::write(&bench.path("flat.npy"), bar.view()).unwrap();
    npy::write(&bench.path("grey.npy"), grey.view()).unwrap();
    let compliance = |name: &str| {
        let ran = bench.vae(&format!("analyze {name} --problem p.toml --no-optimum --json"));
        json(&ran.succeeds())["designs"][0]["compliance"].as_f64().unwrap()
    };
    let expected = compliance("one.npy");
    for name in ["flat.npy", "grey.npy"] {
        assert!((compliance(name) / expected - 1.0).abs() < 1e-6, "{name}");
    }
    // A line says which axis counts rows, and the grid of the problem decides it.
    let ran = bench.vae("analyze flat.npy --problem p.toml --no-optimum").succeeds();
    assert!(!ran.stderr.contains("--layout"), "{}", ran.stderr);
    npy::write(&bench.path("turned.npy"), bar.t()).unwrap();
    let ran = bench.vae("analyze turned.npy --problem p.toml --no-optimum").succeeds();
    assert!(ran.stderr.contains("the grid of the problem says so"), "{}", ran.stderr);
    assert!((compliance("turned.npy") / expected - 1.0).abs() < 1e-6);
    let tall = Array2::from_shape_fn((16, 8), |(_, column)| if column < 4 { 0.0 } else { 1.0 });
    npy::write(&bench.path("tall.npy"), tall.view()).unwrap();
    let ran = bench.vae("export tall.npy --to svg").succeeds();
    let said = "the first axis of each file counts rows, the second one columns; which";
    assert!(ran.stderr.contains(said) && ran.stderr.contains("--layout wh"), "{}", ran.stderr);
    // Told how data are read, it is an array of flat vectors or nothing.
    let layout = "analyze flat.npy --problem p.toml --no-optimum --layout rows:4x2 --json";
    bench.vae(layout).fails(2, &["flat.npy", "2 rows and 4 columns", "8 × 4"]);
    bench.vae("analyze flat.npy --problem p.toml --resize 8x16").fails(1, &["flat.npy", "[4, 8]"]);
    bench.vae("analyze flat.npy --problem no.toml").fails(2, &["no.toml"]);
    bench.vae("analyze flat.npy").fails(2, &["flat.npy", "loads and supports", "--problem"]);
    npy::write(&bench.path("four.npy"), Array4::<f32>::ones((2, 3, 4, 8)).view()).unwrap();
    bench.vae("analyze four.npy --problem p.toml").fails(1, &["four.npy", "[2, 3, 4, 8]"]);
    let mut broken = bar;
    broken[[1, 2]] = f64::NAN;
    npy::write(&bench.path("nan.npy"), broken.view()).unwrap();
    bench.vae("analyze nan.npy --problem p.toml").fails(1, &["nan.npy", "NaN"]);
}

/// The numbers of one field of a VTK file, as many as its header says.
fn vtk_values(text: &str, field: &str, count: usize) -> Vec<f64> {
    let (_, rest) = text.split_once(&format!("{field} double")).unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let rest = rest.strip_prefix("LOOKUP_TABLE default\n").unwrap_or(rest);
    rest.split_whitespace().take(count).map(|word| word.parse().unwrap()).collect()
}

#[test]
fn fields_are_drawn_and_agree_with_the_compliance() {
    let bench = Bench::new();
    // Units that are not 1, so that each of them counts.
    let text = format!("cell_size = 0.5\nthickness = 3.0\nyoungs_modulus = 7.0\n{PROBLEM}");
    fs::write(bench.path("p.toml"), &text).unwrap();
    let design: Vec<f32> = (0..32).map(|i| if i % 8 == 5 { 0.25 } else { 1.0 }).collect();
    write_design(&bench.path("bar.npy"), (4, 8), &design);
    let ran = bench.vae("analyze bar.npy --problem p.toml --fields drawn --json").succeeds();
    for name in ["displacement.png", "strain-energy.png", "von-mises.png"] {
        let drawn = bytes(&bench.path(&format!("drawn/{name}")));
        assert!(drawn.starts_with(b"\x89PNG\r\n"), "{name}");
    }
    let vtk = fs::read_to_string(bench.path("drawn/fields.vtk")).unwrap();
    assert!(vtk.starts_with("# vtk DataFile Version 3.0\n"), "{vtk}");
    for line in ["DIMENSIONS 9 5 1", "SPACING 0.5 0.5 0.5", "CELL_DATA 32", "POINT_DATA 45"] {
        assert!(vtk.lines().any(|found| found == line), "{line:?} is not in: {vtk}");
    }
    let field = |name: &str, count: usize| {
        let values = vtk_values(&vtk, name, count);
        assert!(values.len() == count && values.iter().all(|value| value.is_finite()), "{name}");
        values
    };
    let density = field("SCALARS density", 32);
    let upward: Vec<f64> = design.chunks(8).rev().flatten().map(|&x| f64::from(x)).collect();
    assert_eq!(density, upward);
    // The work of the loads is twice the energy that is stored: density times area times thickness.
    let energy: f64 = field("SCALARS strain_energy_density", 32).iter().sum();
    let compliance = json(&ran)["designs"][0]["compliance"].as_f64().unwrap();
    assert!((2.0 * energy * 0.25 * 3.0 / compliance - 1.0).abs() < 1e-6);
    // The only force is 1, downward, at the lower right corner, node 8 of the lowest row, which
    // comes first.
    let displacements = field("VECTORS displacement", 3 * 45);
    assert!((-displacements[3 * 8 + 1] / compliance - 1.0).abs() < 1e-6);
    assert!(field("SCALARS von_mises", 32).iter().all(|&stress| 0.0 < stress));
    // Several designs, and a folder that cannot be.
    bench.vae("analyze beams --design 0 --design 3 --no-optimum --fields both").succeeds();
    for name in ["0-displacement.png", "3-displacement.png", "0-fields.vtk", "3-fields.vtk"] {
        assert!(bench.path("both").join(name).is_file(), "{name}");
    }
    bench.vae("analyze beams --fields bar.npy").fails(1, &["cannot create", "bar.npy"]);
    bench.vae("analyze bar.npy --fields none").fails(2, &["bar.npy", "--problem"]);
    assert!(!bench.path("none").exists());
}

#[test]
fn a_data_set_knows_its_problems() {
    let bench = Bench::new();
    let ran = bench.vae("analyze beams --design 0 --design 3 --json").succeeds();
    let found = json(&ran);
    let designs = found["designs"].as_array().unwrap();
    assert_eq!(designs.len(), 2);
    for design in designs {
        // Variants are kept within 10 % of the best of their problem.
        assert!(design["compliance_error"].as_f64().unwrap() < 0.2, "{design}");
        assert_eq!(design["pieces_8"], 1);
    }
}

#[test]
fn what_cannot_be_analyzed_is_one_clear_line() {
    let bench = Bench::new();
    let analyze = |text: &str| {
        fs::write(bench.path("p.toml"), text).unwrap();
        bench.vae("analyze bar.npy --problem p.toml")
    };
    write_design(&bench.path("bar.npy"), (4, 8), &[0.5; 32]);
    analyze(PROBLEM).succeeds();
    analyze(&PROBLEM.replace("nelx = 8", "nelx = 9")).fails(2, &["bar.npy", "8 columns", "9 × 4"]);
    let other = PROBLEM.replace("nelx = 8", "nelx = 4").replace("nely = 4", "nely = 6");
    analyze(&other).fails(2, &["bar.npy", "8 columns", "4 × 6"]);
    analyze(&PROBLEM.replace("= 0.5", "= 1.5")).fails(1, &["p.toml", "volume_fraction is 1.5"]);
    analyze(&PROBLEM.replace("fix = \"xy\"", "fix = \"y\"")).fails(1, &["p.toml", "slide"]);
    let void = "\n[[passive]]\nkind = \"void\"\nshape = { rectangle = { min = [0.5, 0.0], max = [1.0, 1.0] } }\n";
    analyze(&format!("{PROBLEM}{void}")).fails(1, &["p.toml", "void"]);
    bench.vae("analyze bar.npy").fails(2, &["bar.npy", "loads and supports", "--problem"]);
    bench.vae("analyze beams --design 9999").fails(2, &["beams", "9999"]);
    bench.vae("analyze bar.npy --problem no.toml").fails(2, &["no.toml"]);
    bench.vae("analyze nowhere").fails(2, &["nowhere"]);
    bench.vae("analyze beams --refine 0").fails(2, &["--refine 0"]);
}

#[test]
fn a_model_is_judged_beside_its_controls() {
    let bench = Bench::new();
    bench.vae("train --data beams --epochs 2 --batch-size 8 --latent-dim 2 --run one").succeeds();
    let ran = bench.vae("evaluate one --samples 2 --json").succeeds();
    let report = json(&ran);
    let mechanics = &report["mechanics"];
    assert_eq!(mechanics["version"], 1);
    let names = |rows: &Value| -> Vec<String> {
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&mechanics["reconstructions"])[0], "this model");
    let generated = names(&mechanics["generated"]);
    assert!(generated.iter().any(|name| name == "nearest by condition"), "{generated:?}");
    for row in mechanics["generated"].as_array().unwrap() {
        assert_eq!(row["n"], mechanics["n"]);
        assert!((0.0..=1.0).contains(&row["failure_rate"].as_f64().unwrap()));
    }
    assert!(mechanics["condition_sensitivity"].as_f64().unwrap() > 0.0);

    let words = bench.vae("evaluate one --samples 2 --details").succeeds().stdout;
    assert!(words.contains("fails") && words.contains("Vendi"), "{words}");
    // The verdict comes first, and agrees with the numbers.
    let lines: Vec<&str> =
        words.lines().skip_while(|line| !line.contains("Verdict")).take(4).collect();
    let [_, copies, invents, next] = lines[..] else { panic!("{words}") };
    let mse = |at: &str| report.pointer(at).unwrap().as_f64().unwrap();
    let control = mse("/controls/pca/mse").min(mse("/controls/nearest_by_pixels/mse"));
    assert_eq!(copies.contains("worse than"), control < mse("/mse"), "{copies}");
    assert_eq!(report["verdict"]["new_designs"] == "not", invents.contains("cannot be used"));
    assert!(next.contains("--epochs N"), "two epochs are too few: {next}");
    let short = bench.vae("evaluate one --samples 2").succeeds();
    assert!(short.stdout.lines().count() < 45 && !short.stdout.contains("Vendi"));
    assert!(short.stderr.contains("--details"), "{}", short.stderr);
    let without = json(&bench.vae("evaluate one --samples 2 --no-mechanics --json").succeeds());
    assert!(without["mechanics"].is_null());

    bench.vae("sample one --count 3 --set volume_fraction=0.4 --out samples").succeeds();
    let table = fs::read_to_string(bench.path("samples/designs.csv")).unwrap();
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = header.iter().position(|name| *name == "compliance_cut").unwrap();
    assert_eq!(lines.clone().count(), 3);
    assert!(lines.all(|line| !line.split(',').nth(column).unwrap().is_empty()), "{table}");
}
