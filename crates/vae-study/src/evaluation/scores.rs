//! Everything that is known of a model, measured on designs that it was not trained on.

use serde::Serialize;
use topo_data::{Connectivity, one_piece_share};
use vae_data::Split;
use vae_train::codes::{decode, prior_draws};
use vae_train::score::Diagnosis;
use vae_train::score::{Evaluation, evaluate};

use super::closing::Compared;
use super::mechanics::{Mechanics, mechanics};
use super::topology::{OnePiece, Topology, topology};
use super::verdict::Verdict;
use crate::error::{Result, StudyError};
use crate::estimate::{FEW, seconds_of};
use crate::progress::Progress;
use crate::run::{Part, Run};

/// Largest number of draws for the bound.
const MOST_DRAWS: usize = 100_000;

/// What an evaluation measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Questions {
    /// Draws per design for the importance-weighted bound.
    pub draws: usize,
    /// Whether designs are judged by mechanics, where their problems are known.
    pub mechanics: bool,
}

/// Scores of a model on its test split, with simple controls beside it; on its validation split if
/// the test split is empty.
#[derive(Clone, Debug, Serialize)]
pub struct Scores {
    /// What all of it comes to; `None` if there are neither test nor validation designs.
    pub verdict: Option<Verdict>,
    /// The part that is scored; `None` if there are neither test nor validation designs.
    pub part: Option<Part>,
    /// Bounds, reconstructions and controls; `None` without such a part.
    #[serde(flatten)]
    pub evaluation: Option<Evaluation>,
    /// Share of designs that are one piece at 0.5, pixels joined by edges or corners; `None`
    /// likewise.
    pub one_piece: Option<OnePiece>,
    /// Share of reconstructions with as many pieces and holes as their design.
    pub topology: Vec<Topology>,
    /// What each latent dimension learned.
    pub latent: Diagnosis,
    /// `None` if the problems of the designs are unknown, or mechanics was not asked for.
    pub mechanics: Option<Mechanics>,
    /// What was done besides measuring, such as fitting samplers, in sentences.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl Run {
    /// Scores the model on the part that [`Run::held_out`] names: bounds from `draws` draws per design, reconstructions,
    /// controls, latent space, and mechanics where the problems of the designs are known.
    ///
    /// # Errors
    /// If there are no draws, a design cannot be read, or a problem cannot be solved.
    pub fn evaluate(&self, draws: usize) -> Result<Scores> {
        self.evaluate_with(Questions { draws, mechanics: true }, &mut |_| {})
    }

    /// Seconds that the draws of an evaluation take, by the time of a few; 0 if that is surely less
    /// than an hour.
    ///
    /// # Errors
    /// If a design cannot be read or decoded.
    pub fn expected_seconds(&self, draws: usize) -> Result<f64> {
        let Some((_, test)) = self.held_out() else { return Ok(0.0) };
        let total = draws as f64 * test.len() as f64;
        let few = &test[..test.len().min(FEW)];
        seconds_of(&self.vae, &self.designs().given(few), total, &self.device)
    }

    /// Likewise, with a choice of what is measured; `progress` is told how many draws are done.
    ///
    /// # Errors
    /// See [`Run::evaluate`].
    pub fn evaluate_with(
        &self,
        questions: Questions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Scores> {
        let Questions { draws: value, .. } = questions;
        if !(1..=MOST_DRAWS).contains(&value) {
            let (most, reason) = (MOST_DRAWS, "the bound gains nothing from more");
            return Err(StudyError::Limit { setting: "samples", value, most, reason });
        }
        let latent = self.diagnose()?;
        let Some((part, test)) = self.held_out() else {
            return Ok(Scores {
                verdict: None,
                part: None,
                evaluation: None,
                one_piece: None,
                topology: Vec::new(),
                latent,
                mechanics: None,
                notes: Vec::new(),
            });
        };
        let Self { vae, device, .. } = self;
        let designs = self.designs();
        let split = Split { test: test.clone(), ..self.split.clone() };
        let mut report = Progress { done: 0, total: (test.len() * questions.draws) as u64 };
        let (evaluation, found) =
            evaluate(vae, &designs, &split, questions.draws, device, &mut |n| {
                report.done += n as u64;
                progress(report);
            })?;

        let zs = prior_draws(vae.config().latent_dim, test.len(), 0);
        let samples = decode(vae, &zs, &designs.given(&test), device)?;
        let truth = designs.array(&test)?;
        let one_piece = Some(OnePiece {
            prior_samples: one_piece_share(samples.outer_iter(), Connectivity::Eight),
            data: one_piece_share(truth.outer_iter(), Connectivity::Eight),
        });
        let topology = topology(&truth, &found);
        let mut notes = Vec::new();
        let mechanics =
            if questions.mechanics { mechanics(self, &test, &mut notes)? } else { None };
        let verdict = Verdict::new(
            &Compared::of(&evaluation, part),
            &latent,
            mechanics.as_ref().and_then(Mechanics::failure_rate),
            vae.config().fields.is_some(),
        );
        let (verdict, part, evaluation) = (Some(verdict), Some(part), Some(evaluation));
        Ok(Scores { verdict, part, evaluation, one_piece, topology, latent, mechanics, notes })
    }
}
