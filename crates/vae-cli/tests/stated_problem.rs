//! A stated problem held against the designs that it is stated for, before anything is trained: its
//! text, its conditions, its grid, its loads on material, and which way up the designs lie.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/failure.rs"]
mod failure;
#[expect(dead_code, reason = "other tests want beams too")]
mod support;

use std::fmt::Write as _;
use std::fs;

use failure::Failure as _;
use ndarray::{Array2, Array3, Axis, s};
use support::Bench;
use topo_simp::{Filter, Grid, Optimizer, Options, Problem};
use vae_data::{Reading, Source, npy, open_with};

const GRID: Grid = Grid { nelx: 24, nely: 12 };

/// A cantilever whose load stands at a place that the conditions state.
const PART: &str = r#"
volume_fraction = "$vf"
grid = { nelx = 24, nely = 12 }
supports = [{ at = { edge = "left" }, fix = "xy" }]
load_cases = [{ loads = [{ at = { point = [1.0, "$load_y"] }, force = [0.0, -1.0] }] }]
"#;

/// Volume fraction and place of the load of a design.
fn conditions(index: usize) -> (f64, f64) {
    (0.3 + 0.1 * (index % 3) as f64, (index / 3) as f64 / 6.0)
}

/// Twelve designs by SIMP with the load in the upper half, and their compliances.
fn beams() -> (Array3<f32>, Vec<f64>) {
    let mut optimizer = Optimizer::new(GRID).unwrap();
    let options = Options { max_iterations: 25, ..Options::top88(Filter::Sensitivity, 1.5) };
    let mut designs = Array3::zeros((12, 12, 24));
    let mut compliances = Vec::new();
    for (index, mut design) in designs.outer_iter_mut().enumerate() {
        let (vf, load_y) = conditions(index);
        let named = |name: &str| Some(if name == "vf" { vf } else { load_y });
        let problem = Problem::from_toml_with(PART, named).unwrap();
        let solved = optimizer.optimize(&problem, &options).unwrap();
        compliances.push(solved.compliance_returned);
        design.assign(&solved.design.mapv(|x| x as f32));
    }
    (designs, compliances)
}

/// Writes designs, `conditions.csv` with the columns `vf`, `load_y` and `more`, and `part.toml`.
fn written(designs: &Array3<f32>, more: Option<(&str, &[f64])>) -> Bench {
    let bench = Bench::empty();
    npy::write(&bench.path("designs.npy"), designs.view()).unwrap();
    let name = more.map_or(String::new(), |(name, _)| format!(",{name}"));
    let mut table = format!("vf,load_y{name}\n");
    for index in 0..designs.dim().0 {
        let (vf, load_y) = conditions(index);
        let value = more.map_or(String::new(), |(_, values)| format!(",{}", values[index]));
        writeln!(table, "{vf},{load_y}{value}").unwrap();
    }
    fs::write(bench.path("conditions.csv"), table).unwrap();
    fs::write(bench.path("part.toml"), PART).unwrap();
    bench
}

const FILES: &str = "designs.npy --conditions conditions.csv --problem part.toml";

/// Both commands refuse, and no run is made.
#[track_caller]
fn refused(bench: &Bench, code: i32, words: &[&str]) {
    bench.vae(&format!("data info {FILES}")).fails(code, words);
    bench.vae(&format!("train --data {FILES} --epochs 1 --run run")).fails(code, words);
    assert!(!bench.path("run").exists(), "no run is begun");
}

