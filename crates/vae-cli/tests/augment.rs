//! Mirror images in training: held against the mechanics of the data, and refused where nobody says
//! what becomes of a condition.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/failure.rs"]
mod failure;
#[expect(dead_code, reason = "other tests want beams too")]
mod support;

use std::fs;

use failure::Failure as _;
use ndarray::{Array1, Array3};
use support::{Bench, bytes};
use vae_data::npy;

const PROBLEM: &str = r#"
volume_fraction = 0.4
grid = { nelx = 24, nely = 12 }
supports = [{ at = { edge = "left" }, fix = "xy" }]
load_cases = [{ loads = [{ at = { point = [1, "$load_y"] }, force = [0, -1] }] }]
"#;

/// Twenty bars between a clamped left side and a load on the right, with this rule for the place of
/// the load.
fn bars(bench: &Bench, rule: &str) {
    let folder = bench.path("bars");
    fs::create_dir_all(&folder).unwrap();
    let load = |part: usize| part as f32 / 19.0;
    let designs = Array3::from_shape_fn((20, 12, 24), |(part, row, column)| {
        let middle = 5.5 + (load(part) - 0.5) * 9.0 * column as f32 / 23.0;
        f32::from((row as f32 - middle).abs() < 2.0)
    });
    npy::write(&folder.join("designs.npy"), designs.view()).unwrap();
    npy::write(&folder.join("conditions.npy"), Array1::from_shape_fn(20, load).view()).unwrap();
    fs::write(folder.join("problem.toml"), PROBLEM).unwrap();
    let json = format!("{{\"format\": 1, \"conditions\": [{{\"name\": \"load_y\"{rule}}}]}}");
    fs::write(folder.join("dataset.json"), json).unwrap();
}

#[test]
fn mirrors_need_rules_and_hold_in_mechanics() {
    let bench = Bench::empty();
    let train = "train --data bars --epochs 2 --batch-size 4 --latent-dim 2";
    bars(&bench, "");
    let without = format!("{train} --augment mirror-y --run run");
    bench.vae(&without).fails(2, &["mirror-y", "load_y", "\"mirror_y\": \"same\""]);
    // What the model is not told needs no rule: its maps of the problem are mirrored too.
    let untold = format!("{train} --augment mirror-x,mirror-y --told none");
    bench.vae(&format!("{untold} --run untold")).succeeds();
    bench.vae(&format!("{untold} --problems none --run unconditional")).succeeds();
    bars(&bench, ", \"mirror_x\": \"same\", \"mirror_y\": \"same\"");
    bench.vae(&without).fails(2, &["mirror-y", "compliance", "wrong rule"]);
    bars(&bench, ", \"mirror_x\": \"same\", \"mirror_y\": {\"sum\": 1}");
    bench
        .vae(&format!("{train} --augment mirror-x,mirror-y --run run"))
        .fails(2, &["mirror-x", "no such symmetry"]);
    bench
        .vae(&format!("{train} --augment transpose --run run"))
        .fails(2, &["12 rows and 24 columns", "only square ones", "--augment mirror-x,mirror-y"]);
    assert!(!bench.path("run").exists());

    bench.vae(&without).succeeds();
    let config = fs::read_to_string(bench.path("run/config.toml")).unwrap();
    assert!(config.contains("augment = [\"mirror-y\"]"), "{config}");
    // The seed decides about the mirror images too, and they make a difference.
    bench.vae(&without.replace("--run run", "--run again")).succeeds();
    bench.vae(&format!("{train} --augment none --run plain")).succeeds();
    // What the data state rules for, and mechanics confirm.
    bench.vae(&format!("{train} --run auto")).succeeds();
    let model = |run: &str| bytes(&bench.path(run).join("model.safetensors"));
    assert!(model("run") == model("again"));
    assert!(model("run") == model("auto"));
    assert!(model("run") != model("plain"));
    assert!(bench.vae("train --resume run").succeeds().stdout.contains("finished already"));
}
