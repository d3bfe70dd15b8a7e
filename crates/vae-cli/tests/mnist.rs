//! MNIST's four files, made small: trained on, scored on their own test side, taken up again, and
//! refused when they are not whole.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/failure.rs"]
mod failure;
mod support;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use failure::Failure as _;
use support::{Bench, bytes};

const SIDE: usize = 28;
const TRAIN: usize = 400;
const TEST: usize = 60;

/// An IDX file of bytes.
fn idx(sizes: &[usize], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    for size in sizes {
        bytes.extend((*size as u32).to_be_bytes());
    }
    bytes.extend(values);
    bytes
}

/// A soft arc for each label: its radius, place and opening vary with the picture.
fn picture(index: usize) -> Vec<u8> {
    let (label, i) = ((index % 10) as f32, index as f32);
    let (x0, y0) = (13.5 + 2.0 * (0.7 * i).sin(), 13.5 + 2.0 * (1.3 * i).cos());
    let radius = 5.0 + 0.4 * label + (0.31 * i).sin();
    let pixel = |at: usize| {
        let (x, y) = ((at % SIDE) as f32 - x0, (at / SIDE) as f32 - y0);
        let open = (y.atan2(x) - 0.6 * label).cos() > 0.4 + 0.05 * label;
        let ink = if open { 0.0 } else { (2.0 - (x.hypot(y) - radius).abs()).clamp(0.0, 1.0) };
        (255.0 * ink) as u8
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// The four files, the large ones compressed.
fn digits(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (part, indices) in [("train", 0..TRAIN), ("t10k", TRAIN..TRAIN + TEST)] {
        let values: Vec<u8> = indices.clone().flat_map(picture).collect();
        let file = fs::File::create(folder.join(format!("{part}-images-idx3-ubyte.gz"))).unwrap();
        let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gz.write_all(&idx(&[indices.len(), SIDE, SIDE], &values)).unwrap();
        gz.finish().unwrap();
        let labels: Vec<u8> = indices.map(|index| (index % 10) as u8).collect();
        let path = folder.join(format!("{part}-labels-idx1-ubyte"));
        fs::write(path, idx(&[labels.len()], &labels)).unwrap();
    }
}

#[test]
fn an_epoch_of_the_published_network() {
    let bench = Bench::empty();
    digits(&bench.path("digits"));
    let info = bench.vae("data info mnist:digits --json").succeeds();
    let info: serde_json::Value = serde_json::from_str(&info.stdout).unwrap();
    assert_eq!((&info["n"], &info["height"]), (&(TRAIN + TEST).into(), &SIDE.into()));

    let ran = bench
        .vae("train --data mnist:digits --preset burda-1layer --epochs 1 --run run")
        .succeeds();
    assert!(ran.stderr.contains("380 designs to train, 20 to validate, 60 to test"));
    let splits: serde_json::Value =
        serde_json::from_slice(&bytes(&bench.path("run/splits.json"))).unwrap();
    assert_eq!(splits["rule"], "standard");
    assert_eq!(splits["test"][0], TRAIN, "the test pictures are those of the t10k files");

    let scores = bench.vae("evaluate run --samples 4 --json").succeeds();
    let scores: serde_json::Value = serde_json::from_str(&scores.stdout).unwrap();
    assert_eq!(scores["n"], TEST);
    let (elbo, iwae) = (scores["elbo"].as_f64().unwrap(), scores["iwae"].as_f64().unwrap());
    // Below what flipping a coin for each pixel would cost, and a bound on a probability.
    assert!(-543.4 < elbo && elbo <= iwae && iwae < 0.0, "{elbo} {iwae}");
}

/// The draws of an epoch come from the seed and the epoch alone, so a killed run ends as one that
/// ran through.
#[test]
fn dynamic_binarization_goes_on_exactly() {
    let bench = Bench::empty();
    digits(&bench.path("digits"));
    fs::write(bench.path("often.toml"), "[training]\ncheckpoint_seconds = 0\nlog_every = 1\n")
        .unwrap();
    let train =
        "train --data mnist:digits --preset burda-1layer --config often.toml --epochs 6 --run";
    bench.vae(&format!("{train} whole")).succeeds();

    let mut child =
        bench.command(&format!("{train} killed")).stderr(Stdio::null()).spawn().unwrap();
    let logged = || fs::read(bench.path("killed/metrics.jsonl")).map_or(0, |log| log.len());
    while logged() < 6000 && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(5));
    }
    assert!(child.try_wait().unwrap().is_none(), "the kill met no running process");
    child.kill().unwrap();
    child.wait().unwrap();
    bench.vae("train --resume killed").succeeds();
    for file in ["model.safetensors", "checkpoints/last.safetensors"] {
        let of = |run: &str| bytes(&bench.path(&format!("{run}/{file}")));
        assert!(of("whole") == of("killed"), "{file} differs");
    }
}

#[test]
fn what_is_not_whole_is_refused_in_a_line() {
    let bench = Bench::new();
    let folder = bench.path("digits");
    digits(&folder);
    let refused = |code: i32, words: &str| {
        bench.vae("train --data mnist:digits --run run").fails(code, &[words]);
        assert!(!bench.path("run").exists());
    };
    let labels = folder.join("t10k-labels-idx1-ubyte");
    fs::rename(&labels, folder.join("kept")).unwrap();
    refused(1, "it has no t10k-labels-idx1-ubyte (nor t10k-labels-idx1-ubyte.gz)");
    fs::write(&labels, idx(&[3], &[1, 2, 3])).unwrap();
    refused(1, "t10k-labels-idx1-ubyte: 3 labels where 60 are expected");
    fs::rename(folder.join("kept"), &labels).unwrap();
    let images = folder.join("train-images-idx3-ubyte.gz");
    let whole = bytes(&images);
    fs::write(&images, &whole[..whole.len() / 2]).unwrap();
    refused(1, "train-images-idx3-ubyte.gz");
    bench.vae("train --data mnist:nowhere --run run").fails(2, &["nowhere"]);

    fs::write(&images, &whole).unwrap();
    bench
        .vae("train --data mnist:digits --group-by label --epochs 1 --run run")
        .fails(2, &["inside and outside"]);
    bench.vae("train --data beams --split standard --run run").fails(2, &["do not say which"]);
}
