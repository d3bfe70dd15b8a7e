//! The conditions that the model is told, and the problem at them.

use topo_data::problem_at_conditions;
use topo_simp::{Problem, ProblemError};
use vae_base::{Note, Remedy};
use vae_design::DesignError;
use vae_train::generate::conditions;

use super::error::{ProposeError, Result};
use super::settings::ProposeSettings;
use crate::analysis::AnalysisError;
use crate::run::Run;

/// What is to be designed, and what the model is told about it.
pub(super) struct Posed {
    /// The problem at the volume asked for.
    pub(super) problem: Problem,
    /// The conditions that the model is told.
    pub(super) conditions: Vec<f32>,
    /// The conditions that nobody set.
    pub(super) notes: Vec<Note>,
}

impl Posed {
    pub(super) fn new(settings: &ProposeSettings, run: &Run) -> Result<Self> {
        let text = settings
            .problem
            .as_ref()
            .map(|path| {
                std::fs::read_to_string(path)
                    .map_err(|source| AnalysisError::Unreadable { path: path.clone(), source })
            })
            .transpose()?;
        let (conditions, notes) = told(settings, run, text.as_deref())?;
        let problem = problem(settings, run, text.as_deref(), &conditions)?;
        let (height, width) = (run.data.height(), run.data.width());
        if (problem.grid.nely, problem.grid.nelx) != (height, width) {
            return Err(DesignError::Grid { grid: problem.grid, height, width }.into());
        }
        Ok(Self { problem, conditions, notes })
    }
}

/// The conditions: those that are set, the volume by whatever name the problem gives it, and the
/// training mean of the others.
fn told(
    settings: &ProposeSettings,
    run: &Run,
    text: Option<&str>,
) -> Result<(Vec<f32>, Vec<Note>)> {
    let known = &run.vae.config().conditions;
    let mut set = settings.set.clone();
    let volume_name = text.and_then(volume_name).unwrap_or_else(|| "volume_fraction".to_owned());
    if let Some(volume) = settings.volume
        && known.iter().any(|condition| condition.name == volume_name)
        && !set.iter().any(|(name, _)| *name == volume_name)
    {
        set.push((volume_name, volume as f32));
    }
    let values = conditions(&run.vae, &set)?;
    let unset = known
        .iter()
        .zip(&values)
        .filter(|(condition, _)| !set.iter().any(|(name, _)| *name == condition.name));
    let notes = unset.map(|(condition, value)| {
        let name = &condition.name;
        Note::new(format!("{name} is not set: {value}, the mean of the training designs"))
            .or(Remedy::set("set", format!("{name}=VALUE"), "sets it"))
    });
    let notes = notes.collect();
    Ok((values, notes))
}

/// The condition that stands for the volume fraction in the text of a problem.
fn volume_name(text: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(text).ok()?;
    Some(table.get("volume_fraction")?.as_str()?.strip_prefix('$')?.to_owned())
}

/// The problem at the conditions and the volume.
fn problem(
    settings: &ProposeSettings,
    run: &Run,
    text: Option<&str>,
    values: &[f32],
) -> Result<Problem> {
    let known = &run.vae.config().conditions;
    let mut problem = if let (Some(path), Some(text)) = (&settings.problem, text) {
        let value = |name: &str| {
            let column = known.iter().position(|condition| condition.name == name)?;
            // The number that was meant: 0.1, and not the nearest one of single precision.
            values[column].to_string().parse().ok()
        };
        Problem::from_toml_with(text, value).map_err(|source| match (&source, settings.volume) {
            (ProblemError::Volume { .. }, Some(volume)) => ProposeError::Volume { volume, source },
            _ => AnalysisError::ProblemFile { path: path.clone(), source }.into(),
        })?
    } else {
        let stated = (run.data.conditions().ncols() == values.len())
            .then(|| problem_at_conditions(&run.data, values))
            .transpose()?
            .flatten();
        stated.ok_or(ProposeError::NoProblem)?
    };
    if let Some(volume) = settings.volume {
        problem.volume_fraction = volume;
        // Whatever is wrong with the problem now is wrong with the volume.
        problem.validate().map_err(|source| ProposeError::Volume { volume, source })?;
    }
    Ok(problem)
}
