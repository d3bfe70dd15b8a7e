//! The record of how a run was started.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};
use crate::learn::files::read_to_string;

/// How a run was started; nothing in it decides the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this file's layout.
    pub format: u32,
    /// Version of this software.
    pub version: String,
    /// Fingerprint of the data set.
    pub data_fingerprint: String,
    /// Seed of every random number.
    pub seed: u64,
    /// Device of the tensors.
    pub device: String,
    /// Threads of the kernels.
    pub threads: usize,
    /// The command line.
    pub command: Vec<String>,
    /// Rows and columns of the designs; `None` in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[usize; 2]>,
    /// Steps at which the run was taken up again.
    pub resumed_at_step: Vec<u64>,
    /// The command lines that went on with other settings, or from an earlier epoch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continued_by: Vec<Vec<String>>,
}

impl Manifest {
    /// Version of the layout of `manifest.json`.
    pub const FORMAT: u32 = 1;

    /// Reads a manifest.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is of another format.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let manifest: Self = serde_json::from_str(&read_to_string(path)?).map_err(|err| {
            TrainError::Damaged { path: path.to_owned(), message: err.to_string() }
        })?;
        if manifest.format != Self::FORMAT {
            let (path, found, known) = (path.to_owned(), manifest.format, Self::FORMAT);
            return Err(TrainError::Format { path, found, known });
        }
        Ok(manifest)
    }
}
