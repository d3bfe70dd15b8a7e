//! What can go wrong in a run.

use std::path::PathBuf;

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, TrainError>;

/// An error of configuration, training or evaluation; each carries the value, path or step at
/// fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A preset of this name does not exist.
    #[error("unknown preset `{name}`{}; the presets are {}", did_you_mean(.suggestion.as_deref()), .known.join(", "))]
    UnknownPreset {
        /// The name as given.
        name: String,
        /// The nearest known name.
        suggestion: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A configuration file that is not TOML, or whose values have the wrong type.
    #[error("the configuration {} is not valid: {message}", .path.display())]
    ConfigSyntax {
        /// The file.
        path: PathBuf,
        /// The parser's words, on one line.
        message: String,
    },
    /// A key that no configuration has.
    #[error("unknown key `{key}` in {}{}", .path.display(), did_you_mean(.suggestion.as_deref()))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key with its table, such as `training.epochs`.
        key: String,
        /// The nearest known key.
        suggestion: Option<String>,
    },
    /// A setting outside its domain.
    #[error("`{key}` = {value} is not possible: {reason}")]
    Setting {
        /// The key with its table.
        key: &'static str,
        /// The value as given.
        value: String,
        /// What holds for this setting.
        reason: String,
    },
    /// A likelihood of 0 and 1 for designs that are neither, which nobody asked for.
    #[error(
        "a `bernoulli` is a likelihood of 0 and 1, and these targets are grey: there would be no bound"
    )]
    BinaryLikelihood,
    /// A run folder that holds something already.
    #[error("the run folder {} exists already", .path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that is not a run.
    #[error("{} is not a run: it has no {missing}", .path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The file that every run has.
        missing: &'static str,
    },
    /// A run whose training has not yet come to a model.
    #[error("the run {} has no model yet: the KL warm-up was not over when it stopped", .path.display())]
    NoModelYet {
        /// The run folder.
        path: PathBuf,
    },
    /// A checkpoint that cannot be read.
    #[error("the checkpoint {} cannot be read: {message}", .path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A checkpoint whose tensors are not those of the configured model.
    #[error("the checkpoint {} belongs to another architecture: {message}", .path.display())]
    OtherArchitecture {
        /// The file.
        path: PathBuf,
        /// The first difference.
        message: String,
    },
    /// A run file of a format that this version does not know.
    #[error("{} has format {found}, and this version reads format {}", .path.display(), crate::FORMAT)]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format number.
        found: u32,
    },
    /// The data are not those that the run was started with.
    #[error(
        "the data of this run have changed: fingerprint {found}, but the run was started on {expected}"
    )]
    DataChanged {
        /// Fingerprint stored in the manifest.
        expected: String,
        /// Fingerprint of the data as they are now.
        found: String,
    },
    /// A quantity of the loss stopped being finite.
    #[error(
        "{term} is {value} at step {step} (epoch {epoch}, batch {batch}); the last good checkpoint is at step {checkpoint_step}"
    )]
    NotFinite {
        /// Which quantity.
        term: &'static str,
        /// Its value.
        value: f64,
        /// Optimizer steps done before.
        step: u64,
        /// Epoch, from 1.
        epoch: u64,
        /// Batch within the epoch, from 1.
        batch: u64,
        /// Where `--resume` would go on.
        checkpoint_step: u64,
    },
    /// A condition of which nobody says what becomes of it in a mirror image.
    #[error(
        "designs cannot be mirrored by {mirror}: the data do not say what becomes of the condition `{condition}`"
    )]
    NoMirrorRule {
        /// The mirror.
        mirror: vae_data::Mirror,
        /// The condition.
        condition: String,
    },
    /// A condition that the model does not have.
    #[error("unknown condition `{name}`{}; the model has {}", did_you_mean(.suggestion.as_deref()), list_or_none(.known))]
    UnknownCondition {
        /// The name as given.
        name: String,
        /// The nearest known name.
        suggestion: Option<String>,
        /// The model's conditions.
        known: Vec<String>,
    },
    /// A condition outside the range of the training data.
    #[error("`{name}` = {value} is outside the training range {min} to {max}")]
    ConditionRange {
        /// Which condition.
        name: String,
        /// The value as given.
        value: f32,
        /// Smallest training value.
        min: f32,
        /// Largest training value.
        max: f32,
    },
    /// A position that the split does not have.
    #[error("design {index} does not exist: the {part} has {len} designs, counted from 0")]
    Index {
        /// The position as given.
        index: usize,
        /// Which part.
        part: &'static str,
        /// Its size.
        len: usize,
    },
    /// The data do not fit the model.
    #[error("the data are {data}, and the model was trained on {model}")]
    DataMismatch {
        /// Shape and conditions of the data.
        data: String,
        /// Shape and conditions of the model.
        model: String,
    },
    /// Reading or writing failed.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried, as in "cannot write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file of the run that is not what it should be.
    #[error("{} is damaged: {message}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// From the data.
    #[error(transparent)]
    Data(#[from] vae_data::DataError),
    /// From the model.
    #[error(transparent)]
    Model(#[from] vae_models::ModelError),
    /// From the layers and the optimizer.
    #[error(transparent)]
    Nn(#[from] vae_nn::Error),
    /// A weight file that cannot be written.
    #[error(transparent)]
    Save(#[from] vae_models::SaveError),
    /// A weight file that cannot be read.
    #[error(transparent)]
    Load(Box<vae_models::LoadError>),
    /// From the tensor library.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl From<vae_models::LoadError> for TrainError {
    fn from(error: vae_models::LoadError) -> Self {
        Self::Load(Box::new(error))
    }
}

impl TrainError {
    /// What to do about it, in one sentence, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::RunExists { path } => format!(
                "choose another folder with --run, or go on with it: vae train --resume {}",
                path.display()
            ),
            Self::BinaryLikelihood => {
                "take --targets binary, or --likelihood continuous-bernoulli, gaussian or discretized-logistic; to train on the cross-entropy all the same, say so with --objective cross-entropy".into()
            }
            Self::NotARun { .. } => "give the folder that `vae train` wrote, such as runs/cantilever-default-1".into(),
            Self::NoModelYet { path } => format!("finish it first: vae train --resume {}", path.display()),
            Self::Checkpoint { path, .. } | Self::OtherArchitecture { path, .. } => format!(
                "start again with another --run, or put a whole checkpoint back at {}",
                path.display()
            ),
            Self::NotFinite { .. } => {
                "resume with a lower --learning-rate in a copy of the run, or look at that batch with `vae data info`".into()
            }
            Self::DataChanged { .. } => "restore the data, start a new run on the new ones, or name them with --data where a run is to be scored on others".into(),
            Self::NoMirrorRule { mirror, .. } => {
                let key = mirror.to_string().replace('-', "_");
                format!("state it beside the condition in dataset.json, as \"{key}\": \"same\" or \"{key}\": {{\"sum\": 1.0}} for a value that becomes 1 - value, or leave the condition out with --told")
            }
            Self::ConditionRange { .. } => {
                "the model has seen nothing there; take a value inside the range".into()
            }
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "free some space, then go on with `vae train --resume`".into()
            }
            _ => return None,
        })
    }

    /// Whether the user's flags or configuration are at fault (exit code 2), not the contents of a
    /// file or the run itself.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::UnknownPreset { .. }
                | Self::ConfigSyntax { .. }
                | Self::UnknownKey { .. }
                | Self::Setting { .. }
                | Self::BinaryLikelihood
                | Self::RunExists { .. }
                | Self::NotARun { .. }
                | Self::NoMirrorRule { .. }
                | Self::UnknownCondition { .. }
                | Self::ConditionRange { .. }
                | Self::Index { .. }
        )
    }
}

/// The nearest of `known` to `name`, if near enough to be a slip of the fingers.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| 0.8 < *similarity)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

fn list_or_none(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
