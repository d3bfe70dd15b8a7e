//! The folder that vae-hub makes of a table of EngiBench's beams: its mechanics are right, and it
//! can be trained on.

use std::path::{Path, PathBuf};
use std::process::Command;

use ndarray::Array2;
use topo_simp::{Problem, compliance};
use vae_data::{Source, open};

/// Held equal to what the converter writes by the tests of vae-hub's feature `hub`.
fn beams() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vae-hub/tests/fixtures/beams")
}

/// The compliance in the table was computed by another program (scipy, in vae-hub's
/// `make_fixtures.py`) on the same designs; a wrong axis, load or support would show at once.
#[test]
fn conditions_and_problem_give_the_compliance_of_the_table() {
    let set = open(&Source::Path(beams())).unwrap();
    let text = set.shared_problem().unwrap();
    let expected = set.results().unwrap().numbers("compliance", "results.csv").unwrap().unwrap();
    let mut design = vec![0.0; set.design_len()];
    for (index, expected) in expected.into_iter().enumerate() {
        set.read_into(&[index], &mut design).unwrap();
        let density = design.iter().map(|density| f64::from(*density)).collect();
        let density = Array2::from_shape_vec((set.height(), set.width()), density).unwrap();
        let condition =
            |name: &str| set.condition(name).ok().map(|values| f64::from(values[index]));
        let problem = Problem::from_toml_with(text, condition).unwrap();
        let found = compliance(&problem, density.view(), 3.0).unwrap();
        // Densities are stored as f32, and stiffness has their third power.
        assert!(
            (found / expected - 1.0).abs() < 1e-5,
            "design {index}: {found} against {expected}"
        );
    }
}

#[test]
fn one_epoch_of_training() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vae"))
        .args([
            "train",
            "--epochs",
            "1",
            "--batch-size",
            "8",
            "--latent-dim",
            "2",
            "--run",
            "run",
            "--data",
        ])
        .arg(beams())
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("run/model.safetensors").is_file());
}
