//! Maps beside the designs of a set, one set of maps for each distinct problem. This crate carries
//! them and mirrors them, and does not know what they mean.

use std::ops::Neg;
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use ndarray::ArrayView3;
use serde::{Deserialize, Serialize};

use crate::error::SetError;
use crate::set::mirror::Mirror;

/// One map of a problem: its name, and what becomes of it in mirror images.
///
/// In an image its cells change places as those of the design do; what is stated here comes on top
/// of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChannel {
    /// Its name, such as `energy`.
    pub name: String,
    /// Whether it changes its sign when left and right change places.
    pub odd_x: bool,
    /// Whether it changes its sign when top and bottom change places.
    pub odd_y: bool,
    /// Position of the channel that it becomes when rows and columns change places.
    pub transposed: usize,
}

/// The maps of one problem, (F, H, W) with row 0 on top, in half precision: three decimal digits,
/// and a quarter of the memory of doubles. Clones share the memory.
///
/// # Examples
///
/// ```
/// let maps = vae_data::ProblemMaps::new(ndarray::array![[[0.1, -2.0]], [[1.0, 0.0]]].view());
/// let mut values = [0.0; 4];
/// maps.read_into(&mut values);
/// assert_eq!(maps.shape(), (2, 1, 2));
/// assert_eq!(values, [0.099975586, -2.0, 1.0, 0.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemMaps {
    values: Arc<[f16]>,
    shape: (usize, usize, usize),
}

impl ProblemMaps {
    /// Rounds maps (F, H, W) to half precision.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn new(maps: ArrayView3<'_, f64>) -> Self {
        Self { values: maps.iter().map(|&value| f16::from_f64(value)).collect(), shape: maps.dim() }
    }

    /// Whether both are one and the same copy, which says that they are equal without a look at
    /// their values.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.values, &other.values)
    }

    /// Number of channels F, rows H and columns W.
    pub fn shape(&self) -> (usize, usize, usize) {
        self.shape
    }

    /// Writes the maps into `out`, (F, H, W).
    ///
    /// # Panics
    ///
    /// If `out` has another length than F · H · W.
    #[track_caller]
    pub fn read_into(&self, out: &mut [f32]) {
        assert_eq!(out.len(), self.values.len(), "out has one value per cell of each map");
        self.values.convert_to_f32_slice(out);
    }
}

/// Maps of the problems of a data set: one set of maps for each distinct problem, and which problem
/// each design has. They are held in memory.
///
/// # Examples
///
/// ```
/// use ndarray::{Array3, array};
/// use vae_data::{DataSet, Details, FieldChannel, FieldMaps, ProblemMaps};
/// let set = DataSet::new("three", Array3::zeros((3, 1, 2)), Details::default())?;
/// let channel = FieldChannel { name: "twist".into(), odd_x: true, odd_y: true, transposed: 0 };
/// let maps = [array![[[-1.0, 1.0]]], array![[[2.0, 0.0]]]].map(|maps| ProblemMaps::new(maps.view()));
/// let fields = FieldMaps::new("twists-1", vec![channel], maps.to_vec(), vec![1, 0, 1])?;
/// let set = set.with_fields(fields)?;
///
/// let mut values = [0.0; 2];
/// set.fields().unwrap().of_design(2).read_into(&mut values);
/// assert_eq!(values, [2.0, 0.0]);
/// # Ok::<(), vae_data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FieldMaps {
    recipe: String,
    channels: Vec<FieldChannel>,
    maps: Vec<ProblemMaps>,
    /// The problem of each design.
    of: Vec<usize>,
}

impl FieldMaps {
    /// Joins maps of problems with the problem that each design has. `recipe` names how the maps
    /// were made: maps of one recipe can stand for each other.
    ///
    /// # Errors
    ///
    /// [`SetError::FieldChannels`] if channels contradict each other in what becomes of them when
    /// rows and columns change places, [`SetError::FieldShape`] for maps of different shapes,
    /// [`SetError::FieldValue`] for a value that half precision cannot hold,
    /// [`SetError::FieldProblem`] for a problem without maps.
    pub fn new(
        recipe: &str,
        channels: Vec<FieldChannel>,
        maps: Vec<ProblemMaps>,
        of: Vec<usize>,
    ) -> Result<Self, SetError> {
        let recipe = recipe.to_owned();
        if let Some(channel) = contradiction(&channels) {
            let channel = channels[channel].name.clone();
            return Err(SetError::FieldChannels { recipe, channel });
        }
        let (_, height, width) = maps.first().map_or((0, 0, 0), ProblemMaps::shape);
        let expected = (channels.len(), height, width);
        for (problem, maps) in maps.iter().enumerate() {
            if maps.shape != expected {
                return Err(SetError::FieldShape { recipe, found: maps.shape, expected });
            }
            if let Some(place) = maps.values.iter().position(|value| !value.is_finite()) {
                let channel = channels[place / (height * width)].name.clone();
                return Err(SetError::FieldValue { recipe, channel, problem });
            }
        }
        if let Some(design) = of.iter().position(|&problem| maps.len() <= problem) {
            let (problem, n) = (of[design], maps.len());
            return Err(SetError::FieldProblem { recipe, design, problem, n });
        }
        Ok(Self { recipe, channels, maps, of })
    }

