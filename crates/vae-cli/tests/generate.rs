//! Data sets made by the command line: killed and resumed, divided and merged, drawn as pictures;
//! and what it refuses.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use failure::Failure as _;
use support::{Bench, bytes};

/// Slow enough to be killed on the way.
const SET: &str = "simp generate cantilever --grid 16x32 --count 40 --variants 2 --filter-radii 1.5 --iterations 60 --tolerance 0 --threads 2 --out";

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), bytes(&path))
        })
        .collect()
}

#[test]
#[cfg(unix)]
fn a_killed_generation_goes_on_and_ends_in_the_same_bytes() {
    let bench = Bench::new();
    bench.vae(&format!("{SET} whole")).succeeds();

    let log = bench.path("killed.jobs.jsonl");
    let lines = || fs::read_to_string(&log).unwrap_or_default().lines().count();
    let mut child = bench
        .command(&format!("{SET} killed"))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while lines() < 5 && child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let done = lines();
    assert!(!bench.path("killed").exists() && (5..40).contains(&done), "killed after {done} jobs");

    let resumed = bench.vae(&format!("{SET} killed --json")).succeeds();
    assert!(resumed.stdout.contains("\"candidates\":40"), "{}", resumed.stdout);
    assert_eq!(files(&bench.path("killed")), files(&bench.path("whole")));
    assert!(!log.exists());
}

#[test]
fn parts_are_merged_into_the_bytes_of_the_whole() {
    let bench = Bench::new();
    bench.vae(&format!("{SET} whole")).succeeds();
    for part in ["2/3", "3/3"] {
        bench.vae(&format!("{SET} parts --shard {part}")).succeeds();
    }
    let parts = "parts.part-3-of-3.jsonl parts.part-2-of-3.jsonl";
    bench.vae(&format!("simp merge {parts} --out parts")).fails(2, &["part 1 of 3 is missing"]);
    bench.vae(&format!("{SET} parts --shard 1/3")).succeeds();
    let all = format!("{parts} parts.part-1-of-3.jsonl");
    bench.vae(&format!("simp merge {all} --sheet parts.png --out parts")).succeeds();
    assert_eq!(files(&bench.path("parts")), files(&bench.path("whole")));
    assert!(bytes(&bench.path("parts.png")).starts_with(b"\x89PNG"));
    bench.vae(&format!("simp merge {all} --out parts")).fails(2, &["parts exists already"]);
    bench.vae("simp merge beams/dataset.json --out x").fails(2, &["not a part of a generation"]);
}

#[test]
fn the_lecture_s_pictures() {
    let bench = Bench::new();
    let make = "simp generate tutorial --grid 20x60 --problems 2 --keep-iterates 3 --seed 2";
    bench.vae(&format!("{make} --render jpegs --out tutorial")).succeeds();
    let pictures = files(&bench.path("jpegs"));
    assert_eq!(pictures.len(), 6);
    for (name, bytes) in pictures {
        let labels: Vec<&str> = name.trim_end_matches(".jpg").split('_').collect();
        let [family, percent, iterate] = labels[..] else { panic!("{name}") };
        assert_eq!(family, "tutorial");
        let (percent, iterate): (u32, u32) = (percent.parse().unwrap(), iterate.parse().unwrap());
        assert!(percent % 2 == 1 && (5..=99).contains(&percent) && iterate < 3, "{name}");
        assert!(bytes.starts_with(&[0xff, 0xd8, 0xff]), "{name} is a JPEG");
    }
    bench.vae(&format!("{make} --render jpegs --out again")).fails(2, &["jpegs exists already"]);
}

#[test]
fn a_family_of_one_s_own() {
    let bench = Bench::new();
    let text = r#"
        name = "shelf"
        summary = "held at the left, loaded at the right"
        height = 10
        width = 20
        defaults = { variants = 1, filter_radii = [1.5] }
        axes = [{ name = "volume_fraction", values = [0.4, 0.5, 0.6] }]
        [problem]
        volume_fraction = "$volume_fraction"
        supports = [{ at = { edge = "left" }, fix = "xy" }]
        load_cases = [{ loads = [{ at = { point = [1.0, 0.5] }, force = { angle = 90 } }] }]
    "#;
    fs::write(bench.path("shelf.toml"), text).unwrap();
    let made = bench.vae("simp generate shelf.toml --out shelf").succeeds();
    assert!(made.stdout.contains("3 candidates"), "{}", made.stdout);
    fs::write(bench.path("shelf.toml"), text.replace("angle", "angel")).unwrap();
    bench.vae("simp generate shelf.toml --out other").fails(1, &["shelf"]);
    bench.vae("simp generate nowhere.toml --out other").fails(2, &["nowhere.toml"]);
}

#[test]
fn what_cannot_be_made_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    for (arguments, words) in [
        ("cantilever --grid 1x1", &["grid", "1x1"][..]),
        ("cantilever --grid 12", &["12", "ROWSxCOLUMNS"]),
        ("cantilever --count 0", &["nothing to make"]),
        ("cantilever --count 9000", &["--count 9000", "3528 designs"]),
        ("cantilever --filter-radii 0.5", &["filter_radii", "0.5"]),
        ("cantilever --shard 4/3", &["4/3"]),
        ("cantilever --noise 7", &["noise", "7"]),
        ("random", &["problems", "say how many"]),
        ("mbx", &["mbx", "mbb-half"]),
    ] {
        let ran = bench.vae(&format!("simp generate {arguments} --out made"));
        assert_eq!(ran.code, Some(2), "{arguments}: {}{}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "{arguments}: {word:?} is not in: {}", ran.stderr);
        }
    }
    let left: Vec<String> = fs::read_dir(bench.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(left, ["beams"], "nothing was begun");
}
