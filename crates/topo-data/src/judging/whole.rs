//! Cuts in one piece.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use ndarray::{Array2, ArrayView2};
use topo_simp::{Grid, Symmetry};

use super::{
    domain::Domain,
    pieces::{Connectivity, components},
};

/// A free element next to the piece, the densest first, then the first in reading order.
struct Neighbor {
    density: f32,
    place: (usize, usize),
}

impl Ord for Neighbor {
    fn cmp(&self, other: &Self) -> Ordering {
        self.density.total_cmp(&other.density).then_with(|| other.place.cmp(&self.place))
    }
}

impl PartialOrd for Neighbor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Neighbor {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Neighbor {}

impl Domain {
    /// The design of 0 and 1 with as many elements as [`cut`](Self::cut), in one piece, connected
    /// by sides.
    ///
    /// From the largest piece of the cut on, the densest neighbor becomes solid until the volume is
    /// full. A bar that only touches at a corner comes back as soon as one of the two elements
    /// beside that corner is filled; small pieces are dropped. A cut in one piece stays as it is,
    /// and so does one whose piece is walled in by passive elements.
    ///
    /// Under a symmetry, which the design must have, the largest piece grows with its mirror
    /// images, and every element with its own; where the volume allows no other way, the images of
    /// the last one are split. Images that nothing joins stay apart.
    ///
    /// # Panics
    ///
    /// If the design is of another size, or a density is NaN.
    ///
    /// # Examples
    ///
    /// ```
    /// let domain = topo_data::Domain::free(0.5);
    /// let design = ndarray::array![[0.9_f32, 0.8, 0.3], [0.1, 0.2, 0.7]];
    /// let whole = domain.cut_whole(design.view(), None);
    /// assert_eq!(whole, ndarray::array![[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]);
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn cut_whole(
        &self,
        design: ArrayView2<'_, f32>,
        symmetry: Option<Symmetry>,
    ) -> Array2<f32> {
        let cut = self.cut_in_shape(design);
        let pieces = components(cut.view(), Connectivity::Four);
        let largest =
            (1_u32..).zip(&pieces.sizes).max_by_key(|&(label, &size)| (size, u32::MAX - label));
        let (Some((largest, _)), false) = (largest, pieces.count() == 1) else { return cut };
        let mut growth = Growth::new(self, design, symmetry);
        for (place, _) in pieces.labels.indexed_iter().filter(|(_, label)| **label == largest) {
            growth.join(place);
        }
        growth.grow(cut.sum() as usize).unwrap_or(cut)
    }
}

/// A piece of material, with its mirror images, that grows.
struct Growth<'a> {
    domain: &'a Domain,
    design: ArrayView2<'a, f32>,
    symmetry: Option<Symmetry>,
    /// Material: what is joined, and the passive solid elements wherever they lie.
    solid: Array2<bool>,
    joined: Array2<bool>,
    /// In the heap, or joined.
    seen: Array2<bool>,
    neighbors: BinaryHeap<Neighbor>,
}

impl<'a> Growth<'a> {
    fn new(domain: &'a Domain, design: ArrayView2<'a, f32>, symmetry: Option<Symmetry>) -> Self {
        let solid = Array2::from_shape_fn(design.dim(), |place| {
            domain.held(element(place, design.ncols())) == Some(true)
        });
        let nothing = Array2::from_elem(design.dim(), false);
        let (joined, seen) = (nothing.clone(), nothing);
        Self { domain, design, symmetry, solid, joined, seen, neighbors: BinaryHeap::new() }
    }

    /// Joins an element and its mirror images, and the passive solid ones that they touch.
    fn join(&mut self, place: (usize, usize)) {
        let mut stack = self.images(place);
        let (height, width) = self.design.dim();
        while let Some((i, j)) = stack.pop() {
            if std::mem::replace(&mut self.joined[(i, j)], true) {
                continue;
            }
            (self.solid[(i, j)], self.seen[(i, j)]) = (true, true);
            let beside = [(i.wrapping_sub(1), j), (i + 1, j), (i, j.wrapping_sub(1)), (i, j + 1)];
            for next in beside.into_iter().filter(|&(i, j)| i < height && j < width) {
                match self.domain.held(element(next, width)) {
                    Some(true) => stack.push(next),
                    None if !std::mem::replace(&mut self.seen[next], true) => {
                        self.neighbors.push(Neighbor { density: self.design[next], place: next });
                    }
                    _ => {}
                }
            }
        }
    }