#[test]
fn a_wrong_statement_stops_at_the_door() {
    let (designs, _) = beams();
    let bench = written(&designs, None);
    for (from, to, code, words) in [
        ("supports", "suports", 1, &["suports", "supports"][..]),
        ("\"left\"", "\"links\"", 1, &["links", "left"]),
        ("fix = \"xy\"", "fix = \"yx\"", 1, &["yx"]),
        ("$load_y", "$lode_y", 2, &["$lode_y", "not known", "$load_y"]),
        ("$vf", "$share", 2, &["$share", "vf, load_y"]),
        ("nelx = 24", "nelx = 30", 2, &["12 x 24", "12 x 30", "--resize 12x30"]),
        // At the right edge there is no support for this.
        ("point = [1.0, \"$load_y\"]", "point = [1.5, \"$load_y\"]", 1, &["1.5", "[0, 1]"]),
    ] {
        assert!(PART.contains(from), "{from}");
        fs::write(bench.path("part.toml"), PART.replace(from, to)).unwrap();
        refused(&bench, code, words);
    }
    // Only the last design is wrong.
    fs::write(bench.path("part.toml"), PART).unwrap();
    let table = fs::read_to_string(bench.path("conditions.csv")).unwrap();
    let (rest, _) = table.trim_end().rsplit_once('\n').unwrap();
    fs::write(bench.path("conditions.csv"), format!("{rest}\n40,0.5\n")).unwrap();
    refused(&bench, 1, &["design 11", "volume_fraction is 40"]);
}

#[test]
fn a_load_on_void_of_most_designs_stops_and_on_few_is_said() {
    let (designs, _) = beams();
    let bench = written(&designs, None);
    bench.vae(&format!("data info {FILES}")).succeeds();
    // The load on the lower edge, where none of the designs has material.
    fs::write(bench.path("part.toml"), PART.replace("[1.0, \"$load_y\"]", "[0.9, 1.0]")).unwrap();
    refused(&bench, 2, &["acts on void", "load 0 of load case 0", "12 designs"]);

    // Material and void exchanged.
    let bench = written(&designs.mapv(|x| 1.0 - x), None);
    refused(&bench, 2, &["--range 1:0"]);

    // Two of twelve.
    let mut few = designs;
    few.slice_mut(s![..2, .., 12..]).fill(0.0);
    let bench = written(&few, None);
    let said = bench.vae(&format!("data info {FILES}")).succeeds().stdout;
    assert!(said.contains("in 2 of 12 designs looked at a load acts on void"), "{said}");
}

/// What a flag reads must be the truth again.
#[track_caller]
fn reads_as(bench: &Bench, turn: &str, truth: &Array3<f32>) {
    let conditions = std::path::PathBuf::from("none");
    let reading = Reading { turn: turn.parse().unwrap(), conditions, ..Reading::default() };
    let set = open_with(&Source::Path(bench.path("designs.npy")), &reading).unwrap();
    let mut out = vec![0.0; set.len() * set.design_len()];
    set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut out).unwrap();
    assert_eq!((set.height(), set.width()), (truth.dim().1, truth.dim().2));
    assert!(out.iter().eq(truth.iter()), "{turn}");
}

#[test]
fn designs_that_lie_another_way_are_found_out_with_the_flag_that_turns_them() {
    let (truth, _) = beams();
    let as_is = truth.view();
    let stored = [
        ("mirror-y", as_is.slice(s![.., ..;-1, ..]).to_owned()),
        ("mirror-x", as_is.slice(s![.., .., ..;-1]).to_owned()),
        ("half-turn", as_is.slice(s![.., ..;-1, ..;-1]).to_owned()),
    ];
    for (turn, designs) in stored {
        let bench = written(&designs, None);
        let flag = format!("--turn {turn}");
        let ran = bench.vae(&format!("data info {FILES}"));
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(&flag), "{flag} is not in {said}");
        let other = "--turn ";
        assert_eq!(said.matches(other).count(), 1, "{said}");
        reads_as(&bench, turn, &truth);
        let ran = bench.vae(&format!("data info {FILES} {flag}")).succeeds();
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains("--turn") && !said.contains("void"), "{said}");
    }
    // As they should be, nothing is said; and a design that is its own image says nothing.
    let bench = written(&truth, None);
    let said = bench.vae(&format!("data info {FILES}")).succeeds().stdout;
    assert!(!said.contains("--turn"), "{said}");
    let even = Array3::from_shape_fn((12, 12, 24), |_| 1.0);
    let said = written(&even, None).vae(&format!("data info {FILES}")).succeeds().stdout;
    assert!(!said.contains("--turn"), "{said}");
}

