//! The problem of designs is guessed from the designs alone, where it is known.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;

use topo_data::{GenerateSpec, ProblemGuess, TopoDataError, generate, guess_problem};
use topo_simp::{Fix, Place, Problem, Side};
use vae_data::{DataSet, Source, open};

/// Eight designs of problems of a family.
fn set(family: &str, height: usize, width: usize) -> (tempfile::TempDir, DataSet) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let spec = GenerateSpec {
        height,
        width,
        problems: Some(8),
        variants: 1,
        ..GenerateSpec::for_family(family).unwrap()
    };
    generate(&spec, "", &out, &|_| ControlFlow::Continue(())).unwrap();
    let set = open(&Source::Path(out)).unwrap();
    (folder, set)
}

fn guess(family: &str, height: usize, width: usize) -> ProblemGuess {
    let (_folder, set) = set(family, height, width);
    guess_problem(&set, 8).unwrap()
}

#[test]
fn a_cantilever_is_clamped_on_the_left_and_loaded_on_the_right() {
    let guess = guess("cantilever", 16, 32);
    assert_eq!(guess.supports[0].held, [(Place::Edge(Side::Left), Fix::Xy)]);
    assert_eq!(guess.load.words(), "a point of the right edge");
    assert_eq!(guess.load.place_follows.as_deref(), Some("load_y"));
    let text = guess.to_toml();
    let problem = Problem::from_toml(&text).unwrap();
    assert_eq!((problem.grid.nelx, problem.grid.nely), (32, 16));
    problem.validate().unwrap();
    // Every line that is guessed says so, and what it rests on.
    for key in ["volume_fraction", "supports", "load_cases"] {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(line.contains(" # guess: "), "{line}");
    }
}

#[test]
fn half_a_beam_is_told_from_a_cantilever() {
    let guess = guess("mbb-half", 12, 36);
    assert!(guess.supports[0].words.starts_with("half a beam: symmetry on the left"));
    assert_eq!(guess.load.words(), "a point of the top edge");
    assert!((guess.load.angle - 90.0).abs() <= 15.0, "{}", guess.load.angle);
}

#[test]
fn an_l_bracket_is_clamped_where_its_leg_ends() {
    let guess = guess("l-bracket", 20, 20);
    let [(Place::Segment { side: Side::Top, from, to }, Fix::Xy)] = guess.supports[0].held[..]
    else {
        panic!("{:?}", guess.supports[0].held)
    };
    assert!(from.abs() < 1e-9 && (to - 0.4).abs() < 0.051, "{from} to {to}");
    assert_eq!(guess.load.words(), "a point of the right edge");
}

#[test]
fn nothing_is_guessed_of_designs_without_material_at_the_edges() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("designs.npy");
    let mut designs = ndarray::Array3::<f32>::zeros((3, 12, 24));
    designs.slice_mut(ndarray::s![.., 4..8, 6..18]).fill(1.0);
    vae_data::npy::write(&path, designs.view()).unwrap();
    let set = open(&Source::Path(path)).unwrap();
    assert!(matches!(guess_problem(&set, 3), Err(TopoDataError::NoGuess)));
}
