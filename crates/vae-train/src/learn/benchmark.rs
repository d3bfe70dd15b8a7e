//! Speed of a model on random data: training steps, encoding, decoding.

use std::time::Instant;

use candle_core::{Device, Tensor};
use rand::Rng;
use vae_base::stream;
use vae_models::{ConditionStats, ModelConfig};

use crate::codes::noise;
use crate::data::Batch;
use crate::error::{Result, TrainError};
use crate::learn::config::Config;
use crate::learn::learner::Learner;
use crate::learn::network::network;

/// Number of untimed repetitions at the start, after which caches, allocator and thread pool are as
/// in a long run.
const WARM_UP: usize = 3;
/// Largest number of pixels of a batch: 256 MiB of densities, and about a dozen times that in the
/// network.
const MAX_PIXELS: usize = 1 << 26;

/// A model and a batch of random designs for it.
pub struct Workload {
    config: Config,
    network: ModelConfig,
    batch: Batch,
    device: Device,
}

/// Times of whole training steps.
#[derive(Clone, Debug)]
pub struct TrainingSpeed {
    /// Time of each step.
    pub steps: Times,
    /// Loss of the very first step, warm-up included.
    pub loss_first: f64,
    /// Loss of the last one.
    pub loss_last: f64,
}

/// Times of equal pieces of work.
#[derive(Clone, Debug)]
pub struct Times {
    sorted: Vec<f64>,
    work_per_piece: usize,
}

impl Workload {
    /// The network of a configuration for designs of `(height, width)` with some conditions, and a
    /// batch of random 0/1 designs.
    ///
    /// # Errors
    /// When no such network can be built, or the batch has no design or more than 2²⁶ pixels.
    pub fn new(
        config: &Config,
        (height, width): (usize, usize),
        n_conditions: usize,
    ) -> Result<Self> {
        let batch_size = config.training.batch_size;
        let conditions = (0..n_conditions)
            .filter_map(|i| ConditionStats::from_values(&format!("c{i}"), "", &[0.0, 1.0]))
            .collect();
        let network = network(config, (height, width), conditions);
        let refused = |key, value, reason| TrainError::Setting { key, value, reason };
        network
            .validate()
            .map_err(|err| refused("size", format!("{height}x{width}"), err.to_string()))?;
        let pixels = batch_size.checked_mul(height * width).filter(|&n| n <= MAX_PIXELS);
        let Some(pixels) = pixels.filter(|&n| 0 < n) else {
            let reason = format!(
                "a batch needs at least one design and may have at most {MAX_PIXELS} pixels; a design has {height} x {width}"
            );
            return Err(refused("batch_size", batch_size.to_string(), reason));
        };
        let device = Device::Cpu;
        let mut rng = stream(config.seed, "benchmark", 0);
        let designs: Vec<f32> = (0..pixels).map(|_| f32::from(rng.random::<bool>())).collect();
        let rows: Vec<f32> = (0..batch_size * n_conditions).map(|_| rng.random()).collect();
        let cs = (0 < n_conditions)
            .then(|| Tensor::from_vec(rows, (batch_size, n_conditions), &device))
            .transpose()?;
        let xs = Tensor::from_vec(designs, (batch_size, 1, height, width), &device)?;
        let batch = Batch { xs, cs, fields: None, mask: None };
        Ok(Self { config: config.clone(), network, batch, device })
    }

    /// The network.
    pub fn network(&self) -> &ModelConfig {
        &self.network
    }

    /// Designs of a batch.
    pub fn batch_size(&self) -> usize {
        self.config.training.batch_size
    }

    /// Times whole training steps of [`Learner`] on the same batch, new noise for each.
    ///
    /// # Errors
    /// When a step fails.
    pub fn training(&self, steps: usize) -> Result<TrainingSpeed> {
        let mut learner = Learner::new(&self.config, &self.network, &self.device)?;
        let mut losses = Vec::new();
        let steps = self.time(steps, |step| {
            let eps = noise(
                &mut stream(self.config.seed, "noise", step),
                (learner.loss().draws() * self.batch_size(), self.network.latent_dim),
                &self.device,
            )?;
            losses.push(learner.step(&self.batch, &eps, self.config.training.beta)?.parts.loss);
            Ok(())
        })?;
        let loss = |loss: Option<&f64>| loss.copied().unwrap_or(f64::NAN);
        Ok(TrainingSpeed {
            steps,
            loss_first: loss(losses.first()),
            loss_last: loss(losses.last()),
        })
    }

    /// Times the encoder: a batch of designs to the means of q(z|x).
    ///
    /// # Errors
    /// When a call fails.
    pub fn encoding(&self, calls: usize) -> Result<Times> {
        let Learner { vae, .. } = Learner::new(&self.config, &self.network, &self.device)?;
        let batch = &self.batch;
        self.time(calls, |_| Ok(vae.encode(&batch.xs, &batch.context(&vae, false)?, false)?))
    }

    /// Times the decoder: a batch of latent vectors to densities, E[x|z].
    ///
    /// # Errors
    /// When a call fails.
    pub fn decoding(&self, calls: usize) -> Result<Times> {
        let Learner { vae, .. } = Learner::new(&self.config, &self.network, &self.device)?;
        let shape = (self.batch_size(), self.network.latent_dim);
        let zs = noise(&mut stream(self.config.seed, "noise", 0), shape, &self.device)?;
        self.time(calls, |_| {
            Ok(vae.mean(&vae.decode(&zs, &self.batch.context(&vae, false)?, false)?)?)
        })
    }

    /// Times `n` pieces of work, at least one.
    fn time<R>(&self, n: usize, mut work: impl FnMut(u64) -> Result<R>) -> Result<Times> {
        let mut sorted = Vec::new();
        for piece in 0..WARM_UP + n.max(1) {
            let started = Instant::now();
            // The result is freed inside the measured time, as between the steps of a run.
            drop(work(piece as u64)?);
            if WARM_UP <= piece {
                sorted.push(started.elapsed().as_secs_f64());
            }
        }
        sorted.sort_by(f64::total_cmp);
        Ok(Times { sorted, work_per_piece: self.batch_size() })
    }
}

impl Times {
    /// Median time of one piece of work, in milliseconds; of an even number the mean of the middle
    /// two.
    pub fn median_ms(&self) -> f64 {
        let n = self.sorted.len();
        500.0 * (self.sorted[(n - 1) / 2] + self.sorted[n / 2])
    }

    /// Designs per second at the median.
    pub fn designs_per_s(&self) -> f64 {
        1e3 * self.work_per_piece as f64 / self.median_ms()
    }

    /// Seconds of all pieces together.
    pub fn total_s(&self) -> f64 {
        self.sorted.iter().sum()
    }
}
