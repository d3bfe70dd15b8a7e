//! Plots and pictures that matplotlib made of two built-in designs (`make_plots.py`).

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![cfg(feature = "builtin")]

use std::path::{Path, PathBuf};

use vae_data::{DataError, DataSet, Reading, ReadingError, Source, open, open_with};

/// Positions of the designs in the built-in set.
const POSITIONS: [usize; 2] = [0, 3247];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plots").join(name)
}

fn open_plots(name: &str) -> Result<DataSet, DataError> {
    let reading = Reading { resize: "48x96".parse().unwrap(), ..Reading::default() };
    open_with(&Source::Path(folder(name)), &reading)
}

/// Opens plots, and holds them against the designs that they show.
#[track_caller]
fn check(name: &str, words: &[&str]) {
    let set = open_plots(name).unwrap();
    let truth = open(&Source::Builtin).unwrap();
    let cells = truth.design_len();
    let (mut expected, mut found) = (vec![0.0; 2 * cells], vec![0.0; 2 * cells]);
    truth.read_into(&POSITIONS, &mut expected).unwrap();
    set.read_into(&[0, 1], &mut found).unwrap();
    for (found, expected) in found.chunks_exact(cells).zip(expected.chunks_exact(cells)) {
        let mean = |values: &[f32]| values.iter().sum::<f32>() / cells as f32;
        let (a, b) = (mean(found), mean(expected));
        let products = |x: &[f32], y: &[f32], a: f32, b: f32| {
            x.iter().zip(y).map(|(x, y)| (x - a) * (y - b)).sum::<f32>()
        };
        let both = products(found, expected, a, b);
        let alone = products(found, found, a, a) * products(expected, expected, b, b);
        let correlation = both / alone.sqrt();
        assert!(0.95 < correlation && (a - b).abs() < 0.01, "{name}: {correlation}, {a} for {b}");
    }
    let said: Vec<&str> = set.notes().iter().map(|note| note.found.as_str()).collect();
    for word in words {
        assert!(said.iter().any(|note| note.contains(word)), "{word:?} is not in {said:?}");
    }
}

#[test]
fn plots_are_cut_out_of_axes_texts_and_color_bars() {
    check("viridis-color-bar", &["with ticks, texts or color bars", "the color map viridis"]);
    check("grey-axes", &["with ticks, texts or color bars", "black is material"]);
    check("jet-color-bar", &["with ticks, texts or color bars", "the color map jet"]);
    let set = open_plots("viridis-color-bar").unwrap();
    let cut = set.cut().unwrap();
    assert!(0 < cut.start.0 && cut.end.1 < cut.picture.ncols(), "{cut:?}");
}

#[test]
fn plots_that_the_picture_clips_are_cut_out_where_it_ends() {
    check("grey-clipped", &["with ticks, texts or color bars", "black is material"]);
    check("viridis-clipped", &["with ticks, texts or color bars", "the color map viridis"]);
}

#[test]
fn lines_of_a_grid_are_no_material_and_contours_are_no_designs() {
    let set = open_plots("grey-grid").unwrap();
    let said: Vec<&str> = set.notes().iter().map(|note| note.found.as_str()).collect();
    assert!(said.iter().any(|note| note.starts_with("black is material")), "{said:?}");
    assert!(!said.iter().any(|note| note.contains("in color")), "{said:?}");
    let error = open_plots("grey-contours").map(|set| set.len()).unwrap_err();
    assert!(matches!(error, DataError::Reading(ReadingError::Lines { .. })), "{error}");
    assert!(error.is_callers_mistake() && error.to_string().contains("thin lines"), "{error}");
}

#[test]
fn colors_are_the_values_of_their_map() {
    for map in ["turbo", "cividis", "coolwarm"] {
        check(&format!("saved-{map}"), &[map, "the high end is material"]);
    }
    check("saved-viridis_r", &["viridis", "the low end is material"]);
    check("palette", &["viridis"]);
    // What was saved without axes has no margins to cut off.
    let set = open_plots("palette").unwrap();
    assert!(!set.notes().iter().any(|note| note.found.contains("margins of")), "{:?}", set.notes());
    check("smoothed-jet", &["jet"]);
}

#[test]
fn plots_among_plain_pictures_are_refused() {
    let around = tempfile::tempdir().unwrap();
    for position in POSITIONS {
        let name = format!("d{position}.png");
        std::fs::copy(folder("grey-axes").join(&name), around.path().join(&name)).unwrap();
    }
    let bar =
        image::GrayImage::from_fn(340, 220, |_, y| image::Luma([if y < 90 { 0 } else { 255 }]));
    bar.save(around.path().join("plain.png")).unwrap();
    let error = open(&Source::Path(around.path().into())).unwrap_err().to_string();
    assert!(error.contains("2 of 3 pictures") && error.contains("the others do not"), "{error}");
}

#[test]
fn what_cannot_be_told_is_refused_with_the_flag() {
    let error = open_plots("grey-title").unwrap_err();
    assert!(matches!(error, DataError::Reading(ReadingError::Margins { .. })), "{error}");
    assert!(error.is_callers_mistake() && format!("{:?}", error.remedies()).contains("crop"));
}
