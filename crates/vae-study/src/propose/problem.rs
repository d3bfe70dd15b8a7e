//! The conditions that the model is told, and the problem at them.

use topo_data::{StatedProblems, problem_at_conditions};
use topo_simp::{Problem, ProblemError};
use vae_base::{Note, Remedy};
use vae_data::DataSet;
use vae_design::DesignError;
use vae_train::generate::conditions;

use super::error::{ProposeError, Result};
use super::settings::ProposeSettings;
use crate::analysis::{AnalysisError, problem_text};
use crate::run::{Run, check_grid};

/// Values of one condition closer than this are the same volume: they are stored as f32.
const SAME_VOLUME: f64 = 1e-4;

/// What is to be designed, and what the model is told about it.
pub(super) struct Posed {
    /// The problem at the volume asked for.
    pub(super) problem: Problem,
    /// The conditions that the model is told.
    pub(super) conditions: Vec<f32>,
    /// Which of them is the volume fraction; `None` if none is.
    pub(super) volume_at: Option<usize>,
    /// The conditions that nobody set.
    pub(super) notes: Vec<Note>,
}

impl Posed {
    pub(super) fn new(settings: &ProposeSettings, run: &Run) -> Result<Self> {
        let text = settings.problem.as_deref().map(problem_text).transpose()?;
        let stated =
            text.as_deref().or(run.data.shared_problem()).map_or(Stated::Unknown, Stated::of);
        // The volume asked for, or that of a problem that states it as a number.
        let volume = match (settings.volume, &text, &stated) {
            (Some(volume), ..) => Some(volume),
            (None, Some(_), Stated::Number(volume)) => Some(*volume),
            _ => None,
        };
        let name = match stated {
            Stated::Condition(name) => Some(name),
            _ => volume_condition(&run.data)?,
        };
        let stating = text.as_deref().or(run.data.shared_problem());
        let set = with_volume(settings.set.clone(), name.as_deref(), volume, (run, stating))?;
        let (conditions, notes) = told(run, &set, stating)?;
        let problem = problem(settings, run, text.as_deref(), &conditions, &set)?;
        let (height, width) = (run.data.height(), run.data.width());
        if (problem.grid.nely, problem.grid.nelx) != (height, width) {
            return Err(DesignError::Grid { grid: problem.grid, height, width }.into());
        }
        let mut told = run.vae.config().conditions.iter();
        let volume_at = told.position(|condition| Some(&condition.name) == name.as_ref());
        Ok(Self { problem, conditions, volume_at, notes })
    }
}

/// How the text of a problem states the volume fraction.
enum Stated {
    Condition(String),
    Number(f64),
    Unknown,
}

impl Stated {
    fn of(text: &str) -> Self {
        let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
        match table.get("volume_fraction") {
            Some(toml::Value::String(name)) => match name.strip_prefix('$') {
                Some(name) => Self::Condition(name.to_owned()),
                None => Self::Unknown,
            },
            Some(toml::Value::Float(volume)) => Self::Number(*volume),
            _ => Self::Unknown,
        }
    }
}

/// The condition of some data that is the volume fraction of their designs: the one that is called
/// so, or whose values are those of the problems that the data state.
fn volume_condition(data: &DataSet) -> Result<Option<String>> {
    let infos = data.condition_info();
    if let Some(info) = infos.iter().find(|info| info.name == "volume_fraction") {
        return Ok(Some(info.name.clone()));
    }
    let Some(stated) = StatedProblems::of(data)? else { return Ok(None) };
    let is_volume = |column: usize| {
        let values = data.conditions();
        (0..data.len()).all(|design| {
            let stated = stated.problem(design).volume_fraction;
            (f64::from(values[[design, column]]) - stated).abs() < SAME_VOLUME
        })
    };
    Ok((0..infos.len()).find(|&column| is_volume(column)).map(|column| infos[column].name.clone()))
}

/// The conditions that are set, with the volume under the name that the data give it, if the model
/// is told that condition or the text of the problem depends on it.
fn with_volume(
    mut set: Vec<(String, f32)>,
    name: Option<&str>,
    volume: Option<f64>,
    (run, text): (&Run, Option<&str>),
) -> Result<Vec<(String, f32)>> {
    let (Some(name), Some(volume)) = (name, volume) else { return Ok(set) };
    if let Some((_, value)) = set.iter().find(|(known, _)| known == name) {
        if SAME_VOLUME < (f64::from(*value) - volume).abs() {
            return Err(ProposeError::TwoVolumes { name: name.to_owned(), set: *value, volume });
        }
    } else if is_told(run, name) || decides(run, text, name) {
        set.push((name.to_owned(), volume as f32));
    }
    Ok(set)
}

