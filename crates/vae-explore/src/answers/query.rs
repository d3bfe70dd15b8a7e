//! What the page asks for.

use serde::{Deserialize, Serialize};
use topo_simp::Problem;

use crate::error::{ExploreError, Result};
use crate::subject::Subject;

/// Largest size of a number of a code: nothing was ever decoded there.
const FARTHEST: f64 = 50.0;
/// Most SIMP iterations that a design is continued with.
const MOST_ITERATIONS: usize = 200;
/// Most loads, supports, springs and regions of a problem each.
const MOST_PARTS: usize = 64;

/// A design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Which {
    /// What the decoder makes of a code.
    Decoded(Box<Decoded>),
    /// A design of the map, as it is stored.
    Stored(usize),
    /// A proposal, as it is stored.
    Proposed(usize),
}

/// What the decoder makes of a code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decoded {
    /// The code.
    pub(crate) code: Vec<f64>,
    /// The conditions of the model.
    pub(crate) conditions: Vec<f32>,
    /// The problem; `None` for the one that is stated at these conditions.
    #[serde(default)]
    pub(crate) problem: Option<Problem>,
    /// Whether conditions follow from the problem, as far as they can.
    #[serde(default)]
    pub(crate) fit: bool,
    /// Whether a cut that falls apart is joined into one piece.
    #[serde(default)]
    pub(crate) join: bool,
    /// What SIMP makes of it.
    #[serde(default)]
    pub(crate) simp: Continued,
}

/// How far SIMP continues from a design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Continued {
    /// Not at all.
    #[default]
    None,
    /// For some iterations.
    Iterations(usize),
    /// To the end.
    End,
}

/// A design, with layers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DesignQuery {
    /// The design.
    pub(crate) design: Which,
    /// What is shown of it.
    #[serde(default)]
    pub(crate) layers: Vec<Layer>,
    /// Whether mechanics are asked for.
    #[serde(default = "yes")]
    pub(crate) judge: bool,
}

fn yes() -> bool {
    true
}

/// What is shown of a design beside its densities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layer {
    /// Von Mises stress.
    Stress,
    /// Strain energy density.
    Energy,
    /// Displacements of the nodes.
    Displacement,
    /// Deviation of each pixel.
    Uncertainty,
}

/// Strips of what conditions and latent dimensions do to a design.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StripsQuery {
    /// The design.
    pub(crate) design: Decoded,
    /// Latent dimensions, from 0.
    pub(crate) dimensions: Vec<usize>,
}

/// What is open on a page.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct State {
    /// The designs that were kept.
    #[serde(default)]
    pub(crate) kept: Vec<Kept>,
    /// Everything, as the page wrote it.
    #[serde(flatten)]
    pub(crate) rest: serde_json::Map<String, serde_json::Value>,
}

/// A design that was kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The design.
    pub(crate) design: Which,
    /// Its name and numbers, as the page wrote them.
    #[serde(flatten)]
    pub(crate) rest: serde_json::Map<String, serde_json::Value>,
}

impl Decoded {
    /// What the decoder makes of a code at some conditions.
    pub(crate) fn at(code: Vec<f64>, conditions: Vec<f32>, problem: Option<Problem>) -> Self {
        let simp = Continued::None;
        Self { code, conditions, problem, fit: false, join: false, simp }
    }

    /// Refuses what no page asks for.
    ///
    /// # Errors
    /// [`ExploreError::Request`].
    pub(crate) fn check(&self, subject: &Subject) -> Result<()> {
        let config = subject.vae().config();
        let refuse = |text: String| Err(ExploreError::Request(text));
        if self.code.len() != config.latent_dim {
            let expected = config.latent_dim;
            return refuse(format!("a code of {} numbers instead of {expected}", self.code.len()));
        }
        if let Some(value) = self.code.iter().find(|value| value.is_nan() || FARTHEST < value.abs())
        {
            return refuse(format!("a code with {value}, which lies beyond {FARTHEST}"));
        }
        if self.conditions.len() != config.conditions.len() {
            let (found, expected) = (self.conditions.len(), config.conditions.len());
            return refuse(format!("{found} conditions instead of {expected}"));
        }
        for (value, known) in self.conditions.iter().zip(&config.conditions) {
            let room = (known.max - known.min).abs().max(f32::EPSILON);
            if !(known.min - room <= *value && *value <= known.max + room) {
                return refuse(format!("{} of {value}", known.name));
            }
        }
        if let Continued::Iterations(count) = self.simp
            && MOST_ITERATIONS < count
        {
            return refuse(format!("{count} SIMP iterations; at most {MOST_ITERATIONS} are made"));
        }
        let Some(problem) = &self.problem else { return Ok(()) };
        let loads: usize = problem.load_cases.iter().map(|case| case.loads.len()).sum();
        let parts = [
            loads,
            problem.load_cases.len(),
            problem.supports.len(),
            problem.springs.len(),
            problem.passive.len(),
        ];
        if parts.iter().any(|&count| MOST_PARTS < count) {
            return refuse(format!("a problem with more than {MOST_PARTS} loads or supports"));
        }
        let (rows, columns) = subject.size();
        if (problem.grid.nely, problem.grid.nelx) != (rows, columns) {
            return refuse(format!("a problem on another grid than {rows} x {columns}"));
        }
        problem.validate().map_err(|error| ExploreError::Request(error.to_string()))
    }
}
