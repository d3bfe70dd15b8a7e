//! A run with its data and model, ready for questions.

use std::path::{Path, PathBuf};

use anyhow::Result;
use candle_core::Device;
use clap::Args;
use vae_data::{DataSet, Reading, Split};
use vae_models::Vae;
use vae_nn::Parameters;
use vae_train::objective::Loss;
use vae_train::residuals::with_stated_noise;
use vae_train::{Config, RunFolder, Targets, TrainError};

use crate::failure::UsageError;
use crate::output::{note, shown};
use crate::reading::{ReadingArgs, open_data};

/// Where runs lie unless told otherwise.
pub(crate) const RUNS: &str = "runs";

/// Which model.
#[derive(Args)]
pub(crate) struct ModelArgs {
    /// Folder of the run, or where no data are needed its model.safetensors; the newest run below
    /// `runs` if none is given
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Threads to use [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// Which run, and on which data.
#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Data in place of those that the run was trained on
    #[arg(long, value_name = "SOURCE")]
    data: Option<String>,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// A part of the data.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Part {
    All,
    Train,
    Validation,
    Test,
}

/// A model and its weights, without any data.
pub(crate) struct OpenedModel {
    pub(crate) vae: Vae,
    pub(crate) parameters: Parameters,
    pub(crate) device: Device,
}

/// A run with its data and model.
pub(crate) struct OpenedRun {
    pub(crate) folder: RunFolder,
    pub(crate) config: Config,
    pub(crate) data: DataSet,
    /// Columns of the conditions that the model is told.
    told: Vec<usize>,
    pub(crate) split: Split,
    pub(crate) vae: Vae,
    pub(crate) device: Device,
}

impl ModelArgs {
    /// What was given.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.run.as_deref()
    }

    /// The model alone.
    pub(crate) fn open(&self) -> Result<OpenedModel> {
        match &self.run {
            Some(path) if path.is_file() => OpenedModel::read(path),
            _ => OpenedModel::of(&self.folder()?),
        }
    }

    /// The run with its data, where it names them, they can still be opened and they fit the model.
    pub(crate) fn with_data(&self) -> Option<OpenedRun> {
        let folder = match &self.run {
            Some(path) => RunFolder::open(path).ok()?,
            None => RunFolder::newest(Path::new(RUNS))?,
        };
        let config = Config::read(&folder.config()).ok()?;
        if config.data.source.is_empty() {
            return None;
        }
        let data = open_data(&config.data.source, &config.data.reading).ok()?;
        let split = folder.recorded_split(&data).ok()?;
        OpenedRun::new(folder, config, data, split).ok()
    }

    /// The run with the data that it was trained on.
    pub(crate) fn open_run(&self) -> Result<OpenedRun> {
        let folder = self.folder()?;
        let config = Config::read(&folder.config())?;
        OpenedRun::recorded(folder, config)
    }

    /// The folder of the run; says which one if none was given.
    pub(crate) fn folder(&self) -> Result<RunFolder> {
        if let Some(path) = &self.run {
            return Ok(RunFolder::open(path)?);
        }
        let newest = RunFolder::newest(Path::new(RUNS)).ok_or_else(|| {
            UsageError::with_hint("there is no run below `runs`", "train one first: vae train")
        })?;
        note(format!("using the newest run: {}", shown(newest.root())));
        Ok(newest)
    }
}

impl OpenedModel {
    /// The best model of a run.
    pub(crate) fn of(folder: &RunFolder) -> Result<Self> {
        if folder.model().is_file() {
            Self::read(&folder.model())
        } else {
            Err(TrainError::NoModelYet { path: folder.root().to_owned() }.into())
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let device = Device::Cpu;
        let (vae, parameters) = vae_models::load(path, &device)?;
        Ok(Self { vae, parameters, device })
    }
}

impl RunArgs {
    /// Whether the data are those that the run was trained on, read as they were.
    pub(crate) fn is_as_trained(&self) -> bool {
        self.data.is_none() && !self.reading.is_given()
    }

    /// Opens the run, its data and its model.
    pub(crate) fn open(&self) -> Result<OpenedRun> {
        let folder = self.model.folder()?;
        let config = Config::read(&folder.config())?;
        let mut reading = config.data.reading.clone();
        if self.data.is_some() {
            // Tables and problems belong to the designs they were given with.
            reading = Reading { conditions: PathBuf::new(), problem: PathBuf::new(), ..reading };
        }
        self.reading.apply(&mut reading)?;
        if !self.is_as_trained() {
            let source = self.data.as_ref().unwrap_or(&config.data.source);
            let data = open_data(source, &reading)?;
            let split = vae_train::train::split(&config, &data)?;
            return OpenedRun::new(folder, config, data, split);
        }
        OpenedRun::recorded(folder, config)
    }
}

impl OpenedRun {
    /// A run with the data and the split that it records.
    fn recorded(folder: RunFolder, config: Config) -> Result<Self> {
        if config.data.source.is_empty() {
            let message = format!("{} was imported without data", shown(folder.root()));
            return Err(UsageError::with_hint(message, "name them with --data SOURCE").into());
        }
        let data = open_data(&config.data.source, &config.data.reading)?;
        folder.check_data(&data)?;
        let split = folder.recorded_split(&data)?;
        Self::new(folder, config, data, split)
    }

    /// Loads the model of a run beside its data.
    pub(crate) fn new(
        folder: RunFolder,
        config: Config,
        data: DataSet,
        split: Split,
    ) -> Result<Self> {
        let OpenedModel { vae, device, .. } = OpenedModel::of(&folder)?;
        let told = config.data.told.columns(&data)?;
        let opened = Self { folder, config, data, told, split, vae, device };
        opened.check_fit()?;
        Ok(opened)
    }

    /// Makes a model of the squared error one of Gaussian pixels, with the σ of its training
    /// residuals, and says which that is.
    pub(crate) fn state_noise(&mut self) -> Result<f64> {
        let OpenedModel { vae, parameters, device } = OpenedModel::of(&self.folder)?;
        let stated =
            with_stated_noise(&vae, &parameters, &self.designs(), &self.split.train, &device)?;
        let Some((vae, sigma)) = stated else {
            let likelihood = self.config.model.likelihood;
            let message =
                format!("{} states what a pixel is: `{likelihood}`", shown(self.folder.root()));
            return Err(UsageError::with_hint(message, "leave --state-noise out").into());
        };
        self.config.model.likelihood = vae.config().likelihood;
        self.vae = vae;
        Ok(sigma)
    }

    /// The designs of a part of the split, by their positions.
    pub(crate) fn part(&self, part: Part) -> Vec<usize> {
        match part {
            Part::All => (0..self.data.len()).collect(),
            Part::Train => self.split.train.clone(),
            Part::Validation => self.split.validation.clone(),
            Part::Test => self.split.test.clone(),
        }
    }

    /// What the run minimized.
    pub(crate) fn loss(&self) -> Loss {
        Loss::new(self.config.training.objective, self.vae.config())
    }

    /// The designs as the model sees them.
    pub(crate) fn designs(&self) -> Targets<'_> {
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
        if found == expected {
            Ok(())
        } else {
            Err(TrainError::DataMismatch { data: found, model: expected }.into())
        }
    }
}
