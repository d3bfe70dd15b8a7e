//! How good a set of designs is for learning from, in a few numbers.

use ndarray::{Array3, Axis};
use serde::{Deserialize, Serialize};
use vae_data::{DataError, DataSet, FREE, Split, cut_at_volume};

use super::quantiles::quantiles;
use crate::judging::{Connectivity, Silhouette, nearest_iou, one_piece_share};

/// The condition that designs are cut by, where a set has it.
const VOLUME: &str = "volume_fraction";

/// What a data set is like, and how far its test designs lie from its training designs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetQuality {
    /// Number of designs.
    pub designs: usize,
    /// Number of groups.
    pub groups: usize,
    /// Mean over all designs of their mean `4 x (1 - x)`: 0 for pure black and white.
    pub greyness: f64,
    /// Share of the cut designs that are one piece, elements that share a side being connected.
    pub one_piece_4: f64,
    /// Share of the cut designs that are one piece, elements that share a corner being connected
    /// too.
    pub one_piece_8: f64,
    /// `IoU` of each cut test design with its nearest cut training design: the quantiles 0, 0.1,
    /// 0.25, 0.5, 0.75, 0.9 and 1; `None` if either side is empty.
    pub nearest_iou: Option<[f64; 7]>,
}

impl SetQuality {
    /// Measures a set under a split.
    ///
    /// # Errors
    ///
    /// That of reading the designs.
    pub fn of(set: &DataSet, split: &Split) -> Result<Self, DataError> {
        let all: Vec<usize> = (0..set.len()).collect();
        let mut grey = vec![0.0; set.design_len()];
        let mut greyness = 0.0;
        for &index in &all {
            set.read_into(&[index], &mut grey)?;
            let sum: f64 = grey.iter().map(|&x| f64::from(4.0 * x * (1.0 - x))).sum();
            greyness += sum / grey.len() as f64;
        }
        let cut = cut_designs(set, &all)?;
        let share = |connectivity| one_piece_share(cut.axis_iter(Axis(0)), connectivity);
        let silhouettes = |indices: &[usize]| -> Vec<Silhouette> {
            let of = |&i: &usize| {
                Silhouette::of(&cut.index_axis(Axis(0), i).iter().copied().collect::<Vec<_>>())
            };
            indices.iter().map(of).collect()
        };
        let near = nearest_iou(&silhouettes(&split.test), &silhouettes(&split.train));
        Ok(Self {
            designs: set.len(),
            groups: set.n_groups(),
            greyness: greyness / set.len() as f64,
            one_piece_4: share(Connectivity::Four),
            one_piece_8: share(Connectivity::Eight),
            nearest_iou: quantiles(near),
        })
    }
}

/// Reads designs, (B, H, W), each cut to 0/1 at exactly its condition `volume_fraction`, or at its
/// own mean density where the set has no such condition. Passive cells stay as they are;
/// the volume fraction then counts the free cells alone.
///
/// # Errors
///
/// That of reading the designs.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use vae_data::{DataSet, Details};
///
/// let set = DataSet::new("two", array![[[0.9_f32, 0.2]], [[0.6, 0.8]]], Details::default())?;
/// assert_eq!(topo_data::cut_designs(&set, &[1, 0])?, array![[[0.0, 1.0]], [[1.0, 0.0]]]);
/// # Ok::<(), vae_data::DataError>(())
/// ```
pub fn cut_designs(set: &DataSet, indices: &[usize]) -> Result<Array3<f32>, DataError> {
    let volumes = set.condition(VOLUME).ok();
    let mut designs = Array3::zeros((indices.len(), set.height(), set.width()));
    let mut pixels = vec![0.0; set.design_len()];
    for (&index, mut design) in indices.iter().zip(designs.axis_iter_mut(Axis(0))) {
        set.read_into(&[index], &mut pixels)?;
        let mean = || pixels.iter().sum::<f32>() / pixels.len() as f32;
        let volume = volumes.map_or_else(mean, |volumes| volumes[index]);
        let free = free_cells(set, index)?;
        cut_at_volume(&mut pixels, free.as_deref(), volume.clamp(0.0, 1.0));
        design.iter_mut().zip(&pixels).for_each(|(to, from)| *to = *from);
    }
    Ok(designs)
}

/// Which cells of a design are free; `None` if all are.
fn free_cells(set: &DataSet, index: usize) -> Result<Option<Vec<bool>>, DataError> {
    if !set.has_masks() {
        return Ok(None);
    }
    let mut mask = vec![FREE; set.design_len()];
    set.read_masks_into(&[index], &mut mask)?;
    Ok(Some(mask.into_iter().map(|role| role == FREE).collect()))
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use vae_data::{Details, SplitGroups, SplitRule};

    use super::*;

    #[test]
    fn a_small_set_by_hand() {
        let designs = array![
            [[1.0_f32, 1.0, 0.0, 0.0]],
            [[0.0, 1.0, 1.0, 0.0]],
            [[1.0, 0.0, 0.0, 1.0]],
            [[0.5, 0.5, 0.0, 0.0]],
        ];
        let set = DataSet::new("bars", designs, Details::default()).unwrap();
        let groups = SplitGroups {
            rule: SplitRule::Random,
            train: vec![1, 2],
            validation: vec![3],
            test: vec![0],
        };
        let quality = SetQuality::of(&set, &groups.of(set.groups()).unwrap()).unwrap();
        assert_eq!((quality.designs, quality.groups), (4, 4));
        assert!((quality.greyness - 0.125).abs() < 1e-12);
        // The last one, of mean 1/4, is cut to its first element.
        assert!((quality.one_piece_4 - 0.75).abs() < 1e-12);
        assert!(quality.nearest_iou.unwrap().iter().all(|iou| (iou - 1.0 / 3.0).abs() < 1e-12));
    }
}
