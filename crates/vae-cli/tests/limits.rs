//! Nothing takes for ever: costs that would explode are bounded, a signal ends every command, and
//! what never ends is not read.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use failure::Failure as _;
use ndarray::Array3;
use support::{Bench, Ran, bytes};
use vae_data::npy;

/// A family with this number of axes, each of two values.
fn family(axes: usize) -> String {
    let mut text = "name = \"many\"\nsummary = \"x\"\nheight = 8\nwidth = 16\n".to_owned();
    for axis in 0..axes {
        writeln!(text, "[[axes]]\nname = \"a{axis}\"\nvalues = [0.0, 1.0]").unwrap();
    }
    text + r#"
        [problem]
        volume_fraction = 0.4
        supports = [{ at = { edge = "left" }, fix = "xy" }]
        load_cases = [{ loads = [{ at = { point = [1.0, "$a0"] }, force = { angle = 45 } }] }]
    "#
}

/// 2²⁸ problems, and as many answers to the question what mirroring does to the conditions.
#[test]
fn a_family_of_many_axes() {
    let bench = Bench::empty();
    fs::write(bench.path("many.toml"), family(28)).unwrap();
    let generate = "simp generate many.toml --problems 2 --variants 1 --filter-radii 1.5 --out";
    bench.vae(&format!("{generate} new")).succeeds();
    assert!(!bytes(&bench.path("new/designs.npy")).is_empty());
    fs::write(bench.path("many.toml"), family(70)).unwrap();
    bench.vae(&format!("{generate} other")).fails(1, &["many", "4,294,967,296"]);
}

#[test]
fn more_conditions_than_can_describe_a_design() {
    let bench = Bench::empty();
    let designs = Array3::from_shape_fn((3, 8, 8), |(i, row, _)| u8::from(row <= i) * 255);
    npy::write(&bench.path("three.npy"), designs.view()).unwrap();
    let table = |columns: usize| {
        let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        let row = |row: usize| vec![format!("0.{row}5"); columns].join(",");
        fs::write(bench.path("table.csv"), [names.join(","), row(1), row(7), row(3)].join("\n"))
            .unwrap();
        bench.vae("data info three.npy --conditions table.csv --json")
    };
    assert!(table(1024).succeeds().stdout.contains("\"c1023\""));
    table(1025).fails(1, &["table.csv", "1025 conditions", "1024", "hint: "]);
}

#[test]
fn a_picture_of_noise_has_no_outline() {
    let bench = Bench::empty();
    let mut state = 1_u32;
    let noise = Array3::from_shape_simple_fn((1, 1500, 1500), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if state < 1 << 31 { 0_u8 } else { 255 }
    });
    npy::write(&bench.path("noise.npy"), noise.view()).unwrap();
    for format in ["stl", "svg", "dxf"] {
        let export = format!("export noise.npy --to {format} --out noise.{format}");
        bench.vae(&export).fails(1, &["more than 1048576 points", "noise", "hint: --resize"]);
    }
    let coarse = "export noise.npy --resize 150x150 --to stl --out coarse.stl";
    bench.vae(coarse).succeeds();
}

/// Sends a signal to a command after a while, and says how long it took to end.
fn signalled(child: &mut Child, signal: &str, after: Duration) -> (Option<i32>, Duration) {
    std::thread::sleep(after);
    assert!(child.try_wait().unwrap().is_none(), "it ended before the signal");
    let kill = Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap();
    assert!(kill.success());
    let started = Instant::now();
    let code = child.wait().unwrap().code();
    (code, started.elapsed())
}

