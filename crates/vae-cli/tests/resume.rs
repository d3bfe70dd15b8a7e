//! A run that was killed and taken up again ends as one that ran through.

#![cfg(unix)]

#[path = "support/failure.rs"]
mod failure;
#[path = "support/files_of.rs"]
mod files_of;
mod support;

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use failure::Failure as _;
use files_of::files_of;
use support::{Bench, bytes};

/// The variable that names the point at which a process is killed.
const KILL_POINT: &str = "VAE_KILL_POINT";
/// Processes that are killed at the same time.
const WORKERS: usize = 2;
/// From one point to the next. A file has five points, so that every step of writing is met, each
/// at other files.
const STRIDE: usize = 3;
const TRAIN: &str = "train --data beams --config often.toml --run";
/// Checkpoints after every step, so that kills land between all kinds of writes.
const OFTEN: &str = "[training]\nepochs = 12\nbatch_size = 8\ncheckpoint_seconds = 0\nlog_every = 1\n[model]\nlatent_dim = 3\n";

#[test]
fn killed_at_random_moments() {
    let bench = Bench::new();
    std::fs::write(bench.path("often.toml"), OFTEN).unwrap();
    bench.vae(&format!("{TRAIN} whole")).succeeds();

    let mut kills = 0;
    let mut child =
        bench.command(&format!("{TRAIN} killed")).stderr(Stdio::null()).spawn().unwrap();
    for milliseconds in [130, 260, 410] {
        sleep(Duration::from_millis(milliseconds));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        // Killed before it was a run: begin again, as a person would.
        let again = if bench.path("killed/config.toml").exists() {
            "train --resume killed".to_owned()
        } else {
            let _ = std::fs::remove_dir_all(bench.path("killed"));
            format!("{TRAIN} killed")
        };
        child = bench.command(&again).stderr(Stdio::null()).spawn().unwrap();
    }
    assert!(child.wait().unwrap().success());
    assert!(0 < kills, "no kill met a running process");

    for file in [
        "model.safetensors",
        "checkpoints/last.safetensors",
        "checkpoints/best.safetensors",
        "splits.json",
    ] {
        let path = |run: &str| bench.path(&format!("{run}/{file}"));
        assert!(bytes(&path("whole")) == bytes(&path("killed")), "{file} differs");
    }
    // The logs differ in their clocks only.
    let steps = |run: &str| {
        let text = std::fs::read_to_string(bench.path(&format!("{run}/metrics.jsonl"))).unwrap();
        text.lines()
            .filter(|line| line.contains("\"step\","))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(steps("whole"), steps("killed"));
}

/// Killed before and after the writes, syncs and renames of a training in turn, until one gets
/// through: each state goes on, and ends as a run that was never killed.
#[test]
fn killed_between_the_steps_of_writing() {
    let bench = Bench::empty();
    std::fs::write(bench.path("bars.npy"), bars()).unwrap();
    let train = "train --data bars.npy --epochs 2 --batch-size 12 --latent-dim 2 --threads 1 --run";
    bench.vae(&format!("{train} whole")).succeeds();
    let killed = |run: &str, point: u64| {
        let ran =
            bench.command(&format!("{train} {run}")).env(KILL_POINT, point.to_string()).output();
        let through = ran.unwrap().status.success();
        if !through {
            let again = if bench.path(run).exists() {
                format!("train --resume {run} --threads 1")
            } else {
                format!("{train} {run}")
            };
            bench.vae(&again).succeeds();
        }
        let expected = files_of(&bench.path("whole"));
        let found = files_of(&bench.path(run));
        let names = |files: &[(String, Vec<u8>)]| {
            files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&expected), names(&found), "killed at point {point}");
        for ((name, expected), (_, found)) in expected.iter().zip(&found) {
            // The log holds times, and the others tell that the run was resumed, and its name.
            let differs =
                ["metrics.jsonl", "manifest.json", "report.html"].contains(&name.as_str());
            assert!(differs || expected == found, "{name} differs, killed at point {point}");
        }
        std::fs::remove_dir_all(bench.path(run)).unwrap();
        through
    };
    let points = std::thread::scope(|scope| {
        let of_worker = |first: u64| {
            let killed = &killed;
            scope.spawn(move || {
                let mut points = (first..).step_by(WORKERS * STRIDE);
                points.find(|&point| killed(&format!("killed-{first}"), point)).unwrap()
            })
        };
        let workers: Vec<_> = (0..WORKERS).map(|n| of_worker((1 + n * STRIDE) as u64)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).min().unwrap() - 1
    });
    assert!(80 < points, "only {points} points");
    let left: Vec<_> = std::fs::read_dir(bench.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.as_encoded_bytes().starts_with(b"."))
        .collect();
    assert!(left.is_empty(), "{left:?} is left behind");
}

