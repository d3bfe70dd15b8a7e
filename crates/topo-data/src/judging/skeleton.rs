//! The center lines of a design.

use ndarray::Array2;

/// Thins material to lines one element wide that keep its pieces and holes, elements that share a
/// corner being connected, and its ends.
///
/// From each of the four sides in turn, border elements are removed as long as that neither parts
/// nor joins anything, and as long as they do not end a line.
///
/// # References
///
/// Yokoi, Toriwaki and Fukumura 1975, "An analysis of topological properties of digitized binary
/// pictures using local features".
pub(super) fn skeleton(material: &Array2<bool>) -> Array2<bool> {
    let (height, width) = material.dim();
    // A rim of void, so that every element has eight neighbors.
    let mut thin = Array2::from_elem((height + 2, width + 2), false);
    thin.slice_mut(ndarray::s![1..=height, 1..=width]).assign(material);
    loop {
        let mut removed = false;
        for side in [0, 4, 6, 2] {
            let at_border = |place: &(usize, usize)| thin[*place] && !ring(&thin, *place)[side];
            let inner = ndarray::indices((height, width)).into_iter().map(|(i, j)| (i + 1, j + 1));
            let border: Vec<_> = inner.filter(at_border).collect();
            for place in border {
                let around = ring(&thin, place);
                let neighbors = around.iter().filter(|&&solid| solid).count();
                if 1 < neighbors && is_simple(around) {
                    thin[place] = false;
                    removed = true;
                }
            }
        }
        if !removed {
            return thin.slice(ndarray::s![1..=height, 1..=width]).to_owned();
        }
    }
}

/// The distance from the middle of an element of a mask to the nearest element outside of it, in
/// elements: half the thickness of a member on its center line. What lies beyond the grid is outside
/// of every mask.
pub fn depth(material: &Array2<bool>, (row, column): (usize, usize)) -> f64 {
    let is_void = |(i, j): (isize, isize)| {
        let at = (usize::try_from(i), usize::try_from(j));
        !matches!(at, (Ok(i), Ok(j)) if material.get((i, j)) == Some(&true))
    };
    let (row, column) = (row.cast_signed(), column.cast_signed());
    let mut nearest = f64::INFINITY;
    // A square of that half-width holds every void nearer than that.
    for half in 1_isize.. {
        for step in -half..=half {
            for (i, j) in [(-half, step), (half, step), (step, -half), (step, half)] {
                if is_void((row + i, column + j)) {
                    nearest = nearest.min((i as f64).hypot(j as f64) - 0.5);
                }
            }
        }
        if nearest + 0.5 <= half as f64 {
            break;
        }
    }
    nearest
}

/// The eight neighbors of an element in a circle that begins above it.
fn ring(solid: &Array2<bool>, (i, j): (usize, usize)) -> [bool; 8] {
    let at = |(row, column): (usize, usize)| solid.get((row, column)).copied().unwrap_or(false);
    around((i, j)).map(at)
}

/// The places of the eight neighbors, in a circle that begins above; those before row or column 0
/// lie outside of any grid.
pub(super) fn around((i, j): (usize, usize)) -> [(usize, usize); 8] {
    let (up, left) = (i.wrapping_sub(1), j.wrapping_sub(1));
    [
        (up, j),
        (up, j + 1),
        (i, j + 1),
        (i + 1, j + 1),
        (i + 1, j),
        (i + 1, left),
        (i, left),
        (up, left),
    ]
}

/// Whether an element can be removed without a change of pieces and holes: its crossing number for
/// material that is connected by corners is 1.
fn is_simple(ring: [bool; 8]) -> bool {
    let void = |k: usize| !ring[k % 8];
    let crossings =
        [0, 2, 4, 6].into_iter().filter(|&k| void(k) && !(void(k + 1) && void(k + 2))).count();
    crossings == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pieces::{Connectivity, components, holes};
    use super::*;

    fn as_design(solid: &Array2<bool>) -> Array2<f32> {
        solid.mapv(|solid| f32::from(u8::from(solid)))
    }

    #[test]
    fn a_bar_becomes_its_center_line() {
        let bar =
            Array2::from_shape_fn((7, 20), |(i, j)| (2..5).contains(&i) && (1..19).contains(&j));
        let thin = skeleton(&bar);
        let rows: Vec<usize> =
            thin.indexed_iter().filter(|(_, on)| **on).map(|((row, _), _)| row).collect();
        assert!(rows.iter().all(|&row| row == 3) && 14 <= rows.len(), "{rows:?}");
    }

    proptest! {
        #[test]
        fn pieces_and_holes_stay_and_nothing_more_can_go(
            bits in proptest::collection::vec(0_u8..3, 99),
        ) {
            let solid = Array2::from_shape_fn((9, 11), |(i, j)| 0 < bits[11 * i + j]);
            let thin = skeleton(&solid);
            let (all, lines) = (as_design(&solid), as_design(&thin));
            prop_assert!(thin.iter().zip(&solid).all(|(thin, solid)| !thin || *solid));
            let pieces = |design: &Array2<f32>| components(design.view(), Connectivity::Eight).count();
            prop_assert_eq!(pieces(&lines), pieces(&all));
            prop_assert_eq!(holes(lines.view()), holes(all.view()));
            prop_assert_eq!(&skeleton(&thin), &thin);
        }
    }
}
