//! What becomes of grey designs when they are cut to 0/1.

use ndarray::ArrayView2;
use topo_data::{Connectivity, components};
use vae_base::{Note, Remedy, spread, text::counted};
use vae_data::DataSet;
use vae_train::{TargetKind, Targets};

use crate::error::Result;
use crate::run::stored_one;

/// Designs that are cut.
const LOOKED_AT: usize = 1000;
/// Densities from here on join pieces in a grey design.
const JOINING: f32 = 0.1;
/// Densities between this and 1 less this are grey.
const GREY: f32 = 0.02;
/// Share of grey cells from which on a set is worth cutting.
const GREY_SHARE: f64 = 0.01;
/// Share of designs that fall apart from which on it is said.
const BROKEN_SHARE: f64 = 0.01;

/// Cuts designs as training on binary targets does, and says how many of them fall apart, by their
/// volume; `None` if the designs are black and white, or 99 % of them stay whole.
///
/// A design falls apart if its cut has more pieces than its cells of a density of at least 0.1,
/// cells that share a corner being connected.
///
/// # Errors
/// If a design cannot be read or holds no densities.
pub fn check_cuts(data: &DataSet) -> Result<Option<Note>> {
    let targets = Targets::new(data, TargetKind::Binary, Vec::new());
    let (mut grey, mut cells) = (0, 0);
    // Volume of each design, and whether it breaks.
    let mut looked_at: Vec<(f32, bool)> = Vec::new();
    for index in spread(data.len(), LOOKED_AT) {
        let design = stored_one(data, index)?;
        cells += design.len();
        grey += design.iter().filter(|&&x| GREY < x && x < 1.0 - GREY).count();
        let cut = targets.array(&[index])?;
        let joined = design.mapv(|x| if JOINING <= x { 1.0 } else { 0.0 });
        let breaks = pieces(joined.view()) < pieces(cut.index_axis(ndarray::Axis(0), 0));
        looked_at.push((design.mean().unwrap_or(0.0), breaks));
    }
    let broken = looked_at.iter().filter(|(_, breaks)| *breaks).count();
    let is_rare = (broken as f64) < BROKEN_SHARE * looked_at.len() as f64;
    if broken == 0 || is_rare || (grey as f64) < GREY_SHARE * cells as f64 {
        return Ok(None);
    }
    let share = |broken: usize, of: usize| format!("{:.0} %", 100.0 * broken as f64 / of as f64);
    let by_volume = bands(&mut looked_at).into_iter().map(|band| {
        let broken = band.iter().filter(|(_, breaks)| *breaks).count();
        let (least, most) = (band[0].0, band[band.len() - 1].0);
        format!("{} of volume {least:.2} to {most:.2}", share(broken, band.len()))
    });
    let by_volume = by_volume.collect::<Vec<_>>().join(", ");
    let whose = counted(looked_at.len(), "grey design");
    Ok(Some(
        Note::new(format!(
            "warning: {} of {whose} looked at fall apart when they are cut to 0/1 at their volume, \
             as they are for binary targets: {by_volume}",
            share(broken, looked_at.len())
        ))
        .or(Remedy::set(
            "targets",
            "grey",
            "and a likelihood of grey pixels such as discretized-logistic keep them as they are",
        )),
    ))
}

/// Number of pieces of a design, cells that share a corner being connected.
fn pieces(design: ArrayView2<'_, f32>) -> usize {
    components(design, Connectivity::Eight).count()
}

/// At most three bands of volume with about as many designs each.
fn bands(designs: &mut [(f32, bool)]) -> Vec<&[(f32, bool)]> {
    designs.sort_by(|a, b| a.0.total_cmp(&b.0));
    designs.chunks(designs.len().div_ceil(3).max(1)).collect()
}
