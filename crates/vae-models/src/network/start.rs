//! Where a network starts.

use candle_core::Tensor;
use vae_nn::Parameters;

use crate::architecture::config::{Decoder, ModelConfig};
use crate::error::ModelError;
use crate::network::vae::Vae;

impl Vae {
    /// Sets the bias of the last layer so that, before any training, the output is about the mean
    /// design, (H, W) row after row: `bias = ln(m / (1 − m))`, with m kept within [0.01, 0.99]. A
    /// continuous Bernoulli, whose mean is another function, takes the inverse of that. A dense
    /// decoder has a bias for each pixel; the one bias of a convolution takes the mean over all of
    /// them.
    ///
    /// `parameters` are those the model was built from. A network that starts at the mean of its
    /// data does not spend its first steps learning it.
    ///
    /// # Errors
    /// [`ModelError::Shape`] for another number of pixels, [`ModelError::MeanDensity`] outside [0,
    /// 1], [`ModelError::MissingParameter`] for another network's parameters.
    pub fn start_at_mean(&self, parameters: &Parameters, mean: &[f64]) -> Result<(), ModelError> {
        let ModelConfig { height, width, .. } = self.config;
        if mean.len() != height * width {
            let expected = format!("({height}, {width})");
            return Err(ModelError::shape("mean", expected, &[mean.len()]));
        }
        if let Some(&value) = mean.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(ModelError::MeanDensity { value });
        }
        let overall = mean.iter().sum::<f64>() / mean.len() as f64;
        let name = format!("{}.bias", self.config.last_layer());
        let bias = parameters.get(&name).ok_or(ModelError::MissingParameter { name })?;
        let (_, padded_width) = self.config.padded_size();
        let density = |position: usize| match self.config.decoder {
            Decoder::Transposed { .. } => overall,
            Decoder::Dense(_) => {
                let (row, column) = (position / padded_width, position % padded_width);
                if row < height && column < width { mean[row * width + column] } else { overall }
            }
        };
        let logits: Vec<f64> = (0..bias.elem_count())
            .map(|position| self.likelihood.output_of(density(position).clamp(0.01, 0.99)))
            .collect();
        let logits = Tensor::from_vec(logits, bias.shape(), bias.device())?;
        bias.set(&logits.to_dtype(bias.dtype())?)?;
        Ok(())
    }
}
