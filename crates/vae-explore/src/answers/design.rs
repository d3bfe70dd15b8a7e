//! A design under the finger: what the decoder makes of a code, its cut, and its mechanics.

use std::sync::Arc;

use ndarray::Array2;
use serde_json::{Value, json};
use topo_data::Domain;
use topo_simp::Problem;
use vae_design::Projection;
use vae_study::run::silhouette;

use super::fit::conditions_of;
use super::layers::layers;
use super::query::{Continued, Decoded, DesignQuery, Layer, Which};
use super::studio::{Studio, values};
use crate::error::{ExploreError, Result};
use crate::frame::{Frame, Plane};

/// A design before anything is judged.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Densities, shape (rows, columns).
    pub(crate) density: Array2<f32>,
    /// Cut to 0/1 at exactly the volume of the problem, or at the volume of the densities.
    pub(crate) cut: Array2<f32>,
    /// Its problem; `None` if nothing states it.
    pub(crate) problem: Option<Problem>,
    /// The conditions of the model.
    pub(crate) conditions: Vec<f32>,
    /// Its code; `None` for a design that is stored and was not encoded.
    pub(crate) code: Option<Vec<f64>>,
    /// How far the problem is from those that conditions can state, in elements; 0 for none.
    pub(crate) outside: f64,
    /// The row of the map that it is, if it is one.
    row: Option<usize>,
}

impl Studio {
    /// The frames of a design: first the picture, then the mechanics. `carry_on` is asked in
    /// between, and says whether anybody still waits.
    ///
    /// # Errors
    /// If the request is impossible, or the model or the solver fails.
    pub(crate) fn answer(
        &mut self,
        query: &DesignQuery,
        carry_on: impl Fn() -> bool,
        mut send: impl FnMut(Frame),
    ) -> Result<()> {
        let shown = self.show(&query.design)?;
        send(self.picture(&shown));
        if !query.judge || !carry_on() {
            return Ok(());
        }
        send(self.judged(&shown, query)?);
        Ok(())
    }

    /// Both frames of a design, without layers.
    ///
    /// # Errors
    /// As [`Studio::answer`].
    pub(crate) fn answer_whole(&mut self, which: &Which, send: impl FnMut(Frame)) -> Result<()> {
        let query = DesignQuery { design: which.clone(), layers: Vec::new(), judge: true };
        self.answer(&query, || true, send)
    }

    /// The design of a query.
    ///
    /// # Errors
    /// As [`Studio::answer`].
    pub(crate) fn show(&mut self, which: &Which) -> Result<Shown> {
        match which {
            Which::Decoded(decoded) => self.decode(decoded),
            Which::Stored(row) => {
                let subject = Arc::clone(&self.subject);
                let density = subject.stored(*row)?.to_owned();
                let problem = subject.problem_of(*row)?;
                let cut = cut(&density, problem.as_ref(), None)?;
                let code = subject.codes.row(*row).mapv(f64::from).to_vec();
                Ok(Shown {
                    density,
                    cut,
                    problem,
                    conditions: subject.conditions_of(*row),
                    code: Some(code),
                    outside: 0.0,
                    row: Some(*row),
                })
            }
            Which::Proposed(index) => {
                let proposals = &self.subject.proposals;
                let proposal = proposals.get(*index).ok_or_else(|| {
                    let known = proposals.len();
                    ExploreError::Request(format!("proposal {index} of {known}"))
                })?;
                let density = proposal.design.clone();
                Ok(Shown {
                    cut: cut(&density, Some(&proposal.problem), None)?,
                    density,
                    problem: Some(proposal.problem.clone()),
                    conditions: proposal.conditions.clone(),
                    code: Some(proposal.code.clone()),
                    outside: 0.0,
                    row: None,
                })
            }
        }
    }

