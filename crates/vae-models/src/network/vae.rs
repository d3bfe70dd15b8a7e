//! The variational autoencoder: q(z|x, c), p(x|z, c), and the two terms of its bound.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Module, VarBuilder};
use vae_nn::Linear;

use crate::architecture::config::{Encoder, ModelConfig};
use crate::architecture::likelihood::{Likelihood, Scale, Sigma};
use crate::architecture::names::{DECODER, DECODER_INPUT, ENCODER, FC_MU, FC_VAR, FINAL_LAYER};
use crate::error::ModelError;
use crate::network::bounds::{ElboTerms, WeightTerms};
use crate::network::condition_input::{ConditionInput, append};
use crate::network::likelihood_head::LikelihoodHead;
use crate::network::posterior::{LOG_VAR_BOUNDS, Posterior};
use crate::network::sequential::Sequential;

/// A variational autoencoder.
///
/// Shapes and conditions that do not belong to the model give a [`ModelError`]. Nothing here draws
/// random numbers: noise is an argument.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use vae_models::{ModelConfig, Vae};
/// use vae_nn::Parameters;
///
/// let config = ModelConfig::compact(20, 60, Vec::new());
/// let parameters = Parameters::new(42, DType::F32, Device::Cpu);
/// let vae = Vae::new(&config, parameters.var_builder())?;
///
/// let xs = Tensor::zeros((2, 1, 20, 60), DType::F32, &Device::Cpu)?;
/// let eps = Tensor::zeros((2, config.latent_dim), DType::F32, &Device::Cpu)?;
/// let terms = vae.elbo(&xs, None, &eps, None, false)?;
/// assert_eq!(terms.log_likelihood.dims(), [2]);
/// assert_eq!(terms.kl.dims(), [2, config.latent_dim]);
/// assert_eq!(vae.mean(&terms.params)?.dims(), [2, 1, 20, 60]);
/// # Ok::<(), vae_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct Vae {
    pub(super) config: ModelConfig,
    dtype: DType,
    device: Device,
    conditions: Option<ConditionInput>,
    encoder: Sequential,
    fc_mu: Linear,
    fc_var: Linear,
    decoder_input: Option<Linear>,
    /// With the final layer.
    decoder: Sequential,
    pub(super) likelihood: LikelihoodHead,
}

