//! Bad input gives one clear line and the right exit code, and nothing is left half-written.

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::fs;
use std::process::Command;

use failure::Failure as _;
use ndarray::ArrayView;
use support::{Bench, Ran, bytes};
use vae_data::npy;

#[test]
fn wrong_flags_and_configurations() {
    let bench = Bench::new();
    bench
        .vae("train --preset defualt")
        .fails(2, &["unknown preset 'defualt'", "did you mean 'default'"]);
    bench.vae("train --data nowhere").fails(2, &["no data at nowhere", "hint: "]);
    bench.vae("train --data beams --beta -1").fails(2, &["training.beta", "-1"]);
    bench.vae("train --data beams --epochs 0").fails(2, &["training.epochs"]);
    bench.vae("train --data beams --split extrapolate:lode_y").fails(2, &["lode_y"]);
    bench.vae("evaluate nowhere").fails(2, &["nowhere is not a run"]);
    bench.vae("evaluate").fails(2, &["no run below"]);
    bench.vae("train --resume nowhere").fails(2, &["nowhere is not a run"]);
    bench.vae("simp solve mbb --volume-fraction 1.5").fails(2, &["1.5"]);
    bench.vae("simp solve bridge").fails(2, &["bridge", "cantilever"]);
    bench.vae("simp generate bridges --out b").fails(2, &["bridges", "cantilever"]);

    fs::write(bench.path("study.toml"), "[training]\nepoch = 3\n").unwrap();
    bench
        .vae("train --config study.toml")
        .fails(2, &["training.epoch", "study.toml", "did you mean 'epochs'"]);
    fs::write(bench.path("study.toml"), "[training]\nepochs = \"three\"\n").unwrap();
    bench.vae("train --config study.toml").fails(2, &["study.toml", "three"]);
    fs::write(bench.path("study.toml"), "[training]\nkl_warmup = 1.0\n").unwrap();
    bench.vae("train --config study.toml").fails(2, &["training.kl_warmup", "never reaches beta"]);
    assert!(!bench.path("runs").exists(), "nothing was begun");
}

/// A split names designs by position: with a design less, another one would be scored in the place
/// of each behind it.
#[test]
fn a_run_is_not_scored_on_data_that_changed() {
    let bench = Bench::new();
    bench.vae("data convert beams --out copy").succeeds();
    bench.vae("train --data copy --epochs 1 --latent-dim 2 --run runs/ours").succeeds();
    fs::remove_file(bench.path("copy/groups.npy")).unwrap();
    for command in ["evaluate runs/ours", "reconstruct runs/ours --out x.png"] {
        bench.vae(command).fails(1, &["have changed", "hint: ", "--data"]);
    }
    assert!(!bench.path("x.png").exists());
    bench.vae("evaluate runs/ours --samples 1 --data copy").succeeds();
}

