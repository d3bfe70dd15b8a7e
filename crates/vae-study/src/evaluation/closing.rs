//! The model beside its simplest controls, at the end of a training.

use serde::Serialize;
use vae_base::evenly_spaced;
use vae_train::codes::reconstruct;
use vae_train::score::{Evaluation, compare, nearest_by_pixels, principal_components};

use crate::error::Result;
use crate::run::{Part, Run};

/// Held-out designs that are compared, at most; of more, evenly spaced ones.
const COMPARED: usize = 256;
/// Training designs that controls are made of, at most: fewer make a control worse, never the model.
const TRAINING: usize = 4096;

/// Mean squared errors per pixel of reconstructions of the same held-out designs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The part that the designs are of.
    pub part: Part,
    /// How many.
    pub n: usize,
    /// Of the model, from posterior means.
    pub model: f64,
    /// Of as many principal components as the model has latent dimensions.
    pub pca: f64,
    /// Number of these components.
    pub components: usize,
    /// Of the nearest training designs.
    pub nearest: f64,
}

/// A method without a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// The projection on as many principal components as the model has latent dimensions.
    Pca,
    /// The nearest training design by pixels.
    NearestTrainingDesign,
}

impl Compared {
    /// The errors of an evaluation.
    pub(crate) fn of(evaluation: &Evaluation, part: Part) -> Self {
        let Evaluation { n, mse, latent_dim, controls, .. } = evaluation;
        Self {
            part,
            n: *n,
            model: *mse,
            pca: controls.pca.mse,
            components: *latent_dim,
            nearest: controls.nearest_by_pixels.mse,
        }
    }

    /// The controls that reproduce the designs with a smaller error than the model.
    pub fn beaten_by(&self) -> Vec<Control> {
        let controls = [(Control::Pca, self.pca), (Control::NearestTrainingDesign, self.nearest)];
        let better = controls.into_iter().filter(|(_, mse)| *mse < self.model);
        better.map(|(control, _)| control).collect()
    }
}

impl Run {
    /// The model beside its simplest controls; `None` without held-out designs.
    ///
    /// # Errors
    /// If a design cannot be read.
    pub fn compared(&self) -> Result<Option<Compared>> {
        let Some((part, held_out)) = self.held_out() else { return Ok(None) };
        let (designs, components) = (self.designs(), self.vae.config().latent_dim);
        let (train, held_out) =
            (evenly_spaced(&self.split.train, TRAINING), evenly_spaced(&held_out, COMPARED));
        let mse = |found| Ok::<_, vae_train::TrainError>(compare(&designs, &held_out, &found)?.mse);
        Ok(Some(Compared {
            part,
            n: held_out.len(),
            model: mse(reconstruct(&self.vae, &designs, &held_out, &self.device)?)?,
            pca: mse(principal_components(&designs, &train, &held_out, components)?)?,
            components,
            nearest: mse(nearest_by_pixels(&designs, &train, &held_out)?)?,
        }))
    }
}
