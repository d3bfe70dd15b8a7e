//! What is asked for: the problem at its volume, the conditions, the reference, and where
//! candidates come from.

use topo_data::Judge;
use topo_simp::Problem;
use vae_base::Note;
use vae_train::data::Given;

use super::error::Result;
use super::origins::Origins;
use super::problem::Posed;
use super::reference::Reference;
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
    /// Compliance of the SIMP optimum, cut at the volume of the problem; `None` if the cut takes it
    /// apart.
    pub optimum: Option<f64>,
    /// What compliances are compared with.
    pub reference: Reference,
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
        let mut judge = Judge::new(problem.grid)?;
        let optimum = judge.optimum(&problem)?;
        let reference = match &settings.reference {
            None => Reference::optimum(&optimum, &problem)?,
            Some(place) => Reference::design(place, run, &problem, &mut judge)?,
        };
        let given = told(&run.vae, &conditions, &problem)?;
        let (origins, fitted) = Origins::new(settings, run, &given, &problem)?;
        notes.extend(fitted.map(Note::new));
        let (settings, optimum) = (settings.clone(), optimum.reference());
        Ok(Self { run, settings, origins, problem, conditions, given, optimum, reference, notes })
    }

    /// The largest compliance that a proposal may have.
    pub fn limit(&self) -> f64 {
        self.reference.compliance * (1.0 + self.settings.compliance_within.get())
    }
}
