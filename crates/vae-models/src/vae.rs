//! The variational autoencoder: q(z|x, c), p(x|z, c), and the two terms of its bound.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Module, VarBuilder};
use vae_nn::{Linear, Parameters};

use crate::conditioning::{self, Conditioning};
use crate::layers::{DECODER, DECODER_INPUT, ENCODER, FC_MU, FC_VAR, FINAL_LAYER};
use crate::likelihood::LikelihoodHead;
use crate::network::Sequential;
use crate::{Decoder, Encoder, Likelihood, ModelConfig, ModelError, Scale, Sigma};

/// Bounds of the log-variance of q(z|x), applied softly and once, so that the same value feeds
/// sampling and KL (`e^{20}` and all its products stay finite in f32). Inside ±5 the bounds move a
/// log-variance by less than 4e-7.
pub const LOG_VAR_BOUNDS: (f64, f64) = (-20.0, 20.0);

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
    config: ModelConfig,
    dtype: DType,
    device: Device,
    conditioning: Option<Conditioning>,
    encoder: Sequential,
    fc_mu: Linear,
    fc_var: Linear,
    decoder_input: Option<Linear>,
    /// With the final layer.
    decoder: Sequential,
    likelihood: LikelihoodHead,
}

/// q(z|x) = N(mean, diag exp(`log_var`)), both (B, Z).
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Mean.
    pub mean: Tensor,
    /// Log-variance, already within [`LOG_VAR_BOUNDS`].
    pub log_var: Tensor,
}

/// The evidence lower bound of every design of a batch, in its two terms.
#[derive(Clone, Debug)]
pub struct ElboTerms {
    /// ln p(x|z) of the drawn z, summed over the active pixels, in nats; (B,).
    pub log_likelihood: Tensor,
    /// KL(q(z|x) ‖ N(0, I)) per latent, in nats; (B, Z).
    pub kl: Tensor,
    /// q(z|x).
    pub posterior: Posterior,
    /// The parameters of p(x|z): logits, means or locations; (B, 1, H, W).
    pub params: Tensor,
}

/// The parts of the log importance weights of every design of a batch, for K draws each.
///
/// `ln w = ln p(x|z) + ln p(z) − ln q(z|x)`, whose mean of exponentials estimates p(x).
#[derive(Clone, Debug)]
pub struct WeightTerms {
    /// ln p(x|z), summed over the active pixels, in nats; (K, B).
    pub log_likelihood: Tensor,
    /// ln p(z) − ln q(z|x), in nats; (K, B).
    pub log_ratio: Tensor,
    /// q(z|x).
    pub posterior: Posterior,
}

