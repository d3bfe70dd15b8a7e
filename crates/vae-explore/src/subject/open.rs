//! Opening what is explored.

use std::path::PathBuf;

use ndarray::{Array2, Array3, ArrayView2, Axis};
use topo_data::{Silhouette, problem_of};
use topo_simp::Problem;
use vae_base::evenly_spaced;
use vae_design::{TrustRegion, aggregate_draws};
use vae_models::Vae;
use vae_study::run::{Briefing, silhouette, stored};
use vae_study::{Progress, Run};
use vae_train::codes::posteriors;

use super::axes::Axes;
use super::proposals::{Proposed, read_proposals};
use crate::error::{ExploreError, Result};

/// Most designs on the map; of more, evenly spaced ones.
const MOST_DESIGNS: usize = 10_000;
/// Draws from each posterior that the trust region is fitted to, as in a search for proposals.
const DRAWS: usize = 4;
/// Designs for each step of the progress.
const CHUNK: usize = 256;

/// What is opened beside the run.
#[derive(Clone, Debug)]
pub struct SubjectSettings {
    /// A `problem.toml`, whose values may name conditions; `None` for the problem that the data
    /// state.
    pub problem: Option<PathBuf>,
    /// A folder of proposals; `None` for none.
    pub proposals: Option<PathBuf>,
    /// Share of the training codes that the trust region holds.
    pub trust: f64,
}

impl Default for SubjectSettings {
    fn default() -> Self {
        Self { problem: None, proposals: None, trust: 0.95 }
    }
}

/// A run, the codes of its designs, and what is needed to answer at once.
pub struct Subject {
    /// The run.
    pub(crate) run: Run,
    /// The problem that a file states; without one the data may state it.
    stated: Briefing<'static>,
    /// Positions in the data of the designs on the map.
    pub(crate) shown: Vec<usize>,
    /// Their codes, (N, Z).
    pub(crate) codes: Array2<f32>,
    /// The designs, (N, rows, columns).
    pub(crate) designs: Array3<f32>,
    /// Where the decoder is trusted; `None` for codes that have no covariance.
    pub(crate) region: Option<TrustRegion>,
    /// Share of the training codes inside.
    pub(crate) share: f64,
    /// The principal axes of the codes.
    pub(crate) axes: Axes,
    /// Rows of `shown` that the model was trained on, with their material.
    pub(crate) training: Vec<(usize, Silhouette)>,
    /// Proposals.
    pub(crate) proposals: Vec<Proposed>,
}

impl Subject {
    /// Encodes the designs of a run, and fits where the decoder can be trusted.
    ///
    /// # Errors
    /// If a design, the problem or a proposal cannot be read.
    pub fn open(
        run: Run,
        settings: &SubjectSettings,
        mut progress: impl FnMut(Progress),
    ) -> Result<Self> {
        let all: Vec<usize> = (0..run.data.len()).collect();
        let shown = evenly_spaced(&all, MOST_DESIGNS);
        let latent_dim = run.vae.config().latent_dim;
        let mut codes = Array2::zeros((shown.len(), latent_dim));
        let mut log_vars = Array2::zeros((shown.len(), latent_dim));
        for start in (0..shown.len()).step_by(CHUNK) {
            let end = (start + CHUNK).min(shown.len());
            let (means, spreads) =
                posteriors(&run.vae, &run.designs(), &shown[start..end], &run.device)?;
            codes.slice_mut(ndarray::s![start..end, ..]).assign(&means);
            log_vars.slice_mut(ndarray::s![start..end, ..]).assign(&spreads);
            progress(Progress { done: end as u64, total: shown.len() as u64 });
        }
        let designs = stored(&run.data, &shown)?;
        let is_training: std::collections::BTreeSet<usize> =
            run.split.train.iter().copied().collect();
        let rows: Vec<usize> =
            (0..shown.len()).filter(|&row| is_training.contains(&shown[row])).collect();
        let (means, spreads) = (codes.select(Axis(0), &rows), log_vars.select(Axis(0), &rows));
        let draws = aggregate_draws(means.view(), spreads.view(), DRAWS);
        // A run without a region can still be looked at.
        let region = TrustRegion::fit(draws.view(), settings.trust).ok();
        let axes = Axes::of(&codes);
        let training =
            rows.iter().map(|&row| (row, silhouette(designs.index_axis(Axis(0), row)))).collect();
        let proposals = match &settings.proposals {
            Some(folder) => read_proposals(folder, &run)?,
            None => Vec::new(),
        };
        let share = settings.trust;
        let stated = Briefing::new(settings.problem.as_deref(), None)?;
        let subject =
            Self { run, stated, shown, codes, designs, region, share, axes, training, proposals };
        // A problem that cannot be read is said now, not at the first design.
        subject.problem_at(&subject.mean_conditions())?;
        Ok(subject)
    }

    /// The network.
    pub(crate) fn vae(&self) -> &Vae {
        &self.run.vae
    }

    /// Rows and columns of a design.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.run.data.height(), self.run.data.width())
    }

    /// The problem at some conditions of the model; `None` if nothing states it.
    pub(crate) fn problem_at(&self, conditions: &[f32]) -> Result<Option<Problem>> {
        Ok(self.stated.or(&self.run.data).problem(self.vae(), conditions)?)
    }

    /// The problem of a design on the map; `None` if nothing states it.
    pub(crate) fn problem_of(&self, row: usize) -> Result<Option<Problem>> {
        Ok(problem_of(&self.run.data, self.shown[row])?)
    }

    /// What the model is told of a design on the map beside its problem.
    pub(crate) fn conditions_of(&self, row: usize) -> Vec<f32> {
        self.run.designs().conditions(&[self.shown[row]]).iter().copied().collect()
    }

    /// The mean conditions of the training designs.
    pub(crate) fn mean_conditions(&self) -> Vec<f32> {
        self.vae().config().conditions.iter().map(|condition| condition.mean as f32).collect()
    }

    /// A design on the map, as it is stored.
    pub(crate) fn stored(&self, row: usize) -> Result<ArrayView2<'_, f32>> {
        match self.shown.get(row) {
            Some(_) => Ok(self.designs.index_axis(Axis(0), row)),
            None => Err(ExploreError::Request(format!(
                "design {row} of the map, which has {}",
                self.shown.len()
            ))),
        }
    }

    /// The row of a typical design: the one whose code is nearest to the middle of the region.
    pub(crate) fn typical(&self) -> Option<usize> {
        let distance = |row: usize| match &self.region {
            Some(region) => region.distance(&self.codes.row(row).mapv(f64::from).to_vec()),
            None => 0.0,
        };
        (0..self.shown.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
    }

    /// The nearest training design of the map by overlap of material: its row, and the `IoU`; `None`
    /// without training designs.
    pub(crate) fn nearest(&self, design: &Silhouette, but: Option<usize>) -> Option<(usize, f64)> {
        let others = self.training.iter().filter(|(row, _)| Some(*row) != but);
        let overlaps = others.map(|(row, other)| (*row, design.iou(other)));
        overlaps.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
