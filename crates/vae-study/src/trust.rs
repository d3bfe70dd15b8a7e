//! How far new designs can be trusted: columns, words, and the picture of what is uncertain.

use std::path::Path;

use ndarray::Array3;
use vae_report::{Grid, grid};
use vae_train::data::Given;
use vae_train::score::{Trust, trust};

use crate::error::{Result, StudyError};
use crate::run::Run;

/// Columns of a table of trust, filled by [`cells`].
pub const COLUMNS: [&str; 3] = ["nearest_design", "nearest_distance", "likelihood_percentile"];

impl Run {
    /// Judges how far designs (N, H, W) can be trusted; `given` is what they were generated for.
    ///
    /// # Errors
    /// If a design of the data cannot be read.
    pub fn trust(&self, designs: &Array3<f32>, given: &Given) -> Result<Trust> {
        let held_out = self.held_out().map(|(_, indices)| indices).unwrap_or_default();
        let parts = (self.split.train.as_slice(), held_out.as_slice());
        Ok(trust(&self.vae, &self.designs(), parts, designs, given, &self.device)?)
    }
}

/// The values of one design; empty cells if nothing is known.
pub fn cells(trust: Option<&Trust>, i: usize) -> Vec<String> {
    trust.map_or(vec![String::new(); COLUMNS.len()], |trust| {
        vec![
            trust.nearest[i].to_string(),
            format!("{:.4}", trust.distance[i]),
            format!("{:.3}", trust.percentile[i]),
        ]
    })
}

/// All designs together, in one sentence.
pub fn sentence(trust: &Trust) -> String {
    let n = trust.percentile.len();
    let unlike = trust.percentile.iter().filter(|&&share| share < 0.01).count();
    let copies = trust.distance.iter().filter(|&&d| d < 0.1 * trust.usual_distance).count();
    let mut sorted = trust.distance.clone();
    sorted.sort_by(f64::total_cmp);
    // Without held-out designs there is nothing to compare with.
    let usual = match trust.usual_distance {
        0.0 => String::new(),
        usual => format!(" (held-out designs: {usual:.3}); {copies} of {n} are near-copies"),
    };
    format!(
        "distance to the nearest training design: median {:.3} per pixel{usual}; {unlike} of {n} are less likely than 99 % of the training designs",
        sorted[n / 2],
    )
}

/// Draws the deviation of every pixel.
///
/// # Errors
/// [`StudyError::Draw`].
pub fn draw(trust: &Trust, out: &Path) -> Result<()> {
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
    grid(&figure, out).map_err(StudyError::drawing(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_strange_designs_are_counted() {
        let trust = |distance: [f64; 3], usual_distance, percentile: [f64; 3]| Trust {
            nearest: vec![0, 1, 2],
            distance: distance.to_vec(),
            usual_distance,
            percentile: percentile.to_vec(),
            deviation: Array3::zeros((3, 1, 1)),
        };
        let said = sentence(&trust([0.01, 0.015, 0.2], 0.2, [0.5, 0.005, 0.9]));
        assert!(said.contains("median 0.015 per pixel (held-out designs: 0.200)"), "{said}");
        assert!(said.contains("2 of 3 are near-copies; 1 of 3 are less likely"), "{said}");
        let said = sentence(&trust([0.1, 0.2, 0.3], 0.2, [0.5, 0.1, 0.9]));
        assert!(said.contains("0 of 3 are near-copies; 0 of 3 are less likely"), "{said}");
        // Without held-out designs no distance is usual, and nothing is called a copy.
        let said = sentence(&trust([0.0, 0.0, 0.3], 0.0, [0.0, 0.0, 0.0]));
        assert!(!said.contains("copies") && said.contains("3 of 3 are less likely"), "{said}");
    }
}
