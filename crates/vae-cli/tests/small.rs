//! Few designs, no held-out designs, and designs that are too large: what training makes of them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "support/failure.rs"]
mod failure;
#[expect(dead_code, reason = "other tests want the bytes of files")]
mod support;

use failure::Failure as _;
use ndarray::Array3;
use serde_json::Value;
use support::Bench;
use vae_data::npy;

/// Writes `name`: discs of equal size in 16 × 32 cells, at places that follow no order.
fn discs(bench: &Bench, name: &str, n: usize) {
    let spread = |i: usize, step: f64| (step * (i as f64 + 1.0)).fract();
    let designs = Array3::from_shape_fn((n, 16, 32), |(i, row, column)| {
        let (x, y) = (6.0 + 20.0 * spread(i, 0.618_034), 4.0 + 8.0 * spread(i, 0.754_878));
        let distance = (column as f64 + 0.5 - x).hypot(row as f64 + 0.5 - y);
        f32::from(u8::from(distance < 4.0))
    });
    npy::write(&bench.path(name), designs.view()).unwrap();
}

fn evaluation(bench: &Bench, run: &str) -> Value {
    let ran = bench.vae(&format!("evaluate {run} --samples 2 --json")).succeeds();
    serde_json::from_str(&ran.stdout).unwrap()
}

/// With default flags fifty designs are learned better than the nearest of them and than a
/// projection reproduce new ones; a training of three epochs is not, and says so last.
#[test]
fn fifty_designs_are_learned_with_default_flags() {
    let bench = Bench::empty();
    discs(&bench, "discs.npy", 50);
    let ran = bench.vae("train --data discs.npy --run run").succeeds();
    for words in
        ["for 40 training designs: 16 latent dimensions, batches of 8, 480 epochs", "--epochs N"]
    {
        assert!(ran.stderr.contains(words), "{words:?} is not in {}", ran.stderr);
    }
    assert!(ran.stderr.lines().filter(|line| line.starts_with("epoch")).count() <= 42);
    assert!(ran.stdout.contains("on 5 test designs: MSE") && !ran.stdout.contains("warning"));
    let found = evaluation(&bench, "run");
    let mse = |scores: &Value| scores["mse"].as_f64().unwrap();
    let controls = &found["controls"];
    let best = mse(&controls["pca"]).min(mse(&controls["nearest_by_pixels"]));
    assert!(mse(&found) < 0.8 * best, "{} beside {best}", mse(&found));

    let ran = bench.vae("train --data discs.npy --epochs 3 --run short").succeeds();
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.starts_with("warning: ") && last.contains("nearest training design"), "{last}");
    assert!(ran.stdout.contains("not trained long enough to tell"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("not needed"), "{}", ran.stdout);
}

/// Shares of 0 are taken as such: the last model is kept, and everything that shows designs shows
/// others, and says which.
#[test]
fn shares_of_nothing_for_validation_and_test() {
    let bench = Bench::empty();
    discs(&bench, "discs.npy", 12);
    for (name, validation, test) in
        [("neither", 0.0, 0.0), ("test", 0.0, 0.2), ("validation", 0.2, 0.0)]
    {
        let file = format!("[data]\nvalidation = {validation:?}\ntest = {test:?}\n");
        std::fs::write(bench.path("shares.toml"), file).unwrap();
        let train = format!("train --data discs.npy --config shares.toml --epochs 5 --run {name}");
        let ran = bench.vae(&train).succeeds();
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains("NaN"), "{name}: {said}");
        assert_eq!(said.contains("the last model is kept"), validation == 0.0, "{name}: {said}");
        let said = bench.vae(&format!("evaluate {name} --samples 2")).succeeds().stdout;
        assert!(!said.contains("NaN"), "{name}: {said}");
        let words = match name {
            "neither" => "there are no test and no validation designs",
            "test" => "How well does it reproduce 2 test designs?",
            _ => "there are no test designs; these chose the model",
        };
        assert!(said.contains(words), "{name}: {said}");
        for command in ["reconstruct", "interpolate", "plot latent --dims 1,2", "sample"] {
            let (first, rest) = command.split_once(' ').map_or((command, ""), |pair| pair);
            let (first, rest) = match rest.strip_prefix("latent") {
                Some(rest) => ("plot latent", rest.to_owned() + " --part train"),
                None => (first, rest.to_owned()),
            };
            let out = format!("{name}-{}", first.replace(' ', "-"));
            let out = if first == "reconstruct" || first.starts_with("plot") {
                out + ".png"
            } else {
                out
            };
            let ran = bench.vae(&format!("{first} {name} {rest} --out {out}")).succeeds();
            assert!(!ran.stdout.contains("NaN"), "{name}, {first}: {}", ran.stdout);
        }
    }
    assert_eq!(evaluation(&bench, "neither")["part"], Value::Null);
    assert_eq!(evaluation(&bench, "validation")["part"], "validation");
}