#[test]
fn compliances_under_any_usual_name_are_held_against_the_problem() {
    let (designs, compliances) = beams();
    for name in ["C", "obj", "Compliance"] {
        let bench = written(&designs, Some((name, &compliances)));
        let said = bench.vae(&format!("data info {FILES}")).succeeds().stdout;
        assert!(said.contains(&format!("condition {name}: recomputed")), "{said}");
        assert!(said.contains("they agree"), "{said}");
    }
    let halved: Vec<f64> = compliances.iter().map(|c| 0.5 * c).collect();
    let bench = written(&designs, Some(("c", &halved)));
    let said = bench.vae(&format!("data info {FILES}")).succeeds().stdout;
    assert!(said.contains("differ by one factor"), "{said}");
}

/// Bars across the design, as thin and grey as their volume is small.
fn greys(whole: bool) -> Array3<f32> {
    Array3::from_shape_fn((20, 16, 24), |(index, row, column)| {
        let thick = 1 + index / 4;
        let level = if whole { 1.0 } else { 0.3 + 0.035 * index as f32 };
        let on = (4..4 + thick).contains(&row);
        // A cut at the volume takes the densest half of the columns of a grey bar.
        let wave = if column % 4 < 2 { 0.2 } else { 0.0 };
        if on { (level + wave).min(1.0) } else { 0.0 }
    })
}

#[test]
fn grey_designs_that_fall_apart_when_they_are_cut_are_counted_by_volume() {
    let bench = Bench::empty();
    npy::write(&bench.path("grey.npy"), greys(false).view()).unwrap();
    npy::write(&bench.path("whole.npy"), greys(true).view()).unwrap();
    let train = "--epochs 1 --batch-size 8 --latent-dim 2";
    for command in
        ["data info grey.npy".to_owned(), format!("train --data grey.npy {train} --run run")]
    {
        let ran = bench.vae(&command).succeeds();
        let said = format!("{}{}", ran.stdout, ran.stderr);
        for words in ["fall apart when they are cut", "of volume 0.", "--targets grey"] {
            assert!(said.contains(words), "{words:?} is not in {said}");
        }
    }
    // What is not cut is not counted, and black and white designs stay as they are.
    let grey =
        format!("train --data grey.npy {train} --targets grey --likelihood gaussian --run asis");
    assert!(!bench.vae(&grey).succeeds().stderr.contains("fall apart"));
    assert!(!bench.vae("data info whole.npy").succeeds().stdout.contains("fall apart"));
}