    /// Adds elements until there are `volume`; `None` if there are more already, or no free
    /// neighbor is left.
    fn grow(mut self, volume: usize) -> Option<Array2<f32>> {
        let count = |solid: &Array2<bool>| solid.iter().filter(|&&solid| solid).count();
        let mut missing = volume.checked_sub(count(&self.solid))?;
        while 0 < missing {
            let Neighbor { place, .. } = self.neighbors.pop()?;
            if self.joined[place] {
                continue;
            }
            let images = self.images(place);
            if images.len() <= missing {
                self.join(place);
                missing -= images.len();
            } else {
                images[..missing].iter().for_each(|&image| self.solid[image] = true);
                missing = 0;
            }
        }
        Some(self.solid.mapv(|solid| f32::from(u8::from(solid))))
    }

    fn images(&self, place: (usize, usize)) -> Vec<(usize, usize)> {
        let (nely, nelx) = self.design.dim();
        self.symmetry
            .map_or_else(|| vec![place], |symmetry| symmetry.images(Grid { nelx, nely }, place))
    }
}

fn element((row, column): (usize, usize), width: usize) -> usize {
    row * width + column
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use topo_simp::Problem;

    use super::*;

    #[test]
    fn a_bar_at_a_corner_is_joined_and_a_crumb_is_lost() {
        let domain = Domain::free(6.0 / 15.0);
        // A bar of three, at whose end's corner another of two begins, and a crumb in the upper
        // right.
        let design = ndarray::array![
            [-9.0_f32, -9.0, -9.0, -9.0, 3.0],
            [5.0, 5.0, 5.0, -4.0, -9.0],
            [-9.0, -9.0, -5.0, 4.0, 4.0]
        ];
        let cut = domain.cut_in_shape(design.view());
        assert_eq!(components(cut.view(), Connectivity::Four).count(), 3);
        let expected = ndarray::array![
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 1.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0, 1.0]
        ];
        assert_eq!(domain.cut_whole(design.view(), None), expected);
    }

    /// Two bars that lie on either side of an axis and touch it at one end, and a crumb at each
    /// side: the bars stay mirror images.
    #[test]
    fn mirror_images_grow_together() {
        let domain = Domain::free(8.0 / 20.0);
        let design = ndarray::array![
            [4.0_f32, 4.0, 4.0, -2.0, 1.0],
            [3.9, -9.0, -9.0, -9.0, -9.0],
            [3.9, -9.0, -9.0, -9.0, -9.0],
            [4.0, 4.0, 4.0, -2.0, 1.0]
        ];
        let symmetry = Some(Symmetry::TopBottom);
        let whole = Domain::free(10.0 / 20.0).cut_whole(design.view(), symmetry);
        let expected = ndarray::array![
            [1.0, 1.0, 1.0, 1.0, 0.0],
            [1.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 1.0, 1.0, 0.0]
        ];
        assert_eq!(whole, expected);
        // Without the crumbs there is nothing to mend.
        let cut = domain.cut_in_shape(design.view());
        assert_eq!(domain.cut_whole(design.view(), symmetry), cut);
    }

    proptest! {
        #[test]
        fn as_many_elements_in_one_piece(
            densities in proptest::collection::vec(-5.0_f32..5.0, 70),
            volume_fraction in 0.1_f64..0.9,
        ) {
            let problem = Problem::cantilever(Grid { nelx: 10, nely: 7 }, volume_fraction);
            let domain = Domain::of(&problem).unwrap();
            let design = Array2::from_shape_vec((7, 10), densities).unwrap();
            let (cut, whole) = (domain.cut_in_shape(design.view()), domain.cut_whole(design.view(), None));
            prop_assert!((cut.sum() - whole.sum()).abs() < 1e-3);
            prop_assert_eq!(components(whole.view(), Connectivity::Four).count(), 1);
            if components(cut.view(), Connectivity::Four).count() == 1 {
                prop_assert_eq!(cut, whole);
            }
        }

        #[test]
        fn symmetric_designs_keep_their_volume_and_all_but_one_element_of_their_symmetry(
            quarter in proptest::collection::vec(-5.0_f32..5.0, 20),
            volume_fraction in 0.1_f64..0.9,
        ) {
            let grid = Grid { nelx: 10, nely: 7 };
            let design = Array2::from_shape_fn((7, 10), |(i, j)| {
                quarter[5 * i.min(6 - i) + j.min(9 - j)]
            });
            let domain = Domain::free(volume_fraction);
            let cut = domain.cut_in_shape(design.view());
            let whole = domain.cut_whole(design.view(), Some(Symmetry::Both));
            let solid = whole.mapv(|density| 0.5 < density);
            prop_assert!((cut.sum() - whole.sum()).abs() < 1e-3);
            let split = ndarray::indices((7, 10)).into_iter().filter(|&place| {
                Symmetry::Both.images(grid, place).iter().any(|&image| solid[image] != solid[place])
            });
            prop_assert!(split.count() <= 4);
            // A piece and its images are at most four.
            prop_assert!(components(whole.view(), Connectivity::Four).count() <= 4.max(
                components(cut.view(), Connectivity::Four).count()));
        }
    }
}
