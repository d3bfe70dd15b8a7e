//! The record that a training run leaves: `metrics.jsonl`, one JSON object a line.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::error::ReportError;

/// A training run as its metrics file tells it, in the order of its steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    /// The logged steps.
    pub steps: Vec<Step>,
    /// The finished epochs.
    pub epochs: Vec<Epoch>,
}

/// One logged step. A number that the run did not write, or wrote as `null`, is `None`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Optimizer steps so far.
    pub step: u64,
    /// The objective of this batch.
    pub loss: Option<f64>,
    /// Expected log-likelihood, nats per design.
    pub log_likelihood: Option<f64>,
    /// KL divergence from the prior, nats per design.
    pub kl: Option<f64>,
    /// The weight of the KL divergence in the objective.
    pub beta: Option<f64>,
    /// The learning rate.
    pub learning_rate: Option<f64>,
    /// The norm of the whole gradient before clipping.
    pub gradient_norm: Option<f64>,
}

/// One finished epoch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Epoch {
    /// Which epoch; 0 is the network before its first step.
    pub epoch: u64,
    /// Optimizer steps so far.
    pub step: u64,
    /// Means over the training batches of the epoch.
    #[serde(default)]
    pub train: Train,
    /// Means over the validation split at the end of the epoch.
    #[serde(default)]
    pub validation: Validation,
    /// KL divergence of each latent dimension on the validation split, nats per design.
    #[serde(default)]
    pub kl_per_dim: Vec<Option<f64>>,
    /// Wall-clock time of the epoch.
    pub seconds: Option<f64>,
    /// Training designs per second.
    pub images_per_s: Option<f64>,
}

/// Means over the training batches of an epoch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Train {
    /// The objective.
    pub loss: Option<f64>,
    /// Expected log-likelihood, nats per design.
    pub log_likelihood: Option<f64>,
    /// KL divergence from the prior, nats per design.
    pub kl: Option<f64>,
}

/// Means over the validation split.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Validation {
    /// Evidence lower bound, nats per design; `None` where the likelihood is not normalized.
    pub elbo: Option<f64>,
    /// Expected log-likelihood, nats per design.
    pub log_likelihood: Option<f64>,
    /// KL divergence from the prior, nats per design.
    pub kl: Option<f64>,
    /// Mean squared error per pixel of the reconstructions.
    pub mse: Option<f64>,
    /// Intersection over union of the reconstructions.
    pub iou: Option<f64>,
}

impl Metrics {
    /// Reads a metrics file.
    ///
    /// Keys and events that are not known here are skipped. A last line without a line feed is one
    /// that a run is just writing, or died while writing: it is skipped if it is no record yet.
    /// Where a run went back (it was resumed from a checkpoint), the records that it wrote before
    /// and then wrote again are dropped.
    ///
    /// # Errors
    /// [`ReportError::Read`]; [`ReportError::Record`] for any other line that is no record, with
    /// its number.
    ///
    /// # Examples
    /// ```
    /// use vae_report::Metrics;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("metrics.jsonl");
    /// std::fs::write(&path, "{\"event\": \"step\", \"step\": 10, \"loss\": 2.5}\n{\"event\": \"st")?;
    /// let metrics = Metrics::read(&path)?;
    /// assert_eq!(metrics.steps[0].loss, Some(2.5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let bytes =
            fs::read(path).map_err(|source| ReportError::Read { path: path.into(), source })?;
        let mut metrics = Self::default();
        for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(record) => metrics.push(record),
                Err(_) if !line.ends_with(b"\n") => {}
                Err(source) => {
                    return Err(ReportError::Record { path: path.into(), line: index + 1, source });
                }
            }
        }
        Ok(metrics)
    }

    /// Whether there is neither a step nor an epoch.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.epochs.is_empty()
    }

    fn push(&mut self, record: Record) {
        match record {
            Record::Step(step) => {
                let kept = self.steps.partition_point(|earlier| earlier.step < step.step);
                self.steps.truncate(kept);
                self.steps.push(step);
            }
            Record::Epoch(epoch) => {
                let kept = self.epochs.partition_point(|earlier| earlier.epoch < epoch.epoch);
                self.epochs.truncate(kept);
                self.epochs.push(epoch);
            }
            Record::Other => {}
        }
    }
}

/// A line of the file.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Record {
    Step(Step),
    Epoch(Epoch),
    #[serde(other)]
    Other,
}
