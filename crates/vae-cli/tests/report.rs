//! The page of a run, written by `vae train` and completed by `vae evaluate`.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::path::Path;

use serde_json::Value;
use support::{Bench, bytes};

/// A hostile name for a folder.
const NAME: &str = "<script>alert(1)<b>&";

fn text(path: &Path) -> String {
    String::from_utf8(bytes(path)).unwrap()
}

#[test]
fn a_run_ends_in_a_page_that_an_evaluation_completes() {
    let bench = Bench::new();
    let train = format!(
        "train --data beams --epochs 2 --batch-size 8 --latent-dim 2 --unconditional --run {NAME}"
    );
    let trained = bench.vae(&train).succeeds();
    assert!(trained.stdout.contains("report.html (all in one page)"), "{}", trained.stdout);
    let path = bench.path(NAME).join("report.html");
    let first = text(&path);
    for words in ["not evaluated yet", "best epoch", "latent space: ", " designs of 12 x 24<"] {
        assert!(first.contains(words), "{words}: {first}");
    }
    // Nothing of a name is markup, and commands can be pasted.
    assert!(!first.contains("<script"));
    assert!(first.contains("vae evaluate &#39;&lt;script&gt;alert(1)&lt;b&gt;&amp;&#39;"));
    assert_eq!(first.matches("src=\"data:image/png;base64,iVBORw0KGgo").count(), 5);
    assert!(!first.contains("http"), "nothing from elsewhere");
    let result = trained.stdout.lines().find(|line| line.starts_with("best epoch")).unwrap();
    assert!(first.contains(&format!("<p>{result}</p>")));

    let ran = bench.vae(&format!("evaluate {NAME} --samples 3 --json")).succeeds();
    let second = text(&path);
    assert!(!second.contains("not evaluated yet") && second.contains("--samples 3 --json"));
    // What training said stays.
    assert!(second.contains(&format!("<p>{result}</p>")));
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let number = |pointer: &str| found.pointer(pointer).unwrap().as_f64().unwrap();
    let row = |name: &str, cells: &[String]| {
        let cells: String = cells.iter().flat_map(|cell| ["<td>", cell, "</td>"]).collect();
        let row = format!("<th scope=\"row\">{name}</th>{cells}");
        assert!(second.contains(&row), "{row} is not in {second}");
    };
    let two = |pointer: &str| format!("{:.2}", number(pointer));
    row("bound on ln p(x)", &[two("/elbo"), two("/elbo_standard_error")]);
    row("tighter bound, 3 draws", &[two("/iwae"), two("/iwae_standard_error")]);
    for (name, at) in [
        ("this model", ""),
        ("PCA, 2 components", "/controls/pca"),
        ("nearest training design", "/controls/nearest_by_pixels"),
    ] {
        let score = |kind: &str| number(&format!("{at}/{kind}"));
        let (mse, iou) = (format!("{:.4}", score("mse")), format!("{:.3}", score("iou")));
        row(name, &[mse, iou, format!("{:.4}", score("volume_error"))]);
    }
    let failure = 100.0 * number("/mechanics/generated/0/failure_rate");
    row("this model, prior samples", &[format!("{failure:.1} %")]);
    let kl_per_dim = found["kl_per_dim"].as_array().unwrap();
    let cells = kl_per_dim.iter().map(|kl| format!("<td>{:.2} (", kl.as_f64().unwrap()));
    let missing = cells.filter(|cell| !second.contains(cell.as_str())).collect::<Vec<_>>();
    assert!(missing.is_empty(), "{missing:?}");

    // Other data, or the same ones read in another way, are not what the run is about.
    bench.vae(&format!("evaluate {NAME} --samples 2 --data beams --no-mechanics")).succeeds();
    assert_eq!(text(&path), second);
    // The terminal and the page have the same words.
    let evaluate = format!("evaluate {NAME} --samples 2 --no-mechanics --details");
    let words = bench.vae(&evaluate).succeeds();
    let third = text(&path);
    let line = words.stdout.lines().find(|line| line.contains("nats from the prior")).unwrap();
    assert!(third.contains(&format!("<p>{}</p>", line.trim())), "{line}");
    assert!(!third.contains("Mechanics of"), "it was left out");
}
