//! A run that was killed and taken up again ends as one that ran through.

#![cfg(unix)]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use failure::Failure as _;
use support::{Bench, bytes};

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
