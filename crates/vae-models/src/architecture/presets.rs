//! Architectures with a name.

use crate::architecture::condition::ConditionStats;
use crate::architecture::config::{
    Activation, Decoder, Dense, Encoder, Head, ModelConfig, Pooling,
};
use crate::architecture::likelihood::Likelihood;

impl ModelConfig {
    /// The architecture we recommend for designs of about 48 × 96 pixels on a CPU: three strided
    /// blocks without batch normalization, an embedding of the conditions, and a kernel-4 decoder
    /// that ends in a transposed convolution.
    ///
    /// The budget is at most 9 million multiply-adds forward per 48 × 96 design with three
    /// conditions.
    ///
    /// # Examples
    /// ```
    /// use vae_models::{ConditionStats, ModelConfig};
    ///
    /// let stats = |name| ConditionStats::from_values(name, "", &[0.0, 1.0]);
    /// let conditions = ["load_y", "load_angle", "volume_fraction"].into_iter().filter_map(stats).collect();
    /// let config = ModelConfig::compact(48, 96, conditions);
    /// assert!(config.multiply_adds().total() <= 9_000_000);
    /// ```
    pub fn compact(height: usize, width: usize, conditions: Vec<ConditionStats>) -> Self {
        Self {
            height,
            width,
            latent_dim: 32,
            encoder: Encoder::Strided { channels: vec![16, 32, 64], normalized: false },
            decoder: Decoder::Transposed {
                channels: vec![64, 32, 16],
                kernel: 4,
                head: Head::Transposed,
                normalized: false,
                activation: Activation::LeakyRelu,
            },
            likelihood: Likelihood::Bernoulli,
            embedding: (!conditions.is_empty()).then_some(32),
            conditions,
            fields: None,
        }
    }

    /// The convolutional model of the lecture "VAE for Topology Optimization" (at 128 × 128 with
    /// one condition, the volume fraction): four strided blocks with batch normalization, two
    /// latents, conditions concatenated as they are, and the squared error in place of a
    /// likelihood.
    ///
    /// # References
    /// The notebooks of `jomorlier/IA4SM` and `jomorlier/IA_CNRS_ICA` on GitHub.
    pub fn tutorial(height: usize, width: usize, conditions: Vec<ConditionStats>) -> Self {
        Self {
            height,
            width,
            latent_dim: 2,
            encoder: Encoder::Strided { channels: vec![32, 64, 128, 256], normalized: true },
            decoder: Decoder::Transposed {
                channels: vec![256, 128, 64, 32],
                kernel: 3,
                head: Head::Conv,
                normalized: true,
                activation: Activation::LeakyRelu,
            },
            likelihood: Likelihood::SquaredError,
            conditions,
            embedding: None,
            fields: None,
        }
    }

    /// The fully connected model of the same lecture (at 126 × 349 with one condition): two hidden
    /// layers of 256 on each side, two latents, Bernoulli pixels. The names of its weights are
    /// those of plain `nn.Sequential`s: `encoder.{0,2}`, `fc_mu`, `fc_var`, `decoder.{0,2,4}`.
    ///
    /// # References
    /// As [`ModelConfig::tutorial`].
    pub fn tutorial_mlp(height: usize, width: usize, conditions: Vec<ConditionStats>) -> Self {
        let dense = Dense { widths: vec![256, 256], activation: Activation::Relu };
        Self {
            height,
            width,
            latent_dim: 2,
            encoder: Encoder::Dense(dense.clone()),
            decoder: Decoder::Dense(dense),
            likelihood: Likelihood::Bernoulli,
            conditions,
            embedding: None,
            fields: None,
        }
    }

    /// The network with one stochastic layer that bounds on MNIST are published for (at 28 × 28,
    /// without conditions): two hidden layers of 200 tanh units on each side, 50 latents, Bernoulli
    /// pixels.
    ///
    /// # References
    /// Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders", 2016, section 5.
    pub fn burda_1layer(height: usize, width: usize, conditions: Vec<ConditionStats>) -> Self {
        let dense = Dense { widths: vec![200, 200], activation: Activation::Tanh };
        Self {
            latent_dim: 50,
            encoder: Encoder::Dense(dense.clone()),
            decoder: Decoder::Dense(dense),
            ..Self::tutorial_mlp(height, width, conditions)
        }
    }

    /// The lecture's conv–ReLU–pool encoder with max-pooling (at 64 × 64), and transposed
    /// convolutions back; no normalization.
    pub fn pool(height: usize, width: usize, conditions: Vec<ConditionStats>) -> Self {
        Self {
            height,
            width,
            latent_dim: 16,
            encoder: Encoder::Pool {
                channels: vec![32, 64, 128],
                pool: Pooling::Max,
                normalized: false,
            },
            decoder: Decoder::Transposed {
                channels: vec![128, 64, 32],
                kernel: 4,
                head: Head::Transposed,
                normalized: false,
                activation: Activation::Relu,
            },
            likelihood: Likelihood::Bernoulli,
            conditions,
            embedding: None,
            fields: None,
        }
    }
}
