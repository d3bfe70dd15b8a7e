//! The trust report of generated designs: columns, words, and the picture of what is uncertain.

use std::path::Path;

use anyhow::{Context as _, Result};
use ndarray::{Array2, Array3};
use vae_report::{Grid, grid};
use vae_train::trust::{Trust, trust};

use crate::opened::OpenedRun;
use crate::output::line;

/// Columns of the table, filled by [`columns`].
pub(crate) const COLUMNS: [&str; 3] =
    ["nearest_design", "nearest_distance", "likelihood_percentile"];

/// Judges designs that were generated for conditions.
pub(crate) fn of(opened: &OpenedRun, designs: &Array3<f32>, cs: &Array2<f32>) -> Result<Trust> {
    let OpenedRun { vae, split, device, .. } = opened;
    let parts = (split.train.as_slice(), split.test.as_slice());
    Ok(trust(vae, &opened.designs(), parts, designs, cs, device)?)
}

/// The values of one design; empty where nothing is known.
pub(crate) fn columns(trust: Option<&Trust>, i: usize) -> Vec<String> {
    trust.map_or(vec![String::new(); COLUMNS.len()], |trust| {
        vec![
            trust.nearest[i].to_string(),
            format!("{:.4}", trust.distance[i]),
            format!("{:.3}", trust.percentile[i]),
        ]
    })
}

/// In words, for all designs together.
pub(crate) fn words(trust: &Trust) -> Result<()> {
    let n = trust.percentile.len();
    let unlike = trust.percentile.iter().filter(|&&share| share < 0.01).count();
    let copies = trust.distance.iter().filter(|&&d| d < 0.1 * trust.usual_distance).count();
    let mut sorted = trust.distance.clone();
    sorted.sort_by(f64::total_cmp);
    line(format!(
        "distance to the nearest training design: median {:.3} a pixel (test designs: {:.3}); {copies} of {n} are near-copies; {unlike} are less likely than 99 % of the training designs",
        sorted[n / 2],
        trust.usual_distance
    ))
}

/// Draws the deviation of every pixel.
pub(crate) fn draw(trust: &Trust, out: &Path) -> Result<()> {
    // A pixel between 0 and 1 deviates by one half at most.
    let shades = trust.deviation.mapv(|deviation| 2.0 * deviation);
    let means: Vec<String> = trust
        .deviation
        .outer_iter()
        .map(|design| format!("mean {:.3}", design.mean().unwrap_or(0.0)))
        .collect();
    let figure = Grid {
        title: "Deviation of each pixel: white 0, black 0.5",
        captions: &means,
        ..Grid::new(shades.view())
    };
    grid(&figure, out).with_context(|| format!("cannot draw {}", out.display()))
}
