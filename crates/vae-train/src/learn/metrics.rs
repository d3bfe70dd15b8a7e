//! What a run writes about itself: `metrics.jsonl`, one JSON object per line.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Result, TrainError};
use crate::learn::geco::Geco;

/// One line of `metrics.jsonl`. All log-probabilities are in nats per design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// After an optimizer step.
    Step(StepMetrics),
    /// After an epoch and its validation.
    Epoch(EpochMetrics),
}

impl Event {
    /// Optimizer steps done when it was recorded.
    pub fn step(&self) -> u64 {
        match self {
            Self::Step(metrics) => metrics.step,
            Self::Epoch(metrics) => metrics.step,
        }
    }
}

/// One optimizer step, on its batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// Steps done, from 1.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u64,
    /// What is minimized, per design: `−log_likelihood + beta · kl`, unless the objective says
    /// otherwise.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// Expected log-likelihood `E_q ln p(x|z)`, one draw; minus the squared error of a model
    /// without likelihood.
    #[serde(deserialize_with = "number")]
    pub log_likelihood: f64,
    /// `KL(q(z|x) ‖ p(z))`, summed over latent dimensions.
    #[serde(deserialize_with = "number")]
    pub kl: f64,
    /// KL weight.
    #[serde(deserialize_with = "number")]
    pub beta: f64,
    /// Learning rate.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f64,
    /// Global gradient norm before clipping.
    #[serde(deserialize_with = "number")]
    pub gradient_norm: f64,
    /// Tolerances, averages and multipliers after the step, of the objective `geco`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geco: Option<Geco>,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Epoch, from 1.
    pub epoch: u64,
    /// Steps done.
    pub step: u64,
    /// KL weight at the end of the epoch.
    #[serde(deserialize_with = "number")]
    pub beta: f64,
    /// Averages over the epoch's batches.
    pub train: Parts,
    /// On the validation split.
    pub validation: Validation,
    /// KL per latent dimension on the validation split.
    #[serde(deserialize_with = "numbers")]
    pub kl_per_dim: Vec<f64>,
    /// Whether this is the best model so far.
    pub best: bool,
    /// Wall time of the epoch, training only.
    pub seconds: f64,
    /// Training designs per second.
    pub images_per_s: f64,
}

/// The loss and its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// What is minimized, per design.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// Expected log-likelihood.
    #[serde(deserialize_with = "number")]
    pub log_likelihood: f64,
    /// KL of posterior to prior.
    #[serde(deserialize_with = "number")]
    pub kl: f64,
}

/// Scores on held-out designs, whatever was optimized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// `log_likelihood − kl`: the evidence lower bound at β = 1; none where the likelihood is not
    /// normalized for these data.
    pub elbo: Option<f64>,
    /// What is minimized, per design, at the final β.
    #[serde(default, deserialize_with = "number")]
    pub loss: f64,
    /// Expected log-likelihood, one draw with fixed noise.
    #[serde(deserialize_with = "number")]
    pub log_likelihood: f64,
    /// KL of posterior to prior.
    #[serde(deserialize_with = "number")]
    pub kl: f64,
    /// Mean squared error of the reconstruction from the posterior mean, per active pixel.
    #[serde(deserialize_with = "number")]
    pub mse: f64,
    /// Mean intersection over union of that reconstruction at 0.5.
    #[serde(deserialize_with = "number")]
    pub iou: f64,
    /// By how much of itself the worst tolerance is exceeded, of the objective `geco`; 0 if all are
    /// kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<f64>,
}

/// Appends events to a file; every line is flushed, so that a killed run loses at most the line
/// being written.
pub struct MetricsLog {
    path: PathBuf,
    file: File,
}

