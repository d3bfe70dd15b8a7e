//! What can go wrong in a run.

use std::io;
use std::path::{Path, PathBuf};

use vae_base::FileError;
use vae_base::files::is_no_file;
use vae_models::LoadError;

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
    #[error("{origin}: not a valid configuration: {message}")]
    ConfigSyntax {
        /// The file, or where else the settings come from.
        origin: String,
        /// The parser's message; it shows the place below the line.
        message: String,
    },
    /// A key that no configuration has.
    #[error("unknown key `{key}` in {origin}{}", did_you_mean(.suggestion.as_deref()))]
    UnknownKey {
        /// The file, or where else the settings come from.
        origin: String,
        /// The key with its table, such as `training.epochs`.
        key: String,
        /// The nearest known key.
        suggestion: Option<String>,
    },
    /// A setting that another objective has.
    #[error("`{key}` is a setting of the objective `{owner}`, and the objective is `{kind}`")]
    OtherObjective {
        /// The key, such as `free_bits`.
        key: String,
        /// The kind of objective that has it.
        owner: &'static str,
        /// The kind of the configured objective.
        kind: String,
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
    /// A likelihood of 0 and 1 for grey designs, under an objective that is a bound.
    #[error(
        "a `bernoulli` is a likelihood of 0 and 1, and these targets are grey: there would be no bound"
    )]
    BinaryLikelihood,
    /// A run folder that is not empty.
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
    /// A run whose training has not written a model yet.
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
    /// Weights that are not those of the run in whose folder they lie.
    #[error("{} does not belong to the config.toml beside it: it has {what}", .path.display())]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// What it has instead.
        what: String,
    },
    /// A run file of a format that this version does not know.
    #[error("{} has format {found}, and this version reads formats up to {known}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format number.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
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
        /// The step from which the run can be resumed.
        checkpoint_step: u64,
        /// How the run can go on.
        retreat: Retreat,
    },
    /// The loss grew far beyond what it was at the beginning.
    #[error(
        "the training explodes: log-likelihood − KL is {value:.1e} nats per design at step {step} (epoch {epoch})"
    )]
    Exploded {
        /// The difference on the last batch.
        value: f64,
        /// Optimizer steps done before.
        step: u64,
        /// Epoch, from 1.
        epoch: u64,
        /// How the run can go on.
        retreat: Retreat,
    },
    /// A chain of designs was asked for, and the designs are not of 0 and 1.
    #[error(
        "draws from the model itself are made for a `bernoulli` only, and the likelihood is `{likelihood}`"
    )]
    NoChain {
        /// The likelihood of the model.
        likelihood: String,
    },
    /// Designs for which the network or its training would take more memory than there is.
    #[error(
        "designs of {} x {} need about {:.1} GB of memory to train{}",
        .size.0, .size.1, 1e-9 * .needed,
        .free.map_or_else(|| ", and more weights than a network may have".to_owned(), |free| format!(", and {:.1} GB are free", 1e-9 * free))
    )]
    TooLarge {
        /// Rows and columns of a design.
        size: (usize, usize),
        /// Bytes that the training would take.
        needed: f64,
        /// Bytes that are free; `None` if that is unknown.
        free: Option<f64>,
        /// Rows and columns with which it fits.
        fits: (usize, usize),
    },
    /// A setting that a run cannot change any more.
    #[error("`{key}` cannot change when a run is resumed")]
    FixedSetting {
        /// The key with its table.
        key: String,
    },
    /// An epoch whose state was not kept.
    #[error(
        "the run {} has kept no state of epoch {epoch}; it has those of {}",
        .run.display(),
        .kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    NotKept {
        /// The run folder.
        run: PathBuf,
        /// The epoch as given.
        epoch: u64,
        /// The epochs whose states are there.
        kept: Vec<u64>,
    },
    /// A condition without a rule for a mirror.
    #[error(
        "designs cannot be mirrored by {mirror}: the data do not say how it changes the condition `{condition}`"
    )]
    NoMirrorRule {
        /// The mirror.
        mirror: vae_data::Mirror,
        /// The condition.
        condition: String,
    },
    /// Designs that are not square cannot be transposed.
    #[error(
        "designs of {rows} rows and {columns} columns cannot be transposed: only square ones can"
    )]
    NotSquare {
        /// Rows of a design.
        rows: usize,
        /// Its columns.
        columns: usize,
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
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the run with unexpected contents.
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

/// How a run that diverged can go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Retreat {
    /// The run.
    pub run: PathBuf,
    /// The last epoch before the trouble whose state is kept; 0 is the beginning.
    pub epoch: u64,
    /// A learning rate that is worth a try.
    pub learning_rate: f64,
}

impl From<vae_models::LoadError> for TrainError {
    fn from(error: vae_models::LoadError) -> Self {
        Self::Load(Box::new(error))
    }
}

impl TrainError {
    /// A failure of the file system.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File(FileError::Io { action, path: path.to_owned(), source })
    }

    /// The same failure of the file system in another folder: that of a run, for what grows beside
    /// it.
    pub(crate) fn at(self, from: &Path, to: &Path) -> Self {
        match self {
            Self::File(FileError::Io { action, path, source }) => {
                let path = path.strip_prefix(from).map_or(path.clone(), |below| to.join(below));
                Self::File(FileError::Io { action, path, source })
            }
            other => other,
        }
    }

    /// Whether the caller's settings are at fault, not the contents of a file or the run itself.
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::UnknownPreset { .. }
            | Self::ConfigSyntax { .. }
            | Self::UnknownKey { .. }
            | Self::OtherObjective { .. }
            | Self::Setting { .. }
            | Self::BinaryLikelihood
            | Self::RunExists { .. }
            | Self::NotARun { .. }
            | Self::FixedSetting { .. }
            | Self::TooLarge { .. }
            | Self::NotKept { .. }
            | Self::NoMirrorRule { .. }
            | Self::NotSquare { .. }
            | Self::UnknownCondition { .. }
            | Self::ConditionRange { .. }
            | Self::Index { .. } => true,
            Self::Data(err) => err.is_callers_mistake(),
            // What was named is not there, or is no file.
            Self::File(FileError::Io { action: "reading", source, .. }) => is_no_file(source),
            Self::Load(err) => {
                matches!(&**err, LoadError::Read { source, .. } if is_no_file(source))
            }
            _ => false,
        }
    }
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

fn list_or_none(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use vae_data::{DataError, ReadingError};

    use super::*;

    #[test]
    fn an_error_of_the_data_keeps_its_advice() {
        let label = ReadingError::LabelPattern { file: "a.png".into(), pattern: "{x}".into() };
        let data = DataError::from(label);
        let (remedies, mistake) = (data.remedies(), data.is_callers_mistake());
        assert!(!remedies.is_empty() && mistake);
        let error = TrainError::from(data);
        assert_eq!((error.remedies(), error.is_callers_mistake()), (remedies, mistake));
    }
}
