//! A run whose weights come from elsewhere.

use std::path::Path;

use vae_data::DataSet;
use vae_models::ConditionStats;
use vae_train::{Config, Layer, Manifest, RunFolder};

use super::model::Model;
use crate::error::{Result, StudyError};

/// Weights of one of the lecture's models, and the configuration of the run that they become.
pub struct Imported {
    /// The model.
    pub model: Model,
    /// The configuration: that of the preset, with the widths and latents of the file.
    pub config: Config,
}

impl Imported {
    /// Reads the weights of `preset`, `tutorial-conv` or `tutorial-mlp`, for designs of `size` rows
    /// and columns, those of the lecture if it is `None`. `settings` are laid over the preset.
    ///
    /// # Errors
    /// [`StudyError::NotTheLectures`] for another preset; if the file cannot be read or holds
    /// another kind of network.
    pub fn read(
        file: &Path,
        preset: &str,
        size: Option<(usize, usize)>,
        conditions: Vec<ConditionStats>,
        settings: &Layer,
    ) -> Result<Self> {
        let lectures = match preset {
            "tutorial-conv" => (128, 128),
            "tutorial-mlp" => (126, 349),
            name => return Err(StudyError::NotTheLectures { name: name.to_owned() }),
        };
        let mut config = Config::resolve(Some(preset), None, settings)?;
        let like = vae_train::learn::network(&config, size.unwrap_or(lectures), conditions);
        let model = Model::from_pytorch(file, &like)?;
        let found = model.vae.config();
        config.model.latent_dim = found.latent_dim;
        config.model.encoder = found.encoder.clone();
        config.model.decoder = found.decoder.clone();
        Ok(Self { model, config })
    }

    /// Makes the folder of the run; `data` are those that the weights were trained on, and `manifest`
    /// says how they were imported.
    ///
    /// # Errors
    /// If the data cannot be split or a file cannot be written.
    pub fn write(
        &self,
        folder: &RunFolder,
        data: Option<&DataSet>,
        manifest: &Manifest,
    ) -> Result<()> {
        let Self { model, config } = self;
        let split = data.map(|data| vae_train::learn::split(config, data)).transpose()?;
        let network = model.vae.config();
        Ok(folder.import(config, manifest, split.as_ref(), network, &model.parameters)?)
    }
}