#[test]
fn values_that_exceed_a_density_by_rounding_have_a_hint_that_works() {
    let bench = Bench::new();
    let over = ndarray::Array3::from_shape_fn((6, 8, 16), |(i, row, _)| match row {
        0 => 1.000_013_4_f32,
        row if row < i + 2 => 0.5,
        _ => 0.0,
    });
    vae_data::npy::write(&bench.path("over.npy"), over.view()).unwrap();
    let ran = bench.vae("data info over.npy").succeeds();
    assert!(ran.stdout.contains("--range 0:1 moves what exceeds it"), "{}", ran.stdout);
    bench.vae("train --data over.npy --epochs 1 --run run").fails(1, &["1.0000134", "--range 0:1"]);
    let ran = bench.vae("data info over.npy --range 0:1").succeeds();
    assert!(ran.stderr.contains("96 values exceed the range 0:1"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("not densities"), "{}", ran.stdout);
}

#[test]
fn values_that_are_no_densities_are_explained() {
    let bench = Bench::empty();
    let designs = ndarray::Array3::<f32>::from_elem((4, 3, 5), -1.0);
    vae_data::npy::write(&bench.path("signed.npy"), designs.view()).unwrap();
    let info = bench.vae("data info signed.npy").succeeds().stdout;
    assert!(info.contains("4 of 4 designs") && info.contains("--range"), "{info}");
    assert!(!info.contains("NaN"), "{info}");
}

/// Likelihoods and objectives that say nothing, or not what they seem to.
#[test]
fn likelihoods_and_objectives_that_cannot_be_meant() {
    let bench = Bench::new();
    let refused = |flags: &str, words: &[&str]| {
        bench.vae(&format!("train --data beams {flags}")).fails(2, words);
    };
    refused("--kl-warmup 1.5", &["training.kl_warmup", "1.5", "never reaches beta"]);
    refused("--kl-warmup -0.1", &["training.kl_warmup", "-0.1"]);
    refused("--kl-cycles 0", &["training.kl_cycles"]);
    refused("--epochs 1 --kl-cycles 30 --kl-warmup 0.9", &["training.kl_cycles", "more epochs"]);
    refused("--beta -1", &["training.beta", "-1"]);
    refused("--objective iwae --importance-samples 0", &["training.objective.importance_samples"]);
    refused("--objective iwae --beta 4", &["training.beta", "leave it at 1"]);
    refused("--free-bits -1", &["training.objective.free_bits", "-1"]);
    refused("--objective iwae --free-bits 1", &["free_bits", "objective 'elbo'", "'iwae'"]);
    refused("--objective geco --density-tolerance 0%", &["training.objective.density_tolerance"]);
    refused("--objective geco --likelihood gaussian", &["model.likelihood", "gaussian:optimal"]);
    refused("--targets dequantized", &["model.likelihood", "continuous-bernoulli"]);
    for flags in [
        ["--likelihood gaussian:0", "not a positive number"],
        ["--likelihood gaussian:-0.1", "not a positive number"],
        ["--likelihood discretized-logistic:nan", "not a positive number"],
        ["--likelihood bernouli", "there is no likelihood"],
    ] {
        let ran = bench.vae(&format!("train --data beams {}", flags[0]));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(flags[1]), "{}", ran.stderr);
    }
    fs::write(bench.path("study.toml"), "[model.likelihood.gaussian]\nsigma = { fixed = 0.0 }\n")
        .unwrap();
    refused("--config study.toml", &["model.likelihood", "positive"]);
    assert!(!bench.path("runs").exists(), "nothing was begun");
}

/// A Bernoulli on grey designs is refused as a bound, and trained on as the cross-entropy that it
/// is, with its floor.
#[test]
fn a_binary_likelihood_on_grey_designs() {
    let bench = Bench::new();
    let train = "train --data beams --targets grey --epochs 1 --batch-size 8 --latent-dim 2 --run";
    bench.vae(&format!("{train} no")).fails(2, &["bernoulli", "grey", "cross-entropy"]);
    assert!(!bench.path("no").exists(), "nothing was begun");
    let said = bench.vae(&format!("{train} said --objective cross-entropy")).succeeds();
    assert!(said.stderr.contains("not a bound"), "{}", said.stderr);
    let scores = bench.vae("evaluate said --json --no-mechanics").succeeds();
    let scores: serde_json::Value = serde_json::from_str(&scores.stdout).unwrap();
    assert!(scores["elbo"].is_null() && scores["iwae"].is_null());
    let (cross_entropy, floor) =
        (-scores["expected_log_likelihood"].as_f64().unwrap(), &scores["cross_entropy_floor"]);
    assert!(0.0 < floor.as_f64().unwrap() && floor.as_f64().unwrap() < cross_entropy);
    // Of 8-bit designs a likelihood has bits per pixel, and a Bernoulli of 0 and 1 has none.
    for (flags, measure) in [
        ("--targets grey --likelihood discretized-logistic", "level-mass"),
        ("--targets dequantized --likelihood continuous-bernoulli", "dequantized-density"),
        ("--targets binary", "binary-mass"),
    ] {
        let run = format!(
            "train --data beams {flags} --epochs 1 --batch-size 8 --latent-dim 2 --run {measure}"
        );
        bench.vae(&run).succeeds();
        let scores = bench.vae(&format!("evaluate {measure} --json --no-mechanics")).succeeds();
        let scores: serde_json::Value = serde_json::from_str(&scores.stdout).unwrap();
        assert_eq!(scores["measure"], measure);
        assert_eq!(scores["bits_per_pixel"].is_null(), measure == "binary-mass");
        let error = scores["bits_per_pixel_standard_error"].as_f64();
        assert_eq!(error.is_none_or(|error| error <= 0.0), measure == "binary-mass", "{error:?}");
    }
}

