//! Drawing from a flow.

use candle_core::{Device, Tensor};
use ndarray::{Array2, Axis};
use vae_models::{Vae, finite};
use vae_nn::Parameters;

use crate::codes::{prior_draws, values};
use crate::data::Given;
use crate::error::Result;
use crate::generate::flow::scores::FlowScores;
use crate::generate::flow::velocity::Velocity;

/// Euler steps from noise to a code.
pub(super) const STEPS: usize = 16;
/// Width of the hidden layers of the network.
pub(super) const WIDTH: usize = 192;
/// Codes per pass; no result depends on it.
const BATCH: usize = 256;

/// A distribution of codes given conditions and fields, `p(u|c)`, from which codes of new designs
/// are drawn: noise is moved along a learned velocity, `du/dt = v(u, t, c)`, from t = 0 to 1.
///
/// The codes of the data need not be spread like the prior: under one condition they often fill
/// only a part of it, and the decoder was not trained on the rest. The bounds of the model do not
/// change: they are those of its prior.
///
/// # References
/// Lipman et al. 2023, "Flow matching for generative modeling"; Liu, Gong & Liu 2023, "Flow
/// straight and fast", for straight paths; Hoffman & Johnson 2016, "ELBO surgery", for the gap
/// between the prior and the codes.
#[derive(Debug)]
pub struct Flow {
    pub(super) velocity: Velocity,
    pub(super) parameters: Parameters,
    /// Means and reciprocal deviations of the contexts, (2, C).
    pub(super) standards: Array2<f32>,
    /// How well it describes the codes of the validation designs.
    pub scores: FlowScores,
}

impl Flow {
    /// Codes, one for each row of what the model is told; the i-th depends on the seed, i and its
    /// row only.
    ///
    /// `temperature` scales the noise that a draw begins with; 1 is the distribution itself.
    ///
    /// # Errors
    /// If conditions or fields are not the model's, or a code is no number.
    #[expect(clippy::missing_panics_doc, reason = "it cannot: the sizes are those just computed")]
    pub fn draws(
        &self,
        vae: &Vae,
        given: &Given,
        temperature: f64,
        seed: u64,
    ) -> Result<Array2<f32>> {
        let noise = prior_draws(vae.config().latent_dim, given.len(), seed);
        let rows: Vec<usize> = (0..given.len()).collect();
        let mut codes = Vec::with_capacity(noise.len());
        for rows in rows.chunks(BATCH) {
            let context = given.select(rows).context(vae)?;
            let context = match context.vector() {
                Some(vector) => self.standardized(vector)?,
                None => Tensor::zeros((rows.len(), 0), vae.dtype(), vae.device())?,
            };
            let noise =
                noise.select(Axis(0), rows).mapv(|eps| (temperature * f64::from(eps)) as f32);
            codes.extend(values(&finite(self.moved(&noise, &context)?, "codes")?)?);
        }
        Ok(Array2::from_shape_vec(noise.dim(), codes).expect("one code for each row"))
    }

    /// Where noise (B, Z) is at t = 1, under standardized contexts (B, C).
    pub(super) fn moved(&self, noise: &Array2<f32>, contexts: &Tensor) -> Result<Tensor> {
        let mut codes = to_tensor(noise)?;
        for step in 0..STEPS {
            let times = Tensor::full(step as f32 / STEPS as f32, (noise.nrows(), 1), &Device::Cpu)?;
            let velocity = self.velocity.at(&codes, &times, contexts)?;
            codes = (codes + velocity.affine(1.0 / STEPS as f64, 0.0)?)?;
        }
        Ok(codes)
    }

    /// Contexts (B, C) in units of those of the training designs.
    fn standardized(&self, contexts: &Tensor) -> Result<Tensor> {
        let standards = to_tensor(&self.standards)?;
        let (mean, scale) = (standards.narrow(0, 0, 1)?, standards.narrow(0, 1, 1)?);
        Ok(contexts.broadcast_sub(&mean)?.broadcast_mul(&scale)?)
    }
}

pub(in crate::generate) fn to_tensor(table: &Array2<f32>) -> Result<Tensor> {
    let values: Vec<f32> = table.iter().copied().collect();
    Ok(Tensor::from_vec(values, table.dim(), &Device::Cpu)?)
}
