//! A noise for a model that states none, from what its reconstructions leave of the training designs.

use candle_core::Device;
use vae_models::{Likelihood, ModelConfig, Sigma, Vae};
use vae_nn::Parameters;

use crate::error::Result;
use crate::evaluate::terms_by_design;
use crate::measure::active_pixels;
use crate::targets::Targets;

/// A model of the squared error as one of Gaussian pixels, with the deviation under which the expected log-likelihood of the training designs is
/// largest: `σ² = mean (x − m)²`, with z drawn from q(z|x).
///
/// Its bound on ln p(x) is then comparable with that of a model trained by it. `None` for a model that states what a pixel is.
///
/// # Errors
/// When a design cannot be read.
///
/// # References
/// Rybkin, Daniilidis & Levine 2021, "Simple and effective VAE training with calibrated decoders", for the deviation.
pub fn with_stated_noise(
    vae: &Vae,
    parameters: &Parameters,
    designs: &Targets<'_>,
    train: &[usize],
    device: &Device,
) -> Result<Option<(Vae, f64)>> {
    if vae.config().likelihood != Likelihood::SquaredError {
        return Ok(None);
    }
    // What it calls its log-likelihood is minus the sum of squares.
    let terms = terms_by_design(vae, designs, train, device)?;
    let squares = -terms.iter().map(|terms| terms.log_likelihood).sum::<f64>();
    let pixels = active_pixels(vae, designs, train)? * train.len();
    let floor = vae_models::LOG_STD_FLOOR.exp();
    let sigma = (squares / (pixels as f64).max(1.0)).sqrt().max(floor);
    let likelihood = Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) };
    let config = ModelConfig { likelihood, ..vae.config().clone() };
    Ok(Some((Vae::new(&config, parameters.var_builder())?, sigma)))
}
