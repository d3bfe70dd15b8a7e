//! Arguments that several commands share: which model, which run, which part of the data.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use vae_data::Reading;
use vae_models::Vae;
use vae_study::analysis::ProblemSettings;
use vae_study::latent::index;
use vae_study::run::Briefing;
use vae_study::sampling::stored_flow;
use vae_study::{Model, Part, Run};
use vae_train::generate::{Flow, Sampler};
use vae_train::{Config, RunFolder};

use crate::failure::UsageError;
use crate::output::{note, shown};
use crate::progress::Progress;
use crate::reading::{ReadingArgs, open_data, say_notes};

/// Where runs lie unless told otherwise.
pub(crate) const RUNS: &str = "runs";

/// The size and the volume of a named problem, or what replaces those of a file.
#[derive(Args)]
pub(crate) struct SizeArgs {
    /// Elements from left to right [default: 60, or the file's]
    #[arg(long, value_name = "N")]
    nelx: Option<usize>,
    /// Elements from top to bottom [default: 20, or the file's]
    #[arg(long, value_name = "N")]
    nely: Option<usize>,
    /// Share of the domain to fill with material, above 0 and below 1 [default: 0.5, or the file's]
    #[arg(long, value_name = "X")]
    volume_fraction: Option<f64>,
}

impl SizeArgs {
    /// The problem of a name or file at this size.
    pub(crate) fn of(&self, name: &str) -> ProblemSettings {
        let Self { nelx, nely, volume_fraction } = *self;
        ProblemSettings { name: name.to_owned(), nelx, nely, volume_fraction }
    }
}

/// Which model.
#[derive(Args)]
pub(crate) struct ModelArgs {
    /// Folder of the run, or its model.safetensors if no data are needed [default: the newest run
    /// below `runs`]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
}

/// Which run, and on which data.
#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Data to use instead of those that the run was trained on
    #[arg(long, value_name = "SOURCE")]
    data: Option<String>,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// A part of the data.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum PartArg {
    All,
    Train,
    Validation,
    Test,
}

impl From<PartArg> for Part {
    fn from(part: PartArg) -> Self {
        match part {
            PartArg::All => Self::All,
            PartArg::Train => Self::Train,
            PartArg::Validation => Self::Validation,
            PartArg::Test => Self::Test,
        }
    }
}

impl ModelArgs {
    /// The path of the run, if one was given.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.run.as_deref()
    }

    /// The model alone.
    pub(crate) fn open(&self) -> Result<Model> {
        Ok(match &self.run {
            Some(path) if path.is_file() => Model::open(path)?,
            _ => Model::of(&self.folder()?)?,
        })
    }

    /// The run and its data; `None` if the data are unnamed, unreadable or do not fit.
    pub(crate) fn with_data(&self) -> Option<Run> {
        let folder = match &self.run {
            Some(path) => RunFolder::open(path).ok()?,
            None => RunFolder::newest(Path::new(RUNS))?,
        };
        let run = Run::with_data_if_possible(folder)?;
        say_notes(&run.data, &run.config.data.reading).ok()?;
        Some(run)
    }

    /// Likewise, if `wanted`.
    pub(crate) fn with_data_if(&self, wanted: bool) -> Option<Run> {
        wanted.then(|| self.with_data()).flatten()
    }

    /// The run with the data that it was trained on.
    pub(crate) fn open_run(&self) -> Result<Run> {
        let run = Run::of(self.folder()?)?;
        say_notes(&run.data, &run.config.data.reading)?;
        Ok(run)
    }

    /// The flow for a model that is asked for designs, with its data or without.
    pub(crate) fn flow(&self, vae: &Vae, run: Option<&Run>) -> Result<Flow> {
        match (run, &self.run) {
            (Some(run), _) => fitted_flow(run),
            (None, Some(path)) => Ok(stored_flow(path, vae)?),
            (None, None) => Ok(stored_flow(self.folder()?.root(), vae)?),
        }
    }

    /// Likewise; `None` if there is neither a flow nor data to fit one to.
    pub(crate) fn flow_if_there(&self, vae: &Vae, run: Option<&Run>) -> Result<Option<Flow>> {
        if let Some(run) = run {
            return fitted_flow(run).map(Some);
        }
        match self.path() {
            Some(file) if file.is_file() => Ok(None),
            Some(path) => Ok(Flow::read(&RunFolder::open(path)?, vae)?),
            None => Ok(Flow::read(&self.folder()?, vae)?),
        }
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

impl RunArgs {
    /// Where the problem of new designs is found: in the file that is stated, or in the data.
    pub(crate) fn briefing<'a>(&self, run: Option<&'a Run>) -> Result<Briefing<'a>> {
        Ok(Briefing::new(self.reading.problem(), run.map(|run| &run.data))?)
    }

    /// Whether the data are those that the run was trained on, read as they were.
    pub(crate) fn is_as_trained(&self) -> Result<bool> {
        Ok(self.data.is_none() && !self.reading.is_given()?)
    }

    /// Opens the run, its data and its model.
    pub(crate) fn open(&self) -> Result<Run> {
        if self.is_as_trained()? {
            return self.model.open_run();
        }
        let folder = self.model.folder()?;
        let config = Config::read(&folder.config())?;
        let mut reading = config.data.reading.clone();
        if self.data.is_some() {
            // Tables and problems belong to the designs they were given with.
            reading = Reading { conditions: PathBuf::new(), problem: PathBuf::new(), ..reading };
        }
        let reading = self.reading.over(&reading)?;
        let data = open_data(self.data.as_ref().unwrap_or(&config.data.source), &reading)?;
        Ok(Run::on_other_data(folder, config, data)?)
    }
}

