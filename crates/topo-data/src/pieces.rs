//! Connected pieces of a design.

use ndarray::{Array2, ArrayView2};

/// Which elements count as touching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connectivity {
    /// Elements that share a side.
    Four,
    /// Elements that share a side or a corner.
    Eight,
}

/// The connected pieces of a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// The piece of each element, counted from 1 in reading order; 0 is void.
    pub labels: Array2<u32>,
    /// Number of elements of each piece; piece `k` is at position `k - 1`.
    pub sizes: Vec<usize>,
}

impl Components {
    /// Number of pieces.
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Share of the material outside the largest piece, in `[0, 1)`; 0 for a design without material.
    ///
    /// # Examples
    ///
    /// ```
    /// use topo_data::{Connectivity, components};
    /// let design = ndarray::array![[1.0_f32, 1.0, 0.0, 1.0]];
    /// assert!((components(design.view(), Connectivity::Four).floating() - 1.0 / 3.0).abs() < 1e-15);
    /// ```
    pub fn floating(&self) -> f64 {
        let material: usize = self.sizes.iter().sum();
        let largest = self.sizes.iter().max().copied().unwrap_or(0);
        if material == 0 { 0.0 } else { (material - largest) as f64 / material as f64 }
    }
}

/// Finds the connected pieces of the elements that are denser than one half.
///
/// # Examples
///
/// Two elements that touch at a corner are one piece or two.
///
/// ```
/// use topo_data::{Connectivity, components};
/// let design = ndarray::array![[1.0_f32, 0.0], [0.0, 1.0]];
/// assert_eq!(components(design.view(), Connectivity::Four).count(), 2);
/// assert_eq!(components(design.view(), Connectivity::Eight).count(), 1);
/// ```
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn components(design: ArrayView2<'_, f32>, connectivity: Connectivity) -> Components {
    let (height, width) = design.dim();
    let mut labels = Array2::zeros((height, width));
    let mut sizes = Vec::new();
    let mut stack = Vec::new();
    for start in ndarray::indices((height, width)) {
        if design[start] <= 0.5 || labels[start] != 0 {
            continue;
        }
        let label = sizes.len() as u32 + 1;
        let mut size = 0;
        labels[start] = label;
        stack.push(start);
        while let Some((i, j)) = stack.pop() {
            size += 1;
            for next in neighbors((i, j), (height, width), connectivity) {
                if design[next] > 0.5 && labels[next] == 0 {
                    labels[next] = label;
                    stack.push(next);
                }
            }
        }
        sizes.push(size);
    }
    Components { labels, sizes }
}

/// Share of the designs that are exactly one connected piece, in `[0, 1]`; 0 if there are none.
///
/// # Examples
///
/// ```
/// use topo_data::{Connectivity, one_piece_share};
/// let (whole, broken) = (ndarray::array![[1.0_f32, 1.0, 0.0]], ndarray::array![[1.0_f32, 0.0, 1.0]]);
/// assert_eq!(one_piece_share([whole.view(), broken.view()], Connectivity::Eight), 0.5);
/// ```
pub fn one_piece_share<'a>(
    designs: impl IntoIterator<Item = ArrayView2<'a, f32>>,
    connectivity: Connectivity,
) -> f64 {
    let (mut whole, mut all) = (0_usize, 0_usize);
    for design in designs {
        all += 1;
        whole += usize::from(components(design, connectivity).count() == 1);
    }
    if all == 0 { 0.0 } else { whole as f64 / all as f64 }
}

/// The elements that touch one element, inside the grid.
fn neighbors(
    (i, j): (usize, usize),
    (height, width): (usize, usize),
    connectivity: Connectivity,
) -> impl Iterator<Item = (usize, usize)> {
    let rows = i.saturating_sub(1)..(i + 2).min(height);
    rows.flat_map(move |r| (j.saturating_sub(1)..(j + 2).min(width)).map(move |c| (r, c))).filter(
        move |&(r, c)| match connectivity {
            Connectivity::Four => r.abs_diff(i) + c.abs_diff(j) == 1,
            Connectivity::Eight => (r, c) != (i, j),
        },
    )
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_are_numbered_in_reading_order() {
        let design = array![[1.0_f32, 0.0, 0.9], [1.0, 0.0, 0.2], [0.0, 0.0, 0.7]];
        let pieces = components(design.view(), Connectivity::Four);
        assert_eq!(pieces.labels, array![[1, 0, 2], [1, 0, 0], [0, 0, 3]]);
        assert_eq!(pieces.sizes, [2, 1, 1]);
        assert!((pieces.floating() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn void_has_no_pieces() {
        let pieces = components(Array2::zeros((3, 4)).view(), Connectivity::Eight);
        assert_eq!(pieces.count(), 0);
        assert!(pieces.floating().abs() < 1e-15);
        assert!(one_piece_share([], Connectivity::Eight).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn flips_change_no_count_and_corners_only_join(bits in proptest::collection::vec(any::<bool>(), 42)) {
            let design = Array2::from_shape_fn((6, 7), |(i, j)| f32::from(u8::from(bits[7 * i + j])));
            let mut flipped = design.clone();
            flipped.invert_axis(ndarray::Axis(0));
            let four = components(design.view(), Connectivity::Four);
            let eight = components(design.view(), Connectivity::Eight);
            prop_assert!(eight.count() <= four.count());
            prop_assert_eq!(components(flipped.view(), Connectivity::Four).count(), four.count());
            prop_assert_eq!(components(flipped.t(), Connectivity::Eight).count(), eight.count());
            prop_assert_eq!(four.sizes.iter().sum::<usize>(), bits.iter().filter(|&&b| b).count());
        }
    }
}