/// Memory and time are said before the first step; a network that is beyond any machine is refused
/// with a size that is not.
#[test]
fn what_a_training_takes_is_said_first() {
    let bench = Bench::empty();
    discs(&bench, "discs.npy", 12);
    let ran = bench.vae("train --data discs.npy --epochs 2 --run run").succeeds();
    let (estimate, epoch) = (ran.stderr.find("it will take about"), ran.stderr.find("epoch"));
    assert!(estimate.is_some() && estimate < epoch, "{}", ran.stderr);
    bench.vae("train --data discs.npy --resize 512x1024 --latent-dim 4096 --run large").fails(
        2,
        &["designs of 512 x 1024 need about", "--resize", "brings them to a size that fits"],
    );
    assert!(!bench.path("large").exists());
}

/// The first lines of a training say what the model is told, with its range, and what it is not.
#[test]
fn identifiers_run_times_and_flags_are_not_told() {
    let bench = Bench::empty();
    discs(&bench, "discs.npy", 12);
    let row = |i: u32| format!("{},{},{},{}", 100 + 7 * i, 3 * i + 1, i % 2, 15 * (i % 3));
    let rows: Vec<String> =
        std::iter::once("id,runtime,converged,angle".to_owned()).chain((0..12).map(row)).collect();
    std::fs::write(bench.path("values.csv"), rows.join("\n")).unwrap();
    let train = "train --data discs.npy --conditions values.csv --epochs 1 --batch-size 4 --run";
    let said = bench.vae(&format!("{train} auto")).succeeds().stderr;
    let told = said.find("the model is told angle (0 to 30)");
    assert!(told.is_some() && told < said.find("epoch"), "{said}");
    for words in ["id (an identifier)", "runtime (a run time", "converged (a flag)", "--told"] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    let said = bench.vae(&format!("{train} named --told id,angle")).succeeds().stderr;
    assert!(said.contains("the model is told id (100 to 177), angle (0 to 30)"), "{said}");
}

/// A condition that is called like the volume of the designs has its own picture.
#[test]
fn histograms_never_overwrite_each_other() {
    let bench = Bench::empty();
    discs(&bench, "discs.npy", 6);
    let row = |i: i32| format!("{},{},{}", i % 3, 2 * i % 5, i % 2);
    let rows: Vec<String> =
        std::iter::once("volume,a b,a-b".to_owned()).chain((0..6).map(row)).collect();
    std::fs::write(bench.path("values.csv"), rows.join("\n")).unwrap();
    let info = "data info discs.npy --conditions values.csv --out look";
    let ran = bench.vae(info).succeeds();
    assert!(ran.stdout.contains("5 pictures in look"), "{}", ran.stdout);
    let pictures = std::fs::read_dir(bench.path("look")).unwrap().count();
    assert_eq!(pictures, 5, "the contact sheet, the mean density and three conditions");
}