/// Before the first design, while problems are looked for; and in the middle of a design.
#[test]
fn a_signal_ends_a_generation_wherever_it_is() {
    let bench = Bench::empty();
    for (generate, signal, said) in [
        ("simp generate random --grid 400x400 --problems 5000 --variants 1 --out new", "-TERM", ""),
        (
            "simp generate cantilever --grid 32x64 --problems 1 --variants 1 --iterations 1000000 --tolerance 0 --out new",
            "-INT",
            "stopped after 0 of 1 designs",
        ),
    ] {
        let mut child = bench
            .command(generate)
            .stdout(Stdio::null())
            .stderr(fs::File::create(bench.path("said")).unwrap())
            .spawn()
            .unwrap();
        let (code, took) = signalled(&mut child, signal, Duration::from_millis(700));
        // A tenth of a second as a rule; the machine may be busy.
        assert!(took < Duration::from_secs(10), "{generate}: {took:?}");
        assert_eq!(code, Some(130), "{generate}");
        let text = fs::read_to_string(bench.path("said")).unwrap();
        assert!(text.contains(said), "{text}");
        assert!(!bench.path("new").exists());
    }
}

/// More than a day is said before the first design.
#[test]
fn a_generation_of_years_says_so() {
    let bench = Bench::empty();
    let generate =
        "simp generate cantilever --variants 8000 --iterations 2000 --tolerance 0 --out new";
    let mut child =
        bench.command(generate).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let first = BufReader::new(child.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(first.starts_with("it will take about "), "{first}");
}

/// A pipe never answers and a device never ends: each is refused, and not opened.
#[test]
fn pipes_and_devices_in_the_place_of_files() {
    let bench = Bench::new();
    bench.vae("train --data beams --epochs 1 --batch-size 8 --latent-dim 2 --run one").succeeds();
    for name in ["pipe.toml", "pipe.csv", "pipe.safetensors", "pipe.jsonl", "pipe.png"] {
        assert!(Command::new("mkfifo").arg(bench.path(name)).status().unwrap().success());
    }
    let told = "a pipe or a device";
    for (command, words) in [
        ("train --config pipe.toml", [told, "pipe.toml"]),
        ("train --config /dev/zero", [told, "/dev/zero"]),
        ("train --data beams --problem pipe.toml", [told, "pipe.toml"]),
        ("train --data beams --conditions pipe.csv", [told, "pipe.csv"]),
        ("train --data pipe.png", [told, "pipe.png"]),
        ("sample one --problem pipe.toml", [told, "pipe.toml"]),
        ("propose one --problem pipe.toml", [told, "pipe.toml"]),
        ("explore one --problem pipe.toml", [told, "pipe.toml"]),
        ("simp solve pipe.toml", [told, "pipe.toml"]),
        ("problem check pipe.toml", [told, "pipe.toml"]),
        ("simp generate pipe.toml --out new", [told, "pipe.toml"]),
        ("simp merge pipe.jsonl --out new", ["not a part", "pipe.jsonl"]),
        ("weights import pipe.safetensors --preset tutorial-mlp --out two", [told, "pipe."]),
        ("weights import /dev/zero --preset tutorial-mlp --out two", [told, "/dev/zero"]),
    ] {
        bench.vae(command).fails(2, &words);
    }
    assert!(!bench.path("new").exists() && !bench.path("two").exists());
    // A task that is not there is said before the run is opened.
    bench.vae("propose nowhere --problem missing.toml").fails(2, &["missing.toml"]);
}

/// Sources are written into configurations, which are Unicode.
#[test]
#[cfg(target_os = "linux")]
fn a_source_that_is_not_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let bench = Bench::empty();
    let name = OsStr::from_bytes(b"beams-\xff");
    fs::create_dir(bench.path("").join(name)).unwrap();
    for command in [
        "train --data",
        "train --problem",
        "train --conditions",
        "evaluate --data",
        "data info",
        "data convert --out new",
        "analyze",
        "export --to svg",
    ] {
        let ran = Ran::of(&bench.command(command).arg(name).output().unwrap());
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.stderr);
        assert!(ran.stderr.contains("invalid UTF-8"), "{command}: {}", ran.stderr);
    }
}
