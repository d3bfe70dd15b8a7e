//! The codes that a flow is fitted to: posteriors of designs, beside what the model was told.

use candle_core::Device;
use ndarray::{Array2, Axis, concatenate};
use rand::Rng;
use rand_distr::StandardNormal;
use vae_base::spread;
use vae_models::Vae;

use crate::codes::{BATCH, values};
use crate::data::{Augmentation, Targets};
use crate::error::Result;

/// Number of posteriors, at most; more of them take longer to compute than they help the fit.
const MOST: usize = 40_000;

/// Posteriors of designs and of their mirror images, with the context of each.
pub(crate) struct Codes {
    /// Means of q(z|x), (N, Z).
    pub(super) means: Array2<f32>,
    /// Standard deviations of q(z|x), (N, Z).
    pub(super) deviations: Array2<f32>,
    /// What the model makes of conditions and fields, (N, C); without columns for an unconditional
    /// model.
    pub(super) contexts: Array2<f32>,
}

impl Codes {
    /// Those of some designs and, for each mirror of `augmentation`, of their images too. If there
    /// are more than 40,000 images, so many of them, spread evenly over designs and mirrors.
    pub(crate) fn of(
        vae: &Vae,
        designs: &Targets<'_>,
        indices: &[usize],
        augmentation: &Augmentation,
    ) -> Result<Self> {
        let device = Device::Cpu;
        let (mut means, mut deviations, mut contexts) = (Vec::new(), Vec::new(), Vec::new());
        let mut count = 0;
        for image in 0..augmentation.images() {
            let chosen: Vec<usize> = spread(augmentation.images() * indices.len(), MOST)
                .filter(|entry| entry / indices.len() == image)
                .map(|entry| indices[entry % indices.len()])
                .collect();
            for chunk in chosen.chunks(BATCH) {
                let batch = designs.image_batch(chunk, augmentation, image, &device)?;
                let context = batch.context(vae, false)?;
                let posterior = vae.encode(&batch.xs, &context, false)?;
                means.extend(values(&posterior.mean)?);
                deviations.extend(values(&(posterior.log_var * 0.5)?.exp()?)?);
                if let Some(vector) = context.vector() {
                    contexts.extend(values(vector)?);
                }
                count += chunk.len();
            }
        }
        let latent_dim = vae.config().latent_dim;
        let width = contexts.len() / count.max(1);
        let table = |values: Vec<f32>, columns: usize| {
            Array2::from_shape_vec((count, columns), values).expect("one row for each code")
        };
        Ok(Self {
            means: table(means, latent_dim),
            deviations: table(deviations, latent_dim),
            contexts: table(contexts, width),
        })
    }

    /// Number of posteriors.
    pub(super) fn len(&self) -> usize {
        self.means.nrows()
    }

    /// A draw from each of some posteriors, (B, Z).
    pub(super) fn draws(&self, rows: &[usize], rng: &mut impl Rng) -> Array2<f32> {
        let (mean, deviation) =
            (self.means.select(Axis(0), rows), self.deviations.select(Axis(0), rows));
        mean + deviation
            * Array2::from_shape_simple_fn((rows.len(), self.means.ncols()), || {
                rng.sample::<f32, _>(StandardNormal)
            })
    }
}

/// Numbers that make every column of a table have mean 0 and deviation 1: means and reciprocal
/// deviations, two rows.
pub(super) fn standards(table: &Array2<f32>) -> Array2<f32> {
    let mean = table.mean_axis(Axis(0)).unwrap_or_default().insert_axis(Axis(0));
    let scale = table.std_axis(Axis(0), 0.0).mapv(|std| 1.0 / (std + 1e-3)).insert_axis(Axis(0));
    concatenate![Axis(0), mean, scale]
}