/// Twenty-four bars of 8 × 16 elements, of growing length, as a `.npy` file.
fn bars() -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (24, 8, 16), }";
    bytes.extend(format!("{header:117}\n").bytes());
    for design in 0..24 {
        bytes.extend((0..8 * 16).map(|cell| if cell % 16 < design % 12 + 2 { 255 } else { 0 }));
    }
    bytes
}

#[test]
fn equal_seeds_and_threads_give_equal_bytes() {
    let bench = Bench::new();
    // The second has batch normalization, the third pooling.
    for preset in ["default", "tutorial-conv", "pool"] {
        let model = |run: &str, seed: u32| {
            let train = "train --data beams --epochs 2 --batch-size 8 --latent-dim 3 --threads 2";
            bench.vae(&format!("{train} --preset {preset} --seed {seed} --run {run}")).succeeds();
            bytes(&bench.path(&format!("{run}/model.safetensors")))
        };
        let [one, again, other] = [("one", 5), ("again", 5), ("other", 6)]
            .map(|(run, seed)| model(&format!("{preset}-{run}"), seed));
        assert!(one == again, "two runs of {preset} differ");
        assert!(one != other, "the seed of {preset} decides nothing");
    }
}

#[test]
fn interrupted_with_a_checkpoint() {
    let bench = Bench::new();
    std::fs::write(bench.path("often.toml"), OFTEN.replace("epochs = 12", "epochs = 4000"))
        .unwrap();
    let child = bench.command(&format!("{TRAIN} long")).stderr(Stdio::null()).spawn().unwrap();
    while !bench.path("long/checkpoints/last.safetensors").exists() {
        sleep(Duration::from_millis(20));
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    let mut child = child;
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let manifest = std::fs::read_to_string(bench.path("long/manifest.json")).unwrap();
    assert!(manifest.contains("\"format\": 1"), "{manifest}");
}

/// A finished run goes on with more epochs, from its data in another place; the hint after a
/// divergence is a command that works.
#[test]
fn a_run_goes_on_after_its_end_after_a_move_and_after_a_divergence() {
    let bench = Bench::new();
    let train = "train --data beams --epochs 4 --batch-size 8 --latent-dim 3";
    bench.vae(&format!("{train} --run run")).succeeds();
    let ran = bench.vae("train --resume run").succeeds();
    assert!(ran.stdout.contains("vae train --resume run --epochs 8"), "{}", ran.stdout);
    std::fs::rename(bench.path("beams"), bench.path("moved")).unwrap();
    bench.vae("train --resume run --epochs 6").fails(2, &["are not at", "--data SOURCE"]);
    bench
        .vae("train --resume run --epochs 6 --latent-dim 9")
        .fails(2, &["latent_dim", "cannot change"]);
    bench.vae("simp generate mbb-half --grid 12x24 --problems 4 --variants 1 --filter-radii 1.5 --out others").succeeds();
    let others = bench.vae("train --resume run --data others --epochs 6");
    assert!(others.code != Some(0) && others.stderr.contains("have changed"), "{}", others.stderr);
    let ran = bench.vae("train --resume run --data moved --epochs 6").succeeds();
    assert!(ran.stdout.contains("of 6"), "{}", ran.stdout);
    bench.vae("evaluate run --samples 1").succeeds();
    bench.vae("train --resume run --epochs 3").fails(2, &["training.epochs", "6 epochs behind it"]);

    let ran = bench.vae("train --data moved --epochs 40 --learning-rate 10 --run wild");
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let hint = ran.stderr.lines().find_map(|line| line.strip_prefix("hint: vae ")).unwrap();
    assert!(hint.contains("--back-to") && hint.contains("--learning-rate"), "{hint}");
    bench.vae(hint).succeeds();
}
