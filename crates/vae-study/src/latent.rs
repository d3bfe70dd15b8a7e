//! What the latent space of a run learned.

use ndarray::Array2;
use vae_train::RunFolder;
use vae_train::codes::encode;
use vae_train::learn::{EpochMetrics, course, epochs};
use vae_train::score::unit_activity;
use vae_train::score::{Diagnosis, diagnose};

use crate::error::{Result, StudyError};
use crate::run::{Part, Run};

impl Run {
    /// Diagnoses the latent space: which dimensions are active, and why the others are not.
    ///
    /// # Errors
    /// If a design or the log of the run cannot be read.
    pub fn diagnose(&self) -> Result<Diagnosis> {
        let Self { folder, config, split, vae, device, .. } = self;
        let epochs = logged_epochs(folder)?;
        let (beta, designs) = (config.training.beta, self.designs());
        let course = course(&self.loss(), beta, &epochs);
        Ok(diagnose(vae, &course, &designs, &split.train, device)?)
    }

    /// The codes of the designs of a part.
    ///
    /// # Errors
    /// If a design cannot be read.
    pub fn codes(&self, part: Part) -> Result<Codes> {
        let indices = self.part(part);
        let means = encode(&self.vae, &self.designs(), &indices, &self.device)?;
        let activity = unit_activity(&means);
        Ok(Codes { indices, means, activity })
    }
}

/// Codes of some designs.
pub struct Codes {
    /// Positions of the designs in the data.
    pub indices: Vec<usize>,
    /// Their posterior means, shape (designs, latent dimensions).
    pub means: Array2<f32>,
    /// The variance of the means in each dimension.
    pub activity: Vec<f64>,
}

/// The epochs that a run logged; empty for one that was imported.
///
/// # Errors
/// If the log cannot be read.
pub fn logged_epochs(folder: &RunFolder) -> Result<Vec<EpochMetrics>> {
    Ok(epochs(&folder.metrics())?)
}

/// The index of a latent dimension that is counted from 1.
///
/// # Errors
/// [`StudyError::Dimension`].
pub fn index(dimension: usize, latent_dim: usize) -> Result<usize> {
    let index = dimension.checked_sub(1).filter(|&index| index < latent_dim);
    index.ok_or(StudyError::Dimension { dimension, latent_dim })
}

/// The two dimensions of largest variance, the larger first; `None` if there is only one.
pub fn most_active(activity: &[f64]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..activity.len()).collect();
    order.sort_by(|&a, &b| activity[b].total_cmp(&activity[a]));
    Some((*order.first()?, *order.get(1)?))
}
