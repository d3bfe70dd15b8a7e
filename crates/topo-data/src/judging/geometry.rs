//! Whether a design can be made: checkerboards, thin members, loads on void.

use ndarray::{Array2, ArrayView2};
use topo_simp::Nodal;

use super::pieces::{Connectivity, components};

/// How much of a design is a checkerboard, in `[0, 1]`: the mean over all 2 × 2 blocks of `max(0,
/// min(a, d) - max(b, c), min(b, c) - max(a, d))`, where a and d lie on one diagonal and b and c on
/// the other.
///
/// 1 for a perfect checkerboard, 0 for a straight edge, a bar, and any gradient. A design of one
/// row or column has no blocks and is 0.
///
/// # Examples
///
/// ```
/// use topo_data::checkerboard;
/// let board = ndarray::Array2::from_shape_fn((4, 6), |(i, j)| ((i + j) % 2) as f32);
/// assert_eq!(checkerboard(board.view()), 1.0);
/// assert_eq!(checkerboard(ndarray::array![[1.0_f32, 0.0], [1.0, 0.0]].view()), 0.0);
/// ```
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn checkerboard(design: ArrayView2<'_, f32>) -> f64 {
    let blocks = design.windows((2, 2));
    let (mut sum, mut n) = (0.0, 0_usize);
    for block in blocks {
        let (a, b, c, d) = (block[(0, 0)], block[(0, 1)], block[(1, 0)], block[(1, 1)]);
        let one = a.min(d) - b.max(c);
        let other = b.min(c) - a.max(d);
        sum += f64::from(one.max(other).max(0.0));
        n += 1;
    }
    sum / n.max(1) as f64
}

/// The thickness of the thinnest member, in elements: the largest `d` such that a disc of diameter
/// `d` can paint every member.
///
/// The material is opened by discs of growing diameter (the elements whose centers lie within `d /
/// 2` of the disc's center). What an opening takes away from a corner is small; a piece of it with
/// at least `max(2, d² / 2)` elements, joined by corners, is a member that is too thin for the
/// disc, and the size is the last diameter before. None for a design without material.
///
/// # Examples
///
/// ```
/// use topo_data::member_size;
/// let bar = ndarray::Array2::from_shape_fn((9, 20), |(i, _)| if (3..6).contains(&i) { 1.0_f32 } else { 0.0 });
/// assert_eq!(member_size(bar.view()), Some(3));
/// ```
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn member_size(design: ArrayView2<'_, f32>) -> Option<usize> {
    let material = design.mapv(|x| x > 0.5);
    if !material.iter().any(|&solid| solid) {
        return None;
    }
    let (height, width) = material.dim();
    let largest = height.max(width);
    let too_thin = |&diameter: &usize| {
        let opened = opening(&material, diameter);
        let lost = Array2::from_shape_fn((height, width), |at| {
            if material[at] && !opened[at] { 1.0_f32 } else { 0.0 }
        });
        let limit = (diameter * diameter).div_ceil(2).max(2);
        components(lost.view(), Connectivity::Eight).sizes.iter().any(|&size| size >= limit)
            || !opened.iter().any(|&solid| solid)
    };
    Some((2..=largest + 1).find(too_thin).unwrap_or(largest + 2) - 1)
}

/// Union of all discs of this diameter that lie inside the material.
fn opening(material: &Array2<bool>, diameter: usize) -> Array2<bool> {
    let (height, width) = material.dim();
    let mut opened = Array2::from_elem((height, width), false);
    // Half-width of the disc in each of its rows: centers within d/2 of the center of the d × d
    // square around it.
    let center = (diameter as f64 - 1.0) / 2.0;
    let reach: Vec<usize> = (0..diameter)
        .map(|i| {
            let dy = i as f64 - center;
            let half = (diameter * diameter) as f64 / 4.0 - dy * dy;
            (0..diameter).filter(|&j| (j as f64 - center).powi(2) <= half + 1e-9).count()
        })
        .collect();
    if height < diameter || width < diameter {
        return opened;
    }
    // Length of the run of material that ends at each element, to test a row of a disc at once.
    let mut runs = Array2::<usize>::zeros((height, width));
    for ((i, j), &solid) in material.indexed_iter() {
        runs[(i, j)] = if !solid {
            0
        } else if j == 0 {
            1
        } else {
            runs[(i, j - 1)] + 1
        };
    }
    for top in 0..=height - diameter {
        for left in 0..=width - diameter {
            let fits = reach.iter().enumerate().all(|(i, &n)| {
                let last = left + diameter.midpoint(n) - 1;
                runs[(top + i, last)] >= n
            });
            if fits {
                for (i, &n) in reach.iter().enumerate() {
                    let first = left + (diameter - n) / 2;
                    opened.slice_mut(ndarray::s![top + i, first..first + n]).fill(true);
                }
            }
        }
    }
    opened
}

/// Where the loads of a problem stand in a design that is cut to 0/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loads {
    /// Every loaded node touches material.
    pub(super) on_material: bool,
    /// Every loaded node touches material that reaches a held node through elements that share
    /// sides.
    pub(super) supported: bool,
}

