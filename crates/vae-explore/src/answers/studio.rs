//! What one thread keeps between answers: the judge, and what the model made of the last problem.

use std::sync::Arc;

use candle_core::{DType, Tensor};
use topo_data::Judge;
use topo_simp::{Grid, Problem};
use vae_models::Context;
use vae_study::run::told;
use vae_train::data::Given;

use crate::error::{ExploreError, Result};
use crate::subject::Subject;

/// A thread's own tools for answering.
pub(crate) struct Studio {
    /// What is explored.
    pub(crate) subject: Arc<Subject>,
    judge: Option<(Grid, Judge)>,
    last: Option<Told>,
}

/// What the model was told last, and what it made of it.
struct Told {
    conditions: Vec<f32>,
    problem: Option<Problem>,
    given: Given,
    context: Context,
}

impl Studio {
    /// Tools that have not been used.
    pub(crate) fn new(subject: Arc<Subject>) -> Self {
        Self { subject, judge: None, last: None }
    }

    /// The judge for the grid of a problem.
    pub(crate) fn judge(&mut self, problem: &Problem) -> Result<&mut Judge> {
        let judge = match self.judge.take() {
            Some((grid, judge)) if grid == problem.grid => judge,
            _ => Judge::new(problem.grid)?,
        };
        Ok(&mut self.judge.insert((problem.grid, judge)).1)
    }

    /// What the model is told at some conditions and a problem.
    pub(crate) fn given(
        &mut self,
        conditions: &[f32],
        problem: Option<&Problem>,
    ) -> Result<&Given> {
        Ok(&self.told(conditions, problem)?.given)
    }

    /// The output of the decoder at a code, row by row; the context of the last problem is kept.
    pub(crate) fn logits(
        &mut self,
        code: &[f64],
        conditions: &[f32],
        problem: Option<&Problem>,
    ) -> Result<Tensor> {
        let subject = Arc::clone(&self.subject);
        let context = &self.told(conditions, problem)?.context;
        let vae = subject.vae();
        let row = Tensor::from_slice(code, (1, code.len()), vae.device())?.to_dtype(vae.dtype())?;
        let logits = vae.decode_logits(&row, context, false)?;
        if values(&logits)?.iter().all(|logit| logit.is_finite()) {
            Ok(logits)
        } else {
            Err(ExploreError::NotFinite)
        }
    }

    fn told(&mut self, conditions: &[f32], problem: Option<&Problem>) -> Result<&Told> {
        let is_last =
            |told: &Told| told.conditions == conditions && told.problem.as_ref() == problem;
        let told = match self.last.take() {
            Some(last) if is_last(&last) => last,
            _ => {
                let vae = self.subject.vae();
                let given = match problem {
                    Some(problem) => told(vae, conditions, problem)?,
                    None if vae.config().fields.is_some() => return Err(ExploreError::NoProblem),
                    None => Given::repeated(conditions, None, 1),
                };
                let context = given.context(vae)?;
                Told { conditions: conditions.to_vec(), problem: problem.cloned(), given, context }
            }
        };
        Ok(self.last.insert(told))
    }
}

/// The values of a tensor, row by row.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
}
