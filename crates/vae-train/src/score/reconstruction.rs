//! How far reconstructions are from their targets.

use ndarray::{Array3, Axis};

use crate::codes::BATCH;
use crate::data::{Pixels, Targets};
use crate::error::Result;

/// How far reconstructions are from their targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Reconstruction {
    /// Mean squared error per active pixel.
    pub mse: f64,
    /// Mean over designs of intersection over union at 0.5; 1 if both are empty.
    pub iou: f64,
    /// Mean over designs of the difference in mean density over active pixels, without its sign.
    pub volume_error: f64,
}

/// Compares reconstructions, whatever made them, with the targets of some designs.
///
/// # Errors
/// When a design cannot be read.
pub fn compare(
    designs: &Targets<'_>,
    indices: &[usize],
    reconstructions: &Array3<f32>,
) -> Result<Reconstruction> {
    let mut tally = Tally::default();
    for (chunk, reconstructions) in
        indices.chunks(BATCH).zip(reconstructions.axis_chunks_iter(Axis(0), BATCH))
    {
        let reconstructions: Vec<f32> = reconstructions.iter().copied().collect();
        tally.add(&designs.read(chunk)?, &reconstructions, designs.data().design_len());
    }
    Ok(tally.mean())
}

/// Running sums of reconstruction scores.
#[derive(Default)]
pub(crate) struct Tally {
    squared_error: f64,
    pixels: usize,
    iou: f64,
    volume_error: f64,
    designs: usize,
}

impl Tally {
    /// Adds several designs of so many pixels each.
    pub(crate) fn add(&mut self, targets: &Pixels, reconstructions: &[f32], pixels: usize) {
        let pairs = targets.values.chunks_exact(pixels).zip(reconstructions.chunks_exact(pixels));
        for (design, (target, reconstruction)) in pairs.enumerate() {
            let active = targets
                .active
                .as_ref()
                .map(|active| &active[design * pixels..(design + 1) * pixels]);
            let (mut both, mut either) = (0_usize, 0_usize);
            let (mut volume, mut own) = (0.0, 0_usize);
            for (position, (&a, &b)) in target.iter().zip(reconstruction).enumerate() {
                if active.is_none_or(|active| 0.0 < active[position]) {
                    self.squared_error += f64::from(a - b).powi(2);
                    volume += f64::from(a - b);
                    own += 1;
                    both += usize::from(0.5 < a && 0.5 < b);
                    either += usize::from(0.5 < a || 0.5 < b);
                }
            }
            self.pixels += own;
            self.volume_error += volume.abs() / (own as f64).max(1.0);
            self.iou += if either == 0 { 1.0 } else { both as f64 / either as f64 };
            self.designs += 1;
        }
    }

    /// The scores of all designs so far.
    pub(crate) fn mean(&self) -> Reconstruction {
        let designs = (self.designs as f64).max(1.0);
        Reconstruction {
            mse: self.squared_error / (self.pixels as f64).max(1.0),
            iou: self.iou / designs,
            volume_error: self.volume_error / designs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_what_they_are_by_hand() {
        let values = vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let mut tally = Tally::default();
        let reconstruction = [1.0, 0.0, 1.0, 0.0, 0.25, 0.25, 0.0, 0.0];
        tally.add(&Pixels { values, active: None }, &reconstruction, 4);
        let found = tally.mean();
        assert!((found.mse - 2.125 / 8.0).abs() < 1e-12);
        // One third and both empty; no error and an eighth.
        assert!((found.iou - 2.0 / 3.0).abs() < 1e-12);
        assert!((found.volume_error - 0.0625).abs() < 1e-12);
    }
}