    fn decode(&mut self, query: &Decoded) -> Result<Shown> {
        let subject = Arc::clone(&self.subject);
        query.check(&subject)?;
        let mut conditions = query.conditions.clone();
        let mut outside = 0.0;
        let problem = match &query.problem {
            Some(problem) => {
                if query.fit {
                    (conditions, outside) = conditions_of(&subject, problem, &conditions)?;
                }
                Some(problem.clone())
            }
            None => subject.problem_at(&conditions)?,
        };
        let logits = self.logits(&query.code, &conditions, problem.as_ref())?;
        let (rows, columns) = subject.size();
        let array = |values: Vec<f32>| {
            Array2::from_shape_vec((rows, columns), values)
                .map_err(|_| ExploreError::Request("a design of another size".into()))
        };
        let mut density = array(values(&subject.vae().mean_of_logits(&logits)?)?)?;
        let logits = array(values(&logits)?)?;
        let volume = volume_condition(&subject, &conditions)
            .unwrap_or_else(|| density.mapv(f64::from).mean().unwrap_or(0.0));
        let mut found = match (&problem, query.join) {
            (Some(problem), true) => {
                let projection = Projection::new(problem, 1.0, None)?;
                projection.project(&doubled(&logits)).cut_whole()
            }
            _ => cut(&logits, problem.as_ref(), Some(volume))?,
        };
        if query.simp != Continued::None {
            let problem = problem.as_ref().ok_or(ExploreError::NoProblem)?;
            // From densities of exactly the volume: what is 0 or 1 hardly moves in a few
            // iterations.
            let projection = Projection::new(problem, 1.0, None)?;
            let start = projection.project(&doubled(&logits)).densities().mapv(|x| x as f32);
            let judge = self.judge(problem)?;
            let made = match query.simp {
                Continued::Iterations(count) => judge.repair(problem, start.view(), count)?,
                Continued::End | Continued::None => judge.optimum_from(problem, start.view())?,
            };
            density = made.design.mapv(|x| x.clamp(0.0, 1.0) as f32);
            found = cut(&density, Some(problem), None)?;
        }
        let code = Some(query.code.clone());
        Ok(Shown { density, cut: found, problem, conditions, code, outside, row: None })
    }

    /// What can be seen of a design at once.
    pub(crate) fn picture(&self, shown: &Shown) -> Frame {
        let size = shown.density.dim();
        let mean = |design: &Array2<f32>| f64::from(design.sum()) / design.len().max(1) as f64;
        let silhouette = silhouette(shown.cut.view());
        let nearest = self.subject.nearest(&silhouette, shown.row);
        let region = self.subject.region.as_ref().zip(shown.code.as_ref());
        let trust = region.map(|(region, code)| region.trust(code));
        let distance = region.map(|(region, code)| region.distance(code) / region.radius());
        let head = json!({
            "kind": "design",
            "volume": mean(&shown.cut),
            "meanDensity": mean(&shown.density),
            "trust": trust,
            "distance": distance,
            "nearest": nearest.map(|(row, overlap)| json!({ "row": row, "overlap": overlap })),
            "conditions": shown.conditions,
            "code": shown.code,
            "problem": shown.problem,
            "outside": shown.outside,
        });
        let planes = vec![
            Plane::densities("density", size, &shown.density),
            Plane::densities("cut", size, &shown.cut),
        ];
        Frame::new(head, planes)
    }

    /// What mechanics says of a design, with the layers that are asked for.
    fn judged(&mut self, shown: &Shown, query: &DesignQuery) -> Result<Frame> {
        let mut planes = Vec::new();
        let mut head = json!({ "kind": "judged", "known": false });
        if let Some(problem) = &shown.problem {
            let inspected = self.judge(problem)?.inspect(problem, shown.cut.view())?;
            let compliance = inspected.analysis.as_ref().map(|analysis| analysis.compliance);
            head = json!({
                "kind": "judged",
                "known": true,
                "compliance": compliance,
                "pieces": inspected.pieces,
                "floating": inspected.floating,
                "carries": inspected.loads_supported,
            });
            if let Some(analysis) = &inspected.analysis {
                planes = layers(analysis, &query.layers);
            }
        }
        if query.layers.contains(&Layer::Uncertainty)
            && let Some(code) = &shown.code
        {
            let problem = shown.problem.as_ref();
            planes.push(self.uncertainty(code, &shown.conditions, problem)?);
        }
        Ok(Frame::new(head, planes))
    }
}

fn doubled(logits: &Array2<f32>) -> Vec<f64> {
    logits.iter().copied().map(f64::from).collect()
}

/// The value of the condition that says the volume of a design.
fn volume_condition(subject: &crate::subject::Subject, conditions: &[f32]) -> Option<f64> {
    let known = &subject.vae().config().conditions;
    let column = known.iter().position(|condition| condition.name == "volume_fraction")?;
    Some(f64::from(conditions[column]))
}

/// A design cut to 0/1 at exactly the volume of its problem, or at a volume; at its own if neither
/// is known.
fn cut(
    design: &Array2<f32>,
    problem: Option<&Problem>,
    volume: Option<f64>,
) -> Result<Array2<f32>> {
    let domain = match (problem, volume) {
        (Some(problem), _) => Domain::of(problem)?,
        (None, Some(volume)) => Domain::free(volume.clamp(0.0, 1.0)),
        (None, None) => Domain::free(design.mapv(f64::from).mean().unwrap_or(0.0)),
    };
    let cut = domain.cut(&design.iter().copied().collect::<Vec<_>>());
    Array2::from_shape_vec(design.dim(), cut)
        .map_err(|_| ExploreError::Request("a design of another size".into()))
}

/// A design in words, for a table.
pub(crate) fn described(which: &Which) -> Value {
    match which {
        Which::Decoded(_) => json!("decoded"),
        Which::Stored(row) => json!(row),
        Which::Proposed(index) => json!(format!("proposal {index}")),
    }
}
