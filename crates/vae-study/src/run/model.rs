//! A model without its data.

use std::path::Path;

use candle_core::Device;
use vae_models::{ModelConfig, Vae};
use vae_nn::Parameters;
use vae_train::{RunFolder, TrainError};

use crate::error::Result;

/// A model and its weights, without any data.
pub struct Model {
    /// The network.
    pub vae: Vae,
    /// Its weights.
    pub parameters: Parameters,
    /// Where its tensors lie.
    pub device: Device,
}

impl Model {
    /// Opens the best model of a run, given its folder, or a weight file.
    ///
    /// # Errors
    /// If there is no run at `path`, the run has no model yet, or the file cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_file() { Self::read(path) } else { Self::of(&RunFolder::open(path)?) }
    }

    /// Opens the best model of a run.
    ///
    /// # Errors
    /// [`TrainError::NoModelYet`]; [`TrainError::OtherModel`] for weights that do not belong to the
    /// run; if the weight file cannot be read.
    pub fn of(folder: &RunFolder) -> Result<Self> {
        if !folder.model().is_file() {
            return Err(TrainError::NoModelYet { path: folder.root().to_owned() }.into());
        }
        let model = Self::read(&folder.model())?;
        folder.check_model(model.vae.config())?;
        Ok(model)
    }

    /// Reads weights with the names of the lecture's PyTorch classes, for a model of this size,
    /// these conditions and this kind of network; widths and latents are those of the file.
    ///
    /// # Errors
    /// If the file cannot be read or holds another kind of network.
    pub fn from_pytorch(file: &Path, like: &ModelConfig) -> Result<Self> {
        let device = Device::Cpu;
        let (vae, parameters) =
            vae_models::load_pytorch(file, like, &device).map_err(TrainError::from)?;
        Ok(Self { vae, parameters, device })
    }

    fn read(path: &Path) -> Result<Self> {
        let device = Device::Cpu;
        let (vae, parameters) = vae_models::load(path, &device).map_err(TrainError::from)?;
        Ok(Self { vae, parameters, device })
    }
}
