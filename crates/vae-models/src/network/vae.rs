//! The variational autoencoder: q(z|x, c), p(x|z, c), p(z|c), and the two terms of its bound.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Module, VarBuilder};
use vae_nn::Linear;

use crate::architecture::config::{Encoder, ModelConfig};
use crate::architecture::likelihood::{Likelihood, Scale, Sigma};
use crate::architecture::modules::Layer;
use crate::architecture::names::{
    DECODER, DECODER_INPUT, DECODER_MIX, DECODER_RESIDUAL, ENCODER, FC_MU, FC_VAR, FINAL_LAYER,
};
use crate::error::ModelError;
use crate::network::bounds::{ElboTerms, WeightTerms};
use crate::network::condition_input::ConditionInput;
use crate::network::context::{Context, repeated};
use crate::network::field_input::FieldInput;
use crate::network::likelihood_head::LikelihoodHead;
use crate::network::posterior::{LOG_VAR_BOUNDS, Posterior};
use crate::network::residual::ResidualBlocks;
use crate::network::sequential::Sequential;

/// A variational autoencoder.
///
/// What it is told beside a design, conditions and the fields of a problem, is a [`Context`]. A
/// network with fields has the prior p(z|problem) = N(μ, σ²), and its codes are given in units of
/// it, u = (z − μ)/σ. The change of variables leaves every divergence and every ratio of densities
/// as it is, so to whoever uses the model the prior of a code is N(0, I), with fields as without.
///
/// Shapes and conditions that do not belong to the model give a [`ModelError`]. Nothing here draws
/// random numbers: noise is an argument.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use vae_models::{Context, ModelConfig, Vae};
/// use vae_nn::Parameters;
///
/// let config = ModelConfig::compact(20, 60, Vec::new());
/// let parameters = Parameters::new(42, DType::F32, Device::Cpu);
/// let vae = Vae::new(&config, parameters.var_builder())?;
///
/// let xs = Tensor::zeros((2, 1, 20, 60), DType::F32, &Device::Cpu)?;
/// let eps = Tensor::zeros((2, config.latent_dim), DType::F32, &Device::Cpu)?;
/// let terms = vae.elbo(&xs, &Context::default(), &eps, None, false)?;
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
    fields: Option<FieldInput>,
    encoder: Sequential,
    fc_mu: Linear,
    fc_var: Linear,
    decoder_input: Option<Linear>,
    /// On the first maps and the smallest ones of the fields; `None` without fields.
    mix: Option<Sequential>,
    /// On what comes of it.
    decoder_residual: ResidualBlocks,
    /// With the final layer; one part for each block if fields come between them.
    decoder: Vec<Sequential>,
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
            fields: FieldInput::new(config, &vb)?,
            encoder: Sequential::new(&[(ENCODER, config.encoder_layers())], &vb)?,
            fc_mu: linear(config.head_size(), &vb, FC_MU)?,
            fc_var: linear(config.head_size(), &vb, FC_VAR)?,
            decoder_input: config
                .decoder_input_size()
                .map(|size| linear(size, &vb, DECODER_INPUT))
                .transpose()?,
            mix: match config.fields {
                Some(_) => {
                    Some(Sequential::new(&[(DECODER_MIX, config.decoder_mix_layers())], &vb)?)
                }
                None => None,
            },
            decoder_residual: ResidualBlocks::new(
                DECODER_RESIDUAL,
                &config.decoder_residual_blocks(),
                &vb,
            )?,
            decoder: decoder(config, &vb)?,
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

    /// What the network makes of conditions (B, C) in raw units, `None` for a model without, and
    /// of the fields of the problems (B, F, H, W), `None` for a model without.
    ///
    /// With `train`, batch normalization uses the statistics of the batch and updates its running
    /// ones.
    ///
    /// # Errors
    /// [`ModelError`] for conditions or fields that are not the model's.
    pub fn context(
        &self,
        conditions: Option<&Tensor>,
        fields: Option<&Tensor>,
        train: bool,
    ) -> Result<Context, ModelError> {
        let conditions = ConditionInput::read(self.conditions.as_ref(), conditions, train)?;
        match (&self.fields, fields) {
            (None, None) => Ok(Context { appended: conditions, fields: None }),
            (None, Some(_)) => Err(ModelError::UnexpectedFields),
            (Some(_), None) => {
                let recipe = self.config.fields.as_ref().map(|fields| fields.recipe.clone());
                Err(ModelError::MissingFields { recipe: recipe.unwrap_or_default() })
            }
            (Some(network), Some(maps)) => {
                self.check_maps("fields", maps, self.config.field_count())?;
                if let Some(rows) = conditions.as_ref().map(|rows| rows.dim(0)).transpose()?
                    && rows != maps.dim(0)?
                {
                    let expected = format!("({rows}, …): one for each row of conditions");
                    return Err(ModelError::shape("fields", expected, maps.dims()));
                }
                let (pooled, fields) = network.forward(self.pad(maps)?, conditions, train)?;
                Ok(Context { appended: Some(pooled), fields: Some(fields) })
            }
        }
    }

    /// q(z|x, c).
    ///
    /// `designs` (B, 1, H, W) → mean and log-variance (B, Z) of the codes. With `train`, batch
    /// normalization uses the statistics of the batch and updates its running ones.
    ///
    /// # Errors
    /// [`ModelError`] for shapes that are not the model's.
    pub fn encode(
        &self,
        designs: &Tensor,
        context: &Context,
        train: bool,
    ) -> Result<Posterior, ModelError> {
        self.check_maps("designs", designs, 1)?;
        context.check(&self.config, designs.dim(0)?)?;
        let designs = self.pad(designs)?;
        let features = match (&self.config.encoder, &context.fields) {
            (Encoder::Dense(_), _) => {
                self.encoder.forward(&context.append(designs.flatten_from(1)?)?, train)?
            }
            (_, Some(fields)) => {
                let input = Tensor::cat(&[&designs, &fields.maps], 1)?;
                context.append(self.encoder.forward(&input, train)?.flatten_from(1)?)?
            }
            _ => context.append(self.encoder.forward(&designs, train)?.flatten_from(1)?)?,
        };
        let (lo, hi) = LOG_VAR_BOUNDS;
        let log_var = vae_nn::soft_bound(&self.fc_var.forward(&features)?, lo, hi)?;
        let mean = self.fc_mu.forward(&features)?;
        context.in_units_of_the_prior(Posterior { mean, log_var })
    }

    /// The parameters of p(x|z, c): logits of a Bernoulli or continuous Bernoulli, locations of a
    /// logistic, else means.
    ///
    /// `codes` (B, Z) → (B, 1, H, W), cropped to the design.
    ///
    /// # Errors
    /// [`ModelError`] for shapes that are not the model's.
    pub fn decode(
        &self,
        codes: &Tensor,
        context: &Context,
        train: bool,
    ) -> Result<Tensor, ModelError> {
        Ok(self.likelihood.params(&self.decode_logits(codes, context, train)?)?)
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
        codes: &Tensor,
        context: &Context,
        train: bool,
    ) -> Result<Tensor, ModelError> {
        let latent_dim = self.config.latent_dim;
        if codes.rank() != 2 || codes.dim(1)? != latent_dim {
            let expected = format!("(B, {latent_dim})");
            return Err(ModelError::shape("latents", expected, codes.dims()));
        }
        let batch = codes.dim(0)?;
        context.check(&self.config, batch)?;
        let features = context.append(context.latents(codes)?)?;
        let mut maps = match (&self.decoder_input, self.config.decoder_grid()) {
            (Some(layer), Some((channels, height, width))) => {
                layer.forward(&features)?.reshape((batch, channels, height, width))?
            }
            _ => features,
        };
        if let Some(mix) = &self.mix {
            maps = self
                .decoder_residual
                .forward(mix.forward(&context.join(0, maps)?, train)?, train)?;
        }
        for (block, layers) in self.decoder.iter().enumerate() {
            let input = if block == 0 { maps } else { context.join(block, maps)? };
            maps = layers.forward(&input, train)?;
        }
        let (height, width) = self.config.padded_size();
        self.crop(&maps.reshape((batch, 1, height, width))?)
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
        self.check_maps("designs", designs, 1)?;
        Ok(self.likelihood.log_prob(params, designs, mask)?)
    }

    /// The expected design, E[x|z], densities in [0, 1]: (B, 1, H, W) → (B, 1, H, W).
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn mean(&self, params: &Tensor) -> Result<Tensor, ModelError> {
        Ok(self.likelihood.mean(params)?)
    }

    /// The expected design of the output of [`Vae::decode_logits`], densities in [0, 1]: (B, 1, H, W)
    /// → (B, 1, H, W).
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn mean_of_logits(&self, logits: &Tensor) -> Result<Tensor, ModelError> {
        self.mean(&self.likelihood.params(logits)?)
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
        context: &Context,
        eps: &Tensor,
        mask: Option<&Tensor>,
        train: bool,
    ) -> Result<ElboTerms, ModelError> {
        let posterior = self.encode(designs, context, train)?;
        let params = self.decode(&posterior.reparameterize(eps)?, context, train)?;
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
        context: &Context,
        eps: &Tensor,
        mask: Option<&Tensor>,
        train: bool,
    ) -> Result<WeightTerms, ModelError> {
        let posterior = self.encode(designs, context, train)?;
        let &[draws, batch, _] = eps.dims() else {
            let expected = format!("(K, B, {})", self.config.latent_dim);
            return Err(ModelError::shape("eps", expected, eps.dims()));
        };
        let z = posterior.reparameterize(eps)?;
        let params = self.decode(&z.flatten(0, 1)?, &context.repeated(draws)?, train)?;
        let mask = match mask {
            Some(mask) if mask.dim(0)? == batch => Some(repeated(mask, draws)?),
            shared => shared.cloned(),
        };
        let designs = repeated(designs, draws)?;
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

    fn check_maps(
        &self,
        input: &'static str,
        maps: &Tensor,
        channels: usize,
    ) -> Result<(), ModelError> {
        let (height, width) = (self.config.height, self.config.width);
        match maps.dims() {
            &[_, c, h, w] if (c, h, w) == (channels, height, width) => Ok(()),
            found => {
                let expected = format!("(B, {channels}, {height}, {width})");
                Err(ModelError::shape(input, expected, found))
            }
        }
    }

    /// Void below and on the right: see [`ModelConfig::padded_size`].
    fn pad(&self, maps: &Tensor) -> Result<Tensor, ModelError> {
        let (height, width) = self.config.padded_size();
        let maps = maps.pad_with_zeros(2, 0, height - self.config.height)?;
        Ok(maps.pad_with_zeros(3, 0, width - self.config.width)?.contiguous()?)
    }

    fn crop(&self, output: &Tensor) -> Result<Tensor, ModelError> {
        Ok(output
            .narrow(2, 0, self.config.height)?
            .narrow(3, 0, self.config.width)?
            .contiguous()?)
    }
}

/// The decoder, with the final layer: as one part, or as one for each block if the maps of fields
/// come between them.
fn decoder(config: &ModelConfig, vb: &VarBuilder<'_>) -> Result<Vec<Sequential>, ModelError> {
    let (layers, last) = (config.decoder_layers(), config.final_layers());
    if config.fields.is_none() {
        return Ok(vec![Sequential::new(&[(DECODER, layers), (FINAL_LAYER, last)], vb)?]);
    }
    let starts = |layer: &Layer| matches!(layer, Layer::ConvTranspose { .. });
    let mut blocks = Sequential::blocks(DECODER, &layers, starts, vb)?;
    if !last.is_empty() {
        blocks.push(Sequential::new(&[(FINAL_LAYER, last)], vb)?);
    }
    Ok(blocks)
}

fn linear(
    (inputs, outputs): (usize, usize),
    vb: &VarBuilder<'_>,
    name: &str,
) -> Result<Linear, ModelError> {
    Ok(Linear::new(inputs, outputs, vb.pp(name))?)
}
