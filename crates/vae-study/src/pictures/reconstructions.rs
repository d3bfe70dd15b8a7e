//! Designs above their reconstructions.

use std::path::Path;

use candle_core::Device;
use ndarray::ArrayView3;
use vae_base::evenly_spaced;
use vae_models::Vae;
use vae_report::{Pairs, pairs};
use vae_train::Targets;
use vae_train::codes::reconstruct;

use crate::error::{Result, StudyError};
use crate::pictures::marks_of;
use crate::run::{Part, Run, silhouette};

/// Draws evenly spaced test designs above their reconstructions, or others if there are none for the
/// test; returns how many, and of which part.
///
/// # Errors
/// If a design cannot be read or the picture cannot be drawn.
pub fn draw_reconstructions(run: &Run, count: usize, out: &Path) -> Result<(usize, Part)> {
    let (part, indices) = run.shown(1);
    let chosen = evenly_spaced(&indices, count);
    let designs = run.designs();
    let made = designs.made_of(&chosen)?;
    let title = format!("{} designs{made}, above; reconstructions below", part.title());
    draw_pairs(&run.vae, &designs, &chosen, &run.device, &title, out)?;
    Ok((chosen.len(), part))
}

/// Draws some designs above their reconstructions from the posterior mean.
///
/// # Errors
/// If a design cannot be read or the picture cannot be drawn.
pub fn draw_pairs(
    vae: &Vae,
    designs: &Targets<'_>,
    chosen: &[usize],
    device: &Device,
    title: &str,
    out: &Path,
) -> Result<()> {
    let originals = designs.array(chosen)?;
    let reconstructions = reconstruct(vae, designs, chosen, device)?;
    let marks = marks_of(designs.data(), chosen)?;
    let captions = iou_captions(originals.view(), reconstructions.view());
    let figure = Pairs {
        title,
        originals: originals.view(),
        reconstructions: reconstructions.view(),
        captions: &captions,
        marks: &marks,
    };
    pairs(&figure, out).map_err(StudyError::drawing(out))
}

/// IoU at 0.5 under each pair.
fn iou_captions(
    originals: ArrayView3<'_, f32>,
    reconstructions: ArrayView3<'_, f32>,
) -> Vec<String> {
    originals
        .outer_iter()
        .zip(reconstructions.outer_iter())
        .map(|(a, b)| format!("IoU {:.2}", silhouette(a).iou(&silhouette(b))))
        .collect()
}