#[test]
fn problems_that_cannot_be_solved() {
    let bench = Bench::new();
    bench.vae("simp solve mbb --volume-fraction 1").fails(2, &["volume_fraction is 1"]);
    bench.vae("simp solve mbb --volume-fraction 0").fails(2, &["volume_fraction is 0"]);
    bench.vae("simp solve mbb --volume-fraction=-0.2").fails(2, &["volume_fraction is -0.2"]);
    bench
        .vae("simp solve mbb --filter-radius 0.5")
        .fails(2, &["filter_radius is 0.5", "at least 1"]);
    bench.vae("simp solve mbb --nelx 1 --nely 1").fails(2, &["grid of one element"]);
    bench.vae("simp solve mbb --code 99 --filter heaviside").fails(2, &["projection", "88-line"]);
    bench
        .vae("simp solve l-bracket --nelx 20 --nely 20 --symmetry top-bottom")
        .fails(2, &["symmetric"]);
    bench.vae("problem check nowhere.toml").fails(2, &["nowhere.toml"]);
    bench.vae("problem check mbb --volume-fraction 2").fails(2, &["volume_fraction is 2"]);
    bench.vae("problem new new.toml").succeeds();
    bench.vae("problem new new.toml").fails(2, &["new.toml", "already exists"]);
    bench.vae("problem check new.toml --picture new.png").succeeds();
    assert!(bench.path("new.png").is_file());
    bench.vae("simp solve nowhere.toml").fails(2, &["nowhere.toml"]);
    bench.vae("simp solve mbb --start nowhere.npy").fails(2, &["nowhere.npy"]);

    let problem = r#"
        volume_fraction = 0.4
        grid = { nelx = 12, nely = 6 }
        supports = [{ at = { edge = "left" }, fix = "xy" }]
        load_cases = [{ loads = [{ at = { point = [1, 0.5] }, force = [0, -1] }] }]
        [[passive]]
        kind = "void"
        shape = { rectangle = { min = [X0, 0.0], max = [X1, 1.0] } }
        [[passive]]
        kind = "solid"
        shape = { rectangle = { min = [0.0, 0.0], max = [0.1, 1.0] } }
    "#;
    let write = |x0: &str, x1: &str| {
        fs::write(bench.path("p.toml"), problem.replace("X0", x0).replace("X1", x1)).unwrap();
    };
    write("0.8", "1.0");
    bench.vae("simp solve p.toml").fails(1, &["p.toml", "acts on void"]);
    write("0.4", "0.6");
    bench.vae("simp solve p.toml").fails(1, &["p.toml", "slide", "support is missing"]);
    let solid = problem.replace("[0.1, 1.0]", "[0.5, 1.0]");
    fs::write(bench.path("p.toml"), solid.replace("X0", "0.6").replace("X1", "0.7")).unwrap();
    bench.vae("simp solve p.toml").fails(1, &["p.toml", "volume fraction 0.4 is impossible"]);

    fs::write(bench.path("small.csv"), "0.5,0.5\n0.5,0.5\n").unwrap();
    bench.vae("simp solve mbb --start small.csv").fails(2, &["2 rows", "60 × 20"]);
    fs::write(bench.path("odd.csv"), "0.5,0.5\n0.5\n").unwrap();
    bench.vae("simp solve mbb --start odd.csv").fails(1, &["odd.csv", "line 2"]);
}

#[test]
fn what_is_wrong_inside_data() {
    let bench = Bench::new();
    let write = |name: &str, shape: &[usize], values: &[f32]| {
        let array = ArrayView::from_shape(shape, values).unwrap();
        npy::write(&bench.path(name), array).unwrap();
    };
    let n = 40 * 8 * 8;
    write("flat.npy", &[40, 64], &vec![0.5; n]);
    bench.vae("train --data flat.npy").fails(1, &["flat.npy", "[40, 64]"]);

    // Designs that are no copies of each other, or they would be one group.
    let mut values: Vec<f32> = (0..n).map(|i| (i * i % 101) as f32 / 100.0).collect();
    values[64 * 7 + 9] = f32::NAN;
    write("nan.npy", &[40, 8, 8], &values);
    bench.vae("train --data nan.npy --epochs 1").fails(1, &["nan.npy", "design 7", "NaN"]);

    values[64 * 7 + 9] = 3.0;
    write("range.npy", &[40, 8, 8], &values);
    bench.vae("train --data range.npy --epochs 1").fails(1, &["range.npy", "design 7", "3"]);

    let whole = bytes(&bench.path("range.npy"));
    fs::write(bench.path("cut.npy"), &whole[..whole.len() - 100]).unwrap();
    bench.vae("data info cut.npy").fails(1, &["cut.npy"]);
}

