//! Where the codes of candidates come from.

use std::ops::Range;

use vae_design::{Origin, TrustRegion};
use vae_models::Vae;
use vae_train::codes::posteriors;
use vae_train::codes::prior_draws;
use vae_train::data::Given;
use vae_train::generate::{Flow, Sampler};

use super::error::Result;
use super::place::DesignPlace;
use super::settings::ProposeSettings;
use crate::run::Run;

/// The neighborhoods of given designs, what was fitted to the training codes, or the prior.
pub(super) struct Origins {
    /// Codes in whose neighborhood candidates are drawn; empty for everywhere.
    near: Vec<Vec<f64>>,
    /// `None` if codes come from the prior.
    flow: Option<Flow>,
    given: Given,
    spread: f64,
    seed: u64,
}

impl Origins {
    /// The origins that the settings ask for, and what came of fitting the flow if that had to be
    /// done. `given` is the one row of what the model is told.
    pub(super) fn new(
        settings: &ProposeSettings,
        run: &Run,
        given: &Given,
    ) -> Result<(Self, Option<String>)> {
        let near: Result<Vec<_>> =
            settings.near.iter().map(|place| code(place, run, given)).collect();
        let near = near?;
        let (flow, sentence) = if near.is_empty() && settings.sampler == Sampler::Flow {
            let (flow, sentence) = run.flow(&mut |_| {})?;
            (Some(flow), sentence)
        } else {
            (None, None)
        };
        let origins =
            Self { near, flow, given: given.clone(), spread: settings.spread, seed: settings.seed };
        Ok((origins, sentence))
    }

    /// The codes of some candidates, by their numbers: near the given designs in turn, from what
    /// was fitted, or from the prior.
    pub(super) fn codes(
        &self,
        numbers: Range<usize>,
        vae: &Vae,
        region: &TrustRegion,
    ) -> Result<Vec<Origin>> {
        let draws = match &self.flow {
            Some(flow) => {
                let given = self.given.select(&vec![0; numbers.end]);
                flow.draws(vae, &given, 1.0, self.seed)?
            }
            None => prior_draws(region.latent_dim(), numbers.end, self.seed),
        };
        let origin = |number: usize| {
            let draw = draws.row(number).mapv(f64::from);
            if self.near.is_empty() {
                let source = if self.flow.is_some() { "flow" } else { "prior" };
                return Origin { source, latent: draw.to_vec() };
            }
            let mut u = region.whiten(&self.near[number % self.near.len()]);
            u.iter_mut().zip(&draw).for_each(|(u, eps)| *u += self.spread * eps);
            Origin { source: "near", latent: region.color(&u) }
        };
        Ok(numbers.map(origin).collect())
    }
}

/// The code of a design to look near.
fn code(place: &DesignPlace, run: &Run, given: &Given) -> Result<Vec<f64>> {
    match place {
        DesignPlace::Data(index) if *index < run.data.len() => {
            let (means, _) = posteriors(&run.vae, &run.designs(), &[*index], &run.device)?;
            Ok(means.row(0).mapv(f64::from).to_vec())
        }
        place => {
            let design = place.read(run)?;
            Ok(vae_design::encode(&run.vae, design.view(), given)?)
        }
    }
}
