//! Every score of a model on its test split, beside those of simple controls.

use candle_core::Device;
use ndarray::{Array3, Axis};
use serde::Serialize;
use vae_data::Split;
use vae_models::{Likelihood, Vae};

use crate::codes::{posteriors, reconstruct};
use crate::data::{Targets, strided};
use crate::error::{Result, TrainError};
use crate::score::activity::{active_units, unit_activity};
use crate::score::bounds::bounds;
use crate::score::calibration::Calibration;
use crate::score::controls::{nearest_by_condition, nearest_by_pixels, principal_components};
use crate::score::importance::Importance;
use crate::score::information::{Information, information};
use crate::score::measure::{Measure, active_pixels, cross_entropy_floor};
use crate::score::reconstruction::{Reconstruction, compare};
use crate::score::response::{Response, responses};

/// Scores of a model on the test split; log-probabilities in nats per design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// `expected_log_likelihood − kl` at β = 1; `None` if the likelihood is not normalized for
    /// these data.
    pub elbo: Option<f64>,
    /// Standard error of `elbo` over the designs.
    pub elbo_standard_error: Option<f64>,
    /// Importance-weighted bound from `samples` draws; `None` if `elbo` is.
    pub iwae: Option<f64>,
    /// Standard error of `iwae` over the designs.
    pub iwae_standard_error: Option<f64>,
    /// `iwae` as bits per pixel, for designs of 256 grey levels; `None` for other data.
    pub bits_per_pixel: Option<f64>,
    /// Standard error of `bits_per_pixel` over the designs.
    pub bits_per_pixel_standard_error: Option<f64>,
    /// What the log-likelihood is the logarithm of.
    pub measure: Measure,
    /// `Σ H(x)`, below which the cross-entropy of grey designs cannot fall; `None` if the model
    /// has a likelihood, or was not meant to have one.
    pub cross_entropy_floor: Option<f64>,
    /// How far those draws can be trusted; `None` if `elbo` is.
    pub importance: Option<Importance>,
    /// Draws per design.
    pub samples: usize,
    /// `E_q ln p(x|z)`; for a Bernoulli on grey pixels minus a cross-entropy; `None` for a model
    /// without likelihood.
    pub expected_log_likelihood: Option<f64>,
    /// `KL(q(z|x) ‖ p(z))`.
    pub kl: f64,
    /// The KL of each latent dimension.
    pub kl_per_dim: Vec<f64>,
    /// Mean squared error of reconstructions from posterior means, per active pixel.
    pub mse: f64,
    /// Mean intersection over union of those at 0.5.
    pub iou: f64,
    /// Mean difference in volume of those, without its sign.
    pub volume_error: f64,
    /// The same scores of reconstructions from one draw of q(z|x) instead of its mean.
    pub sampled: Reconstruction,
    /// Calibration of the stated deviation of the pixels; `None` for a model that states none.
    pub calibration: Option<Calibration>,
    /// Number of latent dimensions whose posterior mean has a variance above 0.01 over the training
    /// split.
    pub active_units: usize,
    /// Those variances.
    pub unit_activity: Vec<f64>,
    /// Latent dimensions in all.
    pub latent_dim: usize,
    /// Number of test designs.
    pub n: usize,
    /// How much the codes say about the training designs, and how far their distribution is from
    /// the prior; from at most 2048 designs.
    pub information: Information,
    /// How new designs follow each condition.
    pub responses: Vec<Response>,
    /// Reconstruction scores of methods without a network.
    pub controls: Controls,
}

/// Posteriors of at most this many training designs are mixed; of more designs, evenly spaced ones.
const MIXTURE: usize = 2048;

/// Reconstruction scores of simple methods.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Controls {
    /// Projection on as many principal components as the model has latent dimensions.
    pub pca: Reconstruction,
    /// The nearest training design over pixels.
    pub nearest_by_pixels: Reconstruction,
    /// The training design with the nearest conditions; `None` without conditions.
    pub nearest_by_condition: Option<Reconstruction>,
}