#[test]
fn what_is_wrong_inside_a_run() {
    let bench = Bench::new();
    let train = "train --data beams --epochs 2 --batch-size 8 --latent-dim 2";
    bench.vae(&format!("{train} --run one")).succeeds();
    bench.vae(&format!("{train} --run one")).fails(2, &["one exists already", "--resume one"]);
    bench.vae("sample one --set volume_fractoin=0.4").fails(2, &["did you mean 'volume_fraction'"]);
    bench.vae("sample one --set volume_fraction=0.99").fails(2, &["outside the training range"]);
    bench.vae("sample one --rows nowhere.csv").fails(2, &["nowhere.csv"]);
    bench.vae("sample one --rows volume_fraction=0.3,much").fails(2, &["much", "not a number"]);
    fs::write(bench.path("rows.csv"), "volume_fraction,part\n0.4,left\n").unwrap();
    bench.vae("sample one --rows rows.csv").fails(2, &["rows.csv", "line 1", "part", "left"]);
    bench.vae("evaluate one --samples 0").fails(2, &["samples"]);

    // A finished run says so; a damaged checkpoint, and one of another model, are named.
    assert!(bench.vae("train --resume one").succeeds().stdout.contains("finished already"));
    let last = bench.path("one/checkpoints/last.safetensors");
    let whole = bytes(&last);
    fs::write(&last, &whole[..whole.len() / 2]).unwrap();
    bench.vae("train --resume one").fails(1, &["last.safetensors", "hint: "]);
    bench.vae("train --data beams --epochs 1 --batch-size 8 --latent-dim 3 --run other").succeeds();
    fs::copy(bench.path("other/checkpoints/last.safetensors"), &last).unwrap();
    bench.vae("train --resume one").fails(1, &["last.safetensors", "another architecture"]);
    fs::write(bench.path("one/model.safetensors"), &whole[..1000]).unwrap();
    bench.vae("evaluate one").fails(1, &["model.safetensors"]);

    // A format of the future.
    let config = fs::read_to_string(bench.path("one/config.toml")).unwrap();
    fs::write(bench.path("one/config.toml"), config.replace("format = 2", "format = 7")).unwrap();
    bench.vae("evaluate one").fails(1, &["config.toml", "7"]);
}

/// Numbers that nobody can mean, with the limit and its reason, before any work.
#[test]
fn numbers_beyond_all_limits() {
    let bench = Bench::new();
    let train = "train --data beams --epochs 1 --batch-size 8 --latent-dim 2";
    bench.vae(&format!("{train} --run one")).succeeds();
    let most = usize::MAX;
    for (command, words) in [
        ("train --data beams --epochs 9223372036854775807".to_owned(), "1 to 1,000,000 epochs"),
        ("train --data beams --objective iwae --importance-samples 1000000".into(), "1 to 1024"),
        (format!("train --data beams --seed {most}"), "seed"),
        (format!("sample one --count {most}"), "2 GB of memory"),
        ("sample one --count 4294967296".into(), "2 GB of memory"),
        ("sample one --count 0".into(), "must be from 1"),
        (format!("interpolate one --steps {most}"), "from 2 to 256"),
        ("evaluate one --samples 1000000000".into(), "must be from 1 to 100000"),
        (format!("propose one --count {most}"), "from 1 to 1000"),
        ("simp generate cantilever --variants 9223372036854775807 --out new".into(), "10,000"),
        ("simp generate cantilever --variants 4294967296 --count 7 --out new".into(), "10,000"),
    ] {
        bench.vae(&command).fails(2, &[words]);
    }
    assert!(!bench.path("new").exists() && !bench.path("runs").exists());
}

/// What a file calls its parts reaches the terminal without its control characters, and a
/// spreadsheet as text.
#[test]
fn names_that_would_act_on_a_terminal_or_in_a_spreadsheet() {
    let bench = Bench::new();
    let description = bench.path("beams/dataset.json");
    let text = fs::read_to_string(&description).unwrap();
    let hostile = text
        .replace("\"name\": \"load_y\"", "\"name\": \"\\u001b[2J\\u202ey\"")
        .replace("\"name\": \"load_angle\"", "\"name\": \"=HYPERLINK(1)\"");
    assert_ne!(hostile, text);
    fs::write(&description, hostile).unwrap();
    fs::remove_file(bench.path("beams/problems.jsonl")).unwrap();
    let train =
        "train --data beams --epochs 1 --batch-size 8 --latent-dim 2 --augment none --run one";
    for command in ["data info beams", train, "outliers one", "evaluate one", "sample one"] {
        let Ran { stdout, stderr, .. } = bench.vae(command).succeeds();
        for printed in [&stdout, &stderr] {
            assert!(!printed.contains(['\u{1b}', '\u{202e}']), "{command}: {printed:?}");
        }
    }
    let shown = bench.vae("data info beams").succeeds().stdout;
    assert!(shown.contains("\\u001b[2J\\u202ey"), "{shown}");
    for table in ["outliers/outliers.csv", "samples/designs.csv"] {
        let header = fs::read_to_string(bench.path(table)).unwrap();
        let header = header.lines().next().unwrap();
        assert!(header.contains("'=HYPERLINK(1)") && !header.contains(",="), "{table}: {header}");
    }
    // Files are called after sets.
    let text = text.replace("\"name\": \"cantilever\"", "\"name\": \"../../evil\"");
    fs::write(&description, text).unwrap();
    bench.vae("train --data beams --epochs 1").fails(1, &["dataset.json", "evil", "hint: state"]);
    let family = include_str!("../../topo-data/families/cantilever.toml");
    let family = family.replace("name = \"cantilever\"", "name = \"../evil\"");
    fs::write(bench.path("evil.toml"), family).unwrap();
    let generate = "simp generate evil.toml --render pictures/all --out new";
    bench.vae(generate).fails(1, &["../evil", "its name leaves the folder"]);
}

