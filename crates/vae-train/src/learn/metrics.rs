//! The log of a run: `metrics.jsonl`, one JSON object per line.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};
use crate::learn::files::{line_of, write};
use crate::learn::numbers::{number, numbers};
use crate::learn::objective::{Balance, Loss, Parts, Validation};
use crate::score::{Course, EpochKl};

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
    /// The loss and its terms, per design.
    #[serde(flatten)]
    pub parts: Parts,
    /// KL weight.
    #[serde(deserialize_with = "number")]
    pub beta: f64,
    /// Learning rate.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f64,
    /// Global gradient norm before clipping.
    #[serde(deserialize_with = "number")]
    pub gradient_norm: f64,
    /// Constraints and their multipliers after the step, of the objective `geco`; `None` for
    /// others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geco: Option<Balance>,
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
    /// Averages over the batches of the epoch.
    pub train: Parts,
    /// On the validation split; `None` if that is empty.
    pub validation: Option<Validation>,
    /// KL per latent dimension on the validation split, or on some training designs if that is
    /// empty.
    #[serde(deserialize_with = "numbers")]
    pub kl_per_dim: Vec<f64>,
    /// Whether this is the best model so far.
    pub best: bool,
    /// Wall time of the epoch, training only.
    pub seconds: f64,
    /// Training designs per second.
    pub images_per_s: f64,
}

/// Appends events to a file; every line is flushed, so that a killed run loses at most the line
/// being written.
pub struct MetricsLog {
    path: PathBuf,
    file: File,
}

impl MetricsLog {
    /// Opens the log for a run that continues from `step`; removes what was written after that
    /// step.
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
            text.push_str(&line_of(event));
        }
        write(path, text.as_bytes())?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(|source| TrainError::io("writing", path, source))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends one event.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, event: &Event) -> Result<()> {
        vae_base::files::append(&self.file, line_of(event).as_bytes())
            .map_err(|source| TrainError::io("writing", &self.path, source))
    }
}

/// The epochs of a log; empty if there is no log.
///
/// # Errors
/// As [`read`].
pub fn epochs(path: &Path) -> Result<Vec<EpochMetrics>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let epoch = |event| if let Event::Epoch(metrics) = event { Some(metrics) } else { None };
    Ok(read(path)?.into_iter().filter_map(epoch).collect())
}

/// What a diagnosis has to know about a run with this loss and this final KL weight, from the
/// epochs that it logged; empty epochs are those of a run without a log.
pub fn course(loss: &Loss, beta: f64, epochs: &[EpochMetrics]) -> Course {
    let beta = epochs.last().map_or(beta, |last| last.beta);
    let kl = |metrics: &EpochMetrics| EpochKl {
        epoch: metrics.epoch,
        beta: metrics.beta,
        bound: metrics.validation.map_or(metrics.train.terms, |scores| scores.terms).value(),
        kl_per_dim: metrics.kl_per_dim.clone(),
    };
    Course {
        beta,
        implied_sigma: loss.implied_sigma(beta),
        steps: epochs.last().map(|last| last.step),
        epochs: epochs.iter().map(kl).collect(),
    }
}

/// Reads a log; a last line that was cut off by a kill is ignored.
///
/// # Errors
/// When the file cannot be read, or a line before the last is not an event.
pub fn read(path: &Path) -> Result<Vec<Event>> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::io("reading", path, source))?;
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use vae_prob::Elbo;

    use super::*;

    fn step(step: u64) -> Event {
        let metrics = StepMetrics {
            step,
            epoch: 1,
            parts: Parts {
                loss: 0.1 + step as f64,
                terms: Elbo { log_likelihood: -1.0 / 3.0, kl: 1e-17 },
            },
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
        let whole = line_of(&step(1)) + &line_of(&step(2));
        for cut in [2, 40, line_of(&step(2)).len() - 1] {
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
        std::fs::write(&path, format!("{}oops\n{}", line_of(&step(1)), line_of(&step(2)))).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
