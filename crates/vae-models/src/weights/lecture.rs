//! Weights to and from the PyTorch classes of the lecture "VAE for Topology Optimization".
//!
//! Its convolutional class names its tensors `encoder.{0,1,3,4,6,7,9,10}.*`, `fc_mu`, `fc_var`,
//! `decoder_input`, `decoder.{0,1,3,4,6,7}.*` and `final_layer.{0,1,3}.*`; the fully connected one,
//! as plain `nn.Sequential`s do, `encoder.{0,2}.*`, `fc_mu`, `fc_var` and `decoder.{0,2,4}.*`. Both
//! standardize the condition outside; here it is done inside, with the mean and deviation of
//! [`ConditionStats`](crate::ConditionStats).

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Device;
use vae_nn::Parameters;

use crate::architecture::config::{Activation, Decoder, Dense, Encoder, Head, ModelConfig};
use crate::network::vae::Vae;
use crate::weights::error::{FormatError, LoadError, SaveError};
use crate::weights::file::{build_from, read, to_bytes};
use crate::weights::state::state;

/// The bytes of a safetensors file that the lecture's class takes with
/// `load_state_dict(strict=True)`.
///
/// The file is also one of ours ([`crate::load`]). A learned σ of the pixels, which the lecture
/// does not have, becomes a fixed one in the metadata.
///
/// # Errors
/// [`SaveError::NotTutorial`] if the network is not built like one of the lecture's.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device};
/// use vae_models::{ModelConfig, Vae, from_bytes, to_pytorch_tutorial};
/// use vae_nn::Parameters;
///
/// let config = ModelConfig::tutorial(32, 32, Vec::new());
/// let parameters = Parameters::new(42, DType::F32, Device::Cpu);
/// let vae = Vae::new(&config, parameters.var_builder())?;
/// let bytes = to_pytorch_tutorial(&vae, &parameters)?;
/// assert_eq!(from_bytes(&bytes, &Device::Cpu)?.0.config(), &config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_pytorch_tutorial(vae: &Vae, parameters: &Parameters) -> Result<Vec<u8>, SaveError> {
    let mut config = vae.config().clone();
    if let Some(difference) = config.unlike_tutorial() {
        return Err(SaveError::NotTutorial { difference });
    }
    let Some((learned, _)) = config.likelihood.tensor() else {
        return to_bytes(&config, parameters);
    };
    let failed = |error: &dyn std::fmt::Display| SaveError::Serialize(error.to_string().into());
    config.likelihood = vae.frozen_likelihood().map_err(|error| failed(&error))?;
    let without = Parameters::new(0, parameters.dtype(), parameters.device().clone());
    Vae::new(&config, without.var_builder()).map_err(|error| failed(&error))?;
    let tensors = parameters.iter().filter(|(name, _)| name != learned);
    let tensors = tensors.map(|(name, variable)| (name, variable.as_tensor().clone())).collect();
    without.load(&tensors).map_err(|error| failed(&error))?;
    to_bytes(&config, &without)
}

/// Reads the weights that a class of the lecture, or one like it, left with
/// `safetensors.torch.save_file(model.state_dict(), …)`.
///
/// What `DataParallel`, `torch.compile` or an outer class put before the names is taken off, and
/// elements of f16, bf16 and f64 become f32. Widths, depth and the number of latents are those of
/// the tensors; everything that they do not
/// tell (the kind of network, size of the designs, conditions, likelihood) is that of `like`.
///
/// # Errors
/// [`LoadError`] if the file is missing, truncated or not in the safetensors format, or has other
/// tensors than such a network, or a value that is not finite.
pub fn load_pytorch(
    path: &Path,
    like: &ModelConfig,
    device: &Device,
) -> Result<(Vae, Parameters), LoadError> {
    let bytes = read(path)?;
    let network = || -> Result<_, FormatError> {
        let tensors = state(&bytes, device)?;
        let shapes =
            tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.dims().to_vec())).collect();
        let config = like.with_widths_of(&shapes);
        config.validate()?;
        build_from(&config, &tensors, device)
    };
    network().map_err(|source| LoadError::Format { path: path.to_owned(), source })
}

impl ModelConfig {
    /// What keeps the network from being one that the lecture's classes can hold, in words.
    fn unlike_tutorial(&self) -> Option<String> {
        if self.fields.is_some() {
            return Some("it is told the fields of the problem".to_owned());
        }
        if let Some(width) = self.embedding {
            return Some(format!("it embeds the conditions in {width} numbers"));
        }
        match (&self.encoder, &self.decoder) {
            (
                Encoder::Dense(Dense { activation: Activation::Relu, .. }),
                Decoder::Dense(Dense { activation: Activation::Relu, .. }),
            ) => None,
            (
                Encoder::Strided { normalized: true, .. },
                Decoder::Transposed {
                    kernel: 3,
                    head: Head::Conv,
                    normalized: true,
                    activation: Activation::LeakyRelu,
                    ..
                },
            ) => {
                let (height, width) = self.padded_size();
                (self.height, self.width).ne(&(height, width)).then(|| {
                    format!(
                        "its designs of {} x {} are padded to {height} x {width} inside",
                        self.height, self.width
                    )
                })
            }
            _ => Some("its layers differ from those of `tutorial` and `tutorial_mlp`".into()),
        }
    }

    /// This network with the widths, depths and number of latents that such tensors have.
    fn with_widths_of(&self, shapes: &BTreeMap<&str, Vec<usize>>) -> Self {
        let mut config = self.clone();
        if let Some(&latents) = shapes.get("fc_mu.weight").and_then(|shape| shape.first()) {
            config.latent_dim = latents;
        }
        // Weights of a stack whose rank is that of its layers, in their order; normalizations have
        // rank 1.
        let stack = |name: &str, rank: usize| {
            let layer = |(tensor, shape): (&&str, &Vec<usize>)| {
                let position =
                    tensor.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(".weight")?;
                (shape.len() == rank)
                    .then(|| Some((position.parse::<usize>().ok()?, shape.first().copied()?)))?
            };
            let mut layers: Vec<_> = shapes.iter().filter_map(layer).collect();
            layers.sort_unstable();
            layers.into_iter().map(|(_, width)| width).collect::<Vec<_>>()
        };
        match &mut config.encoder {
            Encoder::Strided { channels, .. } | Encoder::Pool { channels, .. } => {
                replace(channels, stack("encoder", 4));
            }
            Encoder::Dense(dense) => replace(&mut dense.widths, stack("encoder", 2)),
        }
        match &mut config.decoder {
            Decoder::Transposed { channels, head, .. } => {
                // A transposed convolution is stored as (inputs, outputs, …); the convolution at
                // the end is not transposed.
                let mut found = stack("decoder", 4);
                if *head == Head::Conv {
                    found.extend(stack("final_layer", 4).first());
                }
                replace(channels, found);
            }
            Decoder::Dense(dense) => {
                let mut found = stack("decoder", 2);
                found.pop();
                replace(&mut dense.widths, found);
            }
        }
        config
    }
}

/// Keeps the widths if none were found: the error about missing tensors is then the clearest.
fn replace(widths: &mut Vec<usize>, found: Vec<usize>) {
    if !found.is_empty() {
        *widths = found;
    }
}