impl MetricsLog {
    /// Opens the log for a run that goes on from `step`, cutting away what was written after it.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, step: u64) -> Result<Self> {
        let keep: Vec<Event> = if path.exists() {
            read(path)?.into_iter().filter(|event| event.step() <= step).collect()
        } else {
            Vec::new()
        };
        let mut text = String::new();
        for event in &keep {
            text.push_str(&line(event));
        }
        crate::learn::run::write(path, text.as_bytes())?;
        let file = OpenOptions::new().append(true).open(path).map_err(|source| TrainError::Io {
            action: "write",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends one event.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, event: &Event) -> Result<()> {
        self.file.write_all(line(event).as_bytes()).map_err(|source| TrainError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}

/// Reads a log; a last line that was cut off by a kill is ignored.
///
/// # Errors
/// When the file cannot be read, or an inner line is no event.
pub fn read(path: &Path) -> Result<Vec<Event>> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let mut events = Vec::new();
    for (position, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match serde_json::from_slice(line) {
            Ok(event) => events.push(event),
            Err(_) if !line.ends_with(b"\n") => {}
            Err(err) => {
                let message = format!("line {}: {err}", position + 1);
                return Err(TrainError::Damaged { path: path.to_owned(), message });
            }
        }
    }
    Ok(events)
}

/// JSON has no NaN and no infinity; serde writes `null` for both.
fn number<'de, D: Deserializer<'de>>(value: D) -> std::result::Result<f64, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or(f64::NAN))
}

fn numbers<'de, D: Deserializer<'de>>(values: D) -> std::result::Result<Vec<f64>, D::Error> {
    let values = Vec::<Option<f64>>::deserialize(values)?;
    Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

fn line(event: &Event) -> String {
    let mut text = crate::learn::run::to_json(event);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u64) -> Event {
        let metrics = StepMetrics {
            step,
            epoch: 1,
            loss: 0.1 + step as f64,
            log_likelihood: -1.0 / 3.0,
            kl: 1e-17,
            beta: 1.0,
            learning_rate: 1e-3,
            gradient_norm: 2.0,
            geco: None,
        };
        Event::Step(metrics)
    }

    #[test]
    fn a_log_is_cut_back_to_the_step_it_goes_on_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = MetricsLog::open(&path, 0).unwrap();
        for i in 1..=5 {
            log.push(&step(i)).unwrap();
        }
        // A kill in the middle of a line.
        log.file.write_all(b"{\"event\":\"step\",\"st").unwrap();
        let mut log = MetricsLog::open(&path, 3).unwrap();
        log.push(&step(4)).unwrap();
        assert_eq!(read(&path).unwrap(), (1..=4).map(step).collect::<Vec<_>>());
    }

    #[test]
    fn a_value_that_is_not_finite_is_read_as_nan() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = MetricsLog::open(&path, 0).unwrap();
        let Event::Step(metrics) = step(1) else { unreachable!() };
        log.push(&Event::Step(StepMetrics { gradient_norm: f64::INFINITY, ..metrics })).unwrap();
        let events = read(&path).unwrap();
        let [Event::Step(metrics)] = &events[..] else { panic!("{events:?}") };
        assert!(metrics.gradient_norm.is_nan() && !metrics.beta.is_nan(), "{metrics:?}");
    }

    #[test]
    fn a_line_that_a_run_is_writing_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let whole = line(&step(1)) + &line(&step(2));
        for cut in [2, 40, line(&step(2)).len() - 1] {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            assert_eq!(read(&path).unwrap(), [step(1)], "the last line lacks {cut} bytes");
        }
        std::fs::write(&path, whole.trim_end()).unwrap();
        assert_eq!(read(&path).unwrap().len(), 2, "only the line feed is missing");
        // A character of several bytes may be cut, too.
        std::fs::write(&path, [whole.as_bytes(), b"{\"event\": \"\xc3"].concat()).unwrap();
        assert_eq!(read(&path).unwrap().len(), 2);
    }

    #[test]
    fn a_damaged_inner_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        std::fs::write(&path, format!("{}oops\n{}", line(&step(1)), line(&step(2)))).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
