//! Where the codes of candidates come from.

use std::ops::Range;

use ndarray::s;
use topo_data::Domain;
use topo_simp::Problem;
use vae_design::{Origin, Start, TrustRegion, settle};
use vae_models::Vae;
use vae_train::codes::posteriors;
use vae_train::data::Given;
use vae_train::generate::{Flow, Sampler};

use super::error::Result;
use super::place::DesignPlace;
use super::settings::ProposeSettings;
use crate::error::StudyError;
use crate::run::Run;
use crate::sampling::{Drawing, suitable_rounds};

/// The neighborhoods of given designs, what was fitted to the training codes, or the prior.
pub(super) struct Origins {
    /// Codes in whose neighborhood candidates are drawn; empty for everywhere.
    near: Vec<Vec<f64>>,
    /// `None` if codes come from the prior.
    flow: Option<Flow>,
    spread: f64,
    seed: u64,
}

impl Origins {
    /// The origins that the settings ask for, and what came of fitting the flow if that had to be
    /// done. `given` is the one row of what the model is told about the task.
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
        let origins = Self { near, flow, spread: settings.spread, seed: settings.seed };
        Ok((origins, sentence))
    }

    /// The codes of some candidates, by their numbers: near the given designs in turn, or drawn as
    /// other new designs are, with the rounds of re-encoding that suit the model. `given` is the
    /// one row of what the model is told, about this problem.
    pub(super) fn codes(
        &self,
        numbers: Range<usize>,
        vae: &Vae,
        region: &TrustRegion,
        (problem, given): (&Problem, &Given),
        temperature: f64,
    ) -> Result<Vec<Origin>> {
        let flow = self.flow.as_ref();
        let drawing =
            Drawing { flow, rounds: 0, temperature, seed: self.seed, ..Drawing::default() };
        let draws = drawing.codes(vae, &given.select(&vec![0; numbers.end]), &[])?;
        let draws = draws.slice_move(s![numbers.clone(), ..]);
        if !self.near.is_empty() {
            let near = numbers.map(|number| &self.near[number % self.near.len()]);
            let origins = near.zip(draws.rows()).map(|(near, draw)| {
                let mut u = region.whiten(near);
                u.iter_mut().zip(draw).for_each(|(u, eps)| *u += self.spread * f64::from(*eps));
                Origin { source: "near", start: Start::Code(region.color(&u)) }
            });
            return Ok(origins.collect());
        }
        let n = numbers.len();
        let domain = Domain::of(problem).map_err(StudyError::from)?;
        let (given, domains) = (given.select(&vec![0; n]), vec![domain; n]);
        let codes = settle(vae, &given, &domains, &draws, suitable_rounds(vae))?.codes;
        let source = if flow.is_some() { "flow" } else { "prior" };
        let latents = codes.outer_iter().map(|code| code.mapv(f64::from).to_vec());
        Ok(latents.map(|latent| Origin { source, start: Start::Code(latent) }).collect())
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