/// Reconstructions of the test designs, by the model from posterior means and by the controls, (N,
/// H, W) each.
pub struct Reconstructions {
    /// The model's.
    pub model: Array3<f32>,
    /// Of as many principal components as the model has latent dimensions.
    pub pca: Array3<f32>,
    /// The nearest training design over pixels.
    pub nearest_by_pixels: Array3<f32>,
    /// The training design with the nearest conditions; `None` without conditions.
    pub nearest_by_condition: Option<Array3<f32>>,
}

impl Reconstructions {
    fn of(vae: &Vae, designs: &Targets<'_>, split: &Split, device: &Device) -> Result<Self> {
        let (train, test) = (&split.train, &split.test);
        Ok(Self {
            model: reconstruct(vae, designs, test, device)?,
            pca: principal_components(designs, train, test, vae.config().latent_dim)?,
            nearest_by_pixels: nearest_by_pixels(designs, train, test)?,
            nearest_by_condition: nearest_by_condition(designs, train, test)?,
        })
    }
}

/// Evaluates a model on the test split; also returns the reconstructions that were scored, for a
/// closer look.
///
/// `progress` receives the number of draws since its last call; each test design takes `samples`
/// draws.
///
/// # Errors
/// [`TrainError::Setting`] if `samples` is 0; if a design cannot be read.
pub fn evaluate(
    vae: &Vae,
    designs: &Targets<'_>,
    split: &Split,
    samples: usize,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Result<(Evaluation, Reconstructions)> {
    if samples == 0 {
        return Err(TrainError::Setting {
            key: "samples",
            value: "0".into(),
            reason: "a bound needs at least one draw".into(),
        });
    }
    let (train, test) = (&split.train, &split.test);
    let bounds = bounds(vae, designs, test, samples, device, progress)?;
    let likelihood = vae.config().likelihood;
    let measure = Measure::of(likelihood, designs.kind(), designs.are_binary(test)?);
    let normalized = measure != Measure::None;
    let floored = !normalized && likelihood == Likelihood::Bernoulli;
    let pixels = active_pixels(vae, designs, test)?;
    let found = Reconstructions::of(vae, designs, split, device)?;
    let reconstruction = compare(designs, test, &found.model)?;
    let (means, log_vars) = posteriors(vae, designs, train, device)?;
    let activity = unit_activity(&means);
    let mixed = strided(&(0..train.len()).collect::<Vec<_>>(), MIXTURE);
    let information =
        information(&means.select(Axis(0), &mixed), &log_vars.select(Axis(0), &mixed), 0);
    let responses = responses(vae, designs, train, test, device)?;
    let by_condition = found.nearest_by_condition.as_ref();
    let controls = Controls {
        pca: compare(designs, test, &found.pca)?,
        nearest_by_pixels: compare(designs, test, &found.nearest_by_pixels)?,
        nearest_by_condition: by_condition
            .map(|found| compare(designs, test, found))
            .transpose()?,
    };
    let if_normalized = |value| normalized.then_some(value);
    let evaluation = Evaluation {
        elbo: if_normalized(bounds.elbo),
        elbo_standard_error: if_normalized(bounds.elbo_standard_error),
        iwae: if_normalized(bounds.iwae),
        iwae_standard_error: if_normalized(bounds.iwae_standard_error),
        bits_per_pixel: measure.bits_per_pixel(bounds.iwae, pixels),
        bits_per_pixel_standard_error: measure
            .bits_per_pixel_error(bounds.iwae_standard_error, pixels),
        measure,
        cross_entropy_floor: floored.then(|| cross_entropy_floor(designs, test)).transpose()?,
        importance: normalized.then_some(bounds.importance),
        samples,
        expected_log_likelihood: (likelihood != Likelihood::SquaredError)
            .then_some(bounds.expected_log_likelihood),
        kl: bounds.kl,
        kl_per_dim: bounds.kl_per_dim,
        mse: reconstruction.mse,
        iou: reconstruction.iou,
        volume_error: reconstruction.volume_error,
        sampled: bounds.sampled,
        calibration: bounds.calibration,
        active_units: active_units(&activity),
        unit_activity: activity,
        latent_dim: vae.config().latent_dim,
        n: test.len(),
        information,
        responses,
        controls,
    };
    Ok((evaluation, found))
}
