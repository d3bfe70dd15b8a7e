//! How codes of new designs are drawn: from the prior or from the flow of a run, which is read if it
//! is stored, and fitted and stored otherwise; then rounds of re-encoding.

use std::path::Path;

use ndarray::Array2;
use topo_data::Domain;
use vae_design::settle;
use vae_models::Vae;
use vae_train::RunFolder;
use vae_train::codes::prior_draws;
use vae_train::data::{Augmentation, Given};
use vae_train::generate::{Flow, chain};

use crate::error::{Result, StudyError};
use crate::progress::Progress;
use crate::run::Run;

/// Rounds of re-encoding of a model that is told the problem.
const ROUNDS: usize = 8;

/// What each round of re-encoding does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Round {
    /// The design is cut at its volume and encoded to the mean of its posterior: [`settle`].
    #[default]
    Mean,
    /// The design and its code are drawn, and the code is accepted by Metropolis's rule, so that
    /// rounds lead to draws from the model itself: [`chain`].
    Metropolis,
}

/// A way to draw codes of new designs.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'a> {
    /// Where noise is moved to; `None` for draws from the prior.
    pub flow: Option<&'a Flow>,
    /// Rounds of re-encoding after the draw.
    pub rounds: usize,
    /// What each of them does.
    pub round: Round,
    /// Scale of the noise that a draw begins with, 1 for draws from the distribution itself.
    pub temperature: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Drawing<'_> {
    /// One draw from the prior as it is.
    fn default() -> Self {
        Self { flow: None, rounds: 0, round: Round::Mean, temperature: 1.0, seed: 1 }
    }
}

impl Drawing<'_> {
    /// Codes, one for each row of what the model is told; the i-th depends on the seed, i and its
    /// row only. `domains` has one for each row; only [`Round::Mean`] looks at them.
    ///
    /// # Errors
    /// If conditions or fields are not the model's.
    pub fn codes(&self, vae: &Vae, given: &Given, domains: &[Domain]) -> Result<Array2<f32>> {
        let codes = match self.flow {
            Some(flow) => flow.draws(vae, given, self.temperature, self.seed)?,
            None => prior_draws(vae.config().latent_dim, given.len(), self.seed)
                .mapv(|eps| (self.temperature * f64::from(eps)) as f32),
        };
        match (self.rounds, self.round) {
            (0, _) => Ok(codes),
            (rounds, Round::Mean) => Ok(settle(vae, given, domains, &codes, rounds)?.codes),
            (rounds, Round::Metropolis) => Ok(chain(vae, given, &codes, rounds, self.seed)?.codes),
        }
    }
}

/// Rounds of re-encoding that suit a model: a few if it is told the problem, and none otherwise,
/// because then they move designs to what is common.
pub fn suitable_rounds(vae: &Vae) -> usize {
    if vae.config().fields.is_some() { ROUNDS } else { 0 }
}

impl Run {
    /// The flow of the run. If none is stored, it is fitted and stored now; the sentence then says
    /// what came of it, and warns if it could not be stored.
    ///
    /// # Errors
    /// If a design or `flow.safetensors` cannot be read.
    pub fn flow(&self, progress: &mut dyn FnMut(Progress)) -> Result<(Flow, Option<String>)> {
        let Self { folder, config, split, vae, .. } = self;
        if let Some(known) = Flow::read(folder, vae)? {
            return Ok((known, None));
        }
        let designs = self.designs();
        let size = (self.data.height(), self.data.width());
        let augmentation = Augmentation::new(
            &config.data.augment.mirrors(&self.data),
            &designs.condition_info(),
            size,
        )?;
        let parts = (split.train.as_slice(), split.validation.as_slice());
        let mut report = |done, total| progress(Progress { done, total });
        let flow = Flow::fit(vae, &designs, parts, &augmentation, config.seed, &mut report)?;
        let mut sentence = sentence(&flow, folder);
        // A run that cannot be written to gives designs all the same.
        if let Err(error) = flow.save(folder) {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            let cause = cause.unwrap_or_default();
            sentence = format!("{sentence}; warning: it is not kept: {error}{cause}");
        }
        Ok((flow, Some(sentence)))
    }
}

/// The flow that is stored in the run at `path`, without its data.
///
/// # Errors
/// [`StudyError::WeightsAlone`] if `path` is a weight file, [`StudyError::NoFlow`] if the run
/// has none; if it cannot be read.
pub fn stored_flow(path: &Path, vae: &Vae) -> Result<Flow> {
    if path.is_file() {
        return Err(StudyError::WeightsAlone { file: path.to_owned() });
    }
    let folder = RunFolder::open(path)?;
    Flow::read(&folder, vae)?.ok_or_else(|| StudyError::NoFlow { folder: folder.root().to_owned() })
}

fn sentence(flow: &Flow, folder: &RunFolder) -> String {
    let scores = &flow.scores;
    format!(
        "flow: fitted to the codes of the training designs in {} steps; the error of its velocity on validation codes is {:.3}, that of the prior {:.3}: {}",
        scores.steps,
        scores.loss,
        scores.prior_loss,
        folder.flow().display()
    )
}