#[test]
fn a_volume_that_the_problem_calls_otherwise_is_the_same_volume() {
    let (designs, _) = beams();
    let bench = written(&designs, None);
    bench
        .vae(&format!("train --data {FILES} --epochs 30 --batch-size 4 --latent-dim 2 --run run"))
        .succeeds();
    let propose = |rest: &str| {
        let search = "--count 1 --candidates 2 --search 1 --compliance-within 10000%";
        bench.vae(&format!("propose run {search} --set load_y=0.5 {rest}"))
    };
    // Of the problem in the data, and of one that is given.
    for (problem, out) in [("", "one"), ("--problem part.toml", "two")] {
        let ran = propose(&format!("{problem} --volume 40% --out {out}"));
        assert!(!ran.stderr.contains("vf is not set"), "{}", ran.stderr);
        assert!(ran.stdout.contains("at volume 0.4:"), "{}{}", ran.stdout, ran.stderr);
    }
    // A constant in the file is the volume too.
    fs::write(bench.path("fixed.toml"), PART.replace("\"$vf\"", "0.4")).unwrap();
    let ran = propose("--problem fixed.toml --out three");
    assert!(!ran.stderr.contains("vf is not set"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("load_y is not set"), "{}", ran.stderr);
    let unset = "propose run --count 1 --candidates 2 --search 1 --compliance-within 10000%";
    let ran = bench.vae(&format!("{unset} --volume 0.4 --out unset"));
    assert!(ran.stderr.contains("load_y is not set"), "{}", ran.stderr);
    propose("--volume 0.4 --set vf=0.4 --out four");
    propose("--volume 0.4 --set vf=0.3 --out five").fails(2, &["vf", "0.3", "0.4"]);
    propose("--problem fixed.toml --set vf=0.3 --out six").fails(2, &["vf", "0.3", "0.4"]);
}

#[test]
fn what_falls_apart_when_it_is_cut_is_no_reference() {
    let bench = Bench::empty();
    let thin = "volume_fraction = 0.06
        grid = { nelx = 60, nely = 20 }
        supports = [{ at = { edge = \"left\" }, fix = \"xy\" }]
        load_cases = [{ loads = [{ at = { point = [1, 1] }, force = [0, -1] }] }]";
    fs::write(bench.path("thin.toml"), thin).unwrap();
    // A bar along the lower edge carries its load.
    let bar = Array2::from_shape_fn((20, 60), |(row, _)| if row == 19 { 1.0_f32 } else { 0.0 });
    npy::write(&bench.path("bar.npy"), bar.view()).unwrap();
    let ran = bench.vae("analyze bar.npy --problem thin.toml").succeeds();
    assert!(ran.stdout.contains("not compared"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("against the SIMP optimum,"), "{}", ran.stdout);
    let ran = bench.vae("analyze bar.npy --problem thin.toml --json").succeeds();
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = &found["designs"][0];
    assert!(found["compliance_error"].is_null() && found["optimum"].is_null(), "{found}");
    assert!(found["optimum_flaw"].is_string(), "{found}");
}

#[test]
fn a_picture_may_state_the_domain() {
    let bench = Bench::empty();
    // Dark where there is no plate: the upper right quarter, at twice the resolution of the grid.
    let plate = image::GrayImage::from_fn(48, 24, |x, y| {
        image::Luma([if 24 <= x && y < 12 { 0 } else { 255 }])
    });
    plate.save(bench.path("plate.png")).unwrap();
    let part = "volume_fraction = 0.5
        grid = { nelx = 24, nely = 12 }
        supports = [{ at = { edge = \"left\" }, fix = \"xy\" }]
        load_cases = [{ loads = [{ at = { point = [1, 0.75] }, force = { angle = 90 } }] }]
        passive = [{ kind = \"outside\", shape = { picture = \"plate.png\" } }]";
    fs::write(bench.path("part.toml"), part).unwrap();
    bench.vae("simp solve part.toml --max-iterations 5 --out solved.npy").succeeds();
    let design = npy::read::<f32>(&bench.path("solved.npy")).unwrap();
    let material = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        design.slice(s![rows, columns]).iter().sum::<f32>()
    };
    assert!(material(0..6, 12..24) < 1e-6, "{}", material(0..6, 12..24));
    assert!((material(0..12, 0..24) - 0.5 * 216.0).abs() < 1.0, "{}", material(0..12, 0..24));
    bench.vae("analyze solved.npy --problem part.toml --no-optimum").succeeds();
    // The same in the problem.toml of a data-set folder, whatever the working folder is.
    fs::create_dir(bench.path("set")).unwrap();
    fs::copy(bench.path("plate.png"), bench.path("set/plate.png")).unwrap();
    fs::write(bench.path("set/problem.toml"), part).unwrap();
    npy::write(&bench.path("set/designs.npy"), design.view().insert_axis(Axis(0))).unwrap();
    let ran = bench.vae("data info set").succeeds();
    assert!(
        ran.stdout.contains("the mechanical problem of each design is known"),
        "{}",
        ran.stdout
    );
    let ran = bench.vae("analyze set --no-optimum").succeeds();
    assert!(ran.stdout.contains("loads on material           yes"), "{}", ran.stdout);
    fs::write(bench.path("part.toml"), part.replace("plate.png", "nowhere.png")).unwrap();
    bench.vae("simp solve part.toml").fails(1, &["nowhere.png"]);
}