impl Loads {
    /// Looks at every load of every case, and at every piece if the structure `weighs` something.
    /// Springs hold as supports do.
    ///
    /// # Panics
    ///
    /// If the design is of another shape than the problem's grid.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub(super) fn of(nodal: &Nodal, weighs: bool, design: ArrayView2<'_, f32>) -> Self {
        assert_eq!(design.dim(), nodal.passive.dim(), "a design of another shape");
        let (height, width) = design.dim();
        let pieces = components(design, Connectivity::Four);
        // The pieces that touch a node.
        let touching = |row: usize, column: usize| {
            let rows = row.saturating_sub(1)..(row + 1).min(height);
            let labels = &pieces.labels;
            rows.flat_map(move |i| {
                (column.saturating_sub(1)..(column + 1).min(width)).map(move |j| labels[(i, j)])
            })
            .filter(|&label| label != 0)
        };
        let mut held = vec![false; pieces.count() + 1];
        for (row, column) in ndarray::indices((height + 1, width + 1)) {
            let holds = |axis| nodal.held[(row, column, axis)] || nodal.sprung[(row, column, axis)];
            if holds(0) || holds(1) {
                touching(row, column).for_each(|label| held[label as usize] = true);
            }
        }
        let every_piece_is_held = held.iter().skip(1).all(|&held| held);
        let mut loads = Self { on_material: true, supported: !weighs || every_piece_is_held };
        for forces in &nodal.forces {
            for (row, column) in ndarray::indices((height + 1, width + 1)) {
                if forces[(row, column, 0)] != 0.0 || forces[(row, column, 1)] != 0.0 {
                    loads.on_material &= touching(row, column).next().is_some();
                    loads.supported &= touching(row, column).any(|label| held[label as usize]);
                }
            }
        }
        loads
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Axis;
    use proptest::prelude::*;
    use topo_simp::{Grid, Problem};

    use super::*;

    /// A bar of some thickness through the middle of a 40 × 40 design, at some angle.
    fn bar(thickness: f64, degrees: f64) -> Array2<f32> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Array2::from_shape_fn((40, 40), |(i, j)| {
            let (y, x) = (i as f64 - 19.5, j as f64 - 19.5);
            if (y * cos - x * sin).abs() <= thickness / 2.0 { 1.0 } else { 0.0 }
        })
    }

    #[test]
    fn bars_have_their_thickness() {
        for thickness in [2, 4, 6, 8] {
            for degrees in [0.0, 90.0] {
                let size = member_size(bar(f64::from(thickness), degrees).view()).unwrap();
                assert_eq!(size, thickness as usize, "at {degrees} degrees");
            }
            // Across the grid the rim is rough.
            for degrees in [20.0, 45.0, 70.0] {
                let size = member_size(bar(f64::from(thickness), degrees).view()).unwrap();
                assert!(
                    size.abs_diff(thickness as usize) <= 1,
                    "{size} for {thickness} at {degrees}"
                );
            }
        }
    }

    #[test]
    fn the_thinnest_member_counts_and_corners_do_not() {
        let mut design = Array2::<f32>::zeros((30, 30));
        design.slice_mut(ndarray::s![2..14, 2..28]).fill(1.0);
        assert_eq!(member_size(design.view()), Some(12));
        design.slice_mut(ndarray::s![14..28, 10..12]).fill(1.0);
        assert_eq!(member_size(design.view()), Some(2));
        assert_eq!(member_size(Array2::zeros((3, 3)).view()), None);
        assert_eq!(member_size(Array2::ones((5, 7)).view()), Some(5));
    }

    #[test]
    fn loads_are_followed_to_their_supports() {
        let nodal = Problem::cantilever(Grid { nelx: 4, nely: 3 }, 0.5).nodal().unwrap();
        let mut design = Array2::<f32>::zeros((3, 4));
        let loads = |design: &Array2<f32>| Loads::of(&nodal, false, design.view());
        assert_eq!(loads(&design), Loads { on_material: false, supported: false });
        design[(2, 3)] = 1.0;
        assert_eq!(loads(&design), Loads { on_material: true, supported: false });
        // A corner does not carry.
        design.slice_mut(ndarray::s![1, 0..3]).fill(1.0);
        assert_eq!(loads(&design), Loads { on_material: true, supported: false });
        design[(1, 3)] = 1.0;
        assert_eq!(loads(&design), Loads { on_material: true, supported: true });
        // A piece in the air falls under its own weight.
        design[(0, 2)] = 1.0;
        design[(1, 2)] = 0.0;
        design[(1, 1)] = 0.0;
        design[(2, 3)] = 0.0;
        design[(1, 3)] = 0.0;
        let unloaded = Nodal { forces: Vec::new(), ..nodal.clone() };
        assert!(Loads::of(&unloaded, false, design.view()).supported);
        assert!(!Loads::of(&unloaded, true, design.view()).supported);
    }

    proptest! {
        #[test]
        fn flips_change_neither(bits in proptest::collection::vec(any::<bool>(), 90)) {
            let design = Array2::from_shape_fn((9, 10), |(i, j)| f32::from(u8::from(bits[10 * i + j])));
            for axis in 0..2 {
                let mut flipped = design.clone();
                flipped.invert_axis(Axis(axis));
                prop_assert_eq!(member_size(flipped.view()), member_size(design.view()));
                let difference = checkerboard(flipped.view()) - checkerboard(design.view());
                prop_assert!(difference.abs() < 1e-12);
            }
            prop_assert_eq!(member_size(design.t()), member_size(design.view()));
        }
    }
}