    /// How the maps were made.
    pub fn recipe(&self) -> &str {
        &self.recipe
    }

    /// The F maps of each problem, in their order.
    pub fn channels(&self) -> &[FieldChannel] {
        &self.channels
    }

    /// Number of designs.
    pub(crate) fn designs(&self) -> usize {
        self.of.len()
    }

    /// Number of distinct problems.
    pub fn problems(&self) -> usize {
        self.maps.len()
    }

    /// The problem of a design, from 0.
    ///
    /// # Panics
    ///
    /// If there is no such design.
    #[track_caller]
    pub fn problem_of(&self, design: usize) -> usize {
        self.of[design]
    }

    /// The maps of a problem.
    ///
    /// # Panics
    ///
    /// If there is no such problem.
    #[track_caller]
    pub fn maps(&self, problem: usize) -> &ProblemMaps {
        &self.maps[problem]
    }

    /// The maps of the problem of a design.
    ///
    /// # Panics
    ///
    /// If there is no such design.
    #[track_caller]
    pub fn of_design(&self, design: usize) -> &ProblemMaps {
        &self.maps[self.of[design]]
    }
}

/// Mirrors maps (F, H, W) of `channels` with rows of `width` cells, in place: what
/// [`Mirror::apply`] is for designs.
///
/// # Panics
///
/// If `maps` cannot be divided into as many maps as there are channels; for a transposition, if
/// they are not square.
///
/// # Examples
///
/// ```
/// use vae_data::{FieldChannel, Mirror, mirror_fields};
/// let channel = |name: &str, odd_x, odd_y, transposed| {
///     FieldChannel { name: name.into(), odd_x, odd_y, transposed }
/// };
/// let gradient = [channel("to the right", true, false, 1), channel("down", false, true, 0)];
/// let mut maps = [1.0, 2.0, 0.0, 0.0, /* down */ 3.0, 0.0, 4.0, 0.0];
/// mirror_fields(&gradient, Mirror::X, &mut maps, 2);
/// assert_eq!(maps, [-2.0, -1.0, 0.0, 0.0, /* down */ 0.0, 3.0, 0.0, 4.0]);
/// mirror_fields(&gradient, Mirror::Transpose, &mut maps, 2);
/// assert_eq!(maps, [0.0, 0.0, 3.0, 4.0, /* down */ -2.0, 0.0, -1.0, 0.0]);
/// ```
#[track_caller]
pub fn mirror_fields<T: Copy + Neg<Output = T>>(
    channels: &[FieldChannel],
    mirror: Mirror,
    maps: &mut [T],
    width: usize,
) {
    if channels.is_empty() {
        return;
    }
    let cells = maps.len() / channels.len();
    assert_eq!(maps.len(), cells * channels.len(), "there is one map per channel");
    for (channel, map) in channels.iter().zip(maps.chunks_exact_mut(cells)) {
        mirror.apply(map, width);
        let odd = match mirror {
            Mirror::X => channel.odd_x,
            Mirror::Y => channel.odd_y,
            Mirror::Transpose => false,
        };
        if odd {
            for value in map {
                *value = -*value;
            }
        }
    }
    if mirror == Mirror::Transpose {
        for (one, channel) in channels.iter().enumerate() {
            if one < channel.transposed {
                let (before, from) = maps.split_at_mut(channel.transposed * cells);
                before[one * cells..][..cells].swap_with_slice(&mut from[..cells]);
            }
        }
    }
}

