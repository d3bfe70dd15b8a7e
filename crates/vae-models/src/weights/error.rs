//! What can go wrong between a network and its file.

use std::io;
use std::path::PathBuf;

use safetensors::SafeTensorError;
use vae_base::{FileError, Remedy};

use crate::architecture::limits::ConfigError;
use crate::error::ModelError;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// The parameters are not those of the configuration, so that the file could not be read again.
    #[error("the parameters do not belong to the configuration")]
    Mismatch(#[source] FormatError),
    /// The lecture's classes cannot hold the network.
    #[error("the network is not built like the lecture's: {difference}")]
    NotTutorial {
        /// The difference, in words.
        difference: String,
    },
    /// The tensors or the configuration could not be turned into bytes.
    #[error("cannot serialize the model")]
    Serialize(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a file gave no network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason that the file system gives.
        source: io::Error,
    },
    /// The file was read, but it is not a model.
    #[error("{} is not a usable model", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
}

impl LoadError {
    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let Self::Format { path, source } = self else { return Vec::new() };
        match source {
            // One expression with blanks only inside its brackets, so that it works in broken lines.
            FormatError::Pickle => vec![Remedy::advice(format!(
                "python3 -c \"__import__('safetensors.torch').torch.save_file((lambda s: {{k: \
                 v.clone() for k, v in next((s[n] for n in ('state_dict', 'model_state_dict', \
                 'model') if n in s), s).items()}})(__import__('torch').load('{}', \
                 map_location='cpu', weights_only=True)), 'weights.safetensors')\" writes \
                 weights.safetensors, which is read",
                path.display()
            ))],
            FormatError::NotFinite { .. } => vec![Remedy::advice(
                "take an earlier checkpoint of that training: these weights are of no use",
            )],
            FormatError::TensorShape { .. } => vec![
                Remedy::set("size", "HxW", "says how large the designs are"),
                Remedy::set("condition", "NAME=MEAN,STD,MIN,MAX", "is given once per condition"),
            ],
            FormatError::MissingTensor { .. } | FormatError::UnexpectedTensor { .. } => {
                vec![Remedy::advice(
                    "save the state_dict() of the network alone, with the names of the lecture's \
                     classes",
                )]
            }
            FormatError::TensorType { .. } => {
                vec![Remedy::advice("save model.float().state_dict() instead")]
            }
            FormatError::Truncated { .. } => {
                vec![Remedy::advice("the file is incomplete; copy it again")]
            }
            FormatError::Metadata(_) => vec![Remedy::advice(
                "a newer version may have written it: read it with that version, or train the \
                 model again with this one",
            )],
            _ => Vec::new(),
        }
    }
}

/// What is wrong with the bytes of a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file stops before its own header says it does.
    #[error("it is truncated: {found} of {expected} bytes")]
    Truncated {
        /// The size that the header announces.
        expected: u64,
        /// The size found.
        found: u64,
    },
    /// The bytes are not in the safetensors format.
    #[error("it is not a safetensors file")]
    NotSafetensors(#[source] SafeTensorError),
    /// The header is longer than that of any model.
    #[error(
        "its header says that it has {bytes} bytes of metadata, more than the {max} of any model"
    )]
    Header {
        /// The length that the file states.
        bytes: u64,
        /// The largest length allowed.
        max: u64,
    },
    /// The bytes are a pickle, as `torch.save` writes it.
    #[error("it is a pickle of PyTorch, which is not read: a pickle can run any program")]
    Pickle,
    /// A weight is not a finite number.
    #[error("tensor {name:?} holds the value {value}")]
    NotFinite {
        /// Its name.
        name: String,
        /// The value.
        value: f32,
    },
    /// The weights are those of another program, and nothing says how to rebuild the network.
    #[error("its metadata have no key \"vae\": these weights were not written by this library")]
    NoModel,
    /// The key `vae` does not hold a configuration.
    #[error("its metadata key \"vae\" does not describe a model")]
    Metadata(#[source] serde_json::Error),
    /// No network can be built from the configuration.
    #[error("the network it describes cannot be built")]
    Config(#[from] ConfigError),
    /// The file holds another network than the expected one.
    #[error("it holds another architecture: {field} is {found}, not {expected}")]
    OtherArchitecture {
        /// The first field that differs.
        field: String,
        /// Its value where one was expected, as JSON.
        expected: String,
        /// Its value in the file, as JSON.
        found: String,
    },
    /// A tensor of the network is not in the file.
    #[error("tensor {name:?} is missing")]
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// The file has a tensor that the network does not have.
    #[error("tensor {name:?} does not belong to the network it describes")]
    UnexpectedTensor {
        /// Its name.
        name: String,
    },
    /// A tensor has another shape than in the network.
    #[error("tensor {name:?} has shape {found:?}, but the network it describes needs {expected:?}")]
    TensorShape {
        /// Its name.
        name: String,
        /// Its shape in the network.
        expected: Vec<usize>,
        /// Its shape in the file.
        found: Vec<usize>,
    },
    /// The elements of a tensor are no floating-point numbers, or not of the type of the others.
    #[error("tensor {name:?} is of type {found}, but all must be floats of one type")]
    TensorType {
        /// Its name.
        name: String,
        /// Its type.
        found: String,
    },
    /// The network could not be built.
    #[error("the network could not be built")]
    Build(#[from] ModelError),
}
