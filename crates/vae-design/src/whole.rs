//! Cuts in one piece.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use ndarray::Array2;
use topo_data::{Connectivity, components};

use crate::projection::Projected;

/// A free element next to the piece, the greatest logit first, then the first in reading order.
struct Neighbor {
    logit: f64,
    element: usize,
}

impl Ord for Neighbor {
    fn cmp(&self, other: &Self) -> Ordering {
        self.logit.total_cmp(&other.logit).then_with(|| other.element.cmp(&self.element))
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

impl Projected<'_> {
    /// The design of 0 and 1 with as many elements as [`cut`](Self::cut), in one piece, connected
    /// by sides.
    ///
    /// From the largest piece of the cut on, the neighbor with the greatest logit becomes solid
    /// until the volume is full. A bar that only touches at a corner comes back as soon as one of
    /// the two elements beside that corner is filled; small pieces are dropped. A cut in one piece
    /// stays as it is, and so does one under a symmetry, or one whose piece is walled in by passive
    /// elements.
    pub fn cut_whole(&self) -> Array2<f32> {
        let cut = self.cut();
        let pieces = components(cut.view(), Connectivity::Four);
        let largest =
            (1_u32..).zip(&pieces.sizes).max_by_key(|&(label, &size)| (size, u32::MAX - label));
        let Some((largest, _)) = largest else { return cut };
        if pieces.count() == 1 || self.is_symmetric() {
            return cut;
        }
        let (height, width) = cut.dim();
        let mut whole = Array2::from_shape_fn((height, width), |place| {
            // Passive elements are solid wherever they lie.
            f32::from(
                pieces.labels[place] == largest
                    || self.held((place.0 * width) + place.1) == Some(1.0),
            )
        });
        let mut missing = cut.sum() as usize - whole.sum() as usize;
        let mut joined = pieces.labels.mapv(|label| label == largest);
        let mut stack: Vec<(usize, usize)> =
            joined.indexed_iter().filter(|(_, joined)| **joined).map(|(place, _)| place).collect();
        let mut waiting = Array2::from_elem((height, width), false);
        let mut heap = BinaryHeap::new();
        loop {
            while let Some((i, j)) = stack.pop() {
                let beside =
                    [(i.wrapping_sub(1), j), (i + 1, j), (i, j.wrapping_sub(1)), (i, j + 1)];
                for place in beside.into_iter().filter(|&(i, j)| i < height && j < width) {
                    let element = place.0 * width + place.1;
                    match self.held(element) {
                        _ if joined[place] || waiting[place] => {}
                        None => {
                            waiting[place] = true;
                            heap.push(Neighbor { logit: self.logit(element), element });
                        }
                        Some(held) if held > 0.5 => {
                            joined[place] = true;
                            stack.push(place);
                        }
                        Some(_) => {}
                    }
                }
            }
            if missing == 0 {
                return whole;
            }
            let Some(Neighbor { element, .. }) = heap.pop() else { return cut };
            let place = (element / width, element % width);
            (whole[place], joined[place]) = (1.0, true);
            missing -= 1;
            stack.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use topo_simp::{Grid, Problem};

    use super::*;
    use crate::Projection;

    #[test]
    fn a_bar_at_a_corner_is_joined_and_a_crumb_is_lost() {
        let problem = Problem::cantilever(Grid { nelx: 5, nely: 3 }, 6.0 / 15.0);
        let projection = Projection::new(&problem, 1.0, None).unwrap();
        // A bar of three, at whose end's corner another of two begins, and a crumb in the upper
        // right.
        let logits = [
            -9.0, -9.0, -9.0, -9.0, 3.0, //
            5.0, 5.0, 5.0, -4.0, -9.0, //
            -9.0, -9.0, -5.0, 4.0, 4.0,
        ];
        let projected = projection.project(&logits);
        assert_eq!(components(projected.cut().view(), Connectivity::Four).count(), 3);
        let expected = ndarray::array![
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 1.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0, 1.0]
        ];
        assert_eq!(projected.cut_whole(), expected);
    }

    proptest! {
        #[test]
        fn as_many_elements_in_one_piece(
            logits in proptest::collection::vec(-5.0_f64..5.0, 70),
            volume_fraction in 0.1_f64..0.9,
        ) {
            let problem = Problem::cantilever(Grid { nelx: 10, nely: 7 }, volume_fraction);
            let projection = Projection::new(&problem, 1.0, None).unwrap();
            let projected = projection.project(&logits);
            let (cut, whole) = (projected.cut(), projected.cut_whole());
            prop_assert!((cut.sum() - whole.sum()).abs() < 1e-3);
            prop_assert_eq!(components(whole.view(), Connectivity::Four).count(), 1);
            if components(cut.view(), Connectivity::Four).count() == 1 {
                prop_assert_eq!(cut, whole);
            }
        }
    }
}