impl Vae {
    /// Builds the network with the weights of `vb`, in its element type (f32 or f64).
    ///
    /// # Errors
    /// [`ModelError::Config`] if `config` is not valid; the error of `vb` for tensors that are
    /// missing or have another shape.
    #[expect(clippy::needless_pass_by_value, reason = "candle's layers take the builder by value")]
    pub fn new(config: &ModelConfig, vb: VarBuilder<'_>) -> Result<Self, ModelError> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
            dtype: vb.dtype(),
            device: vb.device().clone(),
            conditions: ConditionInput::new(config, &vb)?,
            encoder: Sequential::new(&[(ENCODER, config.encoder_layers())], &vb)?,
            fc_mu: linear(config.head_size(), &vb, FC_MU)?,
            fc_var: linear(config.head_size(), &vb, FC_VAR)?,
            decoder_input: config
                .decoder_input_size()
                .map(|size| linear(size, &vb, DECODER_INPUT))
                .transpose()?,
            decoder: Sequential::new(
                &[(DECODER, config.decoder_layers()), (FINAL_LAYER, config.final_layers())],
                &vb,
            )?,
            likelihood: LikelihoodHead::new(config.likelihood, &vb)?,
        })
    }

    /// What the network was built from.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Element type of weights, inputs and outputs.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Where the weights are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// q(z|x, c).
    ///
    /// `designs` (B, 1, H, W), `conditions` (B, C) in raw units, `None` for a model without → mean
    /// and log-variance (B, Z). With `train`, batch normalization uses the statistics of the batch
    /// and updates its running ones.
    ///
    /// # Errors
    /// [`ModelError`] for shapes or conditions that are not the model's.
    pub fn encode(
        &self,
        designs: &Tensor,
        conditions: Option<&Tensor>,
        train: bool,
    ) -> Result<Posterior, ModelError> {
        self.check_designs(designs)?;
        let append = |xs| append(xs, self.conditions.as_ref(), conditions, train);
        let designs = self.pad(designs)?;
        let features = match self.config.encoder {
            Encoder::Dense(_) => self.encoder.forward(&append(designs.flatten_from(1)?)?, train)?,
            _ => append(self.encoder.forward(&designs, train)?.flatten_from(1)?)?,
        };
        let (lo, hi) = LOG_VAR_BOUNDS;
        let log_var = vae_nn::soft_bound(&self.fc_var.forward(&features)?, lo, hi)?;
        Ok(Posterior { mean: self.fc_mu.forward(&features)?, log_var })
    }

    /// The parameters of p(x|z, c): logits of a Bernoulli or continuous Bernoulli, locations of a
    /// logistic, else means.
    ///
    /// `latents` (B, Z), `conditions` (B, C) in raw units → (B, 1, H, W), cropped to the design.
    ///
    /// # Errors
    /// [`ModelError`] for shapes or conditions that are not the model's.
    pub fn decode(
        &self,
        latents: &Tensor,
        conditions: Option<&Tensor>,
        train: bool,
    ) -> Result<Tensor, ModelError> {
        Ok(self.likelihood.params(&self.decode_logits(latents, conditions, train)?)?)
    }

    /// The output of the decoder before any likelihood, (B, 1, H, W), not bounded: the greater, the
    /// more material.
    ///
    /// Under every likelihood the mean density grows with it, and is one half at 0.
    ///
    /// # Errors
    /// As [`Vae::decode`].
    pub fn decode_logits(
        &self,
        latents: &Tensor,
        conditions: Option<&Tensor>,
        train: bool,
    ) -> Result<Tensor, ModelError> {
        let latent_dim = self.config.latent_dim;
        if latents.rank() != 2 || latents.dim(1)? != latent_dim {
            let expected = format!("(B, {latent_dim})");
            return Err(ModelError::shape("latents", expected, latents.dims()));
        }
        let features = append(latents.clone(), self.conditions.as_ref(), conditions, train)?;
        let batch = latents.dim(0)?;
        let maps = match (&self.decoder_input, self.config.decoder_grid()) {
            (Some(layer), Some((channels, height, width))) => {
                layer.forward(&features)?.reshape((batch, channels, height, width))?
            }
            _ => features,
        };
        let output = self.decoder.forward(&maps, train)?;
        let (height, width) = self.config.padded_size();
        self.crop(&output.reshape((batch, 1, height, width))?)
    }

    /// ln p(x|z) of every design, in nats, from the decoder's parameters.
    ///
    /// `params` and `designs` (B, 1, H, W) → (B,); `mask`, of 0 and 1 with shape (1, 1, H, W) or
    /// (B, 1, H, W), leaves out the pixels where it is 0. A model of [`Likelihood::SquaredError`]
    /// has no likelihood: it gives `−Σ (x − m)²`, and nothing computed from that is a bound.
    ///
    /// # Errors
    /// [`ModelError`] for shapes that are not the model's.
    pub fn log_prob(
        &self,
        params: &Tensor,
        designs: &Tensor,
        mask: Option<&Tensor>,
    ) -> Result<Tensor, ModelError> {
        self.check_designs(designs)?;
        Ok(self.likelihood.log_prob(params, designs, mask)?)
    }

    /// The expected design, E[x|z], densities in [0, 1]: (B, 1, H, W) → (B, 1, H, W).
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn mean(&self, params: &Tensor) -> Result<Tensor, ModelError> {
        Ok(self.likelihood.mean(params)?)
    }

    /// The standard deviation of every pixel of a Gaussian model, a scalar tensor; `None` for any
    /// other.
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn sigma(&self) -> Result<Option<Tensor>, ModelError> {
        Ok(self.likelihood.log_std()?.map(|log_std| log_std.exp()).transpose()?)
    }

    /// The likelihood with its learned values fixed.
    ///
    /// # Errors
    /// That of the tensor operation.
    pub(crate) fn frozen_likelihood(&self) -> Result<Likelihood, ModelError> {
        let value = |log: Tensor| log.to_dtype(DType::F64)?.exp()?.to_scalar::<f64>();
        Ok(match (self.likelihood.log_std()?, self.likelihood.log_scale()?) {
            (Some(log_std), _) => Likelihood::Gaussian { sigma: Sigma::Fixed(value(log_std)?) },
            (_, Some(log_scale)) => {
                Likelihood::DiscretizedLogistic { scale: Scale::Fixed(value(log_scale)?) }
            }
            _ => self.config.likelihood,
        })
    }

    /// Both terms of the evidence lower bound for the noise `eps` (B, Z), standard normal draws: z
    /// = mean + exp(½ `log_var`) ⊙ eps.
    ///
    /// With `train`, batch normalization and [`Sigma::Optimal`] use
    /// statistics of the batch, and update their running ones.
    ///
    /// # Errors
    /// [`ModelError`] for shapes or conditions that are not the model's.
    ///
    /// # References
    /// Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, eq. 10.
    pub fn elbo(
        &self,
        designs: &Tensor,
        conditions: Option<&Tensor>,
        eps: &Tensor,
        mask: Option<&Tensor>,
        train: bool,
    ) -> Result<ElboTerms, ModelError> {
        let posterior = self.encode(designs, conditions, train)?;
        let params = self.decode(&posterior.reparameterize(eps)?, conditions, train)?;
        let log_likelihood = self.log_prob_of(&params, designs, mask, train)?;
        Ok(ElboTerms { log_likelihood, kl: posterior.kl()?, posterior, params })
    }

    /// The parts of the importance weights for the noise `eps` (K, B, Z), standard normal draws: z
    /// = mean + exp(½ `log_var`) ⊙ eps.
    ///
    /// Designs are encoded once. `train` means what it does for [`Vae::elbo`].
    ///
    /// # Errors
    /// [`ModelError`] for shapes or conditions that are not the model's.
    ///
    /// # References
    /// Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", 2016.
    pub fn importance_weights(
        &self,
        designs: &Tensor,
        conditions: Option<&Tensor>,
        eps: &Tensor,
        mask: Option<&Tensor>,
        train: bool,
    ) -> Result<WeightTerms, ModelError> {
        let posterior = self.encode(designs, conditions, train)?;
        let &[draws, batch, _] = eps.dims() else {
            let expected = format!("(K, B, {})", self.config.latent_dim);
            return Err(ModelError::shape("eps", expected, eps.dims()));
        };
        let z = posterior.reparameterize(eps)?;
        // Draw after draw: whatever there is one of per design is repeated.
        let repeated = |each: &Tensor| -> Result<Tensor, ModelError> {
            let mut shape = vec![draws];
            shape.extend(each.dims());
            let all = each.unsqueeze(0)?.broadcast_as(shape)?.contiguous()?;
            Ok(all.flatten(0, 1)?)
        };
        let conditions = conditions.map(&repeated).transpose()?;
        let params = self.decode(&z.flatten(0, 1)?, conditions.as_ref(), train)?;
        let mask = match mask {
            Some(mask) if mask.dim(0)? == batch => Some(repeated(mask)?),
            shared => shared.cloned(),
        };
        let designs = repeated(designs)?;
        let log_likelihood = self.log_prob_of(&params, &designs, mask.as_ref(), train)?;
        Ok(WeightTerms {
            log_likelihood: log_likelihood.reshape((draws, batch))?,
            log_ratio: posterior.log_ratio(eps, &z)?.sum(2)?,
            posterior,
        })
    }

    fn log_prob_of(
        &self,
        params: &Tensor,
        designs: &Tensor,
        mask: Option<&Tensor>,
        train: bool,
    ) -> Result<Tensor, ModelError> {
        if train {
            Ok(self.likelihood.log_prob_in_training(params, designs, mask)?)
        } else {
            self.log_prob(params, designs, mask)
        }
    }

    fn check_designs(&self, designs: &Tensor) -> Result<(), ModelError> {
        let (height, width) = (self.config.height, self.config.width);
        match designs.dims() {
            &[_, 1, h, w] if (h, w) == (height, width) => Ok(()),
            found => {
                let expected = format!("(B, 1, {height}, {width})");
                Err(ModelError::shape("designs", expected, found))
            }
        }
    }

    /// Void below and on the right: see [`ModelConfig::padded_size`].
    fn pad(&self, designs: &Tensor) -> Result<Tensor, ModelError> {
        let (height, width) = self.config.padded_size();
        let designs = designs.pad_with_zeros(2, 0, height - self.config.height)?;
        Ok(designs.pad_with_zeros(3, 0, width - self.config.width)?.contiguous()?)
    }

    fn crop(&self, output: &Tensor) -> Result<Tensor, ModelError> {
        Ok(output
            .narrow(2, 0, self.config.height)?
            .narrow(3, 0, self.config.width)?
            .contiguous()?)
    }
}

fn linear(
    (inputs, outputs): (usize, usize),
    vb: &VarBuilder<'_>,
    name: &str,
) -> Result<Linear, ModelError> {
    Ok(Linear::new(inputs, outputs, vb.pp(name))?)
}
