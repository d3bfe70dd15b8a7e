//! What is shown of a design beside its densities: stress, energy, displacement, uncertainty.

use std::sync::Arc;

use candle_core::Tensor;
use ndarray::Array2;
use topo_simp::{Analysis, Problem};

use super::query::Layer;
use super::studio::{Studio, values};
use crate::error::Result;
use crate::frame::Plane;

/// The layers of an analysis that are asked for; of several load cases, the largest stress and
/// displacement.
pub(super) fn layers(analysis: &Analysis, wanted: &[Layer]) -> Vec<Plane> {
    let mut planes = Vec::new();
    if wanted.contains(&Layer::Stress) && !analysis.von_mises.is_empty() {
        let shape = analysis.von_mises[0].dim();
        let largest = Array2::from_shape_fn(shape, |at| {
            analysis.von_mises.iter().map(|stress| stress[at]).fold(0.0, f64::max) as f32
        });
        planes.push(Plane::numbers("stress", shape, largest.iter().copied().collect()));
    }
    if wanted.contains(&Layer::Energy) {
        let values = analysis.energy_density.iter().map(|&value| value as f32).collect();
        planes.push(Plane::numbers("energy", analysis.energy_density.dim(), values));
    }
    if wanted.contains(&Layer::Displacement)
        && let Some(first) = analysis.displacements.first()
    {
        // Of the load case that bends the design most.
        let size = |u: &&ndarray::Array3<f64>| u.iter().map(|x| x * x).sum::<f64>();
        let most = analysis.displacements.iter().max_by(|a, b| size(a).total_cmp(&size(b)));
        let values = most.unwrap_or(first).iter().map(|&value| value as f32).collect();
        let (rows, columns, _) = first.dim();
        planes.push(Plane::numbers("displacement", (rows, 2 * columns), values));
    }
    planes
}

impl Studio {
    /// The deviation of each pixel at a code: `√(m (1 − m))` for a mean density m.
    pub(super) fn uncertainty(
        &mut self,
        code: &[f64],
        conditions: &[f32],
        problem: Option<&Problem>,
    ) -> Result<Plane> {
        let subject = Arc::clone(&self.subject);
        let logits: Tensor = self.logits(code, conditions, problem)?;
        let means = values(&subject.vae().mean_of_logits(&logits)?)?;
        let deviations = means.iter().map(|m| (m * (1.0 - m)).max(0.0).sqrt()).collect();
        Ok(Plane::numbers("uncertainty", subject.size(), deviations))
    }
}
