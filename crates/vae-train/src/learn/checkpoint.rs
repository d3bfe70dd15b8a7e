//! Checkpoints: weights, optimizer state and position in one safetensors file.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};
use crate::learn::files::{to_json, write};
use crate::learn::learner::Learner;
use crate::learn::objective::{Balance, Parts, Validation};

/// Where a run stands; with the seed it fixes every later random number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Optimizer steps done.
    pub step: u64,
    /// Epochs finished, with their validation.
    pub epoch: u64,
    /// Batches done of the next epoch.
    pub batch: u64,
    /// Sums over those batches.
    pub sums: Parts,
    /// The best model so far; `None` before the KL weight is final.
    pub best: Option<Best>,
    /// Whether the run is finished.
    pub finished: bool,
    /// The step at which schedules began: 0, or the last step of the finished run that goes on.
    #[serde(default)]
    pub leg: u64,
    /// The size of the loss at the beginning, which an exploding run leaves behind; `None` before
    /// the first step.
    #[serde(default)]
    pub scale: Option<f64>,
    /// Multipliers of the objective `geco`; `save` takes them from the learner, `load` gives
    /// them back. `None` for other objectives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geco: Option<Balance>,
}

/// The best model so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Its epoch, from 1.
    pub epoch: u64,
    /// Its scores on the validation split; `None` if that is empty: then the last model is the
    /// best.
    pub validation: Option<Validation>,
}

const METADATA_KEY: &str = "position";
const WEIGHTS: &str = "weights.";
const OPTIMIZER: &str = "optimizer.";

/// Writes a checkpoint, whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn save(path: &Path, position: &Position, learner: &Learner) -> Result<()> {
    let weights = learner
        .parameters
        .iter()
        .map(|(name, var)| (format!("{WEIGHTS}{name}"), var.as_tensor().clone()));
    let state = learner.optimizer.state()?.into_iter();
    let state = state.map(|(name, tensor)| (format!("{OPTIMIZER}{name}"), tensor));
    let tensors: Vec<(String, Tensor)> = weights.chain(state).collect();
    let position = to_json(&Position { geco: learner.balance.clone(), ..position.clone() });
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), position)]);
    let views = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|err| damaged(path, &err))?;
    write(path, &bytes)
}

/// Writes a checkpoint again with another position.
///
/// # Errors
/// As [`load`]; when the file cannot be written.
pub(crate) fn copy(from: &Path, to: &Path, position: &Position) -> Result<()> {
    let bytes = std::fs::read(from).map_err(|source| TrainError::io("reading", from, source))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|err| damaged(from, &err))?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), to_json(position))]);
    let bytes = safetensors::serialize(tensors.tensors(), Some(metadata))
        .map_err(|err| damaged(from, &err))?;
    write(to, &bytes)
}

/// The position of a checkpoint.
///
/// # Errors
/// As [`load`].
pub(crate) fn position(path: &Path) -> Result<Position> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::io("reading", path, source))?;
    position_in(path, &bytes)
}

fn position_in(path: &Path, bytes: &[u8]) -> Result<Position> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|err| damaged(path, &err))?;
    let position = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(METADATA_KEY))
        .ok_or_else(|| damaged(path, &"it is a safetensors file, but not a checkpoint"))?;
    serde_json::from_str(position).map_err(|err| damaged(path, &err))
}

/// Reads a checkpoint into a model and its optimizer, and returns its position.
///
/// # Errors
/// [`TrainError::Checkpoint`] for a file that is truncated or not a checkpoint,
/// [`TrainError::OtherArchitecture`] for one whose tensors have other names or shapes.
pub(crate) fn load(path: &Path, learner: &mut Learner) -> Result<Position> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::io("reading", path, source))?;
    let position = position_in(path, &bytes)?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
        .map_err(|err| damaged(path, &err))?;
    let (mut weights, mut state) = (HashMap::new(), HashMap::new());
    for (name, tensor) in tensors {
        if let Some(name) = name.strip_prefix(WEIGHTS) {
            weights.insert(name.to_owned(), tensor);
        } else if let Some(name) = name.strip_prefix(OPTIMIZER) {
            state.insert(name.to_owned(), tensor);
        }
    }
    let other = |err: vae_nn::Error| TrainError::OtherArchitecture {
        path: path.to_owned(),
        message: err.to_string(),
    };
    learner.parameters.load(&weights).map_err(other)?;
    learner.optimizer.load_state(&state).map_err(other)?;
    if position.geco.is_some() {
        learner.balance.clone_from(&position.geco);
    }
    Ok(position)
}

fn damaged(path: &Path, message: &dyn std::fmt::Display) -> TrainError {
    TrainError::Checkpoint { path: path.to_owned(), message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use vae_models::ConditionStats;
    use vae_torture::Campaign;

    use super::*;
    use crate::learn::config::Config;
    use crate::learn::network::network;

    /// Damaged checkpoints are refused or read.
    #[test]
    fn damaged_checkpoints() {
        let folder = tempfile::tempdir().unwrap();
        let [path, copied] = ["last", "copy"].map(|name| folder.path().join(name));
        let conditions = vec![ConditionStats::from_values("load_y", "", &[0.2, 0.7]).unwrap()];
        let mut config = Config::preset("default").unwrap();
        config.model.latent_dim = 2;
        let model = network(&config, (8, 8), conditions);
        let mut learner = Learner::new(&config, &model, &Device::Cpu).unwrap();
        let best = Some(Best { epoch: 1, validation: None });
        let at = Position { step: 3, best, scale: Some(0.5), ..Position::default() };
        save(&path, &at, &learner).unwrap();
        let whole = std::fs::read(&path).unwrap();
        Campaign::new("checkpoints", [whole]).one_in(4).run(|bytes| {
            std::fs::write(&path, bytes).unwrap();
            let copy = position(&path).and_then(|at| copy(&path, &copied, &at));
            let loaded = load(&path, &mut learner);
            // What can be read in full can be copied.
            assert!(copy.is_ok() || loaded.is_err());
            loaded.is_ok()
        });
    }
}
