//! What is asked for: the problem at its volume, the conditions, the reference, and where
//! candidates come from.

use topo_simp::Problem;
use vae_base::Note;
use vae_train::data::Given;

use super::comparison::Comparison;
use super::error::Result;
use super::origins::Origins;
use super::problem::Posed;
use super::settings::ProposeSettings;
use crate::run::{Run, told};

/// A task for new designs, put together and checked.
pub struct ProposalTask<'a> {
    pub(super) run: &'a Run,
    pub(super) settings: ProposeSettings,
    pub(super) origins: Origins,
    /// The problem at the volume asked for.
    pub problem: Problem,
    /// The conditions that the model is told.
    pub conditions: Vec<f32>,
    /// The one row of all that it is told.
    pub(super) given: Given,
    /// What compliances are compared with.
    pub comparison: Comparison,
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
        let Posed { problem, conditions, mut notes } = Posed::new(settings, run)?;
        let comparison = Comparison::new(settings, run, &problem, &conditions)?;
        let given = told(&run.vae, &conditions, &problem)?;
        let (origins, fitted) = Origins::new(settings, run, &given, &problem)?;
        notes.extend(fitted.map(Note::new));
        let settings = settings.clone();
        Ok(Self { run, settings, origins, problem, conditions, given, comparison, notes })
    }
}
