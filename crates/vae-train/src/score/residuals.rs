//! A noise for a model that states none, estimated from its residuals on the training designs.

use candle_core::Device;
use vae_models::{Likelihood, ModelConfig, Sigma, Vae};
use vae_nn::Parameters;

use crate::data::Targets;
use crate::error::Result;
use crate::score::measure::active_pixels;
use crate::score::one_draw::terms_by_design;

/// Turns a model of the squared error into one of Gaussian pixels, with the deviation that
/// maximizes the expected log-likelihood of the training designs: `σ² = mean (x − m)²`, with z
/// drawn from q(z|x). Also returns that deviation.
///
/// Its bound on ln p(x) is then comparable with that of a model trained as a Gaussian. `None` for a
/// model that already has a likelihood.
///
/// # Errors
/// When a design cannot be read.
///
/// # References
/// Rybkin, Daniilidis & Levine 2021, "Simple and effective VAE training with calibrated decoders",
/// for the deviation.
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
    // In place of a log-likelihood stands minus the sum of squares.
    let terms = terms_by_design(vae, designs, train, device)?;
    let squares = -terms.iter().map(|terms| terms.log_likelihood).sum::<f64>();
    let pixels = active_pixels(vae, designs, train)? * train.len();
    let floor = vae_models::LOG_STD_FLOOR.exp();
    let sigma = (squares / (pixels as f64).max(1.0)).sqrt().max(floor);
    let likelihood = Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) };
    let config = ModelConfig { likelihood, ..vae.config().clone() };
    Ok(Some((Vae::new(&config, parameters.var_builder())?, sigma)))
}

#[cfg(test)]
mod tests {
    use candle_core::DType;
    use ndarray::Array3;
    use vae_data::{DataSet, Details};

    use super::*;
    use crate::data::TargetKind;

    /// Per pixel `−½ ln(2πe σ²)`, as at every maximum over σ, and less for any other σ.
    #[test]
    fn the_stated_noise_is_the_likeliest() {
        let designs = Array3::from_shape_fn((9, 3, 4), |(i, row, column)| {
            0.5 + 0.4 * (1.3 * i as f32 + 2.1 * row as f32 + 0.7 * column as f32).sin()
        });
        let data = DataSet::new("waves", designs, Details::default()).unwrap();
        let targets = Targets::new(&data, TargetKind::Grey, Vec::new());
        let train: Vec<usize> = (0..7).collect();
        let config = ModelConfig {
            likelihood: Likelihood::SquaredError,
            ..ModelConfig::tutorial_mlp(3, 4, Vec::new())
        };
        let parameters = Parameters::new(5, DType::F32, Device::Cpu);
        let vae = Vae::new(&config, parameters.var_builder()).unwrap();
        let (_, sigma) =
            with_stated_noise(&vae, &parameters, &targets, &train, &Device::Cpu).unwrap().unwrap();
        let mean_log_likelihood = |sigma: f64| {
            let likelihood = Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) };
            let config = ModelConfig { likelihood, ..config.clone() };
            let gaussian = Vae::new(&config, parameters.var_builder()).unwrap();
            let terms = terms_by_design(&gaussian, &targets, &train, &Device::Cpu).unwrap();
            terms.iter().map(|terms| terms.log_likelihood).sum::<f64>() / (7.0 * 12.0)
        };
        let best = mean_log_likelihood(sigma);
        let closed = -0.5 * ((std::f64::consts::TAU * std::f64::consts::E).ln() + 2.0 * sigma.ln());
        assert!((best - closed).abs() < 1e-5, "{best} is not {closed}");
        for factor in [0.5, 0.9, 1.1, 2.0] {
            assert!(mean_log_likelihood(factor * sigma) < best - 1e-3, "{factor}");
        }
    }
}
