//! What each condition and each latent dimension does to a design.

use std::sync::Arc;

use serde_json::json;

use super::query::{Decoded, StripsQuery, Which};
use super::studio::Studio;
use crate::error::{ExploreError, Result};
use crate::frame::{Frame, Plane};

/// Pictures of a strip.
const PICTURES: usize = 5;
/// Deviations of the prior that a latent dimension moves by, to either side.
const REACH: f64 = 2.5;

/// Sends a strip for each condition and each dimension: densities at evenly spaced values, and how
/// much a pixel changes on the way, on average from one end to the other. `carry_on` says whether
/// anybody still waits.
///
/// # Errors
/// If the request is impossible, or the model fails.
pub(crate) fn strips(
    studio: &mut Studio,
    query: &StripsQuery,
    carry_on: impl Fn() -> bool,
    mut send: impl FnMut(Frame),
) -> Result<()> {
    let subject = Arc::clone(&studio.subject);
    let config = subject.vae().config();
    query.design.check(&subject)?;
    if let Some(dimension) = query.dimensions.iter().find(|&&k| config.latent_dim <= k) {
        return Err(ExploreError::Request(format!("latent dimension {dimension}")));
    }
    let plain =
        Decoded { simp: super::query::Continued::None, join: false, ..query.design.clone() };
    let at = |min: f64, max: f64, i: usize| min + (max - min) * i as f64 / (PICTURES - 1) as f64;
    for (column, known) in config.conditions.iter().enumerate() {
        // A problem of its own does not follow from conditions.
        if plain.problem.is_some() || !carry_on() {
            break;
        }
        let values = (0..PICTURES).map(|i| at(known.min.into(), known.max.into(), i));
        let change = |value: f64| {
            let mut changed = plain.clone();
            changed.conditions[column] = value as f32;
            changed
        };
        let frame = strip(studio, values.map(change), json!({ "condition": column }))?;
        frame.into_iter().for_each(&mut send);
    }
    for &dimension in query.dimensions.iter().take(config.latent_dim) {
        if !carry_on() {
            break;
        }
        let values = (0..PICTURES).map(|i| at(-REACH, REACH, i));
        let change = |value: f64| {
            let mut changed = plain.clone();
            changed.code[dimension] = value;
            changed
        };
        let frame = strip(studio, values.map(change), json!({ "dimension": dimension }))?;
        frame.into_iter().for_each(&mut send);
    }
    Ok(())
}

/// One strip; `None` if a problem on the way cannot be stated.
fn strip(
    studio: &mut Studio,
    designs: impl Iterator<Item = Decoded>,
    mut head: serde_json::Value,
) -> Result<Option<Frame>> {
    let mut pictures = Vec::new();
    for design in designs {
        match studio.show(&Which::Decoded(Box::new(design))) {
            Ok(shown) => pictures.push(shown.density),
            Err(ExploreError::NoProblem | ExploreError::NotFinite) => return Ok(None),
            Err(other) => return Err(other),
        }
    }
    let change: f64 = pictures
        .windows(2)
        .map(|pair| (&pair[1] - &pair[0]).iter().map(|x| f64::from(x.abs())).sum::<f64>())
        .sum();
    let (rows, columns) = pictures.first().map_or((0, 0), ndarray::Array2::dim);
    head["kind"] = "strip".into();
    head["change"] = (change / (rows * columns).max(1) as f64).into();
    let values: Vec<f32> = pictures.iter().flatten().copied().collect();
    let shape = (rows * pictures.len(), columns);
    Ok(Some(Frame::new(head, vec![Plane::densities("pictures", shape, &values)])))
}
