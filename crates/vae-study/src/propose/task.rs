//! What is asked for: the problem at its volume, the conditions, the reference, and where
//! candidates come from.

use std::time::Instant;

use topo_simp::Problem;
use vae_base::Note;
use vae_train::data::Given;

use super::comparison::Comparison;
use super::error::Result;
use super::origins::Origins;
use super::problem::Posed;
use super::settings::ProposeSettings;
use crate::run::{Run, told};

/// Largest volume fraction that a model is told in place of the task's.
const MOST_VOLUME: f64 = 0.9;
/// About how many iterations the optimum of a problem takes.
const ITERATIONS: f64 = 100.0;

/// A task for new designs, put together and checked.
pub struct ProposalTask<'a> {
    pub(super) run: &'a Run,
    pub(super) settings: ProposeSettings,
    pub(super) origins: Origins,
    /// The problem at the volume asked for.
    pub problem: Problem,
    /// The conditions that the model is told.
    pub conditions: Vec<f32>,
    /// Which of them is the volume fraction; `None` if none is.
    volume_at: Option<usize>,
    /// What compliances are compared with.
    pub comparison: Comparison,
    /// Seconds that it takes to try all candidates on one thread, by the time that the optimum
    /// took.
    pub seconds: f64,
    /// What was taken because nobody set it, and what came of fitting samplers.
    pub notes: Vec<Note>,
}

impl<'a> ProposalTask<'a> {
    /// Puts together and checks what the settings ask for, and solves the problem by SIMP.
    ///
    /// # Errors
    /// If a setting is outside its range, the problem is invalid or of another size than the
    /// designs of the model, or a design that is named cannot be read.
    pub fn new(run: &'a Run, settings: &ProposeSettings) -> Result<Self> {
        settings.check()?;
        let Posed { problem, conditions, volume_at, mut notes } = Posed::new(settings, run)?;
        let started = Instant::now();
        let comparison = Comparison::new(settings, run, &problem, &conditions)?;
        let of_iteration = started.elapsed().as_secs_f64() / ITERATIONS;
        let iterations = settings.most_candidates() * (settings.search + settings.refine + 1);
        let seconds = of_iteration * iterations as f64;
        let given = told(&run.vae, &conditions, &problem)?;
        let (origins, fitted) = Origins::new(settings, run, &given)?;
        notes.extend(fitted.map(Note::new));
        let settings = settings.clone();
        Ok(Self {
            run,
            settings,
            origins,
            problem,
            conditions,
            volume_at,
            comparison,
            seconds,
            notes,
        })
    }

    /// The problem at `factor` times its volume, as far as the training designs and the passive
    /// regions go, and what the model is told about it: one row.
    pub(super) fn told_at(&self, factor: f64) -> Result<(Problem, Given)> {
        let (mut problem, mut conditions) = (self.problem.clone(), self.conditions.clone());
        problem.volume_fraction = (factor * problem.volume_fraction).min(MOST_VOLUME);
        if let Some(at) = self.volume_at {
            let known = &self.run.vae.config().conditions[at];
            let volume = problem.volume_fraction as f32;
            // A task beyond the training designs stays what it is.
            let low = known.min.min(conditions[at]);
            conditions[at] = volume.clamp(low, known.max.max(conditions[at]));
            problem.volume_fraction = f64::from(conditions[at]);
        }
        if problem.validate().is_err() {
            (problem, conditions) = (self.problem.clone(), self.conditions.clone());
        }
        let given = told(&self.run.vae, &conditions, &problem)?;
        Ok((problem, given))
    }
}
