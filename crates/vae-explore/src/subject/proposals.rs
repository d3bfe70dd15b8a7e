//! Proposals that were written into a folder.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde::Deserialize;
use topo_simp::Problem;
use vae_base::files::read_text;
use vae_study::Run;
use vae_study::analysis::DesignFile;

use crate::error::{ExploreError, Result};

/// Largest size of a file that describes a proposal, in bytes.
const MOST_TEXT: u64 = 16 << 20;

/// Most proposals that are read.
const MOST: usize = 1000;

/// A proposal, with its code.
#[derive(Clone, Debug)]
pub(crate) struct Proposed {
    /// The name of its folder.
    pub(crate) name: String,
    /// Its code.
    pub(crate) code: Vec<f64>,
    /// The conditions of the model.
    pub(crate) conditions: Vec<f32>,
    /// What it was designed for.
    pub(crate) problem: Problem,
    /// The design.
    pub(crate) design: Array2<f32>,
}

/// What is read of `design.json`.
#[derive(Deserialize)]
struct Described {
    latent: Vec<f64>,
    conditions: Vec<(String, f32)>,
}

/// Reads the proposals in a folder, in the order of their names.
pub(super) fn read_proposals(folder: &Path, run: &Run) -> Result<Vec<Proposed>> {
    let none = || ExploreError::NoProposals { path: folder.to_owned() };
    let text = read_text(&folder.join("problem.toml"), MOST_TEXT).map_err(|_| none())?;
    let problem = Problem::from_toml(&text)
        .map_err(|error| content(&folder.join("problem.toml"), error.to_string()))?;
    let entries = std::fs::read_dir(folder).map_err(|_| none())?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("design.json").is_file() && path.join("design.npy").is_file())
        .collect();
    folders.sort();
    folders.truncate(MOST);
    if folders.is_empty() {
        return Err(none());
    }
    folders.iter().map(|path| read(path, &problem, run)).collect()
}

fn read(folder: &Path, problem: &Problem, run: &Run) -> Result<Proposed> {
    let file = folder.join("design.json");
    let text = read_text(&file, MOST_TEXT).map_err(|error| content(&file, error.to_string()))?;
    let described: Described =
        serde_json::from_str(&text).map_err(|error| content(&file, error.to_string()))?;
    let config = run.vae.config();
    if described.latent.len() != config.latent_dim {
        let reason = format!(
            "a code of {} numbers, and the model has {} latent dimensions: these are proposals of another run",
            described.latent.len(),
            config.latent_dim
        );
        return Err(content(&file, reason));
    }
    let value = |name: &str| {
        described.conditions.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    };
    let conditions = config
        .conditions
        .iter()
        .map(|known| value(&known.name).unwrap_or(known.mean as f32))
        .collect();
    let design = DesignFile { path: folder.join("design.npy"), index: 0 }.read()?;
    if design.dim() != (config.height, config.width) {
        let reason = format!("a design of {:?} elements", design.dim());
        return Err(content(&folder.join("design.npy"), reason));
    }
    let name = folder.file_name().unwrap_or_default().display().to_string();
    let (code, design) = (described.latent, design.mapv(|x| x as f32));
    Ok(Proposed { name, code, conditions, problem: problem.clone(), design })
}

fn content(path: &Path, reason: String) -> ExploreError {
    ExploreError::Content { path: path.to_owned(), reason }
}