/// The first channel whose transposition does not lead back to it, or whose signs do not change
/// places with those of the channel that it becomes: mirroring in x and transposing is transposing
/// and mirroring in y.
fn contradiction(channels: &[FieldChannel]) -> Option<usize> {
    channels.iter().enumerate().position(|(one, channel)| {
        channels.get(channel.transposed).is_none_or(|other| {
            other.transposed != one || other.odd_x != channel.odd_y || other.odd_y != channel.odd_x
        })
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};
    use proptest::prelude::*;

    use super::*;
    use crate::set::data_set::DataSet;
    use crate::set::details::Details;

    fn channel(name: &str, odd_x: bool, odd_y: bool, transposed: usize) -> FieldChannel {
        FieldChannel { name: name.into(), odd_x, odd_y, transposed }
    }

    /// The two components of a vector, and a scalar.
    fn channels() -> Vec<FieldChannel> {
        vec![
            channel("right", true, false, 1),
            channel("down", false, true, 0),
            channel("size", false, false, 2),
        ]
    }

    proptest! {
        /// As vectors go: mirrored in x and then transposed is transposed and then mirrored in y.
        #[test]
        fn images_of_maps_compose_as_those_of_vectors(
            (side, maps) in (1_usize..6).prop_flat_map(|side| {
                (Just(side), prop::collection::vec(-9..9_i32, 3 * side * side))
            }),
        ) {
            let image = |mirrors: &[Mirror]| {
                let mut image = maps.clone();
                for &mirror in mirrors {
                    mirror_fields(&channels(), mirror, &mut image, side);
                }
                image
            };
            prop_assert_eq!(
                image(&[Mirror::X, Mirror::Transpose]),
                image(&[Mirror::Transpose, Mirror::Y])
            );
            for mirror in [Mirror::X, Mirror::Y, Mirror::Transpose] {
                prop_assert_eq!(&image(&[mirror, mirror]), &maps);
                let image = image(&[mirror]);
                for (row, column) in ndarray::indices((side, side)) {
                    let at = |map: usize, (row, column)| (map * side + row) * side + column;
                    let vector = |row, column| [0, 1, 2].map(|map| maps[at(map, (row, column))]);
                    let [x, y, size] = match mirror {
                        Mirror::X => {
                            let [x, y, size] = vector(row, side - 1 - column);
                            [-x, y, size]
                        }
                        Mirror::Y => {
                            let [x, y, size] = vector(side - 1 - row, column);
                            [x, -y, size]
                        }
                        Mirror::Transpose => {
                            let [x, y, size] = vector(column, row);
                            [y, x, size]
                        }
                    };
                    let found = [0, 1, 2].map(|map| image[at(map, (row, column))]);
                    prop_assert_eq!(found, [x, y, size]);
                }
            }
        }
    }

    #[test]
    fn maps_that_do_not_fit_are_refused() {
        let good = || ProblemMaps::new(Array3::zeros((1, 2, 3)).view());
        let flat = || vec![channel("flat", false, false, 0)];
        let new = |channels, maps, of| FieldMaps::new("r", channels, maps, of);
        let refused = |channels, maps, of| new(channels, maps, of).unwrap_err().to_string();
        assert_eq!(
            refused(flat(), vec![good()], vec![0, 1]),
            "r: design 1 has problem 1, and there are maps of 1"
        );
        assert!(refused(flat(), vec![], vec![0]).contains("maps of 0"));
        let narrow = ProblemMaps::new(Array3::zeros((1, 2, 2)).view());
        assert!(refused(flat(), vec![good(), narrow], vec![0]).contains("(1, 2, 2)"));
        let high = ProblemMaps::new(Array3::zeros((2, 2, 3)).view());
        assert!(refused(flat(), vec![high], vec![0]).contains("(2, 2, 3)"));
        for bad in [f64::NAN, 1e6] {
            let bad = ProblemMaps::new(array![[[0.0, 0.0, bad], [0.0, 0.0, 0.0]]].view());
            assert!(refused(flat(), vec![good(), bad], vec![0]).contains("\"flat\" of problem 1"));
        }
        for channels in [
            vec![channel("beyond", false, false, 1)],
            vec![channel("one", false, false, 1), channel("two", false, false, 1)],
            vec![channel("lopsided", true, false, 0)],
            vec![channel("one", true, false, 1), channel("two", true, false, 0)],
        ] {
            assert!(refused(channels, vec![], vec![]).contains("contradicts"));
        }

        let set = || DataSet::new("bars", Array3::zeros((2, 2, 3)), Details::default()).unwrap();
        let with = |maps, of| set().with_fields(new(flat(), maps, of).unwrap());
        assert!(with(vec![good()], vec![0]).unwrap_err().to_string().contains("1 problems"));
        let tall = ProblemMaps::new(Array3::zeros((1, 3, 2)).view());
        assert!(with(vec![tall], vec![0, 0]).unwrap_err().to_string().contains("(1, 3, 2)"));
        let set = with(vec![good()], vec![0, 0]).unwrap();
        assert_eq!((set.fields().unwrap().problems(), set.len()), (1, 2));
        assert!(set.with_groups(vec![3, 4]).unwrap().fields().is_some());
    }
}