/// A pipe would let a command wait for ever, and a folder may have any name that the system allows.
#[test]
#[cfg(target_os = "linux")]
fn pipes_and_names_that_are_not_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let bench = Bench::new();
    let pipe = Command::new("mkfifo").arg(bench.path("pipe.npy")).status().unwrap();
    assert!(pipe.success());
    bench.vae("train --data pipe.npy").fails(2, &["pipe.npy is a pipe", "hint: write what it"]);
    bench.vae("analyze pipe.npy").fails(2, &["pipe.npy is a pipe"]);

    let name = OsStr::from_bytes(b"run-\xff");
    let with_name = |command: &str| Ran::of(&bench.command(command).arg(name).output().unwrap());
    let train = "train --data beams --epochs 1 --batch-size 8 --latent-dim 2 --run";
    with_name(train).succeeds();
    with_name("sample --sampler prior --count 2 --out samples").succeeds();
    with_name("evaluate --no-mechanics").succeeds();
    with_name("train --epochs 2 --resume").succeeds();
    fs::remove_dir_all(bench.path("samples")).unwrap();
    let out = OsStr::from_bytes(b"out-\xff");
    let convert = bench.command("data convert beams --out").arg(out).output().unwrap();
    Ran::of(&convert).succeeds();
    assert!(bench.path("").join(out).join("designs.npy").is_file());
}

/// Whoever may only read a run can still draw designs from it, and an evaluation that is not in the
/// report has not done all that was asked.
#[test]
fn a_run_that_cannot_be_written_to() {
    let bench = Bench::new();
    bench.vae("train --data beams --epochs 1 --batch-size 8 --latent-dim 2 --run one").succeeds();
    let ran = bench.vae("sample one --count 2 --out kept").succeeds();
    assert!(!ran.stderr.contains("it is not kept"), "{}", ran.stderr);
    // A folder in the place of a file refuses to be written whoever the tests run as.
    for file in ["flow.safetensors", "report.html"] {
        fs::remove_file(bench.path("one").join(file)).unwrap();
        fs::create_dir(bench.path("one").join(file)).unwrap();
    }
    let ran = bench.vae("sample one --count 2 --out samples").succeeds();
    assert!(ran.stderr.contains("warning: it is not kept"), "{}", ran.stderr);
    assert!(bench.path("samples/designs.npz").is_file());
    let ran = bench.vae("evaluate one --no-mechanics --samples 2");
    assert!(ran.stdout.contains("bound"), "{}", ran.stdout);
    ran.fails(1, &["not in a report", "report.html already exists"]);
}

/// A file may not grow beyond 40 blocks of 1024 bytes: the same error as a full disk, at the same
/// calls.
#[test]
#[cfg(unix)]
fn a_full_disk() {
    let bench = Bench::new();
    let limited = format!(
        "ulimit -f 40; exec {} train --data beams --epochs 1 --run full",
        env!("CARGO_BIN_EXE_vae")
    );
    let output =
        Command::new("bash").args(["-c", &limited]).current_dir(bench.path("")).output().unwrap();
    Ran::of(&output).fails(1, &["writing", "failed", "last.safetensors"]);
    let left: Vec<_> = fs::read_dir(bench.path("")).unwrap().flatten().collect();
    assert!(left.len() == 1, "nothing half-written beside the beams: {left:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_stdout() {
    let bench = Bench::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = bench.command("data info beams").stdout(full).output().unwrap();
    Ran::of(&output).fails(1, &["stdout"]);
}
