//! "Make it stiffer": a search in the latent space, shown step by step.

use std::sync::Arc;

use serde_json::json;
use topo_data::Domain;
use vae_design::{Objective, Projection, Search, search_with};

use super::design::Shown;
use super::query::{Decoded, Which};
use super::studio::Studio;
use crate::error::{ExploreError, Result};
use crate::frame::{Frame, Plane};

/// Steps of a search, as many as a proposal has.
const STEPS: usize = 20;

/// Searches from a code, and sends every design on the way and what was found.
///
/// # Errors
/// If the problem is unknown, there is no trust region, or decoder or solver fail.
pub(crate) fn make_stiffer(
    studio: &mut Studio,
    query: &Decoded,
    mut send: impl FnMut(Frame),
) -> Result<()> {
    let start = studio.show(&Which::Decoded(Box::new(query.clone())))?;
    let Shown { problem, conditions, .. } = &start;
    let problem = problem.as_ref().ok_or(ExploreError::NoProblem)?;
    let subject = Arc::clone(&studio.subject);
    let region = subject.region.as_ref().ok_or(ExploreError::NoRegion)?;
    let given = studio.given(conditions, Some(problem))?.clone();
    let projection = Projection::new(problem, 1.0, None)?;
    let mut objective = Objective::new(subject.vae(), &given, problem, &projection)?;
    let domain = Domain::of(problem)?;
    let size = subject.size();
    let mut failed = None;
    let mut tried = 0;
    let search = Search { steps: STEPS, goal: None };
    let found = search_with(&mut objective, region, &query.code, search, |code| {
        tried += 1;
        match studio.logits(code, conditions, Some(problem)).and_then(|l| super::studio::values(&l))
        {
            Ok(logits) => {
                let cut = domain.cut(&logits);
                let head = json!({ "kind": "step", "tried": tried, "code": code });
                send(Frame::new(head, vec![Plane::densities("cut", size, &cut)]));
            }
            Err(error) => failed = Some(error),
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let finite = |value: f64| value.is_finite().then_some(value);
    send(Frame::new(
        json!({
            "kind": "found",
            "steps": found.steps,
            "code": found.best.latent,
            "before": finite(found.start.compliance),
            "after": finite(found.best.compliance),
        }),
        vec![Plane::densities("cut", size, &found.best.design)],
    ));
    Ok(())
}
