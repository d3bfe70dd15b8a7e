//! `vae bench` prints what its documentation promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::float_cmp, reason = "counts are exact")]

use std::process::{Command, Output};

use serde_json::Value;

fn vae(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vae"));
    command.arg("bench").args(arguments.split_whitespace()).output().unwrap()
}

fn object(arguments: &str) -> Value {
    let output = vae(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn number(object: &Value, key: &str) -> f64 {
    object[key].as_f64().unwrap_or_else(|| panic!("no number {key:?} in {object}"))
}

#[test]
fn training_has_the_promised_keys() {
    for preset in ["default", "tutorial-conv", "pool"] {
        let size = "--size 16x32 --batch-size 4 --steps 20 --threads 1 --json";
        let speed = object(&format!("train --preset {preset} {size}"));
        assert_eq!(speed["preset"], preset);
        assert_eq!(speed["size"], serde_json::json!([16, 32]));
        assert_eq!(number(&speed, "batch_size"), 4.0);
        assert_eq!(number(&speed, "threads"), 1.0);
        let rate = 4e3 / number(&speed, "step_ms_median");
        assert!((number(&speed, "images_per_s") / rate - 1.0).abs() < 1e-12, "{speed}");
        assert!(0.0 < number(&speed, "gflops"), "{speed}");
        assert!(speed["instruction_set"].is_string(), "{speed}");
        // The optimizer is a part of the step: the same batch again and again becomes likelier.
        assert!(number(&speed, "loss_last") < number(&speed, "loss_first"), "{speed}");
        if cfg!(target_os = "linux") {
            assert!(1.0 < number(&speed, "peak_rss_mb"), "{speed}");
        }
    }
}

#[test]
fn the_preset_decides_what_is_not_said() {
    let speed = object("train --preset pool --batch-size 1 --steps 1 --json");
    assert_eq!(speed["size"], serde_json::json!([64, 64]));
    // Counted for the equal PyTorch module.
    assert_eq!(number(&speed, "parameters"), 658_561.0);
}

#[test]
fn calls_are_counted_in_whole_batches() {
    for half in ["encode", "decode"] {
        let speed =
            object(&format!("{half} --preset pool --size 16x16 --batch-size 8 --count 20 --json"));
        assert_eq!(number(&speed, "designs"), 24.0);
        let rate = 8e3 / number(&speed, "call_ms_median");
        assert!((number(&speed, "designs_per_s") / rate - 1.0).abs() < 1e-12, "{speed}");
        assert!(0.0 < number(&speed, "seconds"), "{speed}");
    }
}

#[test]
fn wrong_numbers_are_one_line() {
    for (arguments, word) in [
        ("train --batch-size 0", "batch_size"),
        ("train --batch-size 18446744073709551615", "batch_size"),
        ("train --size 16x999999", "width is 999999"),
        ("train --steps 0", "steps"),
        ("decode --count 0", "count"),
        ("train --preset pol", "did you mean 'pool'"),
        ("train --threads 0", "threads"),
        ("train --threads 99999", "threads"),
    ] {
        let output = vae(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {words}");
        let lines: Vec<&str> = words.lines().collect();
        assert!(lines.len() == 1 && lines[0].starts_with("vae: "), "{arguments}: {words}");
        assert!(words.contains(word), "{arguments}: {words}");
    }
    // This is refused while the arguments are parsed, which takes more lines.
    let output = vae("train --size 0x96");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("\"0x96\" is not a size"), "{words}");
}
