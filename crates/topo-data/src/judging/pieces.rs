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

    /// Share of the material outside the largest piece, in `[0, 1)`; 0 for a design without
    /// material.
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

/// Number of holes: connected pieces of void, by their sides, that do not touch the border.
///
/// # Examples
///
/// ```
/// use topo_data::holes;
/// let ring = ndarray::array![[1.0_f32, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]];
/// assert_eq!(holes(ring.view()), 1);
/// ```
pub fn holes(design: ArrayView2<'_, f32>) -> usize {
    // Void as material, so that one half is void on both sides.
    let void = design.mapv(|density| if 0.5 < density { 0.0 } else { 1.0 });
    let pieces = components(void.view(), Connectivity::Four);
    let (height, width) = design.dim();
    let mut open = vec![false; pieces.count()];
    for ((i, j), &label) in pieces.labels.indexed_iter() {
        let at_border = i == 0 || j == 0 || i + 1 == height || j + 1 == width;
        if at_border && 0 < label {
            open[label as usize - 1] = true;
        }
    }
    open.into_iter().filter(|open| !open).count()
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

    /// Pieces less holes, counted window by window: `(Q1 − Q3 − 2 Qd) / 4` over all 2 × 2 windows,
    /// with a border of void, that hold one element of material, three, or two on a diagonal. Gray
    /// 1971, "Local properties of binary images in two dimensions".
    fn euler_number(design: &Array2<f32>) -> i64 {
        let (height, width) = design.dim();
        let solid = |i: usize, j: usize| {
            0 < i && i <= height && 0 < j && j <= width && 0.5 < design[(i - 1, j - 1)]
        };
        let windows = ndarray::indices((height + 1, width + 1)).into_iter().map(|(i, j)| {
            let [a, b, c, d] =
                [(i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)].map(|(i, j)| solid(i, j));
            match [a, b, c, d].into_iter().filter(|&solid| solid).count() {
                1 => 1,
                3 => -1,
                2 if a == d => -2,
                _ => 0,
            }
        });
        windows.sum::<i64>() / 4
    }

    proptest! {
        #[test]
        fn holes_are_what_pieces_and_euler_number_leave(bits in proptest::collection::vec(any::<bool>(), 56)) {
            let design = Array2::from_shape_fn((7, 8), |(i, j)| f32::from(u8::from(bits[8 * i + j])));
            // A border of void closes nothing and opens nothing that was closed.
            let framed = Array2::from_shape_fn((9, 10), |(i, j)| {
                if (1..8).contains(&i) && (1..9).contains(&j) { design[(i - 1, j - 1)] } else { 0.0 }
            });
            let count = |n: usize| i64::try_from(n).unwrap();
            let pieces = count(components(framed.view(), Connectivity::Eight).count());
            prop_assert_eq!(count(holes(framed.view())), pieces - euler_number(&framed));
            prop_assert_eq!(holes(framed.view()), holes(design.view()));
        }

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