impl Vae {
    /// Builds the network with the weights of `vb`, in its element type (f32 or f64).
    ///
    /// # Errors
    /// [`ModelError::Config`] if `config` is not valid, and what `vb` has to say of missing or
    /// mis-shaped tensors.
    #[expect(clippy::needless_pass_by_value, reason = "candle's layers take the builder by value")]
    pub fn new(config: &ModelConfig, vb: VarBuilder<'_>) -> Result<Self, ModelError> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
            dtype: vb.dtype(),
            device: vb.device().clone(),
            conditioning: Conditioning::new(config, &vb)?,
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
        let append = |xs| conditioning::append(xs, self.conditioning.as_ref(), conditions, train);
        let designs = self.pad(designs)?;
        let features = match self.config.encoder {
            Encoder::Dense { .. } => {
                self.encoder.forward(&append(designs.flatten_from(1)?)?, train)?
            }
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

    /// What the decoder says before any likelihood: the greater, the more material; (B, 1, H, W),
    /// without bounds.
    ///
    /// Of every likelihood the mean density grows with it, and is one half at 0.
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
            return Err(ModelError::Shape {
                input: "latents",
                expected,
                found: latents.dims().to_vec(),
            });
        }
        let features =
            conditioning::append(latents.clone(), self.conditioning.as_ref(), conditions, train)?;
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
    /// (B, 1, H, W), leaves out the pixels where it is 0. A model of
    /// [`Likelihood::SquaredError`](crate::Likelihood::SquaredError) has no likelihood: it gives
    /// `−Σ (x − m)²`, and what is called a bound elsewhere is none for it.
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
    /// What the tensor operation says.
    pub fn mean(&self, params: &Tensor) -> Result<Tensor, ModelError> {
        Ok(self.likelihood.mean(params)?)
    }

    /// The standard deviation of every pixel of a Gaussian model, a scalar tensor; `None` for any
    /// other.
    ///
    /// # Errors
    /// What the tensor operation says.
    pub fn sigma(&self) -> Result<Option<Tensor>, ModelError> {
        Ok(self.likelihood.log_std()?.map(|log_std| log_std.exp()).transpose()?)
    }

    /// The likelihood with what it learned as fixed values, so that nothing of it is left to learn.
    ///
    /// # Errors
    /// What the tensor operation says.
    pub fn frozen_likelihood(&self) -> Result<Likelihood, ModelError> {
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
    /// With `train`, batch normalization and [`Sigma::Optimal`](crate::Sigma::Optimal) use
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
        let &[draws, batch, latents] = eps.dims() else {
            let expected = format!("(K, B, {})", self.config.latent_dim);
            return Err(ModelError::Shape { input: "eps", expected, found: eps.dims().to_vec() });
        };
        if posterior.mean.dims() != [batch, latents] {
            let expected = format!("(K, {:?})", posterior.mean.dims());
            return Err(ModelError::Shape { input: "eps", expected, found: eps.dims().to_vec() });
        }
        // Draw after draw: whatever there is one of per design is repeated.
        let repeated = |each: &Tensor| -> Result<Tensor, ModelError> {
            let mut shape = vec![draws];
            shape.extend(each.dims());
            let all = each.unsqueeze(0)?.broadcast_as(shape)?.contiguous()?;
            Ok(all.flatten(0, 1)?)
        };
        let deviation = (&posterior.log_var * 0.5)?.exp()?;
        let z = eps.broadcast_mul(&deviation)?.broadcast_add(&posterior.mean)?;
        let conditions = conditions.map(&repeated).transpose()?;
        let params = self.decode(&z.flatten(0, 1)?, conditions.as_ref(), train)?;
        let mask = match mask {
            Some(mask) if mask.dim(0)? == batch => Some(repeated(mask)?),
            shared => shared.cloned(),
        };
        let designs = repeated(designs)?;
        let log_likelihood = self.log_prob_of(&params, &designs, mask.as_ref(), train)?;
        // ln p(z) − ln q(z|x) = ½ Σ (ε² + ln σ² − z²): the constants cancel.
        let terms = (eps.sqr()?.broadcast_add(&posterior.log_var)? - z.sqr()?)?;
        Ok(WeightTerms {
            log_likelihood: log_likelihood.reshape((draws, batch))?,
            log_ratio: terms.sum(2)?.affine(0.5, 0.0)?,
            posterior,
        })
    }

    /// Sets the bias of the last layer so that, before any training, the output is about the mean
    /// design, (H, W) row after row: `bias = ln(m / (1 − m))`, with m kept within [0.01, 0.99]; of
    /// a continuous Bernoulli, whose mean is another function, its inverse. A dense decoder has a
    /// bias for each pixel; the one bias of a convolution takes the mean over all of them.
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
            return Err(ModelError::Shape { input: "mean", expected, found: vec![mean.len()] });
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
            Decoder::Dense { .. } => {
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
                Err(ModelError::Shape { input: "designs", expected, found: found.to_vec() })
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

impl Posterior {
    /// z = mean + exp(½ `log_var`) ⊙ `eps`: a draw from q(z|x) if `eps` (B, Z) is one from N(0, I).
    ///
    /// # Errors
    /// [`ModelError::Shape`] if `eps` is not shaped as the mean.
    pub fn reparameterize(&self, eps: &Tensor) -> Result<Tensor, ModelError> {
        if eps.dims() != self.mean.dims() {
            let expected = format!("{:?}", self.mean.dims());
            return Err(ModelError::Shape { input: "eps", expected, found: eps.dims().to_vec() });
        }
        Ok((&self.mean + ((&self.log_var * 0.5)?.exp()? * eps)?)?)
    }

    /// KL(q(z|x) ‖ N(0, I)) per latent, in nats, (B, Z).
    ///
    /// # Errors
    /// What the tensor operation says.
    pub fn kl(&self) -> Result<Tensor, ModelError> {
        Ok(vae_nn::kl_to_standard_normal(&self.mean, &self.log_var)?)
    }
}

impl WeightTerms {
    /// The importance-weighted bound of every design, in nats, (B,), with the ratio of prior and
    /// posterior to the power `beta` (1 is the bound).
    ///
    /// `L_K = ln (1/K) Σ w_k`, whose gradient is `Σ w̃_k ∇ ln w_k` with the normalized weights
    /// `w̃`.
    ///
    /// # Errors
    /// What the tensor operation says.
    pub fn bound(&self, beta: f64) -> Result<Tensor, ModelError> {
        let log_weights = (&self.log_likelihood + self.log_ratio.affine(beta, 0.0)?)?;
        // The largest is taken out as a constant: value and gradient are the same for any.
        let largest = log_weights.max_keepdim(0)?.detach();
        let sum = log_weights.broadcast_sub(&largest)?.exp()?.sum(0)?;
        let draws = log_weights.dim(0)? as f64;
        Ok((sum.log()? + largest.squeeze(0)?)?.affine(1.0, -draws.ln())?)
    }
}

impl ElboTerms {
    /// ELBO = ln p(x|z) − Σ KL of every design, in nats, (B,).
    ///
    /// # Errors
    /// What the tensor operation says.
    pub fn value(&self) -> Result<Tensor, ModelError> {
        self.weighted(1.0)
    }

    /// ln p(x|z) − β·Σ KL of every design, (B,); a bound for β ≥ 1 only.
    ///
    /// # Errors
    /// What the tensor operation says.
    pub fn weighted(&self, beta: f64) -> Result<Tensor, ModelError> {
        Ok((&self.log_likelihood - (self.kl.sum(1)? * beta)?)?)
    }
}

fn linear(
    (inputs, outputs): (usize, usize),
    vb: &VarBuilder<'_>,
    name: &str,
) -> Result<Linear, ModelError> {
    Ok(Linear::new(inputs, outputs, vb.pp(name))?)
}