/// `--sampler`.
#[derive(Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SamplerArg {
    /// The prior of the model
    Prior,
    /// A flow that was fitted to the codes of the training designs under their conditions
    #[default]
    Flow,
}

/// The flow of a run; says what came of it if it had to be fitted.
pub(crate) fn fitted_flow(run: &Run) -> Result<Flow> {
    let mut bar: Option<Progress> = None;
    let found = run.flow(&mut |progress| {
        let new = || Progress::new("fitting the flow of codes", "steps", progress.total, 0);
        bar.get_or_insert_with(new).set(progress.done, "");
    });
    bar.into_iter().for_each(Progress::finish);
    let (flow, fitted) = found?;
    fitted.into_iter().for_each(note);
    Ok(flow)
}

/// The problem of new designs.
#[derive(Args)]
pub(crate) struct ProblemArgs {
    /// TOML file of the problem that a model is told which is told problems; its values may name
    /// conditions, as in `volume_fraction = "$volume"` [default: the one that the data state]
    #[arg(long, value_name = "FILE")]
    problem: Option<PathBuf>,
}

impl ProblemArgs {
    /// Where the problem of new designs is found.
    pub(crate) fn briefing<'a>(&self, run: Option<&'a Run>) -> Result<Briefing<'a>> {
        Ok(Briefing::new(self.problem.as_deref(), run.map(|run| &run.data))?)
    }
}

impl From<SamplerArg> for Sampler {
    fn from(sampler: SamplerArg) -> Self {
        match sampler {
            SamplerArg::Prior => Self::Prior,
            SamplerArg::Flow => Self::Flow,
        }
    }
}

/// Two latent dimensions, counted from 1: across, and up.
#[derive(Clone, Copy)]
pub(crate) struct TwoDimensions(usize, usize);

impl TwoDimensions {
    /// Both, counted from 0.
    pub(crate) fn of(self, latent_dim: usize) -> Result<(usize, usize)> {
        Ok((index(self.0, latent_dim)?, index(self.1, latent_dim)?))
    }
}

/// Reads `I,J`.
pub(crate) fn two_dimensions(text: &str) -> Result<TwoDimensions, String> {
    let wrong = || "write it as I,J: two dimensions, counted from 1".to_owned();
    let (across, up) = text.split_once(',').ok_or_else(wrong)?;
    let (across, up) = across.trim().parse().ok().zip(up.trim().parse().ok()).ok_or_else(wrong)?;
    if across == up {
        Err("take two different dimensions".into())
    } else {
        Ok(TwoDimensions(across, up))
    }
}

/// Reads `NAME=VALUE`.
pub(crate) fn assignment(text: &str) -> Result<(String, f32), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let value: f32 = value.parse().map_err(|_| format!("{value:?} is not a number"))?;
    Ok((name.to_owned(), value))
}
