//! A run with its data and its model, ready for questions.

use std::path::Path;

use candle_core::Device;
use serde::Serialize;
use topo_data::{FieldRecipe, with_fields};
use vae_data::{DataSet, Source, Split, open_with};
use vae_models::Vae;
use vae_train::learn::{Loss, ProblemsTold};
use vae_train::score::with_stated_noise;
use vae_train::{Config, RunFolder, Targets, TrainError};

use super::briefing::field_recipe;
use super::model::Model;
use crate::error::{Result, StudyError};

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Every design.
    All,
    /// The designs that the model was trained on.
    Train,
    /// The designs that chose the best model.
    Validation,
    /// The designs that training never saw.
    Test,
}

impl Part {
    /// What its designs are called, as in "test designs".
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Train => "training",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// The name at the beginning of a title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Train => "Training",
            Self::Validation => "Validation",
            Self::Test => "Test",
        }
    }
}

/// A run with its data, its split and its model.
pub struct Run {
    /// The folder of the run.
    pub folder: RunFolder,
    /// The settings of the run.
    pub config: Config,
    /// The data: those of the training, or others.
    pub data: DataSet,
    /// Columns of the conditions that the model is told.
    told: Vec<usize>,
    /// Positions of the training, validation and test designs.
    pub split: Split,
    /// The best model.
    pub vae: Vae,
    /// Where its tensors lie.
    pub device: Device,
}

impl Run {
    /// Opens a run with the data and the split that it records.
    ///
    /// # Errors
    /// If there is no run at `path`, it has no model yet, it names no data, or its data cannot be
    /// read or have changed.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(RunFolder::open(path)?)
    }

    /// Likewise, given the folder of the run.
    ///
    /// # Errors
    /// See [`Run::open`].
    pub fn of(folder: RunFolder) -> Result<Self> {
        let config = Config::read(&folder.config())?;
        let data = recorded_data(&folder, &config)?;
        folder.check_data(&data)?;
        let split = folder.recorded_split(&data)?;
        Self::new(folder, config, data, split)
    }

    /// The run and its data; `None` if the data are unnamed, unreadable or do not fit.
    pub fn with_data_if_possible(folder: RunFolder) -> Option<Self> {
        let config = Config::read(&folder.config()).ok()?;
        let data = recorded_data(&folder, &config).ok()?;
        let split = folder.recorded_split(&data).ok()?;
        Self::new(folder, config, data, split).ok()
    }

    /// A run with other data than it was trained on, split as its configuration says.
    ///
    /// # Errors
    /// If the data do not fit the model or cannot be split.
    pub fn on_other_data(folder: RunFolder, config: Config, data: DataSet) -> Result<Self> {
        let split = vae_train::learn::split(&config, &data)?;
        Self::new(folder, config, data, split)
    }

    /// Loads the model of a run beside its data.
    ///
    /// # Errors
    /// If the run has no model yet, or the data do not fit it.
    pub fn new(folder: RunFolder, config: Config, data: DataSet, split: Split) -> Result<Self> {
        let Model { vae, device, .. } = Model::of(&folder)?;
        let told = config.data.told.columns(&data)?;
        // Not by the configuration: data that state no problem made a model that is told none.
        let data = match field_recipe(vae.config())? {
            Some(recipe) => with_fields(recipe, data)?,
            None => data,
        };
        let run = Self { folder, config, data, told, split, vae, device };
        run.check_fit()?;
        Ok(run)
    }

    /// Makes a model of the squared error one of Gaussian pixels, and returns the σ that it takes:
    /// that of its training residuals.
    ///
    /// # Errors
    /// [`StudyError::NoiseIsStated`] for a model of another likelihood.
    pub fn state_noise(&mut self) -> Result<f64> {
        let Model { vae, parameters, device } = Model::of(&self.folder)?;
        let stated =
            with_stated_noise(&vae, &parameters, &self.designs(), &self.split.train, &device)?;
        let Some((vae, sigma)) = stated else {
            return Err(StudyError::NoiseIsStated {
                folder: self.folder.root().to_owned(),
                likelihood: self.config.model.likelihood,
            });
        };
        self.config.model.likelihood = vae.config().likelihood;
        self.vae = vae;
        Ok(sigma)
    }

    /// The positions of the designs of a part.
    pub fn part(&self, part: Part) -> Vec<usize> {
        match part {
            Part::All => (0..self.data.len()).collect(),
            Part::Train => self.split.train.clone(),
            Part::Validation => self.split.validation.clone(),
            Part::Test => self.split.test.clone(),
        }
    }

    /// The designs to show where test designs are shown: those of the test if there are at least so
    /// many, else those of the validation, else those of the training.
    pub fn shown(&self, least: usize) -> (Part, Vec<usize>) {
        let parts = [Part::Test, Part::Validation, Part::Train];
        let enough = parts.into_iter().find(|&part| least <= self.part(part).len());
        let part = enough.unwrap_or(Part::Train);
        (part, self.part(part))
    }

    /// The designs to score the model on: those of the test, or those of the validation if there
    /// are none; `None` if there are neither.
    pub fn held_out(&self) -> Option<(Part, Vec<usize>)> {
        Some(self.shown(1)).filter(|(part, _)| *part != Part::Train)
    }

    /// What the run minimized.
    pub fn loss(&self) -> Loss {
        Loss::new(self.config.training.objective, self.vae.config())
    }

    /// The designs as the model sees them.
    pub fn designs(&self) -> Targets<'_> {
        Targets::new(&self.data, self.config.data.targets, self.told.clone())
    }

    /// Other data must have the model's size and conditions.
    fn check_fit(&self) -> Result<()> {
        let describe = |height: usize, width: usize, names: Vec<&str>| {
            let names =
                if names.is_empty() { "no conditions".to_owned() } else { names.join(", ") };
            format!("{height} x {width} with {names}")
        };
        let model = self.vae.config();
        let expected = describe(
            model.height,
            model.width,
            model.conditions.iter().map(|c| c.name.as_str()).collect(),
        );
        let designs = self.designs();
        let names = designs.condition_info().iter().map(|c| c.name.as_str()).collect();
        let found = describe(self.data.height(), self.data.width(), names);
        if found != expected {
            return Err(TrainError::DataMismatch { data: found, model: expected }.into());
        }
        if model.fields.is_some() && self.data.fields().is_none() {
            return Err(StudyError::ProblemNeeded);
        }
        Ok(())
    }
}

/// The data with the fields of their problems, if a model of this configuration is told them and
/// the set states its problems.
///
/// # Errors
/// If a problem cannot be read or solved.
pub fn with_problems(data: DataSet, config: &Config) -> Result<DataSet> {
    match config.data.problems {
        ProblemsTold::None => Ok(data),
        ProblemsTold::Fields => Ok(with_fields(FieldRecipe::Energy, data)?),
        ProblemsTold::Stresses => Ok(with_fields(FieldRecipe::Stresses, data)?),
    }
}

/// The data that a run names.
///
/// # Errors
/// [`StudyError::NoData`] if it names none, [`StudyError::DataMoved`] if they are not there; if they
/// cannot be read.
pub fn recorded_data(folder: &RunFolder, config: &Config) -> Result<DataSet> {
    if config.data.source.is_empty() {
        return Err(StudyError::NoData { folder: folder.root().to_owned() });
    }
    let Ok(source) = config.data.source.parse::<Source>();
    if let Source::Path(path) | Source::Mnist(path) = &source
        && !path.exists()
    {
        return Err(StudyError::DataMoved { path: path.clone() });
    }
    Ok(open_with(&source, &config.data.reading)?)
}
