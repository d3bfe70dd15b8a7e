//! Gradient descent on compliance in the latent space.

use ndarray::Array2;

use crate::error::Result;
use crate::objective::{Objective, Point};
use crate::trust::{TrustRegion, norm};

/// Settings of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Steps at most; 0 keeps the start.
    pub steps: usize,
    /// A compliance of the cut design that is good enough; the search ends there.
    pub goal: Option<f64>,
}

/// A code and the cut design it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Coded {
    /// The code.
    pub latent: Vec<f64>,
    /// The design of 0 and 1, shape (nely, nelx).
    pub design: Array2<f32>,
    /// Its compliance, penalty 3, void stiffness 1e-9.
    pub compliance: f64,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where it began: the given code, moved into the region if it lay outside.
    pub start: Coded,
    /// The stiffest cut design on the way; the start if no other is stiffer.
    pub best: Coded,
    /// Steps made.
    pub steps: usize,
}

/// The first step, in deviations of the codes.
const FIRST_STEP: f64 = 0.3;
/// Share of the predicted gain that a step must bring (Armijo).
const SUFFICIENT: f64 = 1e-4;
/// Two steps in a row that lower `ln C` by less than this each end the search: tens of such steps
/// together gain less than another start does.
const SMALLEST_GAIN: f64 = 1e-4;
/// How often a step is halved before the search gives up.
const HALVINGS: usize = 12;
/// Steps shorter than this, in deviations, end the search.
const SHORTEST: f64 = 1e-4;

/// Lowers the compliance of a code by projected gradient descent with backtracking, inside the
/// trust region.
///
/// In the coordinates `u` of [`TrustRegion`], `u ← P(u − t ∇ ln C)`, P the projection onto the
/// ball: every code that is ever decoded lies inside. A step must lower `ln C` of the projected
/// design by a share of what its gradient promises, or is halved; the next one starts from the
/// Barzilai-Borwein length. Two steps in a row that gain less than 0.01 % each end the search.
/// Since designs are compared after they are cut to 0/1, the compliance of the cut design decides
/// which code on the way is handed back.
///
/// # Errors
///
/// The errors of decoder and solver.
///
/// # References
///
/// Bertsekas 1976, "On the Goldstein-Levitin-Polyak gradient projection method"; Barzilai and
/// Borwein 1988, "Two-point step size gradient methods".
pub fn search(
    objective: &mut Objective<'_>,
    region: &TrustRegion,
    start: &[f64],
    options: Search,
) -> Result<Found> {
    search_with(objective, region, start, options, |_| {})
}

/// As [`search`], showing every code before it is decoded.
///
/// # Errors
///
/// As [`search`].
pub fn search_with(
    objective: &mut Objective<'_>,
    region: &TrustRegion,
    start: &[f64],
    options: Search,
    mut observe: impl FnMut(&[f64]),
) -> Result<Found> {
    let start = region.project(start);
    let mut u = region.whiten(&start);
    observe(&start);
    let mut point = objective.at(&start)?;
    let start = coded(objective, &point)?;
    let mut best = start.clone();
    let mut length = None;
    let mut last: Option<(Vec<f64>, Vec<f64>)> = None;
    let mut steps = 0;
    let mut was_small = false;
    while steps < options.steps && options.goal.is_none_or(|goal| goal < best.compliance) {
        let gradient = relative_gradient(objective, region, &point)?;
        if let Some((last_u, last_gradient)) = &last {
            let moved = difference(&u, last_u);
            let turned = difference(&gradient, last_gradient);
            let curvature = dot(&moved, &turned);
            // Where the objective is concave the last length serves again, doubled.
            length = length.map(|length: f64| {
                if curvature > 0.0 { dot(&moved, &moved) / curvature } else { 2.0 * length }
            });
        }
        let mut t = length.unwrap_or(FIRST_STEP / norm(&gradient));
        // No gradient, no step: NaN and infinity end the search too.
        if !t.is_finite() {
            break;
        }
        let mut accepted = None;
        for _ in 0..HALVINGS {
            let mut next: Vec<f64> = u.iter().zip(&gradient).map(|(u, g)| u - t * g).collect();
            region.clip(&mut next);
            let moved = difference(&next, &u);
            if norm(&moved) < SHORTEST {
                break;
            }
            let code = region.color(&next);
            observe(&code);
            let trial = objective.at(&code)?;
            let gain = point.compliance.ln() - trial.compliance.ln();
            if gain >= -SUFFICIENT * dot(&gradient, &moved) {
                accepted = Some((next, trial, gain));
                break;
            }
            t *= 0.5;
        }
        let Some((next, trial, gain)) = accepted else { break };
        last = Some((std::mem::replace(&mut u, next), gradient));
        length = Some(t);
        point = trial;
        steps += 1;
        let reached = coded(objective, &point)?;
        if reached.compliance < best.compliance {
            best = reached;
        }
        let is_small = gain < SMALLEST_GAIN;
        if is_small && was_small {
            break;
        }
        was_small = is_small;
    }
    Ok(Found { start, best, steps })
}

/// The gradient of `ln C` by u.
fn relative_gradient(
    objective: &Objective<'_>,
    region: &TrustRegion,
    point: &Point,
) -> Result<Vec<f64>> {
    let gradient = region.gradient(&objective.gradient(point)?);
    Ok(gradient.into_iter().map(|slope| slope / point.compliance).collect())
}

fn coded(objective: &mut Objective<'_>, point: &Point) -> Result<Coded> {
    let compliance = objective.compliance_cut(point)?;
    Ok(Coded { latent: point.latent.clone(), design: point.cut.clone(), compliance })
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
