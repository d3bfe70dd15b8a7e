//! Pieces and holes of designs.

use ndarray::{Array3, ArrayView2};
use serde::Serialize;
use topo_data::{Connectivity, components, holes};
use vae_train::score::Reconstructions;

/// Share of designs that are one piece at 0.5, pixels joined by edges or corners.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnePiece {
    /// Prior samples, one per test design, under its conditions.
    pub prior_samples: f64,
    /// The test designs themselves.
    pub data: f64,
}

/// How often reconstructions of one kind have the topology of the design, at 0.5.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topology {
    /// The kind of reconstructions.
    pub name: String,
    /// Share with as many pieces, joined by edges or corners.
    pub pieces: f64,
    /// Share with as many holes.
    pub holes: f64,
}

/// Pieces and holes of each kind of reconstructions of the test designs, compared with those of the
/// designs.
pub(super) fn topology(truth: &Array3<f32>, found: &Reconstructions) -> Vec<Topology> {
    let truth = counts(truth);
    let matched = |name: &str, found: &Array3<f32>| {
        let found = counts(found);
        let share = |same: fn(&(usize, usize), &(usize, usize)) -> bool| {
            let hits = truth.iter().zip(&found).filter(|(a, b)| same(a, b)).count();
            hits as f64 / truth.len().max(1) as f64
        };
        Topology {
            name: name.to_owned(),
            pieces: share(|a, b| a.0 == b.0),
            holes: share(|a, b| a.1 == b.1),
        }
    };
    let Reconstructions { model, pca, nearest_by_pixels, nearest_by_condition } = found;
    let mut all = vec![
        matched("this model", model),
        matched("pca", pca),
        matched("nearest_by_pixels", nearest_by_pixels),
    ];
    all.extend(nearest_by_condition.as_ref().map(|found| matched("nearest_by_condition", found)));
    all
}

/// Pieces and holes of each design.
fn counts(designs: &Array3<f32>) -> Vec<(usize, usize)> {
    let both = |design: ArrayView2<'_, f32>| {
        (components(design, Connectivity::Eight).count(), holes(design))
    };
    designs.outer_iter().map(both).collect()
}
