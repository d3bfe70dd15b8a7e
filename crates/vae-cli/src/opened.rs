//! A run with its data and model, ready for questions.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use candle_core::Device;
use clap::Args;
use vae_data::{DataSet, Source, Split};
use vae_models::Vae;
use vae_train::{Config, RunFolder, Targets, TrainError};

use crate::failure::UsageError;
use crate::output::{note, shown};

/// Where runs lie unless told otherwise.
pub(crate) const RUNS: &str = "runs";

/// Which run, and on which data.
#[derive(Args)]
pub(crate) struct RunArgs {
    /// Folder of the run; the newest one below `runs` if none is given
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Data set in place of the one that the run was trained on
    #[arg(long, value_name = "SOURCE")]
    data: Option<String>,
    /// Threads to use [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// A run with its data and model.
pub(crate) struct OpenedRun {
    pub(crate) folder: RunFolder,
    pub(crate) config: Config,
    pub(crate) data: DataSet,
    pub(crate) split: Split,
    pub(crate) vae: Vae,
    pub(crate) device: Device,
}

impl RunArgs {
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

    /// Opens the run, its data and its model.
    pub(crate) fn open(&self) -> Result<OpenedRun> {
        let folder = self.folder()?;
        let config = Config::read(&folder.config())?;
        if let Some(source) = &self.data {
            let data = open_data(source)?;
            let split = vae_train::train::split(&config, &data)?;
            return OpenedRun::new(folder, config, data, split);
        }
        let data = open_data(&config.data.source)?;
        let split = folder.recorded_split(&data)?;
        OpenedRun::new(folder, config, data, split)
    }
}

impl OpenedRun {
    /// Loads the model of a run beside its data.
    pub(crate) fn new(
        folder: RunFolder,
        config: Config,
        data: DataSet,
        split: Split,
    ) -> Result<Self> {
        if !folder.model().is_file() {
            return Err(TrainError::NoModelYet { path: folder.root().to_owned() }.into());
        }
        let device = Device::Cpu;
        let (vae, _) = vae_models::load(&folder.model(), &device)?;
        let opened = Self { folder, config, data, split, vae, device };
        opened.check_fit()?;
        Ok(opened)
    }

    /// The designs as the model sees them.
    pub(crate) fn designs(&self) -> Targets<'_> {
        Targets::new(&self.data, self.config.data.targets, self.config.data.conditional)
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
        let n = self.designs().n_conditions();
        let names = self.data.condition_info().iter().take(n).map(|c| c.name.as_str()).collect();
        let found = describe(self.data.height(), self.data.width(), names);
        if found == expected {
            Ok(())
        } else {
            Err(TrainError::DataMismatch { data: found, model: expected }.into())
        }
    }
}

/// Opens a data set by its name or path.
pub(crate) fn open_data(source: &str) -> Result<DataSet> {
    let parsed: Source = source.parse().with_context(|| format!("--data {source}"))?;
    Ok(vae_data::open(&parsed)?)
}