/// Whether the model is told a condition of this name, or the data have it.
fn knows(run: &Run, name: &str) -> bool {
    let told = run.vae.config().conditions.iter().map(|condition| condition.name.as_str());
    let there = run.data.condition_info().iter().map(|info| info.name.as_str());
    told.chain(there).any(|known| known == name)
}

/// Whether the model is told a condition of this name.
fn is_told(run: &Run, name: &str) -> bool {
    run.vae.config().conditions.iter().any(|condition| condition.name == name)
}

/// Whether the problem depends on a condition of this name, which the model need not be told.
fn decides(run: &Run, text: Option<&str>, name: &str) -> bool {
    knows(run, name) && text.is_none_or(|text| depends_on(text, name))
}

/// Whether the text of a problem names a condition.
fn depends_on(text: &str, name: &str) -> bool {
    text.contains(&format!("\"${name}\"")) || text.contains(&format!("'${name}'"))
}

/// What the model is told: the conditions that are set, or the nearest values among the training
/// designs, and the training mean of the others.
fn told(run: &Run, set: &[(String, f32)], text: Option<&str>) -> Result<(Vec<f32>, Vec<Note>)> {
    let known = &run.vae.config().conditions;
    // A name that nothing knows is kept, and refused below.
    let concerns_model = |name: &str| is_told(run, name) || !decides(run, text, name);
    let told: Vec<_> = set.iter().filter(|(name, _)| concerns_model(name)).cloned().collect();
    let mut within = told.clone();
    let mut notes = Vec::new();
    for (name, value) in &mut within {
        let Some(range) = known.iter().find(|condition| condition.name == *name) else { continue };
        let nearest = value.clamp(range.min, range.max);
        if nearest < *value || *value < nearest {
            let (min, max) = (range.min, range.max);
            notes.push(Note::new(format!(
                "{name} = {value} lies outside the training designs, {min} to {max}: the model is told {nearest}"
            )));
            *value = nearest;
        }
    }
    let values = conditions(&run.vae, &within)?;
    let unset = known
        .iter()
        .zip(&values)
        .filter(|(condition, _)| !told.iter().any(|(name, _)| *name == condition.name));
    notes.extend(unset.map(|(condition, value)| {
        let name = &condition.name;
        Note::new(format!("{name} is not set: {value}, the mean of the training designs"))
            .or(Remedy::set("set", format!("{name}=VALUE"), "sets it"))
    }));
    Ok((values, notes))
}

/// The problem at the conditions and the volume.
fn problem(
    settings: &ProposeSettings,
    run: &Run,
    text: Option<&str>,
    told: &[f32],
    set: &[(String, f32)],
) -> Result<Problem> {
    let known = run.vae.config().conditions.iter().map(|condition| condition.name.as_str());
    // What is set, though the model may be told the nearest value that it knows.
    let set = set.iter().map(|(name, value)| (name.as_str(), *value));
    let known: Vec<(&str, f32)> = set.chain(known.zip(told.iter().copied())).collect();
    let value_of = |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, v)| *v);
    let mut problem = if let (Some(path), Some(text)) = (&settings.problem, text) {
        // The number that was meant: 0.1, and not the nearest one of single precision.
        let value = |name: &str| value_of(name)?.to_string().parse().ok();
        let read = Problem::from_toml_with(text, value);
        let problem = read.map_err(|source| match (source, settings.volume) {
            (source @ ProblemError::Volume { .. }, Some(volume)) => {
                ProposeError::Volume { volume, source }
            }
            (ProblemError::UnknownCondition { name }, _) if knows(run, &name) => {
                ProposeError::Untold { name }
            }
            (source, _) => AnalysisError::ProblemFile { path: path.clone(), source }.into(),
        })?;
        check_grid(&run.vae, path, &problem)?;
        problem
    } else {
        let names = run.data.condition_info().iter().map(|info| info.name.as_str());
        let text = run.data.shared_problem();
        let missing = names.clone().find(|name| {
            value_of(name).is_none() && text.is_none_or(|text| depends_on(text, name))
        });
        // What is missing does not matter, or only shows whether there is a problem at all.
        let any = run.data.conditions().row(0).to_vec();
        let row: Vec<f32> =
            names.zip(any).map(|(name, any)| value_of(name).unwrap_or(any)).collect();
        let problem = problem_at_conditions(&run.data, &row)?.ok_or(ProposeError::NoProblem)?;
        if let Some(name) = missing {
            return Err(ProposeError::Untold { name: name.to_owned() });
        }
        problem
    };
    if let Some(volume) = settings.volume {
        problem.volume_fraction = volume;
        // Whatever is wrong with the problem now is wrong with the volume.
        problem.validate().map_err(|source| ProposeError::Volume { volume, source })?;
    }
    Ok(problem)
}
