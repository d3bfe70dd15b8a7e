//! Processes that write at the same time do not share a folder.

#![cfg(unix)]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::process::Stdio;

use failure::Failure as _;
use support::{Bench, bytes};
use vae_base::Lock;

const TRAIN: &str = "train --data beams --epochs 1 --batch-size 8";

#[test]
fn runs_without_a_name_that_start_together_get_a_folder_each() {
    let bench = Bench::new();
    let start = |latent_dim: u32| {
        let train = format!("{TRAIN} --threads 1 --latent-dim {latent_dim}");
        bench.command(&train).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let together: Vec<_> = (3..6).map(start).collect();
    assert!(together.into_iter().all(|mut child| child.wait().unwrap().success()));
    let mut sizes: Vec<String> = (1..4)
        .map(|n| {
            let config = bench.path(&format!("runs/cantilever-default-{n}/config.toml"));
            let text = std::fs::read_to_string(config).unwrap();
            text.lines().find(|line| line.starts_with("latent_dim")).unwrap().to_owned()
        })
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, ["latent_dim = 3", "latent_dim = 4", "latent_dim = 5"]);
    let hidden = std::fs::read_dir(bench.path("runs")).unwrap().count();
    assert_eq!(hidden, 3, "locks leave no files");
    for n in 1..4 {
        bench.vae(&format!("evaluate runs/cantilever-default-{n} --samples 1")).succeeds();
    }

    // Weights in the folder of another run, as they came to lie when runs shared one.
    let [model, other] =
        [1, 2].map(|n| bench.path(&format!("runs/cantilever-default-{n}/model.safetensors")));
    std::fs::copy(&model, &other).unwrap();
    for command in ["evaluate", "sample"] {
        bench.vae(&format!("{command} runs/cantilever-default-2")).fails(
            1,
            &["does not belong to the config.toml", "latent dimensions", "hint: two runs"],
        );
    }
    // As many latents, of other designs and of fewer conditions.
    bench.vae("simp generate cantilever --grid 12x16 --problems 16 --variants 3 --filter-radii 1.5 --out short").succeeds();
    for (others, words) in [
        ("train --data short", "designs of 12 x 16, and not 12 x 24"),
        ("train --data beams --told volume_fraction", "the conditions volume_fraction, and not"),
    ] {
        let _ = std::fs::remove_dir_all(bench.path("others"));
        bench
            .vae(&format!("{others} --epochs 1 --batch-size 8 --latent-dim 3 --run others"))
            .succeeds();
        std::fs::copy(bench.path("others/model.safetensors"), &model).unwrap();
        for command in ["evaluate", "sample"] {
            bench
                .vae(&format!("{command} runs/cantilever-default-1"))
                .fails(1, &["does not belong to the config.toml", words]);
        }
    }
}

#[test]
fn a_second_writer_is_told_of_the_first() {
    let bench = Bench::new();
    bench.vae(&format!("{TRAIN} --latent-dim 3 --run run")).succeeds();
    let holder = format!("process {} is testing", std::process::id());
    let refused = |place: &str, command: &str| {
        let _lock = Lock::of(&bench.path(place), "testing").unwrap();
        bench.vae(command).fails(1, &[place, " is in use: ", &holder]);
    };
    let before = bytes(&bench.path("run/model.safetensors"));
    refused("new", &format!("{TRAIN} --run new"));
    refused("run", "train --resume run --epochs 2");
    refused("new", "data convert beams --out new");
    refused("new", "propose run --count 1 --out new");
    let generate = "simp generate cantilever --grid 12x24 --problems 2 --variants 1 --out new";
    refused("new.jobs.jsonl", generate);
    refused("new", generate);
    assert!(!bench.path("new").exists());
    assert!(before == bytes(&bench.path("run/model.safetensors")));
    // Nothing has to be cleared away.
    bench.vae(generate).succeeds();
}

/// A file beside the folder that happens to have the name of the log is somebody's.
#[test]
fn a_file_in_the_place_of_the_log_is_not_cut() {
    let bench = Bench::empty();
    std::fs::write(bench.path("new.jobs.jsonl"), "notes").unwrap();
    let generate = "simp generate cantilever --grid 12x24 --problems 2 --variants 1 --out new";
    bench.vae(generate).fails(2, &["new.jobs.jsonl", "or is another file; move it away"]);
    assert_eq!(bytes(&bench.path("new.jobs.jsonl")), b"notes");
}

/// What is written down of a design must be one of this generation.
#[test]
fn a_changed_log_is_refused() {
    let bench = Bench::empty();
    let generate = "simp generate cantilever --grid 12x24 --problems 2 --variants 1 --shard 1/2";
    bench.vae(&format!("{generate} --out new")).succeeds();
    let part = bench.path("new.part-1-of-2.jsonl");
    let whole = std::fs::read_to_string(&part).unwrap();
    let problem = whole.lines().nth(1).unwrap().split_once("\"problem\":").unwrap().1;
    let number = problem.split(',').next().unwrap();
    let cut = whole.find("\"design\":\"").unwrap() + "\"design\":\"".len();
    for text in [
        whole.replace(&format!("\"problem\":{number}"), "\"problem\":99999"),
        format!("{}{}", &whole[..cut], &whole[cut + 2..]),
    ] {
        assert_ne!(text, whole);
        std::fs::write(&part, text).unwrap();
        bench.vae(&format!("{generate} --out new")).fails(1, &["is damaged at line 2"]);
        bench.vae("simp merge new.part-1-of-2.jsonl --out all").fails(1, &["is damaged at line 2"]);
    }
}
